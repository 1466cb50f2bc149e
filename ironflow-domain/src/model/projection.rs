//! A read model: views that are folded from the log.
//!
//! | file         | what is in it                                          |
//! |--------------|--------------------------------------------------------|
//! | this one     | what a projection is                                   |
//! | `feed.rs`    | the log as events of the sets it reads                 |
//! | `routing.rs` | the events of a page on their way into the views       |
//! | `route.rs`   | which views an event goes to, and where others went    |
//! | `named.rs`   | why an event could not be applied, and which it was    |
//! | `state.rs`   | its state, as one value to serde                       |
//! | `view.rs`    | one view, and how it is stored                         |

mod feed;
mod named;
mod route;
mod routing;
mod state;
mod view;

pub use feed::{Feed, Source};
pub use named::Unapplied;
pub use route::{Routes, last_route};
pub use routing::{Applied, OfEvent, Routed, Routing};
pub use state::State;
pub use view::{Unstorable, View};

#[cfg(feature = "runtime")]
pub(crate) use named::Named;
pub(crate) use named::panic_text;

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserializer, Serialize, Serializer};

use crate::{Event, Recorded, Table};

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
pub trait Projection: Sized + Send + Sync + 'static {
    /// What its views and its checkpoint are stored under.
    const NAME: &'static str;
    /// The categories of the streams it reads.
    const CATEGORIES: &'static [&'static str];
    /// Its doc comment.
    const DOC: &'static str = "";
    /// The version of what its views mean. Whoever changes that, and not the shape of the state,
    /// raises it: the views are filled again then. A changed shape is noticed without it.
    const VERSION: u32 = 1;
    /// What its views are told apart by; [`Unpartitioned`] where there is only one.
    type Key: fmt::Display;
    /// How its state is kept. The derive says `Self`: whatever serde can write and read.
    type Form: Kept<Self>;

    /// The tables that it fills, of an [`SqlProjection`](crate::SqlProjection); nothing where it is
    /// none.
    #[doc(hidden)]
    const TABLES: &'static [Table] = &[];

    /// A view that no event has reached.
    fn initial() -> Self;

    /// The sets of events it reads, before the first event of the log.
    fn feed() -> Feed<Self>;
}

/// A projection whose views are kept, and can be asked one by one: all but those [in
/// tables](crate::SqlProjection). `derive(Projection)` says so.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no views",
    label = "fills tables, or is no projection",
    note = "where it fills tables, ask them with SQL, as in `SELECT … FROM …`"
)]
pub trait HasViews: Projection {}

/// How the state of a projection is kept. Implemented for all that serde can write and read.
///
/// The serde traits are asked for here, and in one place only: as supertraits of [`Projection`] they
/// would be asked for again wherever a [`Project`] is written.
#[diagnostic::on_unimplemented(
    message = "`{State}` cannot be kept as the state of a projection",
    label = "it needs `Serialize` and `Deserialize`",
    note = "add `#[derive(Serialize, Deserialize)]` to `{State}`, and to the types it is made of"
)]
pub trait Kept<State> {
    /// Writes a state.
    ///
    /// # Errors
    ///
    /// As the state's `Serialize`.
    fn keep<S: Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads a state.
    ///
    /// # Errors
    ///
    /// As the state's `Deserialize`.
    fn restore<'de, D: Deserializer<'de>>(deserializer: D) -> Result<State, D::Error>;
}

#[diagnostic::do_not_recommend]
impl<State: Serialize + DeserializeOwned> Kept<State> for State {
    fn keep<S: Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
        state.serialize(serializer)
    }

    fn restore<'de, D: Deserializer<'de>>(deserializer: D) -> Result<State, D::Error> {
        State::deserialize(deserializer)
    }
}

/// That a projection lists a set of events in `of(…)`. The derive writes it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not read events of `{E}`",
    label = "`{E}` is not listed",
    note = "add `{E}` to `of(…)` in the `#[projection(…)]` of `{Self}`"
)]
pub trait Reads<E> {}

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
pub trait Project<E: Event>: Projection + Reads<E> {
    /// Which view the event belongs to. Every event must say.
    fn partition(event: &Recorded<E>) -> Partition<Self::Key>;

    /// Changes that view by the event.
    fn project(&mut self, event: &Recorded<E>);

    /// The set, its type forgotten.
    #[doc(hidden)]
    #[must_use]
    fn source(only: Option<&[&str]>) -> Source<Self> {
        Source::of::<E>(only)
    }
}

/// Which views an event belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Partition<K> {
    /// The view with this key.
    #[doc(alias = "Some")]
    Key(K),
    /// The views with these keys, each once: such as the sender's and the recipient's. No view where
    /// there is none.
    Keys(Vec<K>),
    /// The view that the last event of the same stream with a key went to, such as the customer an
    /// order was placed by; all of them, where it went to several.
    ///
    /// The projection looks it up in the stream. It stops with an error where no earlier event has a
    /// key.
    SameStream,
    /// No view.
    #[doc(alias = "None")]
    Nowhere,
}

/// The key of a projection that has a single view, and no `partition = …`.
///
/// Where the compiler expects it and finds your key, `partition = …` is missing in
/// `#[projection(…)]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unpartitioned;

impl fmt::Display for Unpartitioned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("__global__")
    }
}
