//! Read models in tables of the user's own.
//!
//! | file            | what is in it                                                  |
//! |-----------------|----------------------------------------------------------------|
//! | `project.rs`    | what such a projection is                                      |
//! | `statements.rs` | what an event does to the tables                               |
//! | `text.rs`       | what can be seen in a statement without a database             |
//! | `value.rs`      | the parameters of a statement                                  |
//! | `table.rs`      | the tables                                                     |

mod project;
mod statements;
mod table;
mod text;
mod value;

pub(crate) use project::SqlEvents;
pub use project::{InTables, ProjectSql, SqlProjection, TablesAreAskedWithSql};
pub use statements::{Statement, Statements};
pub use table::Table;
#[cfg(feature = "store")]
pub(crate) use text::misfit;
#[cfg(feature = "runtime")]
pub(crate) use text::of_generation;
pub use text::{StatementError, StatementProblem};
pub use value::{SqlParameters, SqlValue, ToSqlValue};
