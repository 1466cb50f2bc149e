//! Which start of which server it is.
//!
//! A server numbers its transactions, and our positions are made of those numbers. A copy of the
//! database that is restored elsewhere, or a standby that takes over before it had everything, may
//! give a number for the second time: whoever has read on from there would take what is new for what
//! it has seen. So positions begin with a number that is larger after every start of a server, and
//! larger than any that the copy's original can have given meanwhile: it counts seconds, up to when it
//! is first needed. The start itself may have been long ago, as that of a standby that takes over.

use tokio_postgres::Client;

use crate::error::Failure;
use crate::names::Names;
use crate::values::Moment;

/// One start of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Epoch {
    /// What positions begin with.
    pub(crate) number: i32,
    /// When the server says it was started, which tells whether it still is the same one.
    pub(crate) server_started_at: Moment,
}

/// The epoch of the server that the connection leads to. Whoever comes first gives it its number.
pub(crate) async fn current(client: &Client, names: &Names) -> Result<Epoch, Failure> {
    if let Some(epoch) = known(client, names).await? {
        return Ok(epoch);
    }
    // One statement after the other, so that the second sees what the first has waited for. The
    // seconds are counted from 2020 on, and last for this century.
    let sql = names.fill(&format!(
        "BEGIN; SELECT pg_advisory_xact_lock({lock});
         INSERT INTO {{s}}.epochs (number, server_started_at)
         SELECT greatest(coalesce(max(number), 0) + 1, floor(extract(epoch FROM clock_timestamp()))::int8 - 1577836800),
             pg_postmaster_start_time()
         FROM {{s}}.epochs
         HAVING count(*) FILTER (WHERE server_started_at = pg_postmaster_start_time()) = 0;
         COMMIT",
        lock = names.set_up_lock()
    ));
    client.batch_execute(&sql).await?;
    // In between it may have been started once more.
    known(client, names).await?.ok_or(Failure::Replaced)
}

async fn known(client: &Client, names: &Names) -> Result<Option<Epoch>, Failure> {
    let sql = names.fill(
        "SELECT number, server_started_at FROM {s}.epochs WHERE server_started_at = pg_postmaster_start_time()",
    );
    let row = client.query_opt(&sql, &[]).await?;
    row.map(|row| {
        Ok(Epoch {
            number: row.try_get(0)?,
            server_started_at: row.try_get(1)?,
        })
    })
    .transpose()
}
