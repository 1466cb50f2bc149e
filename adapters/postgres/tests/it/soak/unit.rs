//! What is appended together, and what its events say about it.

use std::fmt;
use std::str::FromStr;

use ironflow_domain::store::{Append, EventQuery, ExpectedVersion, NewEvent};
use ironflow_domain::{EventId, Metadata, Position, SchemaVersion, StreamVersion};
use serde::{Deserialize, Serialize};

use crate::given::stream;

/// What the ids of our events begin with.
const OURS: [u8; 4] = *b"soak";

/// Names a unit: of which process, in which of its lives, of which task, and which one of those.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct UnitId(u64);

impl UnitId {
    pub(super) fn new(process: u8, life: u16, task: u8, number: u32) -> Self {
        let [high, low] = life.to_be_bytes();
        let mut bytes = [process, high, low, task, 0, 0, 0, 0];
        bytes[4..].copy_from_slice(&number.to_be_bytes());
        Self(u64::from_be_bytes(bytes))
    }

    pub(super) fn event(self, index: u32) -> EventId {
        let mut id = [0; 16];
        id[..4].copy_from_slice(&OURS);
        id[4..12].copy_from_slice(&self.0.to_be_bytes());
        id[12..].copy_from_slice(&index.to_be_bytes());
        EventId::from_bytes(id)
    }

    /// The unit of an event, if it is of one.
    pub(super) fn of(event: EventId) -> Option<Self> {
        let (start, unit) = event.as_bytes().split_at(4);
        let unit = unit.first_chunk::<8>()?;
        (start == OURS).then_some(Self(u64::from_be_bytes(*unit)))
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for UnitId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

/// What an event says about the unit that it was appended in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Said {
    /// The how manieth it is, from 0.
    pub(super) index: u32,
    /// How many there are.
    pub(super) of: u32,
    /// Its version, where its append expected one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<u64>,
    /// The category and the position after which nothing of it may have been recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) nothing_since: Option<(String, Position)>,
}

/// One append of a unit.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) stream: String,
    pub(super) expected: Expected,
    pub(super) events: u32,
}

#[derive(Debug, Clone)]
pub(super) enum Expected {
    Any,
    Exists,
    New,
    At(StreamVersion),
    NothingSince { category: String, after: Position },
}

impl Part {
    pub(super) fn new(stream: impl Into<String>, expected: Expected, events: u32) -> Self {
        let stream = stream.into();
        Self {
            stream,
            expected,
            events,
        }
    }
}

pub(super) fn count(parts: &[Part]) -> u32 {
    parts.iter().map(|part| part.events).sum()
}

/// The appends of a unit. The same unit has the same events each time, whatever they expect.
pub(super) fn appends(unit: UnitId, parts: &[Part]) -> Vec<Append> {
    let of = count(parts);
    let mut index = 0;
    let part = |part: &Part| {
        let start = match &part.expected {
            Expected::New => Some(0),
            Expected::At(version) => Some(version.get()),
            _ => None,
        };
        let nothing_since = match &part.expected {
            Expected::NothingSince { category, after } => Some((category.clone(), *after)),
            _ => None,
        };
        let events = (1..=u64::from(part.events)).map(|step| {
            let said = Said {
                index,
                of,
                version: start.map(|start| start + step),
                nothing_since: nothing_since.clone(),
            };
            let event = event(unit, &said);
            index += 1;
            event
        });
        Append {
            stream: stream(&part.stream),
            events: events.collect(),
            expected: match &part.expected {
                Expected::Any => ExpectedVersion::Any,
                Expected::Exists => ExpectedVersion::StreamExists,
                Expected::New => ExpectedVersion::NoStream,
                Expected::At(version) => ExpectedVersion::Exact(*version),
                Expected::NothingSince { category, after } => {
                    let query = EventQuery::all().categories([category]);
                    ExpectedVersion::nothing_since(query, *after)
                }
            },
        }
    };
    parts.iter().map(part).collect()
}

fn event(unit: UnitId, said: &Said) -> NewEvent {
    NewEvent {
        id: unit.event(said.index),
        name: "thing.happened".into(),
        schema_version: SchemaVersion::new(1),
        source: "soak".into(),
        data: serde_json::to_string(said).unwrap(),
        metadata: Metadata::default(),
    }
}
