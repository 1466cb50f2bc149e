//! Servers that go away and come back, and connections that do.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use ironflow_domain::store::{
    AppendError, ExpectedVersion, Key, KeyValueStore, ReadLog, StoreErrorKind, StreamStore, Write,
};
use ironflow_domain::{EventId, Position};
use ironflow_postgres::Postgres;
use tokio::task::{JoinSet, block_in_place};
use tokio::time::timeout;
use tokio_postgres::types::ToSql;

use crate::between::{Between, Mode};
use crate::given::{
    LONG, Seen, append_any, connect, events, follow_until, is_gapless, new_schema, options, raw,
    raw_shared, read_on, store_error, stream, streams_after, to, to_each, until_with, whole,
};

/// What became of the events of one writer.
#[derive(Default)]
struct Written {
    acknowledged: HashSet<EventId>,
    refused: HashSet<EventId>,
}

/// Appends in both ways until it is over.
async fn write_on(
    store: Postgres,
    writer: usize,
    count: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
) -> Written {
    let mut written = Written::default();
    let mut round = 0;
    while !is_over.load(Ordering::SeqCst) {
        round += 1;
        let (own, common) = (format!("own-{writer}"), format!("common-{}", round % 3));
        let mut appends = vec![to(&own, ExpectedVersion::Any, events(2))];
        if round % 3 == 0 {
            appends.push(to(&common, ExpectedVersion::Any, events(1)));
        }
        let ids: Vec<_> = appends
            .iter()
            .flat_map(|append| append.events.iter().map(|event| event.id))
            .collect();
        match store.append_all(appends).await {
            Ok(_) => {
                written.acknowledged.extend(ids);
                count.fetch_add(1, Ordering::SeqCst);
            }
            Err(AppendError::Store(error)) => match error.kind() {
                StoreErrorKind::InDoubt => {}
                StoreErrorKind::Unavailable => written.refused.extend(ids),
                _ => panic!("{}", whole(&error)),
            },
            Err(error) => panic!("{error}"),
        }
    }
    written
}

/// Follows the log until it is over and all is read.
async fn read_until(store: Postgres, is_over: Arc<AtomicBool>) -> Vec<Seen> {
    let mut seen = Vec::new();
    let mut read = ReadLog::after(Position::START).limit(50);
    loop {
        let last = is_over.load(Ordering::SeqCst);
        let page = store.read_log(read.clone()).await;
        let page = page.unwrap_or_else(|error| panic!("{}", whole(&error)));
        seen.extend(page.events.iter().map(Seen::from));
        read.after = page.read_to;
        match (page.at_end, last) {
            (false, _) => {}
            (true, true) => return seen,
            (true, false) => {
                let grown = store.log_grown(page.read_to);
                if let Ok(Err(error)) = timeout(Duration::from_millis(200), grown).await {
                    panic!("{}", whole(&error));
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_acknowledged_outlives_a_server_that_is_stopped_or_killed() {
    let mut server = ironflow_services::Postgres::start().unwrap();
    let stores = [
        connect(&server.url(), "restarted").await,
        connect(&server.url(), "restarted").await,
    ];
    let (count, is_over) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
    let no_more = Arc::<AtomicBool>::default();
    let (mut writers, mut readers) = (JoinSet::new(), JoinSet::new());
    for writer in 0..6 {
        let store = stores[writer % 2].clone();
        let (count, is_over) = (Arc::clone(&count), Arc::clone(&is_over));
        writers.spawn(write_on(store, writer, count, is_over));
    }
    for store in &stores {
        readers.spawn(read_until(store.clone(), Arc::clone(&no_more)));
    }
    let some_more = async || {
        let enough = count.load(Ordering::SeqCst) + 50;
        let writing = async {
            while count.load(Ordering::SeqCst) < enough {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        timeout(2 * LONG, writing)
            .await
            .expect("writers go on without opening the store again");
    };
    some_more().await;
    for kill in [false, true, true, false] {
        block_in_place(|| {
            if kill {
                server.kill().unwrap();
            }
            server.restart().unwrap();
        });
        some_more().await;
    }
    is_over.store(true, Ordering::SeqCst);
    let mut written = Written::default();
    while let Some(one) = timeout(2 * LONG, writers.join_next()).await.unwrap() {
        let one = one.unwrap();
        written.acknowledged.extend(one.acknowledged);
        written.refused.extend(one.refused);
    }
    no_more.store(true, Ordering::SeqCst);

    let table = raw(&server.url()).await;
    let sql = "SELECT epoch, place, id::text FROM restarted.events ORDER BY epoch, place";
    let rows = table.query(sql, &[]).await.unwrap();
    let recorded: Vec<(Position, EventId)> = rows
        .iter()
        .map(|row| {
            let (epoch, place, id): (i32, i64, &str) = (row.get(0), row.get(1), row.get(2));
            let position = Position::new(epoch.unsigned_abs().into(), place.unsigned_abs());
            (position, id.parse().unwrap())
        })
        .collect();
    let ids: HashSet<_> = recorded.iter().map(|(_, id)| *id).collect();
    let lost: Vec<_> = written.acknowledged.difference(&ids).collect();
    assert!(lost.is_empty(), "acknowledged, and gone: {lost:?}");
    let denied: Vec<_> = written.refused.intersection(&ids).collect();
    assert!(
        denied.is_empty(),
        "said not to be made, and there: {denied:?}"
    );
    let epochs: HashSet<_> = recorded.iter().map(|(place, _)| place.major()).collect();
    assert_eq!(
        epochs.len(),
        5,
        "each start of the server comes after the one before"
    );
    while let Some(seen) = timeout(2 * LONG, readers.join_next()).await.unwrap() {
        let seen = seen.unwrap();
        let seen: Vec<_> = seen
            .iter()
            .map(|event| (event.position, event.id))
            .collect();
        assert!(seen == recorded, "not once each, in the order of the log");
    }
    is_gapless(&table, "restarted").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_while_nobody_uses_the_store_goes_unnoticed() {
    let mut server = ironflow_services::Postgres::start().unwrap();
    let store = connect(&server.url(), "unused").await;
    let before = append_any(&store, "order-1", 1).await.position;
    streams_after(&store, Position::START).await;
    let key = Key::new("bucket", "a");
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { follow_until(&store, before, &["order-2"]).await })
    };
    for kill in [false, true] {
        block_in_place(|| {
            if kill {
                server.kill().unwrap();
            }
            server.restart().unwrap();
        });
        store
            .write(vec![Write::put(key.clone(), "one")])
            .await
            .expect("keys can be written");
        assert_eq!(streams_after(&store, before).await, Vec::<String>::new());
    }
    let appended = store.append_all(to_each(&["order-1", "order-2"])).await;
    let after = appended.unwrap()[1].position;
    assert!(after.major() > before.major(), "{before} {after}");
    waiting.await.expect("a wait of before goes on after it");
    let other = connect(&server.url(), "unused").await;
    assert_eq!(
        streams_after(&other, Position::START).await,
        ["order-1", "order-1", "order-2"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_outlives_a_server_that_is_told_not_to_sync() {
    // Of events that readers have seen and that are gone, the numbers are given once more.
    let mut server = ironflow_services::Postgres::builder()
        .setting("synchronous_commit", "off")
        .setting("wal_writer_delay", "10s")
        .start()
        .unwrap();
    let store = connect(&server.url(), "hasty").await;
    append_any(&store, "order-1", 3).await;
    store
        .append_all(to_each(&["order-2", "order-3"]))
        .await
        .unwrap();
    append_any(&store, "order-1", 1).await;
    block_in_place(|| {
        server.kill().unwrap();
        server.restart().unwrap();
    });
    let seen = streams_after(&store, Position::START).await;
    assert_eq!(
        seen,
        [
            "order-1", "order-1", "order-1", "order-2", "order-3", "order-1"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_listens_is_woken_after_their_connection_was_lost() {
    let schema = new_schema();
    let url = ironflow_services::postgres_url();
    let names = [format!("{schema}_writer"), format!("{schema}_reader")];
    let urls = names
        .each_ref()
        .map(|name| format!("{url}?application_name={name}"));
    let (writer, reader) = (
        connect(&urls[0], &schema).await,
        connect(&urls[1], &schema).await,
    );
    let mut end = append_any(&writer, "first-1", 1).await.position;
    let other = raw_shared().await;
    for round in 0..30 {
        // Those of one, of the other, or of both.
        let lost: Vec<&String> = names
            .iter()
            .zip([round % 3 != 0, round % 3 != 1])
            .filter_map(|(name, is_lost)| is_lost.then_some(name))
            .collect();
        let listens = "application_name = ANY($1) AND query ~ 'LISTEN|NOTIFY'";
        let sql = format!("SELECT count(*) = $2 FROM pg_stat_activity WHERE {listens}");
        let wanted = i64::try_from(lost.len()).unwrap();
        until_with(&other, "they should listen", &sql, &[&lost, &wanted]).await;

        let name = format!("order-{round}");
        let following = {
            let (reader, name) = (reader.clone(), name.clone());
            tokio::spawn(async move { follow_until(&reader, end, &[&name]).await })
        };
        let sql = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {listens}");
        let parameters: [&(dyn ToSql + Sync); 1] = [&lost];
        // At the same moment: whom the writer was about to tell must be told later.
        let (killed, appended) = tokio::join!(
            other.query(&sql, &parameters),
            append_any(&writer, &name, 1)
        );
        assert_eq!(killed.unwrap().len(), lost.len());
        end = appended.position;
        following.await.expect("a reader is woken");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_falls_silent_is_not_waited_for_for_ever() {
    let server = ironflow_services::Postgres::start().unwrap();
    let between = Between::start(server.port()).await;
    let mut stores = Vec::new();
    for _ in 0..2 {
        let options = options("silent")
            .commits_in_flight(1)
            .patience(Duration::from_millis(500))
            .statement_timeout(Duration::from_millis(500));
        stores.push(options.connect(&between.url()).await.unwrap());
    }
    let store = stores[0].clone();
    let start = append_any(&stores[1], "order-1", 1).await.position;
    store
        .append_all(to_each(&["order-1", "order-2"]))
        .await
        .unwrap();
    streams_after(&store, Position::START).await;
    between.set(Mode::Silent);

    let in_time = async |store: &Postgres, appends| {
        let appending = timeout(LONG, store.append_all(appends));
        let error = store_error(appending.await.expect("an append ends"));
        (error.kind(), whole(&error))
    };
    // In each of the ways to append. The second time it cannot even connect, and nothing is in doubt.
    for (store, appends) in stores
        .iter()
        .zip([to_each(&["late-1"]), to_each(&["late-2", "late-3"])])
    {
        for kind in [StoreErrorKind::InDoubt, StoreErrorKind::Unavailable] {
            let (actual, text) = in_time(store, appends.clone()).await;
            assert_eq!(actual, kind, "{text}");
        }
    }
    let reading = timeout(LONG, store.read_log(ReadLog::after(start)));
    let error = reading.await.expect("a read ends").unwrap_err();
    assert_eq!(
        error.kind(),
        StoreErrorKind::Unavailable,
        "{}",
        whole(&error)
    );
    let url = between.url();
    let opening = options("silent")
        .patience(Duration::from_millis(500))
        .connect(&url);
    let error = timeout(LONG, opening)
        .await
        .expect("opening ends")
        .unwrap_err();
    assert_eq!(
        error.kind(),
        StoreErrorKind::Unavailable,
        "{}",
        whole(&error)
    );

    between.set(Mode::Carries);
    let recovering = async {
        while store.append_all(to_each(&["again-1"])).await.is_err() {}
        while read_on_if_it_can(&store, start).await.is_none() {}
    };
    timeout(LONG, recovering)
        .await
        .expect("it goes on afterwards");
}

async fn read_on_if_it_can(store: &Postgres, after: Position) -> Option<Position> {
    let page = store.read_log(ReadLog::after(after)).await.ok()?;
    Some(page.read_to)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_gone_is_neither_hammered_nor_waited_for_in_turn() {
    const CALLERS: usize = 100;
    let server = ironflow_services::Postgres::start().unwrap();
    let between = Between::start(server.port()).await;
    let patience = Duration::from_secs(1);
    let store = options("gone")
        .patience(patience)
        .connect(&between.url())
        .await
        .unwrap();
    let start = append_any(&store, "order-1", 1).await.position;
    streams_after(&store, Position::START).await;
    between.set(Mode::Refuses);

    let before = between.connections();
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let store = store.clone();
        callers.spawn(async move {
            let name = format!("late-{caller}");
            match caller % 3 {
                0 => store_error(store.append_all(to_each(&[&name])).await),
                1 => store.read_log(ReadLog::after(start)).await.unwrap_err(),
                _ => store.stream_info(&stream(&name)).await.unwrap_err(),
            }
        });
    }
    // One after the other would take a second each.
    let all = timeout(Duration::from_secs(25), callers.join_all());
    let errors = all.await.expect("they wait at the same time");
    let in_doubt = errors
        .iter()
        .filter(|error| error.kind() == StoreErrorKind::InDoubt)
        .count();
    // What was on its way when it went.
    assert!(in_doubt <= CALLERS / 3);
    for error in &errors {
        let kind = error.kind();
        let is_known = matches!(kind, StoreErrorKind::Unavailable | StoreErrorKind::InDoubt);
        assert!(is_known, "{}", whole(error));
    }
    let attempts = between.connections() - before;
    assert!(attempts < CALLERS, "{attempts} attempts to connect");

    between.set(Mode::Carries);
    append_any(&store, "order-1", 1).await;
    assert_eq!(read_on(&store, start).await.0.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_exchanged_behind_a_connection_is_noticed() {
    // As behind a pooler, whose connections outlive the server's. Here the server only says so.
    let server = ironflow_services::Postgres::start().unwrap();
    let raw = raw(&server.url()).await;
    raw.batch_execute(
        "CREATE SCHEMA told; CREATE TABLE told.starts AS SELECT pg_postmaster_start_time() AS at;
         CREATE FUNCTION told.pg_postmaster_start_time() RETURNS timestamptz STABLE LANGUAGE plpgsql
             AS $$ BEGIN RETURN (SELECT max(at) FROM told.starts); END $$;
         ALTER DATABASE postgres SET search_path = told, pg_catalog",
    )
    .await
    .unwrap();
    let store = connect(&server.url(), "exchanged").await;
    let mut last = append_any(&store, "order-1", 1).await.position;
    let mut all = streams_after(&store, Position::START).await;
    for round in 0..4 {
        raw.batch_execute(
            "INSERT INTO told.starts SELECT max(at) + interval '1 second' FROM told.starts",
        )
        .await
        .unwrap();
        // Noticed by whoever comes first.
        let next = match round {
            0 => append_any(&store, "order-1", 1).await.position,
            1 => {
                store
                    .append_all(to_each(&["order-1", "order-2"]))
                    .await
                    .unwrap()[1]
                    .position
            }
            2 => {
                assert_eq!(streams_after(&store, Position::START).await, all);
                append_any(&store, "order-1", 1).await.position
            }
            _ => {
                let waiting = follow_until(&store, last, &["order-3"]);
                tokio::join!(waiting, append_any(&store, "order-3", 1))
                    .1
                    .position
            }
        };
        assert!(next.major() > last.major(), "{next} {last}, round {round}");
        let new = streams_after(&store, last).await;
        assert!(!new.is_empty());
        all.extend(new);
        assert_eq!(streams_after(&store, Position::START).await, all);
        last = next;
    }
    let sql = "SELECT count(DISTINCT epoch) = 5 FROM exchanged.events";
    assert!(raw.query_one(sql, &[]).await.unwrap().get::<_, bool>(0));
}
