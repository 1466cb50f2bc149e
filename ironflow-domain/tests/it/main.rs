//! Ironflow used as a user would, on the in-memory store.
#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bank;
mod claims;
mod execute;
mod faulty;
mod hygiene;
mod model;
mod parcels;
mod projections;
mod rebuilds;
mod stored;
mod upcast;
