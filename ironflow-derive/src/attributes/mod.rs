//! The grammar all our attributes share: an optional first argument, then keys in any order.
//!
//! Parsing never stops at a mistake: it reports it, skips to the next comma and goes on.

mod arguments;
mod grammar;
mod value;
mod words;

pub(crate) use arguments::Arguments;
pub(crate) use grammar::{First, Grammar, Key};
pub(crate) use value::{Past, Shape, Value};
pub(crate) use words::Words;
