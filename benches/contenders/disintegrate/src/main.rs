//! disintegrate on PostgreSQL.

mod account;
mod bank;
mod epoch;
mod pure;

use std::process::ExitCode;

use harness::Variant;

fn main() -> ExitCode {
    harness::main(&[
        Variant::store::<bank::Bank>("postgres"),
        Variant::pure(pure::rounds),
    ])
}
