//! The suite on the store it describes, and on stores that break one promise each.

#![allow(
    clippy::unwrap_used,
    reason = "these are tests, also where a function helps one"
)]

mod broken;
mod journal;
mod limited;
mod memory;
mod processes;
