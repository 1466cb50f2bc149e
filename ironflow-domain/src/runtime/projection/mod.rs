//! Read models that follow the log.

mod checkpoint;
mod follow;
mod registration;
mod status;
mod view;

pub use status::{ProjectionState, ProjectionStatus, WaitError};
pub use view::{QueryError, View};

pub(crate) use registration::{Followed, Registration};
