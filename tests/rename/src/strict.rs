//! The domain of a strict user. What the macros add to it must not be the reason for a warning.

#![deny(
    warnings,
    missing_docs,
    missing_debug_implementations,
    unreachable_pub,
    unused,
    unused_lifetimes,
    unused_qualifications,
    single_use_lifetimes,
    rust_2018_idioms,
    private_bounds,
    private_interfaces,
    deprecated,
    clippy::all,
    clippy::pedantic,
    clippy::indexing_slicing,
    clippy::missing_docs_in_private_items,
    clippy::panic,
    clippy::unreachable
)]

// In scope, so that a qualified path to one of them could be called needless.
use std::clone::Clone;
use std::fmt::Debug;

use flow::{Aggregate, Decide, DecideWith, Decision, Fold, command, event, events};

/// What happens.
#[event("strict", by_hand(PartialEq), split("strict.moved", Moved), crate = ::flow)]
pub enum StrictEvent {
    /// A fact.
    Opened {
        /// Whose.
        owner: String,
        /// What it is for.
        purposes: Vec<Option<String>>,
    },
    /// A fact of which there is more than one version, and a version that is not stored.
    #[event(version = 3, upcast(u8, _))]
    Rated(u16),
    /// A fact that is not recorded any more.
    #[deprecated = "use `Opened`"]
    Founded,
}

impl PartialEq for StrictEvent {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// What was stored once.
#[derive(Debug, flow::__private::serde::Deserialize)]
#[serde(crate = "flow::__private::serde")]
pub struct Moved(u8, u8);

impl From<Moved> for flow::Events<StrictEvent> {
    fn from(Moved(from, to): Moved) -> Self {
        events![
            StrictEvent::Rated(from.into()),
            StrictEvent::Rated(to.into())
        ]
    }
}

/// A state.
#[derive(Aggregate, Debug, Clone, Copy, Default)]
#[aggregate(event = StrictEvent, error = std::fmt::Error, crate = ::flow)]
pub struct Strict;

impl Fold for Strict {
    fn fold(&mut self, _: &StrictEvent) {}
}

/// An intent.
#[command(Strict, crate = ::flow)]
pub struct Open {
    /// Which.
    #[id]
    pub account: u8,
}

/// Intents.
#[command(Strict, context = u8, crate = ::flow)]
pub enum Rare {
    /// An intent.
    Close(#[id] u8),
    /// An intent that nobody should have any more.
    #[deprecated = "use `Close`"]
    Shut {
        /// Which.
        #[id]
        id: u8,
    },
}

impl Decide<Open> for Strict {
    fn decide(&self, _: Open) -> Decision<Self> {
        Ok(events![])
    }
}

impl DecideWith<Rare> for Strict {
    fn decide(&self, _: Rare, _: &u8) -> Decision<Self> {
        Ok(events![])
    }
}
