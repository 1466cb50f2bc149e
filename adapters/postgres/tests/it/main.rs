//! The contract suite on Postgres, and what only Postgres can get wrong.

#![allow(
    clippy::unwrap_used,
    reason = "these are tests, also where a function helps one"
)]

mod contract;
mod given;
mod order;
