//! A read model: views that are folded from the log.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Event, EventKind, EventRef, Recorded, UndecodableEvent};

/// The state of a read model, kept and checkpointed for the user. Derive it; write a [`Project`]
/// for each set of events.
///
/// A projection may have many views, one for each value of its [`Key`](Self::Key). A view starts as
/// the state's `Default` when the first event reaches it.
#[doc(alias = "view")]
#[doc(alias = "read model")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a projection",
    label = "not a projection",
    note = "add `#[derive(Projection, Default, Serialize, Deserialize)]` and `#[projection(\"…\", of(…))]` to `{Self}`"
)]
pub trait Projection: Default + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What its views and its checkpoint are stored under.
    const NAME: &'static str;
    /// The categories of the streams it reads.
    const CATEGORIES: &'static [&'static str];
    /// What its views are told apart by; [`Unpartitioned`] where there is only one.
    type Key: fmt::Display;

    /// Reads a stored event as one of the projection's sets; nothing where its stream is of none of
    /// their categories.
    ///
    /// # Errors
    ///
    /// When the event cannot be read, or no set knows its name.
    fn decode(event: &EventRef<'_>) -> Result<Option<Box<dyn Delivery<Self>>>, UndecodableEvent>;
}

/// How events of one set change a projection's views. One implementation for each set, so a view
/// may span aggregates.
///
/// Both functions are pure: they see the event and the view, and nothing else. An event that cannot
/// be applied has a bug in it; a panic stops the projection there and is reported by its status.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what events of `{E}` do to it",
    label = "`Project<{E}>` is missing",
    note = "write `impl Project<{E}> for {Self}` with `partition` and `project`, or take `{E}` out of `of(…)`"
)]
pub trait Project<E: Event>: Projection {
    /// Which view the event belongs to. Every event must say.
    fn partition(event: &Recorded<E>) -> Partition<Self::Key>;

    /// Changes that view by the event.
    fn project(&mut self, event: &Recorded<E>);
}

/// Which view an event belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Partition<K> {
    /// The view with this key.
    Key(K),
    /// The view that the last event of the same stream with a key went to, such as the customer an
    /// order was placed by.
    ///
    /// The projection looks it up in the stream. It stops with an error where no earlier event has a
    /// key.
    SameStream,
    /// No view.
    Nowhere,
}

/// The key of a projection that has a single view, and no `partition = …`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unpartitioned;

impl fmt::Display for Unpartitioned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("__global__")
    }
}

/// An event on its way into a projection. Implemented for every [`Recorded`] event whose set the
/// projection reads.
pub trait Delivery<P: Projection>: Send {
    /// Which view the event belongs to.
    fn partition(&self) -> Partition<P::Key>;

    /// Changes that view by the event.
    fn project(&self, view: &mut P);
}

#[diagnostic::do_not_recommend]
impl<P: Project<E>, E: Event> Delivery<P> for Recorded<E> {
    fn partition(&self) -> Partition<P::Key> {
        P::partition(self)
    }

    fn project(&self, view: &mut P) {
        view.project(self);
    }
}

type Read<P> = fn(&EventRef<'_>) -> Result<Box<dyn Delivery<P>>, UndecodableEvent>;

/// How events of one of a projection's sets are read, the set's type forgotten.
#[derive(Debug)]
pub struct Reader<P> {
    category: &'static str,
    kinds: &'static [EventKind],
    read: Read<P>,
}

impl<P: Projection> Reader<P> {
    /// How events of the set `E` are read.
    #[must_use]
    pub fn of<E: Event>() -> Self
    where
        P: Project<E>,
    {
        Self {
            category: E::CATEGORY,
            kinds: E::KINDS,
            read: |event| Ok(Box::new(event.typed::<E>()?)),
        }
    }
}

/// Reads a stored event as one of the sets a projection reads; nothing where it belongs to none.
///
/// The category of its stream says where it belongs, so that an event whose name no set knows is
/// not taken for someone else's.
pub fn deliver<P: Projection>(
    event: &EventRef<'_>,
    readers: &[Reader<P>],
) -> Result<Option<Box<dyn Delivery<P>>>, UndecodableEvent> {
    let known = |reader: &&Reader<P>| reader.kinds.iter().any(|kind| kind.name == event.name);
    let mut ours = readers
        .iter()
        .filter(|reader| reader.category == event.category())
        .peekable();
    let first = ours.peek().copied();
    // Where no set knows the name, the first one says so.
    let reader = ours.find(known).or(first);
    reader.map(|reader| (reader.read)(event)).transpose()
}
