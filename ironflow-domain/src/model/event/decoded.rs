//! What one stored event is today.

use std::iter::Chain;
use std::{option, vec};

use super::Events;

/// What one stored event is today.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "these are the events that were read"]
#[non_exhaustive]
pub enum Decoded<E> {
    /// One event, as nearly always.
    One(E),
    /// As many as it was split into, in the order in which they happen; none where it was dropped.
    Several(Events<E>),
    /// A part of an event that is stored in several.
    #[non_exhaustive]
    Part {
        /// Which of the set's [merges](crate::Event::MERGES).
        merge: usize,
        /// Which part of it.
        part: usize,
    },
}

impl<E> Decoded<E> {
    /// For generated code: a part of a merge.
    pub(crate) const fn part(merge: usize, part: usize) -> Self {
        Self::Part { merge, part }
    }

    /// Nothing, of a stored event that was dropped.
    pub const fn nothing() -> Self {
        Self::Several(Events::none())
    }

    /// The event, where it is exactly one.
    pub fn one(self) -> Option<E> {
        match self {
            Self::One(event) => Some(event),
            Self::Several(events) if events.len() == 1 => events.into_iter().next(),
            Self::Several(_) | Self::Part { .. } => None,
        }
    }

    /// The events, in order.
    pub fn into_events(self) -> Events<E> {
        match self {
            Self::One(event) => Events::from([event]),
            Self::Several(events) => events,
            Self::Part { .. } => Events::none(),
        }
    }
}

/// The events, in order; where it is one, nothing is allocated.
impl<E> IntoIterator for Decoded<E> {
    type Item = E;
    type IntoIter = Chain<option::IntoIter<E>, vec::IntoIter<E>>;

    fn into_iter(self) -> Self::IntoIter {
        let (one, several) = match self {
            Self::One(event) => (Some(event), Events::none()),
            Self::Several(events) => (None, events),
            Self::Part { .. } => (None, Events::none()),
        };
        one.into_iter().chain(several)
    }
}
