//! What generated code and the test kit need. Not part of the public interface: it changes without
//! notice.

pub use serde;
pub use std::string::String;

pub use crate::model::event::codec::{
    OldShape, OldShapes, VariantDeserializer, VariantSerializer, step,
};
pub use crate::model::event::contents::{Codec, Stored, Underived};
pub use crate::model::event::upcast::{Distinct, ShapeOfOneVersion, StoredLike, Versions};
pub use crate::model::projection::{
    Applied, OfEvent, Routed, Routes, Routing, State, Unapplied, Unstorable, last_route,
};
pub use crate::model::reactor::Unreacted;
pub use crate::model::snapshot::Restorable;

#[cfg(feature = "schema")]
pub use crate::model::event::schema::schemas;
#[cfg(feature = "schema")]
pub use schemars;

pub use crate::__with_schema as with_schema;

use std::fmt;

use serde::Serialize;

use crate::model::json;
use crate::{
    Aggregate, Events, InvalidStreamId, Projection, Statement, StatementError, Statements, StreamId,
};

/// The statements that a closure gives for a projection's tables, as they are checked there.
pub fn statements_of<P: Projection>(
    give: impl FnOnce(&mut Statements),
) -> Result<Vec<Statement>, StatementError> {
    let mut sql = Statements::of(P::TABLES);
    give(&mut sql);
    sql.finish()
}

/// What names an aggregate.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot name an aggregate",
    label = "it does not implement `Display`",
    note = "write `impl std::fmt::Display for {Self}`: the stream of `7` is called `category-7`"
)]
pub trait Names {
    /// The stream of the aggregate `A` of that name.
    fn stream_of<A: Aggregate>(&self) -> Result<StreamId, InvalidStreamId>;
}

#[diagnostic::do_not_recommend]
impl<T: fmt::Display> Names for T {
    fn stream_of<A: Aggregate>(&self) -> Result<StreamId, InvalidStreamId> {
        StreamId::new(A::CATEGORY, self)
    }
}

/// A state that says what it is before anything has happened: for enums, of which the compiler does
/// not say how.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say which state it starts in",
    label = "it does not implement `Default`",
    note = "add `#[derive(Default)]` to `{Self}`, and `#[default]` above the variant it starts as"
)]
pub trait Starts {
    /// The state before anything has happened.
    fn start() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> Starts for T {
    #[inline]
    fn start() -> Self {
        Self::default()
    }
}

/// A context that may print itself. Nobody asks for `Debug`; where there is one, the method of
/// `Printed` is found before that of `Unprinted`, which takes one more reference.
#[derive(Debug)]
pub struct Shown<'a, T: ?Sized>(pub &'a T);

/// Where there is a `Debug`.
pub trait Printed<'a> {
    /// The context.
    fn shown(&self) -> Option<&'a dyn fmt::Debug>;
}

impl<'a, T: fmt::Debug> Printed<'a> for Shown<'a, T> {
    fn shown(&self) -> Option<&'a dyn fmt::Debug> {
        Some(self.0)
    }
}

/// Where there is none.
pub trait Unprinted<'a> {
    /// Nothing.
    fn shown(&self) -> Option<&'a dyn fmt::Debug> {
        None
    }
}

impl<'a, T> Unprinted<'a> for &Shown<'a, T> {}

/// A command that may be able to tell what it says.
#[derive(Debug)]
pub struct Content<'a, T>(pub &'a T);

/// Where there is a `Serialize`.
pub trait Telling {
    /// What the command says, as JSON. One that cannot be written is not told from others.
    fn content(&self) -> Option<String>;
}

impl<T: Serialize> Telling for Content<'_, T> {
    fn content(&self) -> Option<String> {
        json::write(self.0).ok()
    }
}

/// Where there is none.
pub trait Silent {
    /// Nothing.
    fn content(&self) -> Option<String> {
        None
    }
}

impl<T> Silent for &Content<'_, T> {}

/// A command that may be able to tell what it looks like.
#[cfg(feature = "schema")]
#[derive(Debug)]
pub struct Looks<C>(pub std::marker::PhantomData<C>);

/// Where there is a `JsonSchema`.
#[cfg(feature = "schema")]
pub trait Described {
    /// The schema of each kind.
    fn schemas(&self) -> Vec<Option<schemars::Schema>>;
}

#[cfg(feature = "schema")]
impl<C: crate::Command + schemars::JsonSchema> Described for Looks<C> {
    fn schemas(&self) -> Vec<Option<schemars::Schema>> {
        crate::model::event::schema::of_command::<C>()
    }
}

/// Where there is none.
#[cfg(feature = "schema")]
pub trait Undescribed {
    /// Nothing.
    fn schemas(&self) -> Vec<Option<schemars::Schema>> {
        Vec::new()
    }
}

#[cfg(feature = "schema")]
impl<C> Undescribed for &Looks<C> {}

/// The events of a list. A function of this form lets the compiler point at the one event that is
/// of another set.
pub fn events<E, const N: usize>(events: [E; N]) -> Events<E> {
    Events::from(events)
}

/// Fails to compile where `category` is one of `others`.
#[track_caller]
pub const fn has_a_category_of_its_own(category: &str, others: &[&str]) {
    let mut index = 0;
    while index < others.len() {
        assert!(
            !same(category, others[index]),
            "`of(…)` lists two sets of events with the same category: the streams of one could not be told from those of \
             the other"
        );
        index += 1;
    }
}

const fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    let mut index = 0;
    while index < left.len() && index < right.len() && left[index] == right[index] {
        index += 1;
    }
    index == left.len() && index == right.len()
}

/// Code that is of use only where schemas are wanted.
#[cfg(feature = "schema")]
#[doc(hidden)]
#[macro_export]
macro_rules! __with_schema {
    ($($code:tt)*) => {
        $($code)*
    };
}

/// Code that is of use only where schemas are wanted.
#[cfg(not(feature = "schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __with_schema {
    ($($code:tt)*) => {};
}
