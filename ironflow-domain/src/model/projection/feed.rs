//! The log as events of the sets that a projection reads.

use std::fmt;

use super::route::Route;
use super::{Project, Projection, Unpartitioned};
use crate::model::event::sets::{Delivered, Item, ReadEvents, Reading, Sets};
use crate::model::sql::SqlEvents;
use crate::{Event, EventRef, ProjectSql, Statements, UndecodableEvent};

/// Reads the log as events of the sets a projection reads.
///
/// The category of an event's stream says which set it is of, so that an event whose name no set
/// knows is not taken for someone else's.
pub struct Feed<P> {
    sets: Sets<dyn Set<P>>,
}

impl<P: Projection> Feed<P> {
    /// A feed of these sets.
    pub fn new(sources: impl IntoIterator<Item = Source<P>>) -> Self {
        let sets = sources.into_iter();
        Self {
            sets: sets.map(|source| (source.category, source.set)).collect(),
        }
    }

    /// Reads the next stored event, and keeps what is delivered of it: nothing where its stream is of
    /// none of the sets' categories.
    pub(super) fn read(&mut self, event: &EventRef<'_>) -> Result<Delivered, UndecodableEvent> {
        self.sets.read(event)
    }

    /// Which view an event belongs to.
    pub(super) fn route(&self, item: Item) -> Route {
        let (set, event) = self.sets.of(item);
        set.route(event)
    }

    /// Changes that view by it, or says what it does to tables.
    pub(super) fn project(&self, item: Item, view: &mut P, sql: &mut Statements) {
        let (set, event) = self.sets.of(item);
        set.project(event, view, sql);
    }

    /// The names that what is delivered may be stored under; none where that may be any.
    #[cfg(feature = "runtime")]
    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.sets.names()
    }

    /// How many of the stored events it has read were dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.sets.dropped()
    }
}

impl<P> fmt::Debug for Feed<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("sets", &self.sets).finish()
    }
}

/// A set of events that a projection reads, its type forgotten.
pub struct Source<P> {
    category: &'static str,
    set: Box<dyn Set<P>>,
}

impl<P: Projection> Source<P> {
    /// The events of the set `E`: of these variants, where some are named.
    #[must_use]
    pub fn of<E: Event>(only: Option<&[&str]>) -> Self
    where
        P: Project<E>,
    {
        Self {
            category: E::CATEGORY,
            set: Box::new(ReadEvents::<E>::only(only)),
        }
    }

    /// The same, for tables.
    #[must_use]
    pub(crate) fn of_sql<E: Event>(only: Option<&[&str]>) -> Self
    where
        P: ProjectSql<E>,
    {
        Self {
            category: E::CATEGORY,
            set: Box::new(SqlEvents::<E>::only(only)),
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
trait Set<P: Projection>: Reading {
    fn route(&self, event: usize) -> Route;
    fn project(&self, event: usize, view: &mut P, sql: &mut Statements);
}

impl<P: Project<E>, E: Event> Set<P> for ReadEvents<E> {
    fn route(&self, event: usize) -> Route {
        P::partition(self.get(event)).into()
    }

    fn project(&self, event: usize, view: &mut P, _: &mut Statements) {
        view.project(self.get(event));
    }
}

impl<P: ProjectSql<E>, E: Event> Set<P> for SqlEvents<E> {
    /// All that is known of the tables is kept in one place, as it is of a single view.
    fn route(&self, _: usize) -> Route {
        Route::One(Unpartitioned.to_string())
    }

    fn project(&self, event: usize, _: &mut P, sql: &mut Statements) {
        P::project(self.get(event), sql);
    }
}
