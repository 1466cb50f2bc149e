//! Read models that follow the log.

mod checkpoint;
mod definition;
mod follow;
mod generation;
mod registration;
mod status;
mod view;
mod views;

pub use status::{ProjectionState, ProjectionStatus, WaitError};
pub use view::QueryError;

pub(crate) use definition::Definition;
pub(crate) use registration::{Followed, Registration};
