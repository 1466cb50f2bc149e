//! What was appended to several streams, as a store would tell it to whoever follows its log.

use ironflow_domain::{
    Event, EventId, EventRef, Metadata, Position, SchemaVersion, StreamId, StreamVersion, Timestamp,
};

/// What is to be appended, as it is stored.
#[derive(Debug, Clone)]
pub struct ToAppend {
    pub(crate) payloads: Vec<Payload>,
    /// What it is stored with, if it says so itself.
    pub(crate) metadata: Option<Metadata>,
    /// When it is stored, if it says so itself.
    pub(crate) time: Option<Timestamp>,
}

impl ToAppend {
    /// Events of today. What cannot be written is left out: its round trip fails the scenario.
    pub(crate) fn of<E: Event>(events: &[E]) -> Self {
        let written = |event: &E| {
            let kind = event.kind();
            Some(Payload {
                name: kind.name.to_owned(),
                version: kind.version,
                json: event.encode().ok()?,
            })
        };
        Self {
            payloads: events.iter().filter_map(written).collect(),
            metadata: None,
            time: None,
        }
    }
}

/// What happened, as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Payload {
    pub(crate) name: String,
    pub(crate) version: SchemaVersion,
    pub(crate) json: String,
}

/// Appends, from the first to the last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Log {
    appends: Vec<Append>,
    events: u64,
}

/// Events that are stored together.
#[derive(Debug, Clone)]
pub(crate) struct Append {
    stream: StreamId,
    /// Its first event's place in the stream.
    version: StreamVersion,
    /// Its first event's place in the log.
    position: u64,
    time: Timestamp,
    metadata: String,
    payloads: Vec<Payload>,
}

impl Log {
    pub(crate) fn appends(&self) -> &[Append] {
        &self.appends
    }

    /// The place in the stream of what is appended to it next.
    pub(crate) fn next_version(&self, stream: &StreamId) -> StreamVersion {
        let last = self
            .appends
            .iter()
            .rev()
            .find(|last| last.stream == *stream);
        last.map_or(StreamVersion::EMPTY, |last| {
            last.version.plus(last.payloads.len() as u64 - 1)
        })
        .next()
    }

    /// Appends all of it, or nothing where there is nothing.
    pub(crate) fn append(
        &mut self,
        stream: StreamId,
        payloads: Vec<Payload>,
        metadata: String,
        time: Timestamp,
    ) {
        if payloads.is_empty() {
            return;
        }
        let version = self.next_version(&stream);
        let position = self.events + 1;
        self.events += payloads.len() as u64;
        self.appends.push(Append {
            stream,
            version,
            position,
            time,
            metadata,
            payloads,
        });
    }
}

impl Append {
    pub(crate) fn stream(&self) -> &StreamId {
        &self.stream
    }

    pub(crate) fn events(&self) -> impl Iterator<Item = EventRef<'_>> {
        (0_u32..).zip(&self.payloads).map(|(index, payload)| {
            let position = self.position + u64::from(index);
            EventRef {
                id: EventId::from_bytes(u128::from(position).to_be_bytes()),
                stream: self.stream.as_str(),
                version: self.version.plus(u64::from(index)),
                position: Position::new(0, position),
                time: self.time,
                // As that of a command that says nothing else.
                source: "api",
                metadata: &self.metadata,
                left_in_commit: u32::try_from(self.payloads.len())
                    .unwrap_or(u32::MAX)
                    .saturating_sub(index + 1),
                ..EventRef::unrecorded(&payload.name, payload.version, &payload.json)
            }
        })
    }
}
