//! A consistency boundary: a state folded from its events, which decides commands.

use std::error::Error;

use crate::{Event, Snapshots};

/// A consistency boundary: a state that is folded from events of one set and decides commands.
///
/// Derive it; write [`Fold`] and one [`Decide`](crate::Decide) or [`DecideWith`](crate::DecideWith)
/// for each command.
///
/// ```
/// use ironflow_domain::{Aggregate, Fold, event};
///
/// #[event("door")]
/// pub enum DoorEvent {
///     Opened,
///     Closed,
/// }
///
/// #[derive(Aggregate, Default)]
/// #[aggregate(event = DoorEvent, error = std::fmt::Error)]
/// pub enum Door {
///     #[default]
///     Closed,
///     Open,
/// }
///
/// impl Fold for Door {
///     fn fold(&mut self, event: &DoorEvent) {
///         *self = match event {
///             DoorEvent::Opened => Door::Open,
///             DoorEvent::Closed => Door::Closed,
///         }
///     }
/// }
///
/// assert!(matches!(Door::replay([&DoorEvent::Opened]), Door::Open));
/// assert_eq!(Door::CATEGORY, "door");
/// ```
#[doc(alias = "decider")]
#[doc(alias = "entity")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an aggregate",
    label = "not an aggregate",
    note = "name the aggregate here, not its events; to make `{Self}` one, add `#[derive(Aggregate, Default)]` and `#[aggregate(event = …, error = …)]`"
)]
pub trait Aggregate: Sized + Send + Sync + 'static {
    /// The facts this state is folded from.
    type Event: Event;
    /// How it refuses a command.
    type Error: Error + Send + Sync + 'static;
    /// What its streams are called: the stream of `7` is `{CATEGORY}-7`.
    const CATEGORY: &'static str = <Self::Event as Event>::CATEGORY;
    /// What it is called in the program.
    const NAME: &'static str = Self::CATEGORY;
    /// Its doc comment.
    const DOC: &'static str = "";

    /// The state before anything has happened.
    fn initial() -> Self;

    /// Folds one event into the state. Users write [`Fold::fold`].
    fn apply(&mut self, event: &Self::Event);

    /// How the state is kept beside its stream, so that not all of it is read and folded for every
    /// command; not at all unless `#[aggregate(…, snapshot(every = 100))]` says so.
    #[must_use]
    fn snapshots() -> Option<Snapshots<Self>> {
        None
    }

    /// The state after `events`.
    #[must_use]
    fn replay<'a>(events: impl IntoIterator<Item = &'a Self::Event>) -> Self {
        let mut state = Self::initial();
        // Not a `for` loop: inside a generic function that compiles to more instructions for each
        // event than a loop that knows its events.
        events.into_iter().for_each(|event| state.apply(event));
        state
    }
}

/// How one event changes the state.
///
/// It cannot fail, and asks nobody: the event has happened. Everything that could be refused is
/// refused in [`Decide`](crate::Decide).
#[doc(alias = "apply")]
#[doc(alias = "evolve")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how its events change it",
    label = "`Fold` is missing",
    note = "write `impl Fold for {Self} {{ fn fold(&mut self, event: &…) {{ match event {{ … }} }} }}`"
)]
pub trait Fold: Aggregate {
    /// Changes the state by one event.
    fn fold(&mut self, event: &Self::Event);
}
