//! Waiting until a projection has come far enough.

use std::time::Duration;

use tokio::sync::watch;

use crate::runtime::ironflow::Ironflow;
use crate::runtime::projection::status::{ProjectionState, ProjectionStatus};
use crate::{Position, Projection, Receipt};

/// A wait for a projection ended without it being there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// It was not there in time.
    #[error(
        "projection {name} is at position {reached}, and did not reach {wanted} within {timeout:?}"
    )]
    #[non_exhaustive]
    Timeout {
        /// Its name.
        name: &'static str,
        /// Where it should have come.
        wanted: Position,
        /// Where it had come.
        reached: Position,
        /// How long that took.
        timeout: Duration,
    },
    /// It does not move any more.
    #[error("projection {name} has stopped: {error}")]
    #[non_exhaustive]
    Stopped {
        /// Its name.
        name: &'static str,
        /// Why.
        error: String,
    },
    /// This process does not follow it.
    #[error(
        "projection {name} is not followed here: add `.projection::<…>()` to `Ironflow::new(…)`"
    )]
    #[non_exhaustive]
    NotFollowed {
        /// Its name.
        name: &'static str,
    },
}

impl<X> Ironflow<X> {
    /// Waits until the views of `P` show what became of a command, at most for `timeout`.
    ///
    /// # Errors
    ///
    /// When they do not in time, when the projection has stopped, or when this process does not
    /// follow it.
    pub async fn wait_for<P: Projection>(
        &self,
        receipt: &Receipt,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        let name = P::NAME;
        let Some(wanted) = receipt.position else {
            return Ok(());
        };
        let followed = self
            .projections()
            .get(name)
            .ok_or(WaitError::NotFollowed { name })?;
        let mut status = followed.status.clone();
        let arrived = tokio::time::timeout(timeout, wait_until(&mut status, wanted)).await;
        match arrived {
            Ok(arrived) => arrived.map_err(|error| WaitError::Stopped { name, error }),
            Err(_) => Err(WaitError::Timeout {
                name,
                wanted,
                reached: status.borrow().position,
                timeout,
            }),
        }
    }
}

/// Waits until the position is reached; the error says why it never will be.
async fn wait_until(
    status: &mut watch::Receiver<ProjectionStatus>,
    wanted: Position,
) -> Result<(), String> {
    let is_there = |status: &ProjectionStatus| status.answers() && status.position >= wanted;
    let settled = |status: &ProjectionStatus| status.state.is_over() || is_there(status);
    let stopped = || "it was told to stop".to_owned();
    let status = status.wait_for(settled).await.map_err(|_| stopped())?;
    match &status.state {
        _ if is_there(&status) => Ok(()),
        ProjectionState::Failed { error } => Err(error.clone()),
        _ => Err(stopped()),
    }
}
