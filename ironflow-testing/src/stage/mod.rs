//! Where a story is told: without a store, or on one.

#[cfg(feature = "stores")]
mod performance;
mod telling;

#[cfg(feature = "stores")]
#[doc(hidden)]
pub use performance::on_store;
#[cfg(feature = "stores")]
pub(crate) use performance::{Expected, perform};
#[doc(hidden)]
pub use telling::{Telling, tell};
pub(crate) use telling::{is_on_store, telling};

/// Makes a test of a function that tells stories, by themselves and on stores.
///
/// By itself it is `#[test]`, and its doc comment comes into the [`story_book!`](crate::story_book)
/// beside what is told:
///
/// ```
/// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
/// # #[event("door")] pub enum DoorEvent { Opened, Closed }
/// # #[command(Door)] pub struct Close;
/// # #[derive(Aggregate, Default)] #[aggregate(event = DoorEvent, error = std::fmt::Error)] pub struct Door { open: bool }
/// # impl Fold for Door { fn fold(&mut self, event: &DoorEvent) { self.open = matches!(event, DoorEvent::Opened) } }
/// # impl Decide<Close> for Door {
/// #     fn decide(&self, _: Close) -> Decision<Self> {
/// #         Ok(if self.open { events![DoorEvent::Closed] } else { events![] })
/// #     }
/// # }
/// use ironflow_testing::{given, story};
///
/// /// Nobody walks in.
/// #[story]
/// fn an_open_door_can_be_closed() {
///     given::<Door>(events![DoorEvent::Opened]).when(Close).then(events![DoorEvent::Closed]);
/// }
/// # fn main() {}
/// ```
///
/// With stores (and the feature `stores`) it is one test without a store, `pure`, and one for each
/// of them:
///
#[cfg_attr(feature = "stores", doc = "```")]
#[cfg_attr(not(feature = "stores"), doc = "```ignore")]
/// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
/// # #[event("door")] pub enum DoorEvent { Opened, Closed }
/// # #[command(Door)] pub struct Close;
/// # #[derive(Aggregate, Default)] #[aggregate(event = DoorEvent, error = std::fmt::Error)] pub struct Door { open: bool }
/// # impl Fold for Door { fn fold(&mut self, event: &DoorEvent) { self.open = matches!(event, DoorEvent::Opened) } }
/// # impl Decide<Close> for Door {
/// #     fn decide(&self, _: Close) -> Decision<Self> {
/// #         Ok(if self.open { events![DoorEvent::Closed] } else { events![] })
/// #     }
/// # }
/// use ironflow_domain::store::MemoryStore;
/// use ironflow_testing::{given, story};
///
/// #[story(memory = MemoryStore::new())]
/// fn an_open_door_can_be_closed() {
///     given::<Door>(events![DoorEvent::Opened]).when(Close).then(events![DoorEvent::Closed]);
/// }
/// # fn main() {}
/// ```
///
/// On a store, what was given is appended to a fresh one, the command is executed as it is in a
/// running program, and what can be read then must be what was decided without a store: the events,
/// what they carry, the reason to refuse. Then the command is sent once more, as a client does that
/// got no answer: it must get the same receipt.
///
/// What stands behind a name is a store, or a [`Fixture`](crate::contract::Fixture) where something
/// must be kept with it, such as a temporary directory; it may use `.await`.
pub use ironflow_derive::story;
