//! The only way to write to a stream.

use std::borrow::Cow;
use std::fmt;

use crate::store::{EventQuery, StoreError};
use crate::{EventId, Metadata, Position, SchemaVersion, StreamId, StreamVersion};

/// Events for one stream, to be appended together or not at all.
///
/// Without events it only guards the stream, in an [`append_all`](super::StreamStore::append_all).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The stream.
    pub stream: StreamId,
    /// Where the stream has to be for the append to happen.
    pub expected: ExpectedVersion,
    /// The events, in order.
    pub events: Vec<NewEvent>,
}

/// An event about to be appended. The store adds version, position and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Its id, unique in the store.
    pub id: EventId,
    /// Its stored name.
    pub name: Cow<'static, str>,
    /// The version of the payload's shape.
    pub schema_version: SchemaVersion,
    /// Where it comes from, such as `api`.
    pub source: Cow<'static, str>,
    /// The payload, a JSON text.
    pub data: String,
    /// Who caused it, and the like.
    pub metadata: Metadata,
}

/// What has to hold for an append to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpectedVersion {
    /// Anywhere.
    Any,
    /// It must have no events.
    NoStream,
    /// It must have at least one event.
    StreamExists,
    /// It must have exactly that many events.
    Exact(StreamVersion),
    /// No event that the query means may have been recorded after that position, in this stream or
    /// another: what was decided on is all there is. An event at the position is not after it, and
    /// a query that means all events allows none. Of stores with
    /// [`Capabilities::conditions`](super::Capabilities::conditions).
    NothingSince {
        /// What was decided on.
        query: Box<EventQuery>,
        /// How far it was read.
        after: Position,
    },
}

impl ExpectedVersion {
    /// That no event that the query means was recorded after that position:
    /// [`NothingSince`](Self::NothingSince).
    #[must_use]
    pub fn nothing_since(query: EventQuery, after: Position) -> Self {
        let query = Box::new(query);
        Self::NothingSince { query, after }
    }

    /// Whether a stream at `actual` is where this expects it. A stream may be anywhere for
    /// [`NothingSince`](Self::NothingSince), which only the store can tell.
    #[must_use]
    pub fn holds_at(&self, actual: StreamVersion) -> bool {
        match self {
            Self::Any | Self::NothingSince { .. } => true,
            Self::NoStream => actual == StreamVersion::EMPTY,
            Self::StreamExists => actual > StreamVersion::EMPTY,
            Self::Exact(version) => actual == *version,
        }
    }
}

impl From<StreamVersion> for ExpectedVersion {
    fn from(version: StreamVersion) -> Self {
        Self::Exact(version)
    }
}

impl fmt::Display for ExpectedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any version"),
            Self::NoStream => f.write_str("no stream"),
            Self::StreamExists => f.write_str("an existing stream"),
            Self::Exact(version) => write!(f, "version {version}"),
            Self::NothingSince { query, after } => {
                write!(f, "no more {query} after position {after}")
            }
        }
    }
}

/// Where an append ended up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The version of the stream after it.
    pub version: StreamVersion,
    /// The position of its last event; where it has none, of the last of all that was appended with
    /// it.
    pub position: Position,
}

/// What an append expected did not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stream {stream} is at version {actual}, expected {expected}")]
pub struct Conflict {
    /// The stream.
    pub stream: StreamId,
    /// What the append expected.
    pub expected: ExpectedVersion,
    /// Where the stream was, with the appends before it that were to be made together.
    pub actual: StreamVersion,
}

/// An append did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The stream was not where it was expected.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// An event with this id has been recorded before, or occurs twice in what is to be appended.
    #[error("an event with the id {0} has been recorded already")]
    DuplicateEvent(EventId),
    /// There was nothing to append, to this stream or to any other.
    #[error("an append to stream {0} has no events")]
    NoEvents(StreamId),
    /// The store failed. Whether the append happened is then unknown only if the error says so.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Append {
    /// For adapters: refuses what no store needs to look at, an append that is empty or has one
    /// event id twice.
    pub fn check(&self) -> Result<(), AppendError> {
        Self::check_all(std::slice::from_ref(self))
    }

    /// For adapters: refuses what no store needs to look at, appends of which none has an event, or
    /// that have one event id twice. No appends at all are nothing to refuse.
    pub fn check_all(appends: &[Self]) -> Result<(), AppendError> {
        let events = || appends.iter().flat_map(|append| &append.events);
        if events().next().is_none() {
            return match appends.first() {
                Some(append) => Err(AppendError::NoEvents(append.stream.clone())),
                None => Ok(()),
            };
        }
        let mut ids: Vec<_> = events().map(|event| event.id).collect();
        ids.sort_unstable();
        match ids.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(AppendError::DuplicateEvent(pair[0])),
            None => Ok(()),
        }
    }
}
