//! The contract suite on Postgres, and what only Postgres can get wrong.

#![allow(
    clippy::unwrap_used,
    reason = "these are tests, also where a function helps one"
)]

mod between;
mod chaos;
mod contract;
mod copies;
mod given;
mod keys;
mod order;
mod plans;
mod restarts;
mod schemas;
#[cfg(unix)]
mod soak;
mod tables;
mod tls;
mod together;
