//! The log as events of the sets that a projection reads.

use std::fmt;
use std::ops::Range;

use super::{Partition, Project, Projection};
use crate::{Decoder, Event, EventRef, Recorded, UndecodableEvent};

/// Reads the log as events of the sets a projection reads.
///
/// The category of an event's stream says which set it is of, so that an event whose name no set
/// knows is not taken for someone else's.
pub struct Feed<P> {
    sources: Vec<Source<P>>,
}

/// What is delivered of stored events: which events of which of the feed's sets.
#[derive(Debug, Clone)]
pub(super) struct Delivered {
    source: usize,
    events: Range<usize>,
}

/// One event of one of the feed's sets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    source: usize,
    event: usize,
}

impl Delivered {
    pub(super) fn items(self) -> impl Iterator<Item = Item> {
        let Self { source, events } = self;
        events.map(move |event| Item { source, event })
    }
}

impl<P: Projection> Feed<P> {
    /// A feed of these sets.
    pub fn new(sources: impl IntoIterator<Item = Source<P>>) -> Self {
        Self {
            sources: sources.into_iter().collect(),
        }
    }

    /// Reads the next stored event, and keeps what is delivered of it: nothing where its stream is of
    /// none of the sets' categories.
    pub(super) fn read(&mut self, event: &EventRef<'_>) -> Result<Delivered, UndecodableEvent> {
        let category = event.category();
        let is_of = |source: &Source<P>| source.category == category;
        let Some(source) = self.sources.iter().position(is_of) else {
            return Ok(Delivered {
                source: 0,
                events: 0..0,
            });
        };
        let events = self.sources[source].set.read(event)?;
        Ok(Delivered { source, events })
    }

    /// Which view an event belongs to.
    pub(super) fn partition(&self, item: Item) -> Partition<P::Key> {
        self.sources[item.source].set.partition(item.event)
    }

    /// Changes that view by it.
    pub(super) fn project(&self, item: Item, view: &mut P) {
        self.sources[item.source].set.project(item.event, view);
    }

    /// How many of the stored events it has read were dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.sources.iter().map(|source| source.set.dropped()).sum()
    }
}

impl<P> fmt::Debug for Feed<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed")
            .field("sources", &self.sources)
            .finish()
    }
}

/// A set of events that a projection reads, its type forgotten.
pub struct Source<P> {
    category: &'static str,
    set: Box<dyn Set<P>>,
}

impl<P: Projection> Source<P> {
    /// The events of the set `E`.
    #[must_use]
    pub fn of<E: Event>() -> Self
    where
        P: Project<E>,
    {
        Self {
            category: E::CATEGORY,
            set: Box::new(Events::<E>::default()),
        }
    }
}

impl<P> fmt::Debug for Source<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("category", &self.category)
            .finish_non_exhaustive()
    }
}

/// Events that have been read, their type forgotten: once for all of a page, and not for each.
trait Set<P: Projection>: Send {
    fn read(&mut self, event: &EventRef<'_>) -> Result<Range<usize>, UndecodableEvent>;
    fn partition(&self, event: usize) -> Partition<P::Key>;
    fn project(&self, event: usize, view: &mut P);
    fn dropped(&self) -> u64;
}

struct Events<E> {
    decoder: Decoder<E>,
    read: Vec<Recorded<E>>,
}

impl<E: Event> Default for Events<E> {
    fn default() -> Self {
        Self {
            decoder: Decoder::new(),
            read: Vec::new(),
        }
    }
}

impl<P: Project<E>, E: Event> Set<P> for Events<E> {
    fn read(&mut self, event: &EventRef<'_>) -> Result<Range<usize>, UndecodableEvent> {
        let before = self.read.len();
        self.read.extend(self.decoder.recorded_unread(event)?);
        Ok(before..self.read.len())
    }

    fn partition(&self, event: usize) -> Partition<P::Key> {
        P::partition(&self.read[event])
    }

    fn project(&self, event: usize, view: &mut P) {
        view.project(&self.read[event]);
    }

    fn dropped(&self) -> u64 {
        self.decoder.dropped()
    }
}
