//! Who keeps the log from being read.

use std::time::Duration;

use tokio_postgres::Row;

use crate::error::Failure;

/// An append that is not over, while others that came after it are: they cannot be read before it is.
///
/// It takes as long as an append takes, unless its process hangs.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Holder {
    /// The server's process: `SELECT pg_terminate_backend(…)` ends it. None where it has just ended.
    pub process_id: Option<i32>,
    /// What its connection calls itself.
    pub application_name: Option<String>,
    /// What the server says it is doing, such as `active`.
    pub state: Option<String>,
    /// Its statement.
    pub query: Option<String>,
    /// How long its transaction has been open.
    pub open_for: Option<Duration>,
}

impl Holder {
    pub(crate) fn read(row: &Row) -> Result<Self, Failure> {
        let seconds: Option<f64> = row.try_get(4)?;
        let open_for = seconds.map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)));
        Ok(Self {
            process_id: row.try_get(0)?,
            application_name: row.try_get(1)?,
            state: row.try_get(2)?,
            query: row.try_get(3)?,
            open_for: open_for.and_then(Result::ok),
        })
    }
}
