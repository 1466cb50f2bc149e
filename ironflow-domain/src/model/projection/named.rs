//! Why an event could not be applied, and which it was.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{EventId, EventRef, StatementError, StreamVersion, UndecodableEvent, Unpartitioned};

/// Why an event could not be applied to the views of a projection.
#[derive(Debug)]
pub enum Unapplied {
    /// It cannot be read.
    Undecodable(UndecodableEvent),
    /// It is to go where others went, and there are none.
    Unrouted(Named),
    /// The user's code panicked, and this is what it said.
    Panicked(Named, String),
    /// The same, when it was applied to the view with that key.
    Unprojected {
        /// The event.
        event: Box<Named>,
        /// The key of the view.
        key: String,
        /// What the code said.
        panic: String,
    },
    /// It leads to a statement that is wrong.
    Misstated {
        /// The event.
        event: Box<Named>,
        /// The key of the view that stands for the tables.
        key: String,
        /// What is wrong.
        error: StatementError,
    },
}

impl Unapplied {
    pub(super) fn misstated(event: &EventRef<'_>, error: StatementError) -> Self {
        Self::Misstated {
            event: Box::new(Named::new(event)),
            key: Unpartitioned.to_string(),
            error,
        }
    }

    /// The event and the key of the view that it could not be applied to, where that is the trouble.
    #[cfg(feature = "runtime")]
    pub(crate) fn at_a_view(&self) -> Option<(&Named, &str)> {
        match self {
            Self::Unprojected { event, key, .. } | Self::Misstated { event, key, .. } => {
                Some((event, key))
            }
            _ => None,
        }
    }

    /// It was applied to the view with that key when the user's code panicked.
    pub(super) fn of_view(self, key: &str) -> Self {
        match self {
            Self::Panicked(event, panic) => Self::Unprojected {
                event: Box::new(event),
                key: key.to_owned(),
                panic,
            },
            other => other,
        }
    }
}

impl fmt::Display for Unapplied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undecodable(error) => error.fmt(f),
            Self::Unrouted(event) => write!(
                f,
                "{event} is to go where earlier events of its stream went, but none went anywhere: give it `Partition::Key`, or `Partition::Nowhere`"
            ),
            Self::Panicked(event, panic) => {
                write!(f, "{event} made the projection panic: {panic}")
            }
            Self::Unprojected { event, panic, .. } => {
                write!(f, "{event} made the projection panic: {panic}")
            }
            Self::Misstated { event, error, .. } => {
                write!(f, "{event} leads to a statement that is wrong: {error}")
            }
        }
    }
}

impl Error for Unapplied {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            // It says itself what is wrong here.
            Self::Undecodable(error) => error.source(),
            Self::Unrouted(_)
            | Self::Panicked(..)
            | Self::Unprojected { .. }
            | Self::Misstated { .. } => None,
        }
    }
}

impl From<UndecodableEvent> for Unapplied {
    fn from(error: UndecodableEvent) -> Self {
        Self::Undecodable(error)
    }
}

/// Which event it was.
#[derive(Debug, Clone)]
pub struct Named {
    pub(crate) name: String,
    pub(crate) id: EventId,
    pub(crate) version: StreamVersion,
    pub(crate) stream: String,
    #[cfg(feature = "runtime")]
    pub(crate) position: crate::Position,
}

impl Named {
    pub(crate) fn new(event: &EventRef<'_>) -> Self {
        Self {
            name: event.name.to_owned(),
            id: event.id,
            version: event.version,
            stream: event.stream.to_owned(),
            #[cfg(feature = "runtime")]
            position: event.position,
        }
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            id,
            version,
            stream,
            ..
        } = self;
        write!(
            f,
            "event {name} {id}, version {version} of stream {stream},"
        )
    }
}

/// Runs the user's code on an event; a panic there stops the projection, and names the event.
pub(super) fn guarded<T>(event: &EventRef<'_>, code: impl FnOnce() -> T) -> Result<T, Unapplied> {
    // What the closure was changing is thrown away with the batch.
    catch_unwind(AssertUnwindSafe(code))
        .map_err(|panic| Unapplied::Panicked(Named::new(event), panic_text(&*panic).to_owned()))
}

pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}
