//! How far a projection has come, and waiting until it has come far enough.

use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::runtime::ironflow::Ironflow;
use crate::runtime::projection::Followed;
use crate::runtime::projection::checkpoint::Progress;
use crate::{Position, Projection, Receipt, Timestamp};

/// What a projection is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProjectionState {
    /// It reads what was recorded before it was started.
    Starting,
    /// It fills new views from the start of the log, since what they depend on has changed: the
    /// shape of its state, the categories it reads, or its version.
    Rebuilding,
    /// It has reached the end of the log once, and follows it.
    Active,
    /// The store failed; it goes on trying.
    Retrying {
        /// What the store said.
        error: String,
    },
    /// It met an event it cannot apply, and stays there until a program that can is started; or
    /// another program in which the projection is another has begun to follow it.
    Failed {
        /// Which event, and why; or what the other program has begun.
        error: String,
    },
    /// It was told to stop.
    Stopped,
}

impl ProjectionState {
    /// Whether the projection does not move any more.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Stopped)
    }
}

/// How a projection of this process is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProjectionStatus {
    /// Its name.
    pub name: &'static str,
    /// What it is doing.
    pub state: ProjectionState,
    /// Up to where in the log its views are current.
    pub position: Position,
    /// How many events it has dropped since it was started here, because their set says
    /// `dropped(…)` or splits them into nothing.
    pub dropped: u64,
    /// When one of these changed.
    pub updated_at: Timestamp,
}

impl ProjectionStatus {
    pub(crate) fn starting(name: &'static str, progress: &Progress) -> Self {
        Self {
            name,
            state: if progress.is_rebuilding() {
                ProjectionState::Rebuilding
            } else {
                ProjectionState::Starting
            },
            position: progress.position,
            dropped: 0,
            updated_at: SystemTime::now().into(),
        }
    }

    pub(crate) fn change(&mut self, state: ProjectionState) {
        self.state = state;
        self.updated_at = SystemTime::now().into();
    }

    pub(crate) fn advance(&mut self, step: &Step) {
        self.position = step.position;
        self.dropped += step.dropped;
        if step.at_end {
            self.state = ProjectionState::Active;
        } else if step.is_rebuilding {
            self.state = ProjectionState::Rebuilding;
        }
        self.updated_at = SystemTime::now().into();
    }
}

/// What a page of the log has changed.
pub(crate) struct Step {
    pub(crate) position: Position,
    pub(crate) at_end: bool,
    pub(crate) is_rebuilding: bool,
    pub(crate) dropped: u64,
}

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
    /// How the projections of this process are doing, in the order of their names.
    #[must_use]
    pub fn projection_statuses(&self) -> Vec<ProjectionStatus> {
        self.projections()
            .values()
            .map(Followed::status_now)
            .collect()
    }

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
    let settled = |status: &ProjectionStatus| status.state.is_over() || status.position >= wanted;
    let stopped = || "it was told to stop".to_owned();
    let status = status.wait_for(settled).await.map_err(|_| stopped())?;
    match &status.state {
        _ if status.position >= wanted => Ok(()),
        ProjectionState::Failed { error } => Err(error.clone()),
        _ => Err(stopped()),
    }
}
