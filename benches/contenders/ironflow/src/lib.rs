//! Ironflow on any of its stores. A program for a store says how it is opened, and no more.

pub mod account;
mod bank;
mod pure;
mod statement;

pub use bank::{Bank, Opens};
pub use pure::rounds;
