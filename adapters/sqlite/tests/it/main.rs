//! The contract suite on SQLite, and what only SQLite can get wrong.

mod closing;
mod contract;
mod given;
mod opening;
mod processes;
mod sharing;
