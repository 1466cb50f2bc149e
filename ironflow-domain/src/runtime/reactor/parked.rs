//! Streams that wait for an event that failed.
//!
//! Later events of such a stream wait, too, so that their order is kept. Where the reactor is goes on
//! without them; a retry reads the stream from the event on, up to there.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::runtime::projection::{ParkedEvent, stored};
use crate::store::{Entry, Expected, Key, KeyRange, Revision, Store, StoreError, Write};
use crate::{EventId, StreamVersion, Timestamp};

const WHAT: &str = "what is parked of reactor";
/// How many are listed at once.
const LISTED_AT_ONCE: usize = 500;

/// An event that a reactor failed at, and the stream that waits for it. [Retry
/// it](crate::Ironflow::retry_reaction), or [skip it](crate::Ironflow::skip_reaction).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParkedReaction {
    /// The event. Later ones of its stream wait.
    pub event: ParkedEvent,
    /// How often it was tried.
    pub attempts: u32,
    /// Since when the stream is parked.
    pub since: Timestamp,
    /// Whether somebody wants it to be tried again, or skipped, and it is going to be.
    pub is_retried: bool,
    /// The event is to be skipped.
    pub(super) skipped: Option<EventId>,
    /// The first event of the stream that is not done.
    pub(super) next: StreamVersion,
    /// Where to begin reading for it: it may be the last part of a merge.
    pub(super) from: StreamVersion,
}

impl ParkedReaction {
    pub(super) fn new(event: ParkedEvent, from: StreamVersion, attempts: u32) -> Self {
        Self {
            next: event.version,
            event,
            attempts,
            since: SystemTime::now().into(),
            is_retried: false,
            skipped: None,
            from,
        }
    }

    /// The same, to be tried again.
    pub(super) fn retried(mut self, skipped: Option<EventId>) -> Self {
        self.is_retried = true;
        self.skipped = skipped.or(self.skipped);
        self
    }

    /// Another event of the stream has failed, or the same one again.
    pub(super) fn failed(self, event: ParkedEvent, from: StreamVersion, attempts: u32) -> Self {
        let before = if event.id == self.event.id {
            self.attempts
        } else {
            0
        };
        Self {
            since: self.since,
            ..Self::new(event, from, before.saturating_add(attempts))
        }
    }
}

/// One that is parked, and the state of its key; none where it is not written yet.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) reaction: ParkedReaction,
    pub(super) revision: Option<Revision>,
}

/// All that are parked, by the names of their streams.
pub(super) type Parked = BTreeMap<String, Kept>;

pub(super) async fn read_all(store: &dyn Store, reactor: &str) -> Result<Parked, StoreError> {
    let mut parked = Parked::new();
    let mut range = KeyRange::bucket(bucket(reactor)).limit(LISTED_AT_ONCE);
    loop {
        let entries = store.list(range.clone()).await?;
        let Some(last) = entries.last() else {
            return Ok(parked);
        };
        range.after = Some(last.key.name.clone());
        for entry in entries {
            let kept = Kept {
                reaction: read(&entry, reactor)?,
                revision: Some(entry.revision),
            };
            parked.insert(entry.key.name, kept);
        }
    }
}

fn read(entry: &Entry, reactor: &str) -> Result<ParkedReaction, StoreError> {
    stored::read(entry, WHAT, reactor)
}

/// The write that keeps it, unless others have changed what is kept.
pub(super) fn write(kept: &Kept, reactor: &str) -> Result<Write, StoreError> {
    let json = stored::write(&kept.reaction, WHAT, reactor)?;
    let expected = kept.revision.map_or(Expected::Absent, Expected::Revision);
    Ok(Write::put(key(reactor, &kept.reaction.event.stream), json).expecting(expected))
}

pub(super) fn bucket(reactor: &str) -> String {
    format!("reactors-parked/{reactor}")
}

pub(super) fn key(reactor: &str, stream: &str) -> Key {
    Key::new(bucket(reactor), stream)
}
