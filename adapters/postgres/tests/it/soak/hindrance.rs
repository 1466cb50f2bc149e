//! What others do in the database meanwhile.

use std::time::{Duration, Instant};

use ironflow_domain::EventId;
use tokio_postgres::{Client, Error, NoTls};

use super::process::SCHEMA;
use crate::given::{append_lock, inserting_by_hand};

/// A connection; an error where there is no server just now.
pub(super) async fn connect(url: &str) -> Result<Client, Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// What others have in the database.
pub(super) const STRANGE: &str = "CREATE TABLE strange (number int4)";

/// A transaction that has an id for so long, and appends nothing.
pub(super) async fn stranger(url: String, time: Duration, commits: bool) -> Result<(), Error> {
    let client = connect(&url).await?;
    let begin = "BEGIN; INSERT INTO strange VALUES (1)";
    client.batch_execute(begin).await?;
    tokio::time::sleep(time).await;
    let end = if commits { "COMMIT" } else { "ROLLBACK" };
    client.batch_execute(end).await
}

/// An append as a slow program makes it, whose events get their places long before it is committed.
/// Says what was acknowledged.
pub(super) async fn slow_append(
    url: String,
    stream: String,
    time: Duration,
) -> Result<Option<EventId>, Error> {
    let client = connect(&url).await?;
    // A store begins with that as well. Where nobody has used the server since it was started, there
    // is no epoch to append in.
    let is_known = format!(
        "SELECT EXISTS (SELECT FROM {SCHEMA}.epochs WHERE server_started_at = pg_postmaster_start_time())"
    );
    if !client.query_one(&is_known, &[]).await?.get::<_, bool>(0) {
        return Ok(None);
    }
    let lock = append_lock(SCHEMA);
    let begin = format!("BEGIN; SELECT pg_advisory_xact_lock_shared({lock})");
    client.batch_execute(&begin).await?;
    client
        .execute(&inserting_by_hand(SCHEMA), &[&stream])
        .await?;
    let id = format!("SELECT id::text FROM {SCHEMA}.events WHERE stream = $1");
    let id: String = client.query_one(&id, &[&stream]).await?.get(0);
    tokio::time::sleep(time).await;
    client.batch_execute("COMMIT").await?;
    Ok(Some(id.parse().unwrap()))
}

/// Ends some of the stores' connections.
pub(super) async fn terminate_backends(url: String, count: i64) -> Result<(), Error> {
    let client = connect(&url).await?;
    client
        .batch_execute(&to_backends("pg_terminate_backend", count))
        .await
}

/// Cancels what some of the stores' connections do, again and again for so long: each time at another
/// point of what they do.
pub(super) async fn cancel_statements(url: String, time: Duration) -> Result<(), Error> {
    let client = connect(&url).await?;
    let until = Instant::now() + time;
    while Instant::now() < until {
        client
            .batch_execute(&to_backends("pg_cancel_backend", 3))
            .await?;
    }
    Ok(())
}

fn to_backends(function: &str, count: i64) -> String {
    format!(
        "SELECT {function}(pid) FROM (SELECT pid FROM pg_stat_activity
         WHERE application_name = 'ironflow' ORDER BY random() LIMIT {count}) chosen"
    )
}
