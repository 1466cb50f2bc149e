//! Everything a store promises, as separately named tests.
//!
//! The author of an adapter writes one line, [`store_contract!`](crate::store_contract), and gets a
//! test for every rule. The rules are ordinary functions:
//! `contract::append::a_conflict_says_where_the_stream_is` is both the test that fails and the code
//! to read then. They know a store only through its two ports.
//!
//! What not every store can do, it [says](ironflow_domain::store::StreamStore::capabilities). The
//! rules about it hold a store that cannot to refusing it.
//!
//! Stores that several processes may share are held to the rules in [`processes`] as well, where
//! the line says so.

pub mod append;
pub mod concurrency;
pub mod conditions;
mod fixture;
mod given;
pub mod key_value;
pub mod log;
pub mod processes;
mod races;
pub mod reopening;
mod rules;
pub mod sql;
pub mod streams;
pub mod together;
mod workers;

pub use fixture::Fixture;
pub use processes::work;
pub use rules::{Rule, check, rules, shared_rules};
