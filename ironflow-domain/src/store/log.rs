//! Reading the log of all streams.

use crate::store::{EventPage, EventQuery};
use crate::{Position, StreamId};

/// Which part of the log to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadLog {
    /// Only events after this position.
    pub after: Position,
    /// Which of them.
    pub query: EventQuery,
    /// About as many events as to put in a page. A page ends with all that was appended together,
    /// so there may be more.
    pub limit: usize,
    /// About as many bytes of payload as to put in a page.
    pub max_bytes: usize,
    /// Whether only the positions, streams, versions, names, schema versions and payloads of the
    /// events are wanted. What else is known of them may be missing then, where that is less work.
    pub payload_only: bool,
}

impl ReadLog {
    /// Everything after `position`, in pages of some thousand events.
    #[must_use]
    pub const fn after(position: Position) -> Self {
        Self {
            after: position,
            query: EventQuery::all(),
            limit: 4_000,
            max_bytes: 4 * 1024 * 1024,
            payload_only: false,
        }
    }

    /// Only events that the query means.
    #[must_use]
    pub fn matching(mut self, query: EventQuery) -> Self {
        self.query = query;
        self
    }

    /// Only events in these streams.
    #[must_use]
    pub fn streams(mut self, streams: impl IntoIterator<Item = StreamId>) -> Self {
        self.query = self.query.streams(streams);
        self
    }

    /// Only events in streams of these categories.
    #[must_use]
    pub fn categories<C: Into<String>>(mut self, categories: impl IntoIterator<Item = C>) -> Self {
        self.query = self.query.categories(categories);
        self
    }

    /// Only events with these names.
    #[must_use]
    pub fn names<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.query = self.query.names(names);
        self
    }

    /// About `events` in a page.
    #[must_use]
    pub const fn limit(mut self, events: usize) -> Self {
        self.limit = events;
        self
    }

    /// Only what it takes to decode the events, and their positions; what else is known of them may
    /// be missing.
    #[must_use]
    pub const fn payload_only(mut self) -> Self {
        self.payload_only = true;
        self
    }

    /// For adapters: whether a page with this in it should end as soon as an append does.
    #[must_use]
    pub fn is_full(&self, page: &EventPage) -> bool {
        page.len() >= self.limit.max(1) || page.bytes() >= self.max_bytes
    }
}

/// A part of the log: whole appends, in the order of their positions.
#[derive(Debug, Clone, Default)]
pub struct LogPage {
    /// The events that were wanted.
    pub events: EventPage,
    /// How far the log has been read, past events that were not wanted too. Where the next read
    /// begins.
    pub read_to: Position,
    /// Whether this was the end of the log when it was read.
    pub at_end: bool,
}
