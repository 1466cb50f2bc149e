//! Views that an event could not be applied to.
//!
//! Such a view is left as it was before that event, and later events do not reach it: it is parked.
//! The others go on. What is parked is kept beside the views, and written in the same batches.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::model::projection::Named;
use crate::runtime::projection::stored;
use crate::store::{Entry, Key, KeyRange, Store, StoreError, Write};
use crate::{EventId, EventRef, Position, RecordedEvent, StreamVersion, Timestamp};

/// How often an event is tried before the view is parked.
pub(super) const ATTEMPTS: u32 = 3;
/// How many are listed at once.
const LISTED_AT_ONCE: usize = 500;

/// A view that an event could not be applied to: it is as it was before, until it is
/// [retried](crate::Ironflow::retry_view).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParkedView {
    /// The key of the view.
    pub key: String,
    /// The event; nothing where the view is not at fault, and is filled again because somebody wants it.
    pub event: Option<ParkedEvent>,
    /// How often it was tried.
    pub attempts: u32,
    /// Since when the view is parked.
    pub since: Timestamp,
    /// Events that it is to do without, because somebody wants it.
    pub skipped: Vec<EventId>,
    /// Whether it is going to be tried again.
    pub is_retried: bool,
    /// All of the log up to here has reached it; nothing where it is filled from the start.
    after: Option<Position>,
    /// And the events after that, before this one.
    before: Option<Position>,
}

/// An event that could not be applied to a view, or that a reactor failed at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ParkedEvent {
    /// Its id.
    pub id: EventId,
    /// Its name.
    pub name: String,
    /// Its stream.
    pub stream: String,
    /// Its version.
    pub version: StreamVersion,
    /// Its place in the log.
    pub position: Position,
    /// What was wrong.
    pub error: String,
}

impl ParkedEvent {
    pub(crate) fn new(event: Named, error: String) -> Self {
        let Named {
            name,
            id,
            version,
            stream,
            position,
        } = event;
        Self {
            id,
            name,
            stream,
            version,
            position,
            error,
        }
    }
}

impl ParkedEvent {
    pub(super) fn of(event: &RecordedEvent, error: String) -> Self {
        Self {
            id: event.id,
            name: event.name.to_string(),
            stream: event.stream.to_string(),
            version: event.version,
            position: event.position,
            error,
        }
    }
}

impl ParkedView {
    /// A view that has all of the log up to a position, and nothing after it.
    pub(super) fn before_all(key: String, event: ParkedEvent, after: Position) -> Self {
        Self {
            before: None,
            ..Self::at(key, event, after)
        }
    }

    /// A view that has all of the log up to a position, and what comes before that event.
    pub(super) fn at(key: String, event: ParkedEvent, after: Position) -> Self {
        Self {
            key,
            before: Some(event.position),
            event: Some(event),
            attempts: ATTEMPTS,
            since: SystemTime::now().into(),
            skipped: Vec::new(),
            is_retried: false,
            after: Some(after),
        }
    }

    /// A view that is to be filled again from the start of the log.
    pub(super) fn from_the_start(key: String) -> Self {
        Self {
            key,
            event: None,
            attempts: 0,
            since: SystemTime::now().into(),
            skipped: Vec::new(),
            is_retried: true,
            after: None,
            before: None,
        }
    }

    /// The same, to be tried again.
    pub(super) fn retried(mut self, skipped: Option<EventId>) -> Self {
        self.is_retried = true;
        self.skipped.extend(skipped);
        self
    }

    /// All of the log up to a position has reached it, but for what it skips.
    pub(super) fn taken_to(mut self, position: Position) -> Self {
        self.after = Some(position);
        self
    }

    /// What comes before the event that it is parked for has reached it, but for what it skips.
    pub(super) fn taken_before_event(mut self) -> Self {
        self.before = self.event.as_ref().map(|event| event.position);
        self
    }

    /// It was tried once more.
    pub(super) fn failed_again(mut self, event: ParkedEvent) -> Self {
        self.event = Some(event);
        self.attempts = self.attempts.saturating_add(1);
        self.is_retried = false;
        self
    }

    /// Whether what is stored of the view is what it goes on from.
    pub(super) const fn keeps_what_is_stored(&self) -> bool {
        self.after.is_some()
    }

    /// Where to read on from.
    pub(super) fn read_from(&self) -> Position {
        self.after.unwrap_or(Position::START)
    }

    /// Whether the view has the event.
    pub(super) fn has(&self, event: &EventRef<'_>) -> bool {
        self.before.is_some_and(|before| event.position < before)
    }

    /// Whether it is to do without the event.
    pub(super) fn skips(&self, event: &EventRef<'_>) -> bool {
        self.skipped.contains(&event.id)
    }
}

/// All of a generation that are parked, by their keys.
pub(super) type Parked = BTreeMap<String, ParkedView>;

pub(super) async fn read_all(
    store: &dyn Store,
    projection: &str,
    generation: u32,
) -> Result<Parked, StoreError> {
    let mut parked = Parked::new();
    let mut range = KeyRange::bucket(bucket(projection, generation)).limit(LISTED_AT_ONCE);
    loop {
        let entries = store.list(range.clone()).await?;
        let Some(last) = entries.last() else {
            return Ok(parked);
        };
        range.after = Some(last.key.name.clone());
        for entry in entries {
            let view = read(&entry, projection)?;
            parked.insert(entry.key.name, view);
        }
    }
}

pub(super) fn read(entry: &Entry, projection: &str) -> Result<ParkedView, StoreError> {
    stored::read(entry, "what is parked of projection", projection)
}

pub(super) fn write(
    view: &ParkedView,
    projection: &str,
    generation: u32,
) -> Result<Write, StoreError> {
    let json = stored::write(view, "what is parked of projection", projection)?;
    Ok(Write::put(key(projection, generation, &view.key), json))
}

/// Where it is kept that views of a generation are parked.
pub(super) fn bucket(projection: &str, generation: u32) -> String {
    format!("projection-parked/{projection}/{generation}")
}

/// Where it is kept of one of them.
pub(super) fn key(projection: &str, generation: u32, partition: &str) -> Key {
    Key::new(bucket(projection, generation), partition)
}
