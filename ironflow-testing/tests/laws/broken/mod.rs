//! One bug for each law: the law is named, the story is the shortest, and the test to paste is one
//! that compiles and fails.

#![allow(clippy::manual_string_new, reason = "what is pasted is as it is")]

mod creating;
mod deciding;
mod folding;
mod idempotence;
mod impure;
mod invariant;
mod kept;
mod snapshot;
mod stored;
mod untried;
mod upcast;
