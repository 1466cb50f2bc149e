//! The real `orders` binary, from the outside: over HTTP, over signals, over its exit codes.

#![allow(clippy::unwrap_used, reason = "what helps tests may fail as tests do")]

mod catalogue;
mod contention;
mod crash;
mod demo;
mod history;
mod http;
mod nasty;
mod rehearsal;
mod schema;
mod service;
mod shutdown;
mod views;
mod walkers;
