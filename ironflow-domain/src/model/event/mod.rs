//! A set of facts, and how it is stored.

pub(crate) mod codec;
pub(crate) mod contents;
mod decoded;
mod decoder;
mod error;
mod events;
mod kind;
#[cfg(feature = "schema")]
pub(crate) mod schema;
pub(crate) mod sets;
pub(crate) mod upcast;

pub use decoded::Decoded;
pub use decoder::Decoder;
pub use error::{DecodeError, EncodeError};
pub use events::Events;
pub use kind::{EventKind, Fate, PastKind};
#[cfg(feature = "schema")]
pub use schema::Described;
pub use upcast::{Upcast, UpcastResult};

use crate::EventRef;

/// A set of facts: an enum with one variant per fact. Written by [`#[event]`](macro@crate::event).
///
/// The stored form is JSON; an event's name and schema version are stored beside it, not in it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of events",
    label = "not a set of events",
    note = "name the enum of events here, not its aggregate; to make `{Self}` one, declare it with one variant per fact and `#[event(\"…\")]`"
)]
pub trait Event: Clone + Send + Sync + 'static {
    /// The first part of the stored names, and what the streams of its aggregate are called.
    const CATEGORY: &'static str;
    /// Every kind of event in the set, in the order of declaration.
    const KINDS: &'static [EventKind];
    /// Kinds that are not recorded any more, and what becomes of those that are stored.
    const PAST: &'static [PastKind] = &[];
    /// The names of the past events that are read as one of today where they follow each other in
    /// the same append.
    const MERGES: &'static [&'static [&'static str]] = &[];
    /// Whether [`decode`](Self::decode) looks at nothing but the name, the schema version and the
    /// payload, so that a store need not read more. So it is where no event has an old shape.
    const READS_ONLY_PAYLOAD: bool = false;

    /// Which kind this event is.
    fn kind(&self) -> &'static EventKind;

    /// The payload as it is stored: a JSON text.
    ///
    /// # Errors
    ///
    /// When the payload's own `Serialize` refuses, as it does for a map whose keys are no strings.
    fn encode(&self) -> Result<String, EncodeError>;

    /// Reads one stored event, in whichever version and under whichever name it was written. Use a
    /// [`Decoder`] to read many: it knows the parts of a merge.
    ///
    /// # Errors
    ///
    /// When no event of the set has or had that name, when the version is newer than this program,
    /// or when the payload does not fit. Nothing is ever guessed or skipped.
    fn decode(event: &EventRef<'_>) -> Result<Decoded<Self>, DecodeError>;

    /// Reads all parts of one of the set's [merges](Self::MERGES), in their order.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode).
    fn merge(merge: usize, parts: &[EventRef<'_>]) -> Result<Self, DecodeError> {
        unreachable!("the set has no merge {merge} of {} parts", parts.len())
    }

    /// Shows the shapes that events had before, in the order of declaration.
    #[doc(hidden)]
    fn old_shapes<V: codec::OldShapes>(_: &mut V) {}
}
