//! Databases that were restored elsewhere, and standbys that took over: numbers of transactions are given for the
//! second time there, and readers come with cursors of before.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Output};

use ironflow_domain::Position;
use ironflow_domain::store::{AppendError, EventQuery, ExpectedVersion, StreamStore};
use ironflow_services::Postgres as Server;
use tokio::task::block_in_place;
use tokio_postgres::Client;

use crate::given::{
    append, append_any, connect, events, raw, read_on, streams_after, to_each, until, until_with,
};

fn succeeds(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
    output
}

/// A standby of that server, which has to live longer: it has the standby's data.
pub(crate) fn standby_of(server: &Server) -> Server {
    let data = server.data_directory().with_file_name("standby");
    succeeds(
        server
            .command("pg_basebackup")
            .args(["--write-recovery-conf", "--checkpoint=fast", "-D"])
            .arg(&data),
    );
    // It belongs to whom the servers run as.
    let owner = fs::metadata(server.data_directory()).unwrap();
    let owner = format!("{}:{}", owner.uid(), owner.gid());
    succeeds(Command::new("chown").args(["-R", &owner]).arg(&data));
    Server::builder().data(data).start().unwrap()
}

async fn next_transaction(client: &Client) -> i64 {
    let sql = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::int8";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Waits until the clock of the server is past the second that positions begin with.
async fn until_after(client: &Client, position: Position) {
    let epoch = i64::try_from(position.major()).unwrap();
    let sql = "SELECT floor(extract(epoch FROM clock_timestamp()) - 1577836800)::int8 > $1";
    until_with(client, "the second should be over", sql, &[&epoch]).await;
}

/// Appends in every way, which a reader who comes with a cursor from elsewhere must see.
async fn all_is_seen_after(store: &ironflow_postgres::Postgres, cursor: Position) {
    let before = cursor;
    for _ in 0..3 {
        append_any(store, "new-1", 2).await;
    }
    store
        .append_all(to_each(&["new-2", "new-3"]))
        .await
        .unwrap();
    // Who has decided on all that was there can go on, and not twice.
    for is_first in [false, true, false] {
        let after = if is_first {
            read_on(store, before).await.1
        } else {
            before
        };
        let expected = ExpectedVersion::nothing_since(EventQuery::all(), after);
        let appended = append(store, "new-4", expected, events(1)).await;
        match appended {
            Ok(_) => assert!(is_first, "an event after {after} was not noticed"),
            Err(AppendError::Conflict(_)) => assert!(!is_first),
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(
        streams_after(store, before).await,
        [
            "new-1", "new-1", "new-1", "new-1", "new-1", "new-1", "new-2", "new-3", "new-4"
        ],
        "a reader who was at {before} misses events"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_appended_to_a_restored_dump_are_not_taken_for_old_ones() {
    let server = Server::start().unwrap();
    // An empty server's transactions have small numbers, whereas this one has been used.
    let busy = raw(&server.url()).await;
    for _ in 0..500 {
        busy.batch_execute("SELECT pg_current_xact_id()")
            .await
            .unwrap();
    }
    let store = connect(&server.url(), "dumped").await;
    append_any(&store, "order-1", 3).await;
    store
        .append_all(to_each(&["order-2", "order-3"]))
        .await
        .unwrap();
    let (before, cursor) = read_on(&store, Position::START).await;
    let dump = succeeds(server.command("pg_dump").args(["-n", "dumped"]));
    let used = next_transaction(&busy).await;
    store.close().await;

    let restored = Server::start().unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &dump.stdout).unwrap();
    succeeds(
        restored
            .command("psql")
            .args(["-q", "-v", "ON_ERROR_STOP=1"])
            .stdin(file.reopen().unwrap()),
    );
    let fresh = next_transaction(&raw(&restored.url()).await).await;
    assert!(fresh < used, "the test tests nothing: {fresh} {used}");

    let store = connect(&restored.url(), "dumped").await;
    assert_eq!(read_on(&store, Position::START).await, (before, cursor));
    all_is_seen_after(&store, cursor).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_appended_to_a_restored_copy_are_not_taken_for_those_of_the_original() {
    let mut server = Server::start().unwrap();
    let store = connect(&server.url(), "copied").await;
    append_any(&store, "order-1", 3).await;
    let copy = block_in_place(|| server.copy().unwrap());
    // The original goes on, and so does its reader, past what the copy has.
    for _ in 0..20 {
        append_any(&store, "order-1", 1).await;
    }
    let (seen, cursor) = read_on(&store, Position::START).await;
    assert_eq!(seen.len(), 23);
    let old = raw(&copy.url()).await;
    until_after(&old, cursor).await;
    server.kill().unwrap();

    let store = connect(&copy.url(), "copied").await;
    assert_eq!(streams_after(&store, Position::START).await.len(), 3);
    all_is_seen_after(&store, cursor).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_appended_to_a_standby_that_took_over_are_not_taken_for_those_of_the_primary() {
    let mut server = Server::start().unwrap();
    let store = connect(&server.url(), "replicated").await;
    append_any(&store, "order-1", 3).await;
    let standby = standby_of(&server);
    let there = raw(&standby.url()).await;
    let sql = "SELECT count(*) = 3 FROM replicated.events";
    until(&there, "the standby should have the events", sql).await;
    // It gets nothing more, and the primary is started once more, after the standby was.
    there
        .batch_execute("ALTER SYSTEM SET primary_conninfo = ''")
        .await
        .unwrap();
    there
        .batch_execute("SELECT pg_reload_conf()")
        .await
        .unwrap();
    let sql = "SELECT count(*) = 0 FROM pg_stat_wal_receiver";
    until(&there, "the standby should be cut off", sql).await;
    let row = there
        .query_one(
            "SELECT floor(extract(epoch FROM pg_postmaster_start_time()) - 1577836800)::int8 + 1",
            &[],
        )
        .await
        .unwrap();
    let started: i64 = row.get(0);
    until_after(&there, Position::new(started.unsigned_abs(), 0)).await;
    block_in_place(|| server.restart().unwrap());
    for _ in 0..20 {
        append_any(&store, "order-1", 1).await;
    }
    let (seen, cursor) = read_on(&store, Position::START).await;
    assert_eq!(seen.len(), 23);
    until_after(&there, cursor).await;
    server.kill().unwrap();

    there.batch_execute("SELECT pg_promote()").await.unwrap();
    let store = connect(&standby.url(), "replicated").await;
    assert_eq!(streams_after(&store, Position::START).await.len(), 3);
    all_is_seen_after(&store, cursor).await;
}
