//! Given/When/Then for Ironflow domains, and the contract suite for store adapters.
//!
//! A test of a decision is one sentence: what has happened, a command, what must come of it.
//!
//! ```
//! use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
//! use ironflow_testing::given;
//!
//! #[event("account")]
//! pub enum AccountEvent {
//!     Opened { owner: String },
//!     Deposited { cents: u64 },
//!     Withdrawn { cents: u64 },
//! }
//!
//! #[command(Account)]
//! pub struct Withdraw {
//!     pub cents: u64,
//! }
//!
//! #[derive(Debug, PartialEq)]
//! pub enum Refused {
//!     Overdraft(u64),
//! }
//! # impl std::fmt::Display for Refused {
//! #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("too little money") }
//! # }
//! # impl std::error::Error for Refused {}
//!
//! #[derive(Aggregate, Default)]
//! #[aggregate(event = AccountEvent, error = Refused)]
//! pub struct Account {
//!     balance: u64,
//! }
//!
//! impl Fold for Account {
//!     fn fold(&mut self, event: &AccountEvent) {
//!         match event {
//!             AccountEvent::Opened { .. } => {}
//!             AccountEvent::Deposited { cents } => self.balance += cents,
//!             AccountEvent::Withdrawn { cents } => self.balance -= cents,
//!         }
//!     }
//! }
//!
//! impl Decide<Withdraw> for Account {
//!     fn decide(&self, Withdraw { cents }: Withdraw) -> Decision<Self> {
//!         if cents > self.balance {
//!             return Err(Refused::Overdraft(self.balance));
//!         }
//!         Ok(events![AccountEvent::Withdrawn { cents }])
//!     }
//! }
//!
//! use AccountEvent::*;
//!
//! # fn main() {
//! given::<Account>(events![Opened { owner: "Ann".into() }, Deposited { cents: 100 }])
//!     .when(Withdraw { cents: 40 })
//!     .then(events![Withdrawn { cents: 40 }]);
//!
//! given::<Account>(events![Opened { owner: "Ann".into() }, Deposited { cents: 100 }])
//!     .when(Withdraw { cents: 101 })
//!     .then_error(Refused::Overdraft(100));
//! # }
//! ```
//!
//! What a scenario checks without being told to:
//!
//! - `then` means exactly these events, in this order, and no others; what was given is not among
//!   them.
//! - Every event, given or produced, is written in its stored form and read back. The decision and
//!   the comparison see what came back, so that a test tells what would happen with a store.
//! - What was produced can be folded after what was given.
//! - Where the aggregate has snapshots, its state is kept and restored at every point, and folds and
//!   decides as if it had not been.
//! - A sentence that is not ended with a `then` fails.
//!
//! A failure tells the whole story, at the line of the test:
//!
//! ```text
//! not the events that were expected: 1 with other content, 1 missing
//!   --> tests/account.rs:12:10
//!
//!   Given   1  Opened { owner: "Ann" }
//!           2  Deposited { cents: 100 }
//!   When    Withdraw { cents: 40 }
//!   Then       expected  produced
//!           ~         1         1  Withdrawn { cents: 40 }
//!                                    cents  50 → 40
//!           -         2         –  Notified   ← missing
//! ```
//!
//! A test of a read model is one, too: what was appended to which stream, and the views that must
//! have come of it. See [`views_of`].
//!
//! ```
//! use std::time::Duration;
//!
//! use ironflow_domain::{Partition, Project, Projection, Recorded, Timestamp, event, events};
//! use ironflow_testing::views_of;
//! use serde::{Deserialize, Serialize};
//!
//! #[event("parcel")]
//! pub enum ParcelEvent {
//!     Sent { to: String },
//!     Delivered,
//! }
//!
//! /// What one customer has been sent.
//! #[derive(Projection, Debug, PartialEq, Default, Serialize, Deserialize)]
//! #[projection("parcels-of-customer", partition = String, of(ParcelEvent))]
//! pub struct Parcels {
//!     on_their_way: u32,
//!     last_delivery: Option<Timestamp>,
//! }
//!
//! impl Project<ParcelEvent> for Parcels {
//!     fn partition(event: &Recorded<ParcelEvent>) -> Partition<String> {
//!         match &event.data {
//!             ParcelEvent::Sent { to } => Partition::Key(to.clone()),
//!             ParcelEvent::Delivered => Partition::SameStream,
//!         }
//!     }
//!
//!     fn project(&mut self, event: &Recorded<ParcelEvent>) {
//!         match &event.data {
//!             ParcelEvent::Sent { .. } => self.on_their_way += 1,
//!             ParcelEvent::Delivered => {
//!                 self.on_their_way -= 1;
//!                 self.last_delivery = Some(event.time);
//!             }
//!         }
//!     }
//! }
//!
//! use ParcelEvent::*;
//!
//! # fn main() {
//! views_of::<Parcels>()
//!     .at("2026-04-17T12:00:00Z")
//!     .given("1", events![Sent { to: "ann".into() }])
//!     .given("2", events![Sent { to: "bob".into() }])
//!     .advance(Duration::from_hours(1))
//!     .given("1", events![Delivered])
//!     .then([
//!         ("ann", Parcels { on_their_way: 0, last_delivery: "2026-04-17T13:00:00Z".parse().ok() }),
//!         ("bob", Parcels { on_their_way: 1, last_delivery: None }),
//!     ]);
//! # }
//! ```
//!
//! It checks, without being told to, that `then` means exactly these views and no others, that
//! events and views survive being stored, that the same events lead to the same views when they are
//! taken again, and that neither batches nor restarts make a difference.
//!
//! What a reactor does is a sentence that begins with [`reactions_of`], and the statements of a
//! projection in tables one with [`statements_of`].
//!
//! What holds for every domain needs no stories: with the feature `laws`, the macro `laws!` makes
//! commands up, and finds the shortest story that breaks a law.
//!
//! Nothing asynchronous is started: scenarios run in any kind of test.

mod append;
mod book;
mod ci;
mod color;
#[cfg(feature = "contract")]
pub mod contract;
#[cfg(feature = "laws")]
pub mod laws;
mod log;
mod past;
mod reactions;
mod scenario;
#[cfg(feature = "schema")]
mod schema;
mod snapshot;
mod stage;
mod tables;
mod views;

/// The schema guard; it needs the feature `schema`.
#[cfg(not(feature = "schema"))]
#[macro_export]
macro_rules! schema_guard {
    ($($aggregate:tt)*) => {
        ::core::compile_error!(
            "the schema guard needs the feature `schema`\n\nhelp: in Cargo.toml, write `ironflow-testing = { …, features = \
             [\"schema\"] }`, `ironflow-domain = { …, features = [\"schema\"] }` and `schemars = \"1\"`"
        );
    };
}

/// The laws of an aggregate; they need the feature `laws`.
#[cfg(not(feature = "laws"))]
#[macro_export]
macro_rules! laws {
    ($($declared:tt)*) => {
        ::core::compile_error!(
            "the laws need the feature `laws`\n\nhelp: in Cargo.toml, write `ironflow-testing = { …, features = [\"laws\"] }`, \
             and `proptest = \"1\"` for strategies of your own"
        );
    };
}

/// A story is told on stores with the feature `stores`.
#[cfg(not(feature = "stores"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __on_store {
    ($($story:tt)*) => {
        ::core::compile_error!(
            "stories on stores need the feature `stores`\n\nhelp: in Cargo.toml, write `ironflow-testing = { …, features = \
             [\"stores\"] }`"
        )
    };
}

#[cfg(feature = "stores")]
#[doc(hidden)]
#[macro_export]
macro_rules! __on_store {
    ($name:literal, $open:expr, $story:expr) => {
        $crate::__private::on_store(
            $name,
            || async { ::core::convert::Into::into($open) },
            $story,
        )
    };
}

pub use reactions::{Reacted, ReactionsOf, ThenReactions, reactions_of};
pub use scenario::*;
pub use stage::story;

#[doc(hidden)]
pub mod __private {
    pub use crate::book::{BookMode, bind};
    #[cfg(feature = "stores")]
    pub use crate::stage::on_store;
    pub use crate::stage::{Telling, tell};
}

#[cfg(feature = "schema")]
pub use schema::{Mode, SchemaGuard, Verdict};
pub use tables::{StatementsOf, ThenStatements, statements_of};
pub use views::*;
