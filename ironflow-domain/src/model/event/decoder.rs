//! Reading many stored events, one after the other.

use std::marker::PhantomData;

use super::{DecodeError, Decoded, Event};
use crate::model::recorded::Header;
use crate::{
    EventId, EventRef, Position, Recorded, SchemaVersion, StreamVersion, Timestamp,
    UndecodableEvent,
};

/// Reads stored events as events of the set `E`, in the order in which they were recorded.
///
/// It stands between a page read from a store and whoever folds what is in it. One stored event is
/// one event, unless its set says otherwise: then it may be several, none, or a part of one.
///
/// ```
/// # use ironflow_domain::{Decoder, EventRef, SchemaVersion, event};
/// #[event("account", dropped("account.viewed"))]
/// pub enum AccountEvent {
///     Opened { owner: String },
/// }
///
/// let stored = [
///     EventRef::unrecorded("account.opened", SchemaVersion::new(1), r#"{"owner":"Ann"}"#),
///     EventRef::unrecorded("account.viewed", SchemaVersion::new(1), "{}"),
/// ];
/// let mut decoder = Decoder::<AccountEvent>::new();
/// let mut events = Vec::new();
/// for event in &stored {
///     events.extend(decoder.decode(event)?);
/// }
/// assert_eq!(events, [AccountEvent::Opened { owner: "Ann".into() }]);
/// assert_eq!(decoder.dropped(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Decoder<E> {
    /// The parts of a merge that have come so far, and which merge it is.
    parts: Vec<Part>,
    merge: usize,
    dropped: u64,
    set: PhantomData<fn() -> E>,
}

impl<E: Event> Decoder<E> {
    /// A decoder that has read nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            parts: Vec::new(),
            merge: 0,
            dropped: 0,
            set: PhantomData,
        }
    }

    /// How many of the stored events it has read were dropped.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Whether it has read some parts of a merge and not the others.
    #[cfg(feature = "runtime")]
    pub(crate) fn is_within_a_merge(&self) -> bool {
        !self.parts.is_empty()
    }

    /// Reads the next stored event. Where it is a part of one, that one is returned with its last
    /// part, and nothing before.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or when a part of a merge is stored without the others. The error
    /// says which event it was.
    pub fn decode(&mut self, event: &EventRef<'_>) -> Result<Decoded<E>, UndecodableEvent> {
        match E::decode(event) {
            Ok(decoded @ Decoded::One(_)) if self.parts.is_empty() => Ok(decoded),
            Ok(decoded) => self.unusual(decoded, event),
            Err(error) => Err(event.undecodable(error)),
        }
    }

    /// Reads the next stored event with all that is known about it.
    ///
    /// # Errors
    ///
    /// As [`decode`](Self::decode), and when the metadata or the stream's name cannot be read.
    pub fn recorded(
        &mut self,
        event: &EventRef<'_>,
    ) -> Result<impl Iterator<Item = Recorded<E>> + use<E>, UndecodableEvent> {
        let events = self.decode(event)?;
        Ok(with_header(events, event.header()?))
    }

    /// The same, for those that may not look at the metadata.
    pub(crate) fn recorded_unread(
        &mut self,
        event: &EventRef<'_>,
    ) -> Result<impl Iterator<Item = Recorded<E>> + use<E>, UndecodableEvent> {
        let events = self.decode(event)?;
        Ok(with_header(events, event.header_unread()?))
    }

    #[cold]
    fn unusual(
        &mut self,
        decoded: Decoded<E>,
        event: &EventRef<'_>,
    ) -> Result<Decoded<E>, UndecodableEvent> {
        match decoded {
            Decoded::Part { merge, part } if self.goes_on_with(merge, part, event) => {
                self.merge = merge;
                self.take_part(event)
            }
            _ if !self.parts.is_empty() => Err(self.unmerged()),
            Decoded::Part { merge, part } => Err(event.undecodable(DecodeError::Unmerged {
                name: event.name.to_owned(),
                wanted: E::MERGES[merge][part - 1],
                before: true,
            })),
            Decoded::Several(events) if events.is_empty() => {
                self.dropped += 1;
                Ok(Decoded::Several(events))
            }
            decoded => Ok(decoded),
        }
    }

    /// Whether a part is the first one, or the one that is waited for.
    fn goes_on_with(&self, merge: usize, part: usize, event: &EventRef<'_>) -> bool {
        match self.parts.last() {
            None => part == 0,
            Some(last) => {
                (merge, part) == (self.merge, self.parts.len())
                    && event.stream == last.stream
                    && event.version == last.version.next()
            }
        }
    }

    fn take_part(&mut self, event: &EventRef<'_>) -> Result<Decoded<E>, UndecodableEvent> {
        self.parts.push(Part::of(event));
        if self.parts.len() < E::MERGES[self.merge].len() {
            return if event.left_in_commit == 0 {
                Err(self.unmerged())
            } else {
                Ok(Decoded::nothing())
            };
        }
        let parts = std::mem::take(&mut self.parts);
        let parts: Vec<_> = parts.iter().map(Part::event).collect();
        E::merge(self.merge, &parts)
            .map(Decoded::One)
            .map_err(|error| event.undecodable(error))
    }

    /// The last part that came is not followed by the one it should be followed by.
    fn unmerged(&mut self) -> UndecodableEvent {
        let parts = std::mem::take(&mut self.parts);
        let wanted = E::MERGES[self.merge][parts.len()];
        let last = parts[parts.len() - 1].event();
        last.undecodable(DecodeError::Unmerged {
            name: last.name.to_owned(),
            wanted,
            before: false,
        })
    }
}

impl<E: Event> Default for Decoder<E> {
    fn default() -> Self {
        Self::new()
    }
}

/// A stored event that outlives the page it was read from.
#[derive(Debug)]
struct Part {
    id: EventId,
    name: String,
    stream: String,
    version: StreamVersion,
    schema_version: SchemaVersion,
    position: Position,
    time: Timestamp,
    source: String,
    data: String,
    metadata: String,
    left_in_commit: u32,
}

impl Part {
    fn of(event: &EventRef<'_>) -> Self {
        Self {
            id: event.id,
            name: event.name.to_owned(),
            stream: event.stream.to_owned(),
            version: event.version,
            schema_version: event.schema_version,
            position: event.position,
            time: event.time,
            source: event.source.to_owned(),
            data: event.data.to_owned(),
            metadata: event.metadata.to_owned(),
            left_in_commit: event.left_in_commit,
        }
    }

    fn event(&self) -> EventRef<'_> {
        EventRef {
            id: self.id,
            name: &self.name,
            stream: &self.stream,
            version: self.version,
            schema_version: self.schema_version,
            position: self.position,
            time: self.time,
            source: &self.source,
            data: &self.data,
            metadata: &self.metadata,
            left_in_commit: self.left_in_commit,
        }
    }
}
/// What a stored event is read as, each with all that is known about it.
fn with_header<E: Event>(
    events: Decoded<E>,
    header: Header,
) -> impl Iterator<Item = Recorded<E>> + use<E> {
    let events = events.into_iter();
    // How many there are is known. Where it is one, nothing is cloned.
    let (count, _) = events.size_hint();
    let parts = (0..).zip(events.zip(std::iter::repeat_n(header, count)));
    parts.map(|(part, (data, header))| header.with(data.kind().name.into(), part, data))
}
