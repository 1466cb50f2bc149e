//! sourcery on PostgreSQL.

mod account;
mod bank;
mod pure;
mod repository;

use std::process::ExitCode;

use harness::Variant;

fn main() -> ExitCode {
    harness::main(&[
        Variant::store::<bank::Bank>("postgres"),
        Variant::pure(pure::rounds),
    ])
}
