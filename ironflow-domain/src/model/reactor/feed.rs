//! The log as events of the sets that a reactor reacts to.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use super::{React, Reactor};
use crate::model::event::sets::{Delivered, Item, ReadEvents, Reading, Sets};
use crate::model::projection::panic_text;
use crate::{Event, EventRef, UndecodableEvent};

/// A side effect on its way.
pub(crate) type Happening<'r> =
    Pin<Box<dyn Future<Output = Result<(), Box<dyn Error + Send + Sync>>> + Send + 'r>>;

/// Reads the log as events of the sets that a reactor reacts to.
pub struct Reactions<R> {
    pub(crate) sets: Sets<dyn Set<R>>,
}

/// Why a reactor has not done what an event leads to.
#[derive(Debug)]
pub enum Unreacted {
    /// The event cannot be read.
    Undecodable(UndecodableEvent),
    /// The user's code says so.
    Failed(Box<dyn Error + Send + Sync>),
    /// The user's code panicked, and this is what it said.
    Panicked(String),
}

impl fmt::Display for Unreacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Undecodable(error) => error.fmt(f),
            Self::Failed(error) => error.fmt(f),
            Self::Panicked(panic) => write!(f, "it panicked: {panic}"),
        }
    }
}

impl Error for Unreacted {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Undecodable(error) => error.source(),
            Self::Failed(error) => error.source(),
            Self::Panicked(_) => None,
        }
    }
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

    /// Reads the next stored event; a panic in the user's code is given back as what it said.
    ///
    /// # Errors
    ///
    /// When it cannot be read. What has panicked must not be used again.
    pub(crate) fn read(&mut self, event: &EventRef<'_>) -> Result<Delivered, Unreacted> {
        match catch_unwind(AssertUnwindSafe(|| self.sets.read(event))) {
            Ok(read) => read.map_err(Unreacted::Undecodable),
            Err(panic) => Err(Unreacted::Panicked(panic_text(&*panic).to_owned())),
        }
    }

    /// Runs the user's code on one of the events that were read.
    pub(crate) async fn react(&self, item: Item, reactor: &R) -> Result<(), Unreacted> {
        let (set, event) = self.sets.of(item);
        let mut happening = set.react(event, reactor);
        // A future that has panicked is not polled again.
        let happened = poll_fn(|context| {
            let polled = catch_unwind(AssertUnwindSafe(|| happening.as_mut().poll(context)));
            match polled {
                Ok(Poll::Pending) => Poll::Pending,
                Ok(Poll::Ready(happened)) => Poll::Ready(happened.map_err(Unreacted::Failed)),
                Err(panic) => Poll::Ready(Err(Unreacted::Panicked(panic_text(&*panic).to_owned()))),
            }
        });
        happened.await
    }

    /// Reads the next stored event, and reacts to all that it is read as.
    ///
    /// # Errors
    ///
    /// When it cannot be read, and when the user's code fails: what comes after that is not tried.
    #[doc(hidden)]
    pub async fn react_to(&mut self, event: &EventRef<'_>, reactor: &R) -> Result<(), Unreacted> {
        for item in self.read(event)?.items() {
            self.react(item, reactor).await?;
        }
        Ok(())
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
    fn react<'r>(&'r self, event: usize, reactor: &'r R) -> Happening<'r>;
}

impl<R: React<E>, E: Event> Set<R> for ReadEvents<E> {
    fn react<'r>(&'r self, event: usize, reactor: &'r R) -> Happening<'r> {
        let event = self.get(event);
        Box::pin(async move { reactor.react(event).await.map_err(Into::into) })
    }
}
