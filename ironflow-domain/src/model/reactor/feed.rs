//! The log as events of the sets that a reactor reacts to.

use std::error::Error;
use std::fmt;
use std::pin::Pin;

use super::{React, Reactor};
use crate::Event;
use crate::model::event::sets::{ReadEvents, Reading, Sets};

/// A side effect on its way.
pub(crate) type Happening<'r> =
    Pin<Box<dyn Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send + 'r>>;

/// Reads the log as events of the sets that a reactor reacts to.
pub struct Reactions<R> {
    #[cfg_attr(
        not(feature = "runtime"),
        allow(dead_code, reason = "a runtime reads them")
    )]
    pub(crate) sets: Sets<dyn Set<R>>,
}

impl<R: Reactor> Reactions<R> {
    /// The reactions to these sets.
    pub fn new(reactions: impl IntoIterator<Item = Reaction<R>>) -> Self {
        let sets = reactions.into_iter();
        Self {
            sets: sets
                .map(|reaction| (reaction.category, reaction.set))
                .collect(),
        }
    }
}

impl<R> fmt::Debug for Reactions<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactions")
            .field("sets", &self.sets)
            .finish()
    }
}

/// A set of events that a reactor reacts to, its type forgotten.
pub struct Reaction<R> {
    category: &'static str,
    set: Box<dyn Set<R>>,
}

impl<R: Reactor> Reaction<R> {
    /// The events of the set `E`: of these variants, where some are named.
    #[must_use]
    pub fn of<E: Event>(only: Option<&[&str]>) -> Self
    where
        R: React<E>,
    {
        Self {
            category: E::CATEGORY,
            set: Box::new(ReadEvents::<E>::only(only)),
        }
    }
}

impl<R> fmt::Debug for Reaction<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reaction")
            .field("category", &self.category)
            .finish_non_exhaustive()
    }
}

/// Events that have been read, their type forgotten.
pub(crate) trait Set<R: Reactor>: Reading {
    #[cfg_attr(
        not(feature = "runtime"),
        allow(dead_code, reason = "a runtime calls it")
    )]
    fn react<'r>(&'r self, event: usize, reactor: &'r R) -> Happening<'r>;
}

impl<R: React<E>, E: Event> Set<R> for ReadEvents<E> {
    fn react<'r>(&'r self, event: usize, reactor: &'r R) -> Happening<'r> {
        let event = self.get(event);
        Box::pin(async move { reactor.react(event).await.map_err(Into::into) })
    }
}
