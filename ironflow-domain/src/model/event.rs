//! A set of facts, and how it is stored.

use crate::{InvalidStreamId, SchemaVersion};

/// A set of facts: an enum with one variant per fact. Written by [`#[event]`](macro@crate::event).
///
/// The stored form is JSON; an event's name and schema version are stored beside it, not in it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of events",
    label = "not a set of events",
    note = "make `{Self}` an enum with one variant per fact and add `#[event(\"…\")]`"
)]
pub trait Event: Clone + Send + Sync + 'static {
    /// The first part of the stored names, and what the streams of its aggregate are called.
    const CATEGORY: &'static str;
    /// Every kind of event in the set, in the order of declaration.
    const KINDS: &'static [EventKind];

    /// Which kind this event is.
    fn kind(&self) -> &'static EventKind;

    /// The payload as it is stored: a JSON text.
    ///
    /// # Errors
    ///
    /// When the payload's own `Serialize` refuses, as it does for a map whose keys are no strings.
    fn encode(&self) -> Result<String, EncodeError>;

    /// Reads a stored payload back.
    ///
    /// # Errors
    ///
    /// When no event of the set has that name, when the version is not the current one, or when the
    /// payload does not fit. Nothing is ever guessed or skipped.
    fn decode(name: &str, version: SchemaVersion, data: &str) -> Result<Self, DecodeError>;
}

/// One kind of event: what it is called where it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventKind {
    /// The stored name, such as `account.opened`.
    pub name: &'static str,
    /// The current version of the payload's shape.
    pub version: SchemaVersion,
    /// The variant's doc comment.
    pub doc: &'static str,
}

/// An event could not be written in its stored form.
#[derive(Debug, thiserror::Error)]
#[error("event {name} cannot be stored as JSON")]
#[non_exhaustive]
pub struct EncodeError {
    /// The event's stored name.
    pub name: &'static str,
    /// What the payload's `Serialize` said.
    #[source]
    pub source: serde_json::Error,
}

/// A stored payload could not be read as an event of the set that was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// No event of the set has this stored name.
    #[error(
        "unknown event name {name}: the set knows {}; add the variant that was removed, or give the renamed one `#[event(name = \"{name}\")]`",
        names(known)
    )]
    #[non_exhaustive]
    UnknownName {
        /// The stored name.
        name: String,
        /// The kinds the set has.
        known: &'static [EventKind],
    },
    /// The payload was written in another version of its shape.
    #[error(
        "event {name} is stored in version {stored}, and this program reads version {current}: {}",
        way_out(*.stored, *.current)
    )]
    #[non_exhaustive]
    UnsupportedVersion {
        /// The stored name.
        name: &'static str,
        /// The version it was written in.
        stored: SchemaVersion,
        /// The version this program knows.
        current: SchemaVersion,
    },
    /// The payload does not have the shape of its event.
    #[error("the payload of {name} version {version} does not fit its type")]
    #[non_exhaustive]
    Payload {
        /// The stored name.
        name: &'static str,
        /// The version it was written in.
        version: SchemaVersion,
        /// What does not fit, and where.
        #[source]
        source: serde_json::Error,
    },
    /// The metadata stored beside the payload is not what Ironflow writes.
    #[error("its metadata is damaged")]
    #[non_exhaustive]
    Metadata {
        /// What does not fit.
        #[source]
        source: serde_json::Error,
    },
    /// The name of its stream is not one Ironflow writes.
    #[error("the name of its stream is damaged")]
    #[non_exhaustive]
    Stream {
        /// What does not fit.
        #[source]
        source: InvalidStreamId,
    },
}

fn way_out(stored: SchemaVersion, current: SchemaVersion) -> &'static str {
    if stored > current {
        "it was written by a newer program, so run that one"
    } else {
        "keep the version and give new fields `#[serde(default)]`, or record the new shape under another name"
    }
}

fn names(known: &[EventKind]) -> String {
    known
        .iter()
        .map(|kind| kind.name)
        .collect::<Vec<_>>()
        .join(", ")
}
