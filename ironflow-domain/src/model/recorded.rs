//! Events as a store returns them.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use crate::model::identity::category_of;
use crate::model::json;
use crate::{
    DecodeError, EventId, Metadata, Position, RecordedMetadata, SchemaVersion, StreamId,
    StreamVersion, Timestamp,
};

/// An event that has been recorded, with all that is known about it. What happened is its `data`:
/// `match &event.data { … }`.
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
    /// Its place among the events that one stored event is read as, counted from 0. Zero for all
    /// that were not split; those that were share the id, the version and the position.
    pub part: u32,
    /// What happened.
    pub data: D,
    /// Who caused it, and the like.
    pub metadata: RecordedMetadata,
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
    /// The metadata, a JSON text; [`read_metadata`](Self::read_metadata) reads it.
    pub metadata: &'a str,
    /// How many events that were appended together with it come after it, in whichever streams.
    pub left_in_commit: u32,
}

impl<'a> EventRef<'a> {
    /// An event that is not recorded anywhere, to be decoded by a test or a tool. Its time is the
    /// start of 1970, and it has no metadata; set the fields an upcaster looks at.
    #[must_use]
    pub const fn unrecorded(name: &'a str, schema_version: SchemaVersion, data: &'a str) -> Self {
        Self {
            id: EventId::NIL,
            name,
            stream: "unrecorded-0",
            version: StreamVersion::new(1),
            schema_version,
            position: Position::START,
            time: Timestamp::from_micros(0),
            source: "",
            data,
            metadata: "{}",
            left_in_commit: 0,
        }
    }

    /// The category of its stream: the part of the stream's name before the first hyphen.
    #[must_use]
    pub fn category(&self) -> &str {
        category_of(self.stream)
    }

    /// The metadata, read: who caused the event, and the like.
    ///
    /// # Errors
    ///
    /// When it is not what Ironflow writes; the error says which event it was.
    #[doc(alias = "issued_by")]
    #[doc(alias = "correlation_id")]
    pub fn read_metadata(&self) -> Result<Metadata, UndecodableEvent> {
        json::read(self.metadata)
            .map_err(|error| self.undecodable(DecodeError::Metadata { source: error }))
    }

    /// The event with its payload as the stored text.
    ///
    /// # Errors
    ///
    /// When the metadata or the stream's name cannot be read; the error says which event it was.
    pub fn untyped(&self) -> Result<RecordedEvent, UndecodableEvent> {
        Ok(self
            .header()?
            .with(Cow::Owned(self.name.to_owned()), 0, self.data.to_owned()))
    }

    /// All that is known about the event besides what happened.
    pub(crate) fn header(&self) -> Result<Header, UndecodableEvent> {
        let metadata = self.read_metadata()?;
        self.header_with(metadata.into())
    }

    /// The same, for those that may not look at the metadata: what is wrong with it comes out when
    /// they do.
    pub(crate) fn header_unread(&self) -> Result<Header, UndecodableEvent> {
        self.header_with(RecordedMetadata::unread(self.metadata))
    }

    fn header_with(&self, metadata: RecordedMetadata) -> Result<Header, UndecodableEvent> {
        let stream = self
            .stream
            .parse()
            .map_err(|error| self.undecodable(DecodeError::Stream { source: error }))?;
        Ok(Header {
            id: self.id,
            stream,
            version: self.version,
            schema_version: self.schema_version,
            position: self.position,
            time: self.time,
            source: self.source.to_owned(),
            metadata,
        })
    }

    pub(crate) fn undecodable(&self, source: DecodeError) -> UndecodableEvent {
        UndecodableEvent {
            stream: self.stream.to_owned(),
            version: self.version,
            id: self.id,
            position: self.position,
            source,
        }
    }
}

/// An event without its name and what happened.
#[derive(Clone)]
pub(crate) struct Header {
    id: EventId,
    stream: StreamId,
    version: StreamVersion,
    schema_version: SchemaVersion,
    position: Position,
    time: Timestamp,
    source: String,
    metadata: RecordedMetadata,
}

impl Header {
    pub(crate) fn with<D>(self, name: Cow<'static, str>, part: u32, data: D) -> Recorded<D> {
        Recorded {
            id: self.id,
            name,
            stream: self.stream,
            version: self.version,
            schema_version: self.schema_version,
            position: self.position,
            time: self.time,
            source: self.source,
            part,
            data,
            metadata: self.metadata,
        }
    }
}

/// A recorded event cannot be read. It is never skipped: who reads it stops there.
#[derive(Debug)]
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

impl fmt::Display for UndecodableEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id,
            version,
            stream,
            ..
        } = self;
        write!(
            f,
            "event {id}, version {version} of stream {stream}, cannot be read"
        )
    }
}

impl Error for UndecodableEvent {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
