//! The log as it is in the end.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use ironflow_domain::store::{ReadLog, StreamStore};
use ironflow_domain::{EventId, EventRef, Position};
use ironflow_postgres::Postgres;
use serde::Deserialize;

use super::unit::{Said, UnitId};

/// All of it, read by somebody who has not read before.
pub(super) struct Log {
    pub(super) events: Vec<Event>,
    /// Where each is.
    pub(super) places: HashMap<EventId, usize>,
}

pub(super) struct Event {
    pub(super) position: Position,
    pub(super) id: EventId,
    pub(super) stream: String,
    pub(super) version: u64,
    pub(super) left: u32,
    pub(super) what: What,
}

/// Who appended it, and what it says about that.
pub(super) enum What {
    Unit(UnitId, Said),
    /// Of a command.
    Booked {
        command: String,
        amount: i64,
        before: i64,
    },
    /// Of a slow program.
    Slow,
}

#[derive(Deserialize)]
struct Booked {
    amount: i64,
    before: i64,
}

impl Log {
    pub(super) async fn read(store: &Postgres) -> Self {
        let mut events = Vec::new();
        let mut read = ReadLog::after(Position::START);
        loop {
            let page = store.read_log(read.clone()).await.unwrap();
            events.extend(page.events.iter().map(Event::from));
            read.after = page.read_to;
            if page.at_end {
                break;
            }
        }
        let ids = events.iter().map(|event: &Event| event.id);
        let places = ids.enumerate().map(|(place, id)| (id, place)).collect();
        Self { events, places }
    }

    /// Those that are appended together, as the events themselves say.
    pub(super) fn runs<'l, K: PartialEq>(
        &'l self,
        key: impl Fn(&'l Event) -> Option<K>,
    ) -> Vec<(K, Range<usize>)> {
        let mut runs: Vec<(K, Range<usize>)> = Vec::new();
        for (place, event) in self.events.iter().enumerate() {
            let Some(key) = key(event) else { continue };
            match runs.last_mut() {
                Some((last, range)) if *last == key && range.end == place => range.end += 1,
                _ => runs.push((key, place..place + 1)),
            }
        }
        runs
    }

    /// What is next to these places.
    pub(super) fn around(&self, places: Range<usize>) -> String {
        const MORE: usize = 4;
        let end = self.events.len().min(places.end + MORE);
        let shown = places.start.saturating_sub(MORE).min(end)..end;
        let line = |place: usize| {
            let mark = if places.contains(&place) { '>' } else { ' ' };
            format!("  {mark} {}", self.events[place])
        };
        shown.map(line).collect::<Vec<_>>().join("\n")
    }
}

impl From<EventRef<'_>> for Event {
    fn from(event: EventRef<'_>) -> Self {
        Self {
            position: event.position,
            id: event.id,
            stream: event.stream.to_owned(),
            version: event.version.get(),
            left: event.left_in_commit,
            what: what(event),
        }
    }
}

fn what(event: EventRef<'_>) -> What {
    if let Some(unit) = UnitId::of(event.id) {
        return What::Unit(unit, serde_json::from_str(event.data).unwrap());
    }
    let metadata = event.read_metadata().unwrap();
    let Some(command) = metadata.causation_id else {
        assert_eq!(event.category(), "slow", "{event:?}");
        return What::Slow;
    };
    let Booked { amount, before } = serde_json::from_str(event.data).unwrap();
    What::Booked {
        command,
        amount,
        before,
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            position,
            id,
            stream,
            version,
            left,
            what,
        } = self;
        write!(f, "{position} {stream} {version}, {left} left, {id}")?;
        match what {
            What::Unit(unit, said) => write!(f, " of unit {unit}, {said:?}"),
            What::Booked {
                command, before, ..
            } => write!(f, " of {command}, on {before}"),
            What::Slow => write!(f, " by hand"),
        }
    }
}
