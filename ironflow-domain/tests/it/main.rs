//! Ironflow used as a user would, on the in-memory store.
#![cfg(feature = "runtime")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bank;
mod claims;
mod emission;
mod execute;
mod fan_out;
mod faulty;
mod filtered;
mod hygiene;
mod live;
mod loads;
mod log_reader;
mod metadata;
mod model;
mod observed;
mod operations;
mod parcels;
mod parked;
mod projections;
mod queue;
mod reactors;
mod rebuilds;
mod registry;
mod sharing;
mod snapshots;
mod standby;
mod stored;
mod storm;
mod subscriptions;
mod transactions;
mod upcast;
mod watched;
