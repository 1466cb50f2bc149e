//! Appending: many appends in one commit, without one failing the others.

mod alone;
mod columns;
mod committer;
mod recorded;
mod together;
mod unit;

pub(crate) use committer::Committer;
pub(crate) use unit::Unit;
