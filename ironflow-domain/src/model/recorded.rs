//! Events as a store returns them.

use std::borrow::Cow;

use crate::model::identity::category_of;
use crate::{
    DecodeError, Event, EventId, Metadata, Position, SchemaVersion, StreamId, StreamVersion,
    Timestamp,
};

/// An event that has been recorded, with all that is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded<D> {
    /// Its id, unique in the store.
    pub id: EventId,
    /// Its stored name, such as `order.placed`.
    pub name: Cow<'static, str>,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its place in the stream, counted from 1.
    pub version: StreamVersion,
    /// The version of the payload's shape it was written in.
    pub schema_version: SchemaVersion,
    /// Its place in the log of all streams.
    pub position: Position,
    /// When the store recorded it.
    pub time: Timestamp,
    /// Where it came from, such as `api`.
    pub source: String,
    /// What happened.
    pub data: D,
    /// Who caused it, and the like.
    pub metadata: Metadata,
}

/// A recorded event of any kind: its payload is the stored JSON text.
pub type RecordedEvent = Recorded<String>;

/// An event as it lies in a page read from a store. Nothing is copied or parsed until asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRef<'a> {
    /// Its id, unique in the store.
    pub id: EventId,
    /// Its stored name.
    pub name: &'a str,
    /// The stream it belongs to.
    pub stream: &'a str,
    /// Its place in the stream, counted from 1.
    pub version: StreamVersion,
    /// The version of the payload's shape it was written in.
    pub schema_version: SchemaVersion,
    /// Its place in the log of all streams.
    pub position: Position,
    /// When the store recorded it.
    pub time: Timestamp,
    /// Where it came from.
    pub source: &'a str,
    /// The payload, a JSON text.
    pub data: &'a str,
    /// The metadata, a JSON text.
    pub metadata: &'a str,
    /// How many events of the same append come after it.
    pub left_in_commit: u32,
}

impl EventRef<'_> {
    /// The category of its stream: the part of the stream's name before the first hyphen.
    #[must_use]
    pub fn category(&self) -> &str {
        category_of(self.stream)
    }

    /// The payload as an event of the set `E`.
    ///
    /// # Errors
    ///
    /// When it cannot be read as one; the error says which event it was.
    pub fn data<E: Event>(&self) -> Result<E, UndecodableEvent> {
        E::decode(self.name, self.schema_version, self.data)
            .map_err(|error| self.undecodable(error))
    }

    /// The event with its payload as an event of the set `E`.
    ///
    /// # Errors
    ///
    /// When the payload, the metadata or the stream's name cannot be read; the error says which
    /// event it was.
    pub fn typed<E: Event>(&self) -> Result<Recorded<E>, UndecodableEvent> {
        let data: E = self.data()?;
        let name = Cow::Borrowed(data.kind().name);
        self.with(name, data)
    }

    /// The event with its payload as the stored text.
    ///
    /// # Errors
    ///
    /// When the metadata or the stream's name cannot be read; the error says which event it was.
    pub fn untyped(&self) -> Result<RecordedEvent, UndecodableEvent> {
        self.with(Cow::Owned(self.name.to_owned()), self.data.to_owned())
    }

    fn with<D>(&self, name: Cow<'static, str>, data: D) -> Result<Recorded<D>, UndecodableEvent> {
        let stream = self
            .stream
            .parse()
            .map_err(|error| self.undecodable(DecodeError::Stream { source: error }))?;
        let metadata = serde_json::from_str(self.metadata)
            .map_err(|error| self.undecodable(DecodeError::Metadata { source: error }))?;
        Ok(Recorded {
            id: self.id,
            name,
            stream,
            version: self.version,
            schema_version: self.schema_version,
            position: self.position,
            time: self.time,
            source: self.source.to_owned(),
            data,
            metadata,
        })
    }

    fn undecodable(&self, source: DecodeError) -> UndecodableEvent {
        UndecodableEvent {
            stream: self.stream.to_owned(),
            version: self.version,
            id: self.id,
            position: self.position,
            source,
        }
    }
}

/// A recorded event cannot be read. It is never skipped: who reads it stops there.
#[derive(Debug, thiserror::Error)]
#[error("event {id}, version {version} of stream {stream}, cannot be read")]
#[non_exhaustive]
pub struct UndecodableEvent {
    /// The stream it belongs to.
    pub stream: String,
    /// Its place in the stream.
    pub version: StreamVersion,
    /// Its id.
    pub id: EventId,
    /// Its place in the log.
    pub position: Position,
    /// What is wrong, and what to do.
    pub source: DecodeError,
}
