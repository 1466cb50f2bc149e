//! Private servers for tests, with nothing to install or to start beforehand where their programs can be found.
//!
//! ```
//! use ironflow_services::Postgres;
//!
//! # fn main() -> Result<(), ironflow_services::ServiceError> {
//! let mut server = Postgres::builder()
//!     .setting("synchronous_commit", "off")
//!     .start()?;
//! let version = server.command("psql").args(["-c", "SELECT version()"]).status();
//! assert!(version.is_ok_and(|status| status.success()), "{}", server.url());
//! server.kill()?; // as a machine that dies
//! server.restart()?; // recovers
//! # Ok(())
//! # }
//! ```
//!
//! # What is left behind
//!
//! Nothing, when a server is dropped. When the test process dies without that (a signal, an abort), the server's guard notices
//! the end of a pipe: it stops the server by its process id and removes its directory. The guard is a shell in a process group
//! of its own, so Ctrl-C at a terminal does not reach it. What remains is a directory in the place for temporary files when the
//! guard is killed, too, or the machine loses power; and a server if, besides, only its guard was killed.

mod docker;
mod error;
mod guard;
#[cfg(unix)]
mod local;
mod port;
mod postgres;

use std::env;

pub use error::ServiceError;
pub use postgres::{Postgres, PostgresBuilder};

/// The environment variable in which `cargo xtask test` tells all tests where their Postgres is.
pub const POSTGRES_VARIABLE: &str = "IRONFLOW_POSTGRES";

/// The server that `cargo xtask test` started for all tests: its URL, from the environment variable `IRONFLOW_POSTGRES`.
///
/// # Panics
///
/// Panics when there is none. A test that was left out because of that would be green.
#[must_use]
pub fn postgres_url() -> String {
    match env::var(POSTGRES_VARIABLE) {
        Ok(url) if !url.is_empty() => url,
        _ => panic!(
            "this test needs a Postgres server: run it with `cargo xtask test`, which starts one, or set {POSTGRES_VARIABLE} to \
             the URL of yours"
        ),
    }
}
