//! The real `orders` binary, from the outside: over HTTP, over signals, over its exit codes.

mod contention;
mod crash;
mod demo;
mod history;
mod http;
mod service;
mod shutdown;
mod views;
mod walkers;
