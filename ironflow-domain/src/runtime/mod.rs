//! Floor 3: execute commands, follow projections.

mod command_metadata;
mod enrich;
mod error;
mod execute;
mod ironflow;
mod load;
mod not_started;
mod projection;
mod receipt;
mod retry;
mod snapshot;

pub use enrich::{BoxError, Enrich};
pub use error::ExecuteError;
pub use execute::{Execution, Target};
pub use ironflow::{Builder, Ironflow, NoEnrichment, NotEnriched, StartError};
pub use load::{LoadError, Loaded};
pub use projection::{ProjectionState, ProjectionStatus, QueryError, WaitError};
pub use receipt::Receipt;
pub use retry::RetryPolicy;
pub use snapshot::{LoadingReport, SnapshotCost, StreamLoading};
