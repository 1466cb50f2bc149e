//! Whether readers get every event, in order, whatever else goes on in the server.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ironflow_domain::store::{Append, ExpectedVersion, ReadLog, StoreErrorKind, StreamStore};
use ironflow_domain::{EventId, Position, StreamVersion};
use ironflow_postgres::Postgres;
use ironflow_services::Postgres as Server;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_postgres::Client;

use crate::given::{
    LONG, Seen, append, append_any, append_lock, begin_by_hand, connect, events, follow_until,
    is_gapless, new_schema, new_store, options, raw, raw_shared, read_as, read_on, stall_appends,
    store_error, stream, streams_after, streams_of, to, to_each, waiting_for, whole,
};

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_commits_late_is_not_skipped() {
    let (store, schema) = new_store().await;
    let elsewhere = connect(&ironflow_services::postgres_url(), &schema).await;
    let start = append_any(&store, "first-1", 1).await.position;
    let late = raw_shared().await;
    begin_by_hand(&late, &schema, "late-1").await;
    // Faster than the one before them, in each of the ways to append.
    append_any(&store, "fast-1", 2).await;
    store
        .append_all(to_each(&["fast-2"]))
        .await
        .expect("an append succeeds");
    append_any(&elsewhere, "fast-3", 1).await;

    let reads = [
        ReadLog::after(Position::START),
        ReadLog::after(Position::START).limit(1),
        ReadLog::after(Position::START).names(["thing.happened"]),
        ReadLog::after(Position::START).categories(["first", "fast"]),
        ReadLog::after(Position::START).streams(["first-1", "fast-1", "fast-3"].map(stream)),
    ];
    for store in [&store, &elsewhere] {
        for read in &reads {
            let (seen, read_to) = read_as(store, read.clone()).await;
            assert_eq!(
                (streams_of(&seen), read_to),
                (vec!["first-1"], start),
                "{read:?} skips the append that is on its way"
            );
        }
    }
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { follow_until(&store, start, &["fast-3"]).await })
    };
    late.batch_execute("COMMIT").await.unwrap();
    let seen = timeout(LONG, waiting).await.unwrap().unwrap();
    let all = ["late-1", "fast-1", "fast-1", "fast-2", "fast-3"];
    assert_eq!(streams_of(&seen), all);
    assert!(seen.is_sorted_by(|one, next| one.position < next.position));
    assert_eq!(streams_after(&elsewhere, start).await, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_the_log_back_is_named() {
    let (store, schema) = new_store().await;
    append_any(&store, "first-1", 1).await;
    // One who only writes something else holds nobody back.
    let other = raw_shared().await;
    let write = "BEGIN; CREATE TEMPORARY TABLE something_else (); SELECT pg_current_xact_id()";
    other.batch_execute(write).await.unwrap();
    assert_eq!(store.held_back_by().await.unwrap(), []);

    let late = raw_shared().await;
    let pid = late.query_one("SELECT pg_backend_pid()", &[]).await;
    let pid: i32 = pid.unwrap().get(0);
    begin_by_hand(&late, &schema, "late-1").await;
    assert_eq!(
        store.held_back_by().await.unwrap(),
        [],
        "there is nothing that it could hold back"
    );
    append_any(&store, "fast-1", 1).await;
    let holders = store.held_back_by().await.unwrap();
    let processes: Vec<_> = holders.iter().map(|holder| holder.process_id).collect();
    assert_eq!(processes, [Some(pid)]);
    assert_eq!(holders[0].state.as_deref(), Some("idle in transaction"));
    assert!(holders[0].open_for.is_some() && holders[0].query.is_some());
    late.batch_execute("COMMIT").await.unwrap();
    assert_eq!(store.held_back_by().await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_comes_to_nothing_holds_nobody_back_for_long() {
    let (store, schema) = new_store().await;
    let start = append_any(&store, "first-1", 1).await.position;
    for end in ["ROLLBACK", "killed"] {
        let late = raw_shared().await;
        begin_by_hand(&late, &schema, "late-1").await;
        append_any(&store, "fast-1", 1).await;
        let (seen, read_to) = read_on(&store, start).await;
        let held_back = !seen.iter().any(|event| event.stream == "late-1");
        assert!(held_back, "what is not committed was read: {seen:?}");
        let waiting = {
            let store = store.clone();
            // Nobody appends any more, and nobody polls.
            tokio::spawn(async move { timeout(LONG, store.log_grown(read_to)).await })
        };
        if end == "killed" {
            let pid: i32 = late
                .query_one("SELECT pg_backend_pid()", &[])
                .await
                .unwrap()
                .get(0);
            let killer = raw_shared().await;
            killer
                .execute("SELECT pg_terminate_backend($1)", &[&pid])
                .await
                .unwrap();
        } else {
            late.batch_execute(end).await.unwrap();
        }
        let grown = waiting.await.unwrap();
        grown.expect("a wait for the log ends").unwrap();
        let seen = follow_until(&store, read_to, &["fast-1"]).await;
        assert!(seen.iter().all(|event| event.stream == "fast-1"), "{end}");
    }
}

/// Appends while something is open that cannot append, and reads before that is over.
async fn is_read_meanwhile(store: &Postgres, after: Position, what: &str) -> Position {
    for name in ["meanwhile-1", "meanwhile-2"] {
        append_any(store, name, 1).await;
        let seen = timeout(LONG, follow_until(store, after, &[name]))
            .await
            .unwrap_or_else(|_| panic!("readers wait for {what}"));
        assert_eq!(
            seen.last().map(|event| event.stream.as_str()),
            Some(name),
            "{what}"
        );
    }
    let (_, end) = read_on(store, after).await;
    end
}

async fn holds_an_id(client: &Client, schema: &str) {
    let sql = format!("CREATE TABLE {schema}.by_others (number int4)");
    client.batch_execute(&sql).await.unwrap();
    client.batch_execute("BEGIN").await.unwrap();
    let sql = format!("INSERT INTO {schema}.by_others VALUES (1)");
    client.batch_execute(&sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_of_others_that_is_left_open_holds_nobody_back() {
    let (store, schema) = new_store().await;
    let start = append_any(&store, "first-1", 1).await.position;
    let other = raw_shared().await;
    holds_an_id(&other, &new_schema_on(&other).await).await;
    let start = is_read_meanwhile(&store, start, "a transaction that is idle").await;

    // A second one, with locks that have nothing to do with ours, while the first is still there.
    let second = raw_shared().await;
    second.batch_execute("BEGIN").await.unwrap();
    second
        .execute(
            "SELECT pg_advisory_xact_lock($1), pg_current_xact_id()::text",
            &[&append_lock("another schema")],
        )
        .await
        .unwrap();
    let start = is_read_meanwhile(&store, start, "somebody with another lock").await;

    // In a part of its own, which has an id of its own.
    let third = raw_shared().await;
    third
        .batch_execute("BEGIN; SAVEPOINT a; CREATE TEMPORARY TABLE t (n int4) ON COMMIT DROP; SAVEPOINT b; INSERT INTO t VALUES (1)")
        .await
        .unwrap();
    let start = is_read_meanwhile(&store, start, "a transaction with parts").await;

    let reader = raw_shared().await;
    reader
        .batch_execute(&format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT count(*) FROM {schema}.events"
        ))
        .await
        .unwrap();
    let start = is_read_meanwhile(&store, start, "a transaction that reads").await;

    // Known by those who come now, too.
    let elsewhere = connect(&ironflow_services::postgres_url(), &schema).await;
    is_read_meanwhile(&elsewhere, start, "all of them").await;
    drop((other, second, third, reader));
}

/// A schema for those who know nothing of stores.
async fn new_schema_on(client: &Client) -> String {
    let schema = new_schema();
    client
        .batch_execute(&format!("CREATE SCHEMA {schema}"))
        .await
        .unwrap();
    schema
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_of_another_database_holds_nobody_back() {
    let (store, schema) = new_store().await;
    let start = append_any(&store, "first-1", 1).await.position;
    let here = raw_shared().await;
    here.batch_execute(&format!("CREATE DATABASE {schema}"))
        .await
        .unwrap();
    let mut config: tokio_postgres::Config = ironflow_services::postgres_url().parse().unwrap();
    let (there, connection) = config
        .dbname(&schema)
        .connect(tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    // Even one that holds the lock of appends there: a store there may be in a schema of that name.
    there
        .batch_execute("BEGIN; CREATE TABLE by_others (number int4)")
        .await
        .unwrap();
    there
        .execute(
            "SELECT pg_advisory_xact_lock_shared($1)",
            &[&append_lock(&schema)],
        )
        .await
        .unwrap();
    is_read_meanwhile(&store, start, "a transaction of another database").await;
    here.batch_execute(&format!("DROP DATABASE {schema} WITH (FORCE)"))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prepared_transaction_that_nobody_ends_holds_nobody_back() {
    let mut server = Server::builder()
        .setting("max_prepared_transactions", "2")
        .start()
        .unwrap();
    let store = connect(&server.url(), "prepared").await;
    let start = append_any(&store, "first-1", 1).await.position;
    let other = raw(&server.url()).await;
    holds_an_id(&other, &new_schema_on(&other).await).await;
    other
        .batch_execute("PREPARE TRANSACTION 'forgotten'")
        .await
        .unwrap();
    let start = is_read_meanwhile(&store, start, "a prepared transaction").await;
    // It outlives the server.
    drop(other);
    server.restart().unwrap();
    is_read_meanwhile(&store, start, "a prepared transaction of before").await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn among_transactions_of_others_an_append_is_still_waited_for() {
    let (store, schema) = new_store().await;
    let start = append_any(&store, "first-1", 1).await.position;
    let (before, late, after) = (raw_shared().await, raw_shared().await, raw_shared().await);
    holds_an_id(&before, &new_schema_on(&before).await).await;
    append_any(&store, "fast-1", 1).await;
    begin_by_hand(&late, &schema, "late-1").await;
    holds_an_id(&after, &new_schema_on(&raw_shared().await).await).await;
    append_any(&store, "fast-2", 1).await;

    // The first is recognized, however long that takes, and the second never is.
    let mut seen = follow_until(&store, start, &["fast-1"]).await;
    for _ in 0..3 {
        let (more, _) = read_on(&store, seen.last().unwrap().position).await;
        seen.extend(more);
    }
    let streams = streams_of(&seen);
    assert_eq!(
        streams,
        ["fast-1"],
        "the append that is on its way is skipped"
    );
    late.batch_execute("COMMIT").await.unwrap();
    let seen = follow_until(&store, start, &["fast-2"]).await;
    let streams = streams_of(&seen);
    assert_eq!(streams, ["fast-1", "late-1", "fast-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_waits_for_the_lock_has_no_place_yet() {
    let (store, schema) = new_store().await;
    let start = append_any(&store, "first-1", 1).await.position;
    let lock = append_lock(&schema);
    let holder = raw_shared().await;
    holder
        .execute("SELECT pg_advisory_lock($1)", &[&lock])
        .await
        .unwrap();
    let appending = |appends| {
        let store = store.clone();
        tokio::spawn(async move { store.append_all(appends).await })
    };
    // In each of the ways to append.
    let (one, several) = (
        appending(to_each(&["waiting-1"])),
        appending(to_each(&["waiting-2", "waiting-3"])),
    );
    let waiting = waiting_for(&holder, lock, 2).await;
    let rows = holder
        .query(
            "SELECT a.query FROM pg_stat_activity a WHERE a.pid = ANY($1) AND (a.backend_xid IS NOT NULL
             OR EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.locktype = 'transactionid'))",
            &[&waiting],
        )
        .await
        .unwrap();
    let with_an_id: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(
        with_an_id,
        Vec::<String>::new(),
        "readers must wait for what waits"
    );
    assert_eq!(read_on(&store, start).await, (Vec::new(), start));
    holder
        .execute("SELECT pg_advisory_unlock($1)", &[&lock])
        .await
        .unwrap();
    one.await.unwrap().unwrap();
    several.await.unwrap().unwrap();
    let seen = follow_until(&store, start, &["waiting-1", "waiting-2", "waiting-3"]).await;
    assert_eq!(seen.len(), 3);
}

/// Follows the log with small pages until `is_done` and the end is read.
async fn follow(store: Postgres, wake_up: bool, is_done: Arc<AtomicBool>) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut read = ReadLog::after(Position::START).limit(7);
    loop {
        // Asked before the read: what is done then is in it.
        let last = is_done.load(Ordering::SeqCst);
        let page = store.read_log(read.clone()).await.unwrap();
        seen.extend(page.events.iter().map(Seen::from));
        read.after = page.read_to;
        match (page.at_end, last) {
            (false, _) => {}
            (true, true) => return seen,
            (true, false) if wake_up => {
                // Where nothing comes any more, nobody wakes us up to see that all is done.
                let _ = timeout(Duration::from_millis(200), store.log_grown(page.read_to)).await;
            }
            (true, false) => tokio::task::yield_now().await,
        }
    }
}

/// Appends in every way, and gives back what was acknowledged.
async fn write_much(store: Postgres, writer: usize) -> Vec<EventId> {
    let mut acknowledged = Vec::new();
    for round in 0..60 {
        let names = [
            format!("own-{writer}"),
            format!("own-{writer}_{round}"),
            format!("common-{}", round % 3),
        ];
        let appends = match round % 4 {
            0 => vec![to(&names[0], ExpectedVersion::Any, events(1))],
            1 => vec![to(&names[1], ExpectedVersion::NoStream, events(3))],
            2 => vec![to(&names[2], ExpectedVersion::Any, events(1))],
            _ => vec![
                to(&names[0], ExpectedVersion::StreamExists, events(1)),
                to(&names[2], ExpectedVersion::Any, events(2)),
            ],
        };
        let ids: Vec<_> = appends
            .iter()
            .flat_map(|append| append.events.iter().map(|event| event.id))
            .collect();
        store.append_all(appends).await.unwrap();
        acknowledged.extend(ids);
    }
    acknowledged
}

/// Begins appends by hand, waits, and commits every other one.
async fn stall_now_and_then(schema: String, is_done: Arc<AtomicBool>) {
    let client = raw_shared().await;
    let mut round = 0;
    while !is_done.load(Ordering::SeqCst) {
        round += 1;
        begin_by_hand(&client, &schema, &format!("by_hand-{round}")).await;
        // Long enough to be overtaken, and now and then to be asked after.
        tokio::time::sleep(Duration::from_millis(round % 5 * 7)).await;
        let end = if round % 2 == 0 { "COMMIT" } else { "ROLLBACK" };
        client.batch_execute(end).await.unwrap();
    }
}

/// Writes something else, in transactions of all lengths.
async fn write_something_else(schema: String, is_done: Arc<AtomicBool>) {
    let client = raw_shared().await;
    let mut round = 0;
    while !is_done.load(Ordering::SeqCst) {
        round += 1;
        client
            .batch_execute(&format!("BEGIN; INSERT INTO {schema}.by_others VALUES (1)"))
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(round % 4 * 11)).await;
        client.batch_execute("COMMIT").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_reader_misses_an_event_of_many_writers_or_gets_one_twice() {
    const HANDLES: usize = 3;
    let schema = new_schema();
    let mut stores = Vec::new();
    for _ in 0..HANDLES {
        stores.push(connect(&ironflow_services::postgres_url(), &schema).await);
    }
    let table = raw_shared().await;
    table
        .batch_execute(&format!("CREATE TABLE {schema}.by_others (number int4)"))
        .await
        .unwrap();
    let is_done = Arc::new(AtomicBool::new(false));
    let has_written = Arc::new(AtomicBool::new(false));
    let mut writers = JoinSet::new();
    for writer in 0..9 {
        writers.spawn(write_much(stores[writer % HANDLES].clone(), writer));
    }
    let mut readers = JoinSet::new();
    for reader in 0..4 {
        let store = stores[reader % HANDLES].clone();
        readers.spawn(follow(store, reader > 0, Arc::clone(&is_done)));
    }
    let others = [
        tokio::spawn(stall_now_and_then(schema.clone(), Arc::clone(&has_written))),
        tokio::spawn(write_something_else(
            schema.clone(),
            Arc::clone(&has_written),
        )),
    ];
    let mut acknowledged = HashSet::new();
    while let Some(ids) = timeout(2 * LONG, writers.join_next()).await.unwrap() {
        acknowledged.extend(ids.unwrap());
    }
    has_written.store(true, Ordering::SeqCst);
    for other in others {
        other.await.unwrap();
    }
    is_done.store(true, Ordering::SeqCst);

    let rows = table
        .query(
            &format!("SELECT epoch, place FROM {schema}.events ORDER BY epoch, place"),
            &[],
        )
        .await
        .unwrap();
    let recorded: Vec<_> = rows
        .iter()
        .map(|row| {
            let (epoch, place): (i32, i64) = (row.get(0), row.get(1));
            Position::new(epoch.unsigned_abs().into(), place.unsigned_abs())
        })
        .collect();
    while let Some(seen) = timeout(2 * LONG, readers.join_next()).await.unwrap() {
        let seen = seen.unwrap();
        let ids: HashSet<_> = seen.iter().map(|event| event.id).collect();
        let missing: Vec<_> = acknowledged.difference(&ids).collect();
        assert!(
            missing.is_empty(),
            "{} events are missing: {missing:?}",
            missing.len()
        );
        let positions: Vec<_> = seen.iter().map(|event| event.position).collect();
        assert_eq!(
            positions, recorded,
            "not once each, in the order of the log"
        );
    }
    assert_eq!(acknowledged.len(), 9 * 15 * (1 + 3 + 1 + 3));
    is_gapless(&table, &schema).await;
}

/// Appends what stalls, and something else meanwhile; kills the connection on which it is stalled.
/// Gives back where readers are then.
async fn killed_while_it_stalls(
    store: &Postgres,
    after: Position,
    (other, lock): (&Client, i64),
    appends: Vec<Append>,
) -> Position {
    let spawn = |appends| {
        let store = store.clone();
        tokio::spawn(async move { store.append_all(appends).await })
    };
    let appending = spawn(appends);
    let waiting = waiting_for(other, lock, 1).await;
    let meanwhile = spawn(to_each(&["meanwhile-1"]));
    assert_eq!(read_on(store, after).await, (Vec::new(), after));
    let kill = "SELECT pg_terminate_backend(p) FROM unnest($1::int4[]) p";
    other.execute(kill, &[&waiting]).await.unwrap();

    let error = store_error(appending.await.unwrap());
    assert_eq!(error.kind(), StoreErrorKind::InDoubt, "{}", whole(&error));
    let says = "whether it happened is not known";
    assert!(error.to_string().ends_with(says), "{error}");
    meanwhile
        .await
        .unwrap()
        .expect("its neighbour is not killed");
    let seen = follow_until(store, after, &["meanwhile-1"]).await;
    let streams = streams_of(&seen);
    assert_eq!(
        streams,
        ["meanwhile-1"],
        "recorded in part, or in doubt and there"
    );
    seen[0].position
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_is_killed_in_the_middle_is_in_doubt_and_not_recorded_in_part() {
    for at_commit in [false, true] {
        let (store, schema) = new_store().await;
        let start = append_any(&store, "first-1", 1).await.position;
        let other = raw_shared().await;
        let stalling = (&other, stall_appends(&other, &schema, at_commit).await);
        let one = vec![to("stalled-1", ExpectedVersion::Any, events(3))];
        let start = killed_while_it_stalls(&store, start, stalling, one).await;
        let several = to_each(&["next-1", "stalled-1", "last-1"]);
        killed_while_it_stalls(&store, start, stalling, several).await;

        // The store goes on, on other connections.
        let version = ExpectedVersion::Exact(StreamVersion::new(1));
        let appended = append(&store, "first-1", version, events(1)).await.unwrap();
        assert_eq!(appended.version.get(), 2);
        let sql = "SELECT pg_advisory_unlock($1)";
        other.execute(sql, &[&stalling.1]).await.unwrap();
        assert_eq!(append_any(&store, "stalled-1", 1).await.version.get(), 1);
        is_gapless(&other, &schema).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_waits_for_a_lock_in_vain_was_not_made_and_says_why() {
    let schema = new_schema();
    let store = options(&schema)
        .patience(Duration::from_millis(200))
        .connect(&ironflow_services::postgres_url())
        .await
        .unwrap();
    append_any(&store, "first-1", 1).await;
    let other = raw_shared().await;
    let lock = append_lock(&schema);
    let hold = "SELECT pg_advisory_lock($1)";
    other.execute(hold, &[&lock]).await.unwrap();
    for appends in [to_each(&["late-1"]), to_each(&["late-1", "late-2"])] {
        let error = store_error(store.append_all(appends).await);
        assert_eq!(
            error.kind(),
            StoreErrorKind::Unavailable,
            "{}",
            whole(&error)
        );
        assert!(
            error
                .to_string()
                .starts_with("failed to append to stream late-1"),
            "{error}"
        );
        assert!(whole(&error).contains("lock timeout"), "{}", whole(&error));
    }
    let release = "SELECT pg_advisory_unlock($1)";
    other.execute(release, &[&lock]).await.unwrap();
    assert_eq!(append_any(&store, "late-1", 1).await.version.get(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_append_that_takes_too_long_was_not_made_and_says_why() {
    let schema = new_schema();
    let store = options(&schema)
        .statement_timeout(Duration::from_millis(300))
        .connect(&ironflow_services::postgres_url())
        .await
        .unwrap();
    append_any(&store, "first-1", 1).await;
    let other = raw_shared().await;
    let lock = stall_appends(&other, &schema, false).await;
    for appends in [to_each(&["stalled-1"]), to_each(&["next-1", "stalled-1"])] {
        let error = store_error(store.append_all(appends).await);
        assert_eq!(
            error.kind(),
            StoreErrorKind::Unavailable,
            "{}",
            whole(&error)
        );
        assert!(
            whole(&error).contains("statement timeout"),
            "{}",
            whole(&error)
        );
    }
    let release = "SELECT pg_advisory_unlock($1)";
    other.execute(release, &[&lock]).await.unwrap();
    assert_eq!(append_any(&store, "stalled-1", 1).await.version.get(), 1);
    assert_eq!(append_any(&store, "next-1", 1).await.version.get(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_so_many_transactions_that_their_numbers_begin_again_nothing_changes() {
    let mut server = Server::start().unwrap();
    let store = connect(&server.url(), "old").await;
    let before = append_any(&store, "first-1", 1).await.position;
    server.stop().unwrap();
    // What locks are known by has 32 bits.
    let owner = fs::metadata(server.data_directory()).unwrap();
    let mut reset = Command::new(server.binaries().join("pg_resetwal"));
    reset
        .args(["--epoch=3", "-D"])
        .arg(server.data_directory())
        .current_dir("/");
    if owner.uid() != fs::metadata("/proc/self").map_or(owner.uid(), |own| own.uid()) {
        reset.uid(owner.uid()).gid(owner.gid());
    }
    let output = reset.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    server.restart().unwrap();

    let start = append_any(&store, "first-1", 1).await.position;
    assert!(start > before);
    assert!(start.minor() >> 20 > 3 << 32, "{start}");
    let other = raw(&server.url()).await;
    holds_an_id(&other, &new_schema_on(&other).await).await;
    let start = is_read_meanwhile(&store, start, "a transaction that is idle").await;
    let late = raw(&server.url()).await;
    begin_by_hand(&late, "old", "late-1").await;
    append_any(&store, "fast-1", 1).await;
    assert_eq!(read_on(&store, start).await, (Vec::new(), start));
    late.batch_execute("COMMIT").await.unwrap();
    let seen = follow_until(&store, start, &["fast-1"]).await;
    assert_eq!(streams_of(&seen), ["late-1", "fast-1"]);
}
