//! What somebody waits for, and why that ended.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::store::{Store, StoreError};
use crate::{EventId, Position, Receipt, StreamId};

/// How often to look whether what is parked was tried again, where no status says so.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Who follows the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Follower {
    /// The projection of that name.
    Projection(&'static str),
    /// The reactor of that name.
    Reactor(&'static str),
}

impl Follower {
    /// What says that this process follows it.
    const fn builder(self) -> &'static str {
        match self {
            Self::Projection(_) => ".projection::<…>()",
            Self::Reactor(_) => ".reactor(…)",
        }
    }
}

impl fmt::Display for Follower {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Projection(name) => write!(f, "projection {name}"),
            Self::Reactor(name) => write!(f, "reactor {name}"),
        }
    }
}

/// A wait for a projection or a reactor ended without it being there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// It was not there in time.
    #[error(
        "{follower} is at position {reached}, and did not reach {wanted} within {timeout:?}{}",
        because(.why.as_deref())
    )]
    #[non_exhaustive]
    Timeout {
        /// Who.
        follower: Follower,
        /// Where it should have come.
        wanted: Position,
        /// Where it had come.
        reached: Position,
        /// How long that took.
        timeout: Duration,
        /// What holds it up, where that is known.
        why: Option<String>,
    },
    /// The view is parked, since an event could not be applied to it: it does not show what came later.
    #[error("the view {key} of projection {projection} is parked: {error}")]
    #[non_exhaustive]
    Parked {
        /// The projection's name.
        projection: &'static str,
        /// The view.
        key: String,
        /// Which event, and why.
        error: String,
    },
    /// The stream is parked, since a reactor failed at an event: later ones of the stream wait for it.
    #[error("stream {stream} is parked by reactor {reactor}: {error}")]
    #[non_exhaustive]
    StreamParked {
        /// The reactor's name.
        reactor: &'static str,
        /// The stream.
        stream: String,
        /// Which event, and why.
        error: String,
    },
    /// There is no such event.
    #[error("event {event} is not recorded, so {follower} never comes to it")]
    #[non_exhaustive]
    UnknownEvent {
        /// Who.
        follower: Follower,
        /// The event's id.
        event: EventId,
    },
    /// So many wait already that there may be something wrong.
    #[error(
        "{waiting} wait already: see whether they move, or raise \
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
    #[error(
        "generation {generation} of projection {projection} was not complete within {timeout:?}"
    )]
    #[non_exhaustive]
    NotRebuilt {
        /// The projection's name.
        projection: &'static str,
        /// The number of the views.
        generation: u32,
        /// How long that took.
        timeout: Duration,
    },
    /// It does not move any more.
    #[error("{follower} has stopped: {error}")]
    #[non_exhaustive]
    Stopped {
        /// Who.
        follower: Follower,
        /// Why.
        error: String,
    },
    /// This process does not follow it.
    #[error(
        "{follower} does not run in this process: add `{}` to `Ironflow::new(…)`", follower.builder()
    )]
    #[non_exhaustive]
    NotFollowed {
        /// Who.
        follower: Follower,
    },
}

fn because(why: Option<&str>) -> String {
    why.map(|why| format!(": {why}")).unwrap_or_default()
}

/// What a projection is to show, or a reactor to be done with: what became of a command, an event, or
/// all up to a position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited(What);

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    Nothing,
    Place(Place),
    Event(EventId),
}

/// Where somebody has to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) position: Position,
    /// The only stream that matters, where one does.
    pub(crate) stream: Option<StreamId>,
}

impl From<&Receipt> for Awaited {
    fn from(receipt: &Receipt) -> Self {
        let Receipt {
            position, stream, ..
        } = receipt;
        let place = |position| Place {
            position,
            stream: Some(stream.clone()),
        };
        Self(position.map_or(What::Nothing, |position| What::Place(place(position))))
    }
}

impl From<Position> for Awaited {
    fn from(position: Position) -> Self {
        Self(What::Place(Place {
            position,
            stream: None,
        }))
    }
}

impl From<EventId> for Awaited {
    fn from(event: EventId) -> Self {
        Self(What::Event(event))
    }
}

impl Awaited {
    /// Where that is; nothing where there is nothing to wait for.
    pub(crate) async fn place(
        self,
        store: &dyn Store,
        follower: Follower,
    ) -> Result<Option<Place>, WaitError> {
        Ok(match self.0 {
            What::Nothing => None,
            What::Place(place) => Some(place),
            What::Event(event) => {
                let recorded = store.find_event(event).await?;
                let recorded = recorded.ok_or(WaitError::UnknownEvent { follower, event })?;
                Some(Place {
                    position: recorded.position,
                    stream: Some(recorded.stream),
                })
            }
        })
    }
}

/// How many wait for projections and reactors of this process.
#[derive(Debug)]
pub(crate) struct Waiters {
    waiting: AtomicUsize,
    most: usize,
}

/// One that waits.
pub(crate) struct Waiting<'w>(&'w Waiters);

impl Waiters {
    pub(crate) const fn at_most(most: usize) -> Self {
        Self {
            waiting: AtomicUsize::new(0),
            most,
        }
    }

    pub(crate) fn one_more(&self) -> Result<Waiting<'_>, WaitError> {
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
