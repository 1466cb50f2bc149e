//! Floor 1: what a domain is made of. Pure: no I/O, no clock, no randomness.

pub(crate) mod aggregate;
pub(crate) mod catalogue;
pub(crate) mod command;
mod command_metadata;
pub(crate) mod event;
pub(crate) mod identity;
pub(crate) mod json;
pub(crate) mod metadata;
pub(crate) mod projection;
pub(crate) mod reactor;
pub(crate) mod recorded;
mod recorded_metadata;
mod rfc3339;
#[cfg(feature = "runtime")]
pub(crate) mod shape;
pub(crate) mod snapshot;
pub(crate) mod sql;
pub(crate) mod time;
pub(crate) mod version;

pub use aggregate::{Aggregate, Fold};
pub use catalogue::{AggregateEntry, Catalogue, CommandEntry, EventEntry, ProjectionEntry};
pub use command::{Addressed, Command, CommandKind, Decide, DecideWith, Decision};
pub use command_metadata::{CommandMetadata, InvalidMetadata};
#[cfg(feature = "schema")]
pub use event::Described;
pub use event::{
    DecodeError, Decoded, Decoder, EncodeError, Event, EventKind, Events, Fate, PastKind, Upcast,
    UpcastResult,
};
pub use identity::{
    CommandId, EventId, InvalidCommandId, InvalidEventId, InvalidStreamId, InvalidTraceParent,
    StreamId, TraceParent,
};
pub use json::JsonError;
pub use metadata::Metadata;
pub use projection::{
    Feed, HasViews, Kept, Partition, Project, Projection, Reads, Source, Unpartitioned, View,
};
pub use reactor::{React, Reaction, Reactions, Reactor, ReactsTo};
pub use recorded::{EventRef, Recorded, RecordedEvent, UndecodableEvent};
pub use recorded_metadata::RecordedMetadata;
pub use snapshot::{SnapshotPolicy, Snapshots};
pub use sql::{
    InTables, ProjectSql, SqlParameters, SqlProjection, SqlValue, Statement, StatementError,
    StatementProblem, Statements, Table, TablesAreAskedWithSql, ToSqlValue,
};
pub use time::{InvalidTimestamp, Timestamp};
pub use version::{InvalidPosition, Position, SchemaVersion, StreamVersion};
