//! Given/Then for projections.
//!
//! | file           | what is in it                                                |
//! |----------------|--------------------------------------------------------------|
//! | `given.rs`     | what is appended to the streams that a projection reads      |
//! | `then.rs`      | which views must have come of it, and how the story goes on  |
//! | `telling.rs`   | what has been told so far, as a sentence passes it on        |
//! | `follower.rs`  | a projection that follows the log without a runtime          |
//! | `promises.rs`  | what must hold of every projection                           |
//! | `table.rs`     | expected beside produced views, as text                      |

mod follower;
mod given;
mod promises;
mod table;
mod telling;
mod then;

pub use given::{Views, views_of};
pub use then::ThenViews;
