//! Waiting until a projection has come far enough.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::runtime::ironflow::Ironflow;
use crate::runtime::projection::parked;
use crate::runtime::projection::status::{ProjectionState, ProjectionStatus};
use crate::store::StoreError;
use crate::{EventId, Position, Projection, Receipt};

/// How often to look whether a view was filled again, where the status does not say so.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A wait for a projection ended without it being there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// It was not there in time.
    #[error(
        "projection {name} is at position {reached}, and did not reach {wanted} within \
         {timeout:?}{}", why(.state)
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
        /// What it was doing.
        state: ProjectionState,
    },
    /// The view is parked, since an event could not be applied to it: it does not show what came later.
    #[error("the view {key} of projection {name} is parked: {error}")]
    #[non_exhaustive]
    Parked {
        /// The projection's name.
        name: &'static str,
        /// The view.
        key: String,
        /// Which event, and why.
        error: String,
    },
    /// There is no such event.
    #[error("event {event} is not recorded, so projection {name} will not show it")]
    #[non_exhaustive]
    UnknownEvent {
        /// The projection's name.
        name: &'static str,
        /// The event's id.
        event: EventId,
    },
    /// So many wait already that there may be something wrong.
    #[error(
        "{waiting} wait for projections already: see whether they move, or raise \
         `.most_waiters(…)` of `Ironflow::new(…)`"
    )]
    #[non_exhaustive]
    TooMany {
        /// How many wait.
        waiting: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A rebuild was not complete in time.
    #[error("generation {generation} of projection {name} was not complete within {timeout:?}")]
    #[non_exhaustive]
    NotRebuilt {
        /// The projection's name.
        name: &'static str,
        /// The number of the views.
        generation: u32,
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

fn why(state: &ProjectionState) -> String {
    match state {
        ProjectionState::Paused => ": it is paused".to_owned(),
        ProjectionState::Rebuilding => ": it is being rebuilt".to_owned(),
        ProjectionState::Retrying { error } => format!(": it is trying again: {error}"),
        _ => String::new(),
    }
}

/// What a projection is to show: what became of a command, an event, or all up to a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awaited(What);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Nothing,
    Position(Position),
    Event(EventId),
}

impl From<&Receipt> for Awaited {
    fn from(receipt: &Receipt) -> Self {
        Self(receipt.position.map_or(What::Nothing, What::Position))
    }
}

impl From<Position> for Awaited {
    fn from(position: Position) -> Self {
        Self(What::Position(position))
    }
}

impl From<EventId> for Awaited {
    fn from(event: EventId) -> Self {
        Self(What::Event(event))
    }
}

/// How many wait for projections of this process.
#[derive(Debug)]
pub(crate) struct Waiters {
    waiting: AtomicUsize,
    most: usize,
}

/// One that waits.
struct Waiting<'w>(&'w Waiters);

impl Waiters {
    pub(crate) const fn at_most(most: usize) -> Self {
        Self {
            waiting: AtomicUsize::new(0),
            most,
        }
    }

    fn one_more(&self) -> Result<Waiting<'_>, WaitError> {
        let one = Waiting(self);
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        if before < self.most {
            return Ok(one);
        }
        Err(WaitError::TooMany { waiting: before })
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<X> Ironflow<X> {
    /// Waits until the views of `P` show what became of a command (`&receipt`), an event (its id), or
    /// all up to a position, at most for `timeout`. Nobody asks the store for it, however many wait.
    ///
    /// # Errors
    ///
    /// When they do not in time, when the projection has stopped, when this process does not follow
    /// it, when there is no such event, or when [too many](crate::Builder::most_waiters) wait.
    pub async fn wait_for<P: Projection>(
        &self,
        awaited: impl Into<Awaited>,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        self.wait_for_name(P::NAME, awaited.into(), timeout).await
    }

    /// The same, for one of the views: where that is parked, it is an error.
    ///
    /// # Errors
    ///
    /// As those of [`wait_for`](Self::wait_for), and when the view is parked.
    pub async fn wait_for_view<P: Projection>(
        &self,
        key: &P::Key,
        awaited: impl Into<Awaited>,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        let (name, key, awaited) = (P::NAME, key.to_string(), awaited.into());
        let begun = Instant::now();
        loop {
            let left = timeout.saturating_sub(begun.elapsed());
            self.wait_for_name(name, awaited, left).await?;
            let Some(followed) = self.projections().get(name) else {
                return Ok(());
            };
            let mut status = followed.status.clone();
            let (generation, parked) = {
                let status = status.borrow_and_update();
                (status.generation, status.parked)
            };
            if parked == 0 {
                return Ok(());
            }
            let key_of_parked = parked::key(name, generation, &key);
            let Some(entry) = self.store().get(&key_of_parked).await? else {
                return Ok(());
            };
            if let Some(event) = parked::read(&entry, name)?.event {
                let error = event.error;
                return Err(WaitError::Parked { name, key, error });
            }
            // It is being filled again, and does not show what came meanwhile.
            if begun.elapsed() >= timeout {
                let status = status.borrow();
                return Err(WaitError::Timeout {
                    name,
                    wanted: status.position,
                    reached: status.position,
                    timeout,
                    state: status.state.clone(),
                });
            }
            drop(tokio::time::timeout(LOOK_AGAIN, status.changed()).await);
        }
    }

    /// Waits until the views of a [rebuild](Self::rebuild) answer here; or would, if they were not
    /// [held](crate::Rebuild::hold).
    ///
    /// # Errors
    ///
    /// When they do not in time, such as where it was cancelled, when the projection has stopped, or
    /// when this process does not follow it.
    pub async fn wait_for_rebuild<P: Projection>(
        &self,
        generation: u32,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        let is_rebuilt = |status: &ProjectionStatus| status.is_rebuilt(generation);
        self.wait_for_generation::<P>(generation, timeout, is_rebuilt)
            .await
    }

    /// Waits until the views of that number answer here, such as after a
    /// [release](Self::release).
    ///
    /// # Errors
    ///
    /// As those of [`wait_for_rebuild`](Self::wait_for_rebuild).
    pub async fn wait_until_serving<P: Projection>(
        &self,
        generation: u32,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        let serves =
            |status: &ProjectionStatus| status.generation == generation && status.answers();
        self.wait_for_generation::<P>(generation, timeout, serves)
            .await
    }

    async fn wait_for_generation<P: Projection>(
        &self,
        generation: u32,
        timeout: Duration,
        is_there: impl Fn(&ProjectionStatus) -> bool,
    ) -> Result<(), WaitError> {
        let name = P::NAME;
        let followed = self.projections().get(name);
        let followed = followed.ok_or(WaitError::NotFollowed { name })?;
        let mut status = followed.status.clone();
        let waiting = status.wait_for(|status| is_there(status));
        match tokio::time::timeout(timeout, waiting).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(WaitError::Stopped {
                name,
                error: "it was told to stop".to_owned(),
            }),
            Err(_) => Err(WaitError::NotRebuilt {
                name,
                generation,
                timeout,
            }),
        }
    }

    async fn wait_for_name(
        &self,
        name: &'static str,
        Awaited(awaited): Awaited,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        let wanted = match awaited {
            What::Nothing => return Ok(()),
            What::Position(position) => position,
            What::Event(event) => {
                let recorded = self.store().find_event(event).await?;
                let recorded = recorded.ok_or(WaitError::UnknownEvent { name, event })?;
                recorded.position
            }
        };
        let followed = self
            .projections()
            .get(name)
            .ok_or(WaitError::NotFollowed { name })?;
        let _waiting = self.waiters().one_more()?;
        let mut status = followed.status.clone();
        let arrived = tokio::time::timeout(timeout, wait_until(&mut status, wanted)).await;
        if let Ok(arrived) = arrived {
            return arrived.map_err(|error| WaitError::Stopped { name, error });
        }
        let status = status.borrow();
        Err(WaitError::Timeout {
            name,
            wanted,
            reached: status.position,
            timeout,
            state: status.state.clone(),
        })
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
