//! PostgreSQL by hand, in four ways: statement by statement; an append in one round trip; loads and
//! appends of many commands in one; and that with the accounts in memory.

mod cached;
mod connection;
mod grouped;
mod pool;
mod rows;
mod schema;
mod single;

use std::process::ExitCode;

use harness::Variant;

use crate::cached::Cached;
use crate::grouped::Grouped;
use crate::single::{Naive, OneRoundTrip};

fn main() -> ExitCode {
    harness::main(&[
        Variant::store::<Naive>("naive"),
        Variant::store::<OneRoundTrip>("1rt"),
        Variant::store::<Grouped>("group"),
        Variant::store::<Cached>("cached"),
        Variant::store::<Naive>("bare-naive"),
        Variant::store::<OneRoundTrip>("bare-1rt"),
        Variant::store::<Grouped>("bare-group"),
        Variant::store::<Cached>("bare-cached"),
    ])
}
