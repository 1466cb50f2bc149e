//! evento on PostgreSQL and on SQLite.

mod account;
mod bank;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::process::ExitCode;

use harness::Variant;

fn main() -> ExitCode {
    harness::main(&[
        #[cfg(feature = "postgres")]
        Variant::store::<bank::Bank<evento::Postgres>>("postgres"),
        #[cfg(feature = "sqlite")]
        Variant::store::<bank::Bank<evento::Sqlite>>("sqlite"),
        #[cfg(feature = "sqlite")]
        Variant::store::<bank::Bank<evento::Sqlite>>("sqlite-full"),
    ])
}
