//! Reading and listing streams.

use crate::store::EventPage;
use crate::{StreamId, StreamVersion, Timestamp};

/// Which part of a stream to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadStream {
    /// The version to begin with. Backward, [`ReadStream::LAST`] begins with the last event.
    pub from: StreamVersion,
    /// Which way to go.
    pub direction: Direction,
    /// The most events in a page; at least one is always read.
    pub limit: usize,
    /// Whether only the streams, versions, names, schema versions and payloads of the events are
    /// wanted. What else is known of them may be missing then, where that is less work.
    pub payload_only: bool,
}

/// Which way to read a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From older events to newer ones.
    Forward,
    /// From newer events to older ones.
    Backward,
}

impl ReadStream {
    /// Later than any event.
    pub const LAST: StreamVersion = StreamVersion::new(u64::MAX);
    /// As many events in a page as a read takes unless told otherwise.
    pub const LIMIT: usize = 1_000;

    /// From `version` on, older events first.
    #[must_use]
    pub const fn forward(from: StreamVersion) -> Self {
        Self {
            from,
            direction: Direction::Forward,
            limit: Self::LIMIT,
            payload_only: false,
        }
    }

    /// From `version` back, newer events first.
    #[must_use]
    pub const fn backward(from: StreamVersion) -> Self {
        Self {
            from,
            direction: Direction::Backward,
            limit: Self::LIMIT,
            payload_only: false,
        }
    }

    /// No more than `events` in a page.
    #[must_use]
    pub const fn limit(mut self, events: usize) -> Self {
        self.limit = events;
        self
    }

    /// Only what it takes to decode the events; what else is known of them may be missing.
    #[must_use]
    pub const fn payload_only(mut self) -> Self {
        self.payload_only = true;
        self
    }
}

/// A part of a stream.
#[derive(Debug, Clone, Default)]
pub struct StreamPage {
    /// The events.
    pub events: EventPage,
    /// The version to go on with; nothing where the stream has no more.
    pub next: Option<StreamVersion>,
}

/// What is known about a stream without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamInfo {
    /// The stream.
    pub stream: StreamId,
    /// How many events it has.
    pub version: StreamVersion,
    /// When its first event was recorded.
    pub created_at: Timestamp,
    /// When its last event was recorded.
    pub updated_at: Timestamp,
}

impl StreamInfo {
    /// For adapters: all there is to know.
    #[must_use]
    pub fn new(
        stream: StreamId,
        version: StreamVersion,
        created_at: Timestamp,
        updated_at: Timestamp,
    ) -> Self {
        Self {
            stream,
            version,
            created_at,
            updated_at,
        }
    }
}

/// Which streams to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListStreams {
    /// Only streams of this category.
    pub category: Option<String>,
    /// Only streams that come after this one.
    pub after: Option<StreamId>,
    /// The most to list.
    pub limit: usize,
}

impl Default for ListStreams {
    fn default() -> Self {
        Self {
            category: None,
            after: None,
            limit: ReadStream::LIMIT,
        }
    }
}
