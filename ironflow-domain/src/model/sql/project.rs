//! A read model in tables of the user's own.

use std::fmt;
use std::ops::Range;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serializer};

use super::Statements;
use crate::model::event::sets::{ReadEvents, Reading};
use crate::{Event, EventRef, Kept, Projection, Reads, Recorded, Source, UndecodableEvent};

/// A read model in tables of your own, in the database that has the events. Derive it; write a
/// [`ProjectSql`] for each set of events.
///
/// It is a [`Projection`] like any other: followed, waited for, rebuilt and operated in the same
/// way. Only its rows are asked with SQL, under the names of its tables.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an SQL projection",
    label = "not an SQL projection",
    note = "add `#[derive(SqlProjection)]`, `#[projection(\"…\", of(…))]` and `#[table(\"…\", columns = \"…\")]` to `struct {Self};`"
)]
pub trait SqlProjection: Projection<Key = TablesAreAskedWithSql> {}

/// What events of one set do to the tables of an SQL projection. One implementation for each set.
///
/// It is pure: it sees the event, says which statements it leads to, and does not execute them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what events of `{E}` do to its tables",
    label = "`ProjectSql<{E}>` is missing",
    note = "write `impl ProjectSql<{E}> for {Self}` with `project`, or take `{E}` out of `of(…)`"
)]
pub trait ProjectSql<E: Event>: SqlProjection + Reads<E> {
    /// Says which statements the event leads to.
    fn project(event: &Recorded<E>, sql: &mut Statements);

    /// The set, its type forgotten.
    #[doc(hidden)]
    #[must_use]
    fn source(only: Option<&[&str]>) -> Source<Self> {
        Source::of_sql::<E>(only)
    }
}

/// The key of an SQL projection. There is none: nobody can ask for one of its views, since there are
/// tables in their place.
///
/// Where the compiler expects it and finds something else, write SQL instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TablesAreAskedWithSql {}

impl fmt::Display for TablesAreAskedWithSql {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

/// How the state of an SQL projection is kept: not at all, since it has none.
#[derive(Debug)]
pub enum InTables {}

#[diagnostic::do_not_recommend]
impl<P: Projection> Kept<P> for InTables {
    fn keep<S: Serializer>(_: &P, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }

    fn restore<'de, D: Deserializer<'de>>(deserializer: D) -> Result<P, D::Error> {
        IgnoredAny::deserialize(deserializer)?;
        Ok(P::initial())
    }
}

/// The events of one set that have been read for the tables of a projection.
pub(crate) struct SqlEvents<E>(ReadEvents<E>);

impl<E: Event> SqlEvents<E> {
    pub(crate) fn only(variants: Option<&[&str]>) -> Self {
        Self(ReadEvents::only(variants))
    }

    pub(crate) fn get(&self, event: usize) -> &Recorded<E> {
        self.0.get(event)
    }
}

impl<E: Event> Reading for SqlEvents<E> {
    fn read(&mut self, event: &EventRef<'_>) -> Result<Range<usize>, UndecodableEvent> {
        self.0.read(event)
    }

    fn dropped(&self) -> u64 {
        self.0.dropped()
    }

    #[cfg(feature = "runtime")]
    fn names(&self) -> Option<&[&'static str]> {
        self.0.names()
    }

    #[cfg(feature = "runtime")]
    fn is_within_a_merge(&self) -> bool {
        self.0.is_within_a_merge()
    }
}
