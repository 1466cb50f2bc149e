//! What can be wrong with the stored form of an event.

use std::error::Error;
use std::fmt;

use super::{EventKind, PastKind};
use crate::{InvalidStreamId, JsonError, SchemaVersion};

/// An event could not be written in its stored form.
#[derive(Debug)]
#[non_exhaustive]
pub struct EncodeError {
    /// The event's stored name.
    pub name: &'static str,
    /// What the payload's `Serialize` said.
    pub source: JsonError,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {} cannot be stored as JSON", self.name)
    }
}

impl Error for EncodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// A stored payload could not be read as an event of the set that was asked for.
#[derive(Debug)]
#[non_exhaustive]
pub enum DecodeError {
    /// No event of the set has, or had, this stored name.
    #[non_exhaustive]
    UnknownName {
        /// The stored name.
        name: String,
        /// The kinds the set has.
        known: &'static [EventKind],
        /// The kinds the set had.
        past: &'static [PastKind],
    },
    /// The payload was written in a version of its shape that this program does not read.
    #[non_exhaustive]
    UnsupportedVersion {
        /// The stored name.
        name: String,
        /// The version it was written in.
        stored: SchemaVersion,
        /// The newest version this program knows.
        current: SchemaVersion,
    },
    /// The event is one of those of which none should be stored any more.
    #[non_exhaustive]
    Retired {
        /// The stored name.
        name: String,
        /// The version it was written in.
        version: SchemaVersion,
        /// Whether all versions under that name are retired.
        whole: bool,
    },
    /// The payload does not have the shape of its event.
    #[non_exhaustive]
    Payload {
        /// The stored name.
        name: String,
        /// The version it was written in.
        version: SchemaVersion,
        /// What does not fit, and where.
        source: JsonError,
    },
    /// A step from an old shape to the next one refused.
    #[non_exhaustive]
    Upcast {
        /// The stored name.
        name: String,
        /// The version it was written in.
        version: SchemaVersion,
        /// What the upcaster said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// A part of a merge is stored without the others.
    #[non_exhaustive]
    Unmerged {
        /// The stored name of the part that is there.
        name: String,
        /// The stored name of the part that is not.
        wanted: &'static str,
        /// Whether that part should have come before.
        before: bool,
    },
    /// The metadata stored beside the payload is not what Ironflow writes.
    #[non_exhaustive]
    Metadata {
        /// What does not fit.
        source: JsonError,
    },
    /// The name of its stream is not one Ironflow writes.
    #[non_exhaustive]
    Stream {
        /// What does not fit.
        source: InvalidStreamId,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownName { name, known, past } => write!(
                f,
                "unknown event name {name}: the set knows {}; add the variant that was removed, give the renamed one \
                 `#[event(also_named(\"{name}\"))]`, or ignore such events with `dropped(\"{name}\")` on the enum",
                names(known, past)
            ),
            Self::UnsupportedVersion {
                name,
                stored,
                current,
            } => write!(
                f,
                "event {name} is stored in version {stored}, and this program reads up to version {current}: {}",
                way_out(*stored, *current)
            ),
            Self::Retired {
                name,
                version,
                whole,
            } => write!(
                f,
                "event {name} version {version} is stored, and declared retired: take its shape from an earlier program and {}",
                if *whole {
                    "say what becomes of it, `replaced(…)`, or ignore it, `dropped(…)`"
                } else {
                    "list it where `upcast(…)` says `_`"
                }
            ),
            Self::Payload { name, version, .. } => {
                write!(
                    f,
                    "the payload of {name} version {version} does not fit its type"
                )
            }
            Self::Upcast { name, version, .. } => {
                write!(f, "event {name} version {version} cannot be upcast")
            }
            Self::Unmerged {
                name,
                wanted,
                before,
            } => write!(
                f,
                "event {name} is a part of `merged(…)`, and {wanted} does not come right {} it in its append: where parts may \
                 be alone, say what becomes of each with `replaced(…)`",
                if *before { "before" } else { "after" }
            ),
            Self::Metadata { .. } => f.write_str("its metadata is damaged"),
            Self::Stream { .. } => f.write_str("the name of its stream is damaged"),
        }
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::UnknownName { .. }
            | Self::UnsupportedVersion { .. }
            | Self::Retired { .. }
            | Self::Unmerged { .. } => None,
            Self::Payload { source, .. } | Self::Metadata { source } => Some(source),
            Self::Upcast { source, .. } => Some(&**source),
            Self::Stream { source } => Some(source),
        }
    }
}

fn way_out(stored: SchemaVersion, current: SchemaVersion) -> &'static str {
    if stored > current {
        "it was written by a newer program, so run that one"
    } else {
        "versions count from 1, so this is not one Ironflow wrote"
    }
}

fn names(known: &[EventKind], past: &[PastKind]) -> String {
    let known = known.iter().map(|kind| kind.name);
    let past = past.iter().map(|kind| kind.name);
    known.chain(past).collect::<Vec<_>>().join(", ")
}
