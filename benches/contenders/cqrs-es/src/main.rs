//! cqrs-es on PostgreSQL and on SQLite.

mod account;
mod bank;
#[cfg(feature = "postgres")]
mod postgres;
mod pure;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::process::ExitCode;

use harness::Variant;

fn main() -> ExitCode {
    harness::main(&[
        #[cfg(feature = "postgres")]
        Variant::store::<bank::Bank<postgres::Repository>>("postgres"),
        #[cfg(feature = "sqlite")]
        Variant::store::<bank::Bank<sqlite::Repository>>("sqlite"),
        #[cfg(feature = "sqlite")]
        Variant::store::<bank::Bank<sqlite::Repository>>("sqlite-full"),
        Variant::pure(pure::rounds),
    ])
}
