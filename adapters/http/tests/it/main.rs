//! What clients see of an application that is not about its own domain.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod counter;
mod errors;
mod headers;
mod views;
