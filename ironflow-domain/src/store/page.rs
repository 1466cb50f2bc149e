//! Many events in few allocations.

use std::ops::Range;

use crate::{EventId, EventRef, Position, SchemaVersion, StreamVersion, Timestamp};

/// Events as they were read: all their texts lie in one buffer, and are looked at where they lie.
#[derive(Debug, Clone, Default)]
pub struct EventPage {
    text: String,
    slots: Vec<Slot>,
}

#[derive(Debug, Clone)]
struct Slot {
    id: EventId,
    version: StreamVersion,
    position: Position,
    time: Timestamp,
    schema_version: SchemaVersion,
    left_in_commit: u32,
    stream: Range<usize>,
    name: Range<usize>,
    source: Range<usize>,
    data: Range<usize>,
    metadata: Range<usize>,
}

impl EventPage {
    /// A page without events.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            text: String::new(),
            slots: Vec::new(),
        }
    }

    /// For adapters: adds an event. Texts that repeat those of the event before are kept once.
    pub fn push(&mut self, event: &EventRef<'_>) {
        let Self { text, slots } = self;
        if slots.len() == slots.capacity() {
            // A page that has many events is going to have more. Every growth copies all there are.
            slots.reserve(3 * slots.len());
        }
        let last = slots.last();
        let slot = Slot {
            id: event.id,
            version: event.version,
            position: event.position,
            time: event.time,
            schema_version: event.schema_version,
            left_in_commit: event.left_in_commit,
            stream: keep(text, event.stream, last.map(|last| &last.stream)),
            name: keep(text, event.name, last.map(|last| &last.name)),
            source: keep(text, event.source, last.map(|last| &last.source)),
            metadata: keep(text, event.metadata, last.map(|last| &last.metadata)),
            data: keep(text, event.data, None),
        };
        slots.push(slot);
    }

    /// How many events there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// How many bytes of text there are.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// The event at `index`.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<EventRef<'_>> {
        self.slots.get(index).map(|slot| self.view(slot))
    }

    /// The first event.
    #[must_use]
    pub fn first(&self) -> Option<EventRef<'_>> {
        self.get(0)
    }

    /// The last event.
    #[must_use]
    pub fn last(&self) -> Option<EventRef<'_>> {
        self.slots.last().map(|slot| self.view(slot))
    }

    /// The events in the order in which they were read.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = EventRef<'_>> + ExactSizeIterator {
        self.slots.iter().map(|slot| self.view(slot))
    }

    fn view(&self, slot: &Slot) -> EventRef<'_> {
        EventRef {
            id: slot.id,
            name: &self.text[slot.name.clone()],
            stream: &self.text[slot.stream.clone()],
            version: slot.version,
            schema_version: slot.schema_version,
            position: slot.position,
            time: slot.time,
            source: &self.text[slot.source.clone()],
            data: &self.text[slot.data.clone()],
            metadata: &self.text[slot.metadata.clone()],
            left_in_commit: slot.left_in_commit,
        }
    }
}

/// Where `new` lies in `text`: where the last one lies if that says the same, and at its end
/// otherwise.
#[inline]
fn keep(text: &mut String, new: &str, last: Option<&Range<usize>>) -> Range<usize> {
    // Where an empty text lies is not in memory, and to compare it with another takes some
    // processors as long as everything else here together.
    if new.is_empty() {
        return 0..0;
    }
    if let Some(last) = last
        && text.as_bytes().get(last.clone()) == Some(new.as_bytes())
    {
        return last.clone();
    }
    let start = text.len();
    text.push_str(new);
    start..text.len()
}
