//! Floor 1: what a domain is made of. Pure: no I/O, no clock, no randomness.

pub(crate) mod aggregate;
pub(crate) mod codec;
pub(crate) mod command;
pub(crate) mod event;
pub(crate) mod events;
pub(crate) mod identity;
pub(crate) mod metadata;
pub(crate) mod projection;
pub(crate) mod recorded;
mod rfc3339;
pub(crate) mod time;
pub(crate) mod version;

pub use aggregate::{Aggregate, Fold};
pub use command::{Addressed, Command, Decide, DecideWith, Decision};
pub use event::{DecodeError, EncodeError, Event, EventKind};
pub use events::Events;
pub use identity::{CommandId, EventId, InvalidCommandId, InvalidStreamId, StreamId};
pub use metadata::Metadata;
pub use projection::{Delivery, Partition, Project, Projection, Unpartitioned};
pub use recorded::{EventRef, Recorded, RecordedEvent, UndecodableEvent};
pub use time::{InvalidTimestamp, Timestamp};
pub use version::{InvalidPosition, Position, SchemaVersion, StreamVersion};
