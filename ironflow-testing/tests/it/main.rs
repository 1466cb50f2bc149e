//! The kit as a user meets it, its failures above all.

mod account;
mod chaining;
mod failure;
mod kept;
mod looser;
mod reactions;
mod scenario;
mod snapshots_of_stories;
mod statements;
mod stored_form;
mod trust;
mod unfinished;
mod upcasting;
mod views;
