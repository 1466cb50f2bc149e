//! The kit as a user meets it, its failures above all.

mod account;
mod failure;
mod scenario;
mod stored_form;
mod unfinished;
mod upcasting;
