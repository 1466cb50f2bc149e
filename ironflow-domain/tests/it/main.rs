//! Ironflow used as a user would, on the in-memory store.
#![cfg(feature = "runtime")]

mod bank;
mod execute;
mod model;
mod projections;
