//! Stored events of several sets, told apart by the categories of their streams.

use std::fmt;
use std::ops::Range;

use super::{Decoder, Event};
use crate::{EventRef, Recorded, UndecodableEvent};

/// Sets of events that somebody reads, each with its category and its type forgotten.
///
/// The category of an event's stream says which set it is of, so that an event whose name no set
/// knows is not taken for someone else's.
pub(crate) struct Sets<S: ?Sized>(Vec<(&'static str, Box<S>)>);

/// What is delivered of stored events: which events of which of the sets.
#[derive(Debug, Clone)]
pub(crate) struct Delivered {
    set: usize,
    events: Range<usize>,
}

/// One event of one of the sets.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item {
    set: usize,
    event: usize,
}

impl Delivered {
    pub(crate) fn items(self) -> impl Iterator<Item = Item> {
        let Self { set, events } = self;
        events.map(move |event| Item { set, event })
    }
}

impl<S: Reading + ?Sized> Sets<S> {
    /// Reads the next stored event, and keeps what is delivered of it: nothing where its stream is of
    /// none of the sets' categories.
    pub(crate) fn read(&mut self, event: &EventRef<'_>) -> Result<Delivered, UndecodableEvent> {
        let category = event.category();
        let is_of = |(of, _): &(&str, Box<S>)| *of == category;
        let Some(set) = self.0.iter().position(is_of) else {
            return Ok(Delivered {
                set: 0,
                events: 0..0,
            });
        };
        let events = self.0[set].1.read(event)?;
        Ok(Delivered { set, events })
    }

    /// The set of an event, and which of its events it is.
    pub(crate) fn of(&self, item: Item) -> (&S, usize) {
        (&self.0[item.set].1, item.event)
    }

    /// How many of the stored events it has read were dropped.
    pub(crate) fn dropped(&self) -> u64 {
        self.0.iter().map(|(_, set)| set.dropped()).sum()
    }

    /// The names that what is delivered may be stored under; none where that may be any.
    #[cfg(feature = "runtime")]
    pub(crate) fn names(&self) -> Vec<&'static str> {
        let of_each = self.0.iter().map(|(_, set)| set.names());
        let names: Option<Vec<_>> = of_each.collect();
        names.unwrap_or_default().concat()
    }

    /// Whether some parts of a merge have been read and not the others.
    #[cfg(feature = "runtime")]
    pub(crate) fn are_within_a_merge(&self) -> bool {
        self.0.iter().any(|(_, set)| set.is_within_a_merge())
    }
}

impl<S: ?Sized> FromIterator<(&'static str, Box<S>)> for Sets<S> {
    fn from_iter<I: IntoIterator<Item = (&'static str, Box<S>)>>(sets: I) -> Self {
        Self(sets.into_iter().collect())
    }
}

impl<S: ?Sized> fmt::Debug for Sets<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let categories = self.0.iter().map(|(category, _)| category);
        f.debug_list().entries(categories).finish()
    }
}

/// A set of events whose stored form is read, whatever is done with them.
pub(crate) trait Reading: Send + Sync {
    /// Reads the next stored event, and keeps what it is read as.
    fn read(&mut self, event: &EventRef<'_>) -> Result<Range<usize>, UndecodableEvent>;
    fn dropped(&self) -> u64;
    /// The names that what is delivered may be stored under; nothing where that may be any.
    #[cfg(feature = "runtime")]
    fn names(&self) -> Option<&[&'static str]>;
    #[cfg(feature = "runtime")]
    fn is_within_a_merge(&self) -> bool;
}

/// The events of one set that have been read.
pub(crate) struct ReadEvents<E> {
    decoder: Decoder<E>,
    only: Option<Only>,
    read: Vec<Recorded<E>>,
}

/// Which kinds of a set's events are delivered.
struct Only {
    /// What they are called today.
    kinds: Vec<&'static str>,
    /// What they may be stored under.
    names: Vec<&'static str>,
}

impl Only {
    /// Those of the variants with these names in the program.
    fn of<E: Event>(variants: &[&str]) -> Self {
        let kinds = E::KINDS.iter();
        let kinds = kinds.filter(|kind| variants.contains(&kind.ident));
        let names = kinds.clone().flat_map(|kind| {
            let before = kind.also_named.iter().copied();
            before.chain([kind.name])
        });
        // What becomes of past events is known when they are read.
        let past = E::PAST.iter().map(|past| past.name);
        Self {
            names: names.chain(past).collect(),
            kinds: kinds.map(|kind| kind.name).collect(),
        }
    }
}

impl<E> Default for ReadEvents<E>
where
    E: Event,
{
    fn default() -> Self {
        Self {
            decoder: Decoder::new(),
            only: None,
            read: Vec::new(),
        }
    }
}

impl<E: Event> ReadEvents<E> {
    /// Delivers only the variants with these names in the program; all of them where there is nothing.
    pub(crate) fn only(variants: Option<&[&str]>) -> Self {
        Self {
            only: variants.map(Only::of::<E>),
            ..Self::default()
        }
    }
}

impl<E> ReadEvents<E> {
    pub(crate) fn get(&self, event: usize) -> &Recorded<E> {
        &self.read[event]
    }
}

impl<E: Event> Reading for ReadEvents<E> {
    fn read(&mut self, event: &EventRef<'_>) -> Result<Range<usize>, UndecodableEvent> {
        let before = self.read.len();
        match &self.only {
            None => self.read.extend(self.decoder.recorded_unread(event)?),
            Some(only) if only.names.contains(&event.name) => {
                let events = self.decoder.recorded_unread(event)?;
                let is_wanted = |event: &Recorded<E>| only.kinds.contains(&event.data.kind().name);
                self.read.extend(events.filter(is_wanted));
            }
            Some(_) => {}
        }
        Ok(before..self.read.len())
    }

    fn dropped(&self) -> u64 {
        self.decoder.dropped()
    }

    #[cfg(feature = "runtime")]
    fn names(&self) -> Option<&[&'static str]> {
        self.only.as_ref().map(|only| only.names.as_slice())
    }

    #[cfg(feature = "runtime")]
    fn is_within_a_merge(&self) -> bool {
        self.decoder.is_within_a_merge()
    }
}
