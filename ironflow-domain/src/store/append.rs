//! The only way to write to a stream.

use std::borrow::Cow;
use std::fmt;

use crate::store::StoreError;
use crate::{EventId, Metadata, Position, SchemaVersion, StreamId, StreamVersion};

/// Events for one stream, to be appended together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// The stream.
    pub stream: StreamId,
    /// Where the stream has to be for the append to happen.
    pub expected: ExpectedVersion,
    /// The events, in order; at least one.
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

/// Where a stream has to be for an append to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

impl ExpectedVersion {
    /// Whether a stream at `actual` is where this expects it.
    #[must_use]
    pub fn holds_at(self, actual: StreamVersion) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => actual == StreamVersion::EMPTY,
            Self::StreamExists => actual > StreamVersion::EMPTY,
            Self::Exact(version) => actual == version,
        }
    }
}

impl fmt::Display for ExpectedVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("any version"),
            Self::NoStream => f.write_str("no stream"),
            Self::StreamExists => f.write_str("an existing stream"),
            Self::Exact(version) => write!(f, "version {version}"),
        }
    }
}

/// Where an append ended up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The version of the stream after it.
    pub version: StreamVersion,
    /// The position of its last event.
    pub position: Position,
}

/// A stream was not where an append expected it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("stream {stream} is at version {actual}, expected {expected}")]
pub struct Conflict {
    /// The stream.
    pub stream: StreamId,
    /// Where the append expected it.
    pub expected: ExpectedVersion,
    /// Where it was.
    pub actual: StreamVersion,
}

/// An append did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The stream was not where it was expected.
    #[error(transparent)]
    Conflict(#[from] Conflict),
    /// An event with this id has been recorded before, or occurs twice in the append.
    #[error("an event with the id {0} has been recorded already")]
    DuplicateEvent(EventId),
    /// There was nothing to append.
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
        if self.events.is_empty() {
            return Err(AppendError::NoEvents(self.stream.clone()));
        }
        let mut ids: Vec<_> = self.events.iter().map(|event| event.id).collect();
        ids.sort_unstable();
        match ids.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(AppendError::DuplicateEvent(pair[0])),
            None => Ok(()),
        }
    }
}
