//! The contract suite on SQLite, and what only SQLite can get wrong.

#![allow(
    clippy::unwrap_used,
    reason = "these are tests, also where a function helps one"
)]

mod batches;
mod broken_sql;
mod chaos;
mod claims;
mod closing;
mod contract;
mod crash;
mod given;
mod opening;
mod processes;
mod rebuilds;
#[cfg(unix)]
mod replacing;
mod sharing;
mod snapshots;
mod tables;
