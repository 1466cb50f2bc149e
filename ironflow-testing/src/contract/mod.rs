//! Everything a store promises, as separately named tests.
//!
//! The author of an adapter writes one line, [`store_contract!`](crate::store_contract), and gets a
//! test for every rule. The rules are ordinary functions:
//! `contract::append::a_conflict_says_where_the_stream_is` is both the test that fails and the code
//! to read then. They know a store only through its two ports.

pub mod append;
pub mod concurrency;
mod fixture;
mod given;
pub mod key_value;
pub mod log;
pub mod reopening;
mod rules;
pub mod streams;

pub use fixture::Fixture;
pub use rules::{Rule, check, rules};
