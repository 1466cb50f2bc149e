//! Ironflow used as a user would, on the in-memory store.
#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bank;
mod execute;
mod faulty;
mod hygiene;
mod model;
mod parcels;
mod projections;
mod rebuilds;
mod snapshots;
mod stored;
mod upcast;
