//! Read models that follow the log.

mod checkpoint;
mod definition;
mod follow;
mod generation;
mod registration;
mod state;
mod status;
mod view;

pub use status::{ProjectionState, ProjectionStatus, WaitError};
pub use view::{QueryError, View};

pub(crate) use definition::Definition;
pub(crate) use registration::{Followed, Registration};
