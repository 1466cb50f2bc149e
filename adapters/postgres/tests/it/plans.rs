//! Whether statements find what they want without reading everything.

use ironflow_domain::store::{
    EventQuery, ExpectedVersion, Key, KeyRange, KeyValueStore, ListStreams, ReadLog, ReadStream,
    StreamStore, Write,
};
use ironflow_domain::{Position, StreamVersion};
use ironflow_postgres::Postgres;
use ironflow_services::Postgres as Server;
use tokio_postgres::Client;

use crate::given::{append, append_any, events, options, raw, stream, to, to_each, until_with};

const EVENTS: i64 = 120_000;
/// What one round of everything may look at: far more than it needs, and far less than there is.
const FEW: i64 = 2_000;
const PAGES: i64 = 20;

/// Everything that a store is asked for, each of it little.
async fn everything(store: &Postgres, end: Position, round: usize) {
    let name = |what: &str| format!("{what}-{round}");
    append_any(store, "many-7", 2).await;
    let version = store.stream_info(&stream("many-7")).await.unwrap();
    let exact = version.map_or(ExpectedVersion::NoStream, |info| info.version.into());
    append(store, "many-7", exact, events(1)).await.unwrap();
    let conflict = ExpectedVersion::Exact(StreamVersion::new(1_000_000));
    append(store, "many-7", conflict, events(1))
        .await
        .unwrap_err();
    let repeated = events(1);
    let any = ExpectedVersion::Any;
    append(store, &name("new"), any.clone(), repeated.clone())
        .await
        .unwrap();
    append(store, &name("newer"), any, repeated.clone())
        .await
        .unwrap_err();
    store
        .append_all(to_each(&["many-1", "many-2"]))
        .await
        .unwrap();
    for query in [
        EventQuery::all().names(["unheard.of"]),
        EventQuery::all().categories(["unheard_of"]),
        EventQuery::all().streams(["many-9", "unheard_of-1"].map(stream)),
        EventQuery::all()
            .streams([stream("many-9")])
            .names(["unheard.of"]),
    ] {
        let expected = ExpectedVersion::nothing_since(query, end);
        store
            .append_all(vec![to(&name("decided"), expected, events(1))])
            .await
            .unwrap();
    }
    let last = ReadStream::backward(ReadStream::LAST).limit(2);
    let first = ReadStream::forward(StreamVersion::new(1)).limit(2);
    for read in [first, last] {
        store.read_stream(&stream("many-7"), read).await.unwrap();
    }
    for read in [
        ReadLog::after(Position::START).limit(3),
        ReadLog::after(end).limit(3),
        ReadLog::after(end).names(["unheard.of"]),
        ReadLog::after(end).categories(["unheard_of"]),
        ReadLog::after(end).streams([stream("many-9"), stream("unheard_of-1")]),
    ] {
        store.read_log(read).await.unwrap();
    }
    store.log_grown(end).await.unwrap();
    store.find_event(repeated[0].id).await.unwrap().unwrap();
    store.stream_info(&stream("unheard_of-1")).await.unwrap();
    for category in [None, Some("many".to_owned()), Some("unheard_of".to_owned())] {
        let streams = ListStreams {
            category,
            limit: 3,
            ..ListStreams::default()
        };
        store.list_streams(streams).await.unwrap();
    }
    let key = Key::new("bucket", name("key"));
    store
        .write(vec![Write::put(key.clone(), "one")])
        .await
        .unwrap();
    store.get(&key).await.unwrap().unwrap();
    let unheard_of = Key::new("bucket", "unheard of");
    let both = store.get_all(&[unheard_of, key.clone()]).await.unwrap();
    assert!(both[0].is_none() && both[1].is_some());
    let range = KeyRange {
        limit: 3,
        ..KeyRange::bucket("bucket")
    };
    store.list(range).await.unwrap();
}

/// How many rows of our tables were ever read one after the other, and how many by an index.
async fn rows_read(client: &Client) -> (i64, i64) {
    let sql = "SELECT sum(seq_tup_read)::int8, sum((SELECT sum(idx_tup_read) FROM pg_stat_user_indexes i
                   WHERE i.relid = t.relid))::int8
               FROM pg_stat_user_tables t WHERE schemaname = 'plans' AND relname IN ('events', 'key_values')";
    let row = client.query_one(sql, &[]).await.unwrap();
    (row.get(0), row.get(1))
}

/// How many blocks of the index of the log were ever looked at.
async fn blocks_read(client: &Client) -> i64 {
    let sql = "SELECT idx_blks_read + idx_blks_hit FROM pg_statio_user_indexes
               WHERE schemaname = 'plans' AND indexrelname = 'events_position'";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// Closes a store, and waits until its connections have told what they read.
async fn close((store, name): (Postgres, &str), client: &Client) {
    store.close().await;
    drop(store);
    let sql = "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = $1";
    until_with(client, "a store's connections should end", sql, &[&name]).await;
}

async fn has_read_little(
    store: (Postgres, &str),
    client: &Client,
    before: (i64, i64),
    what: &str,
) -> (i64, i64) {
    close(store, client).await;
    let after = rows_read(client).await;
    let (one_by_one, by_index) = (after.0 - before.0, after.1 - before.1);
    assert_eq!(one_by_one, 0, "{what}");
    assert!(by_index > 0, "the test counts nothing");
    assert!(by_index < FEW, "{by_index} rows, {what}");
    after
}

async fn open<'n>(server: &Server, name: &'n str) -> (Postgres, &'n str) {
    // So that each statement is prepared once.
    let options = options("plans").readers(1).commits_in_flight(1);
    let url = format!("{}?application_name={name}", server.url());
    (options.connect(&url).await.unwrap(), name)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_reads_the_whole_table() {
    let server = Server::builder()
        .setting("autovacuum", "off")
        .setting("fsync", "off")
        .start()
        .unwrap();
    let other = raw(&server.url()).await;
    // Prepared while there is nothing, and used when there is much.
    let early = open(&server, "early").await;
    // A page of the log that ends within it takes a second look.
    append(&early.0, "long-1", ExpectedVersion::Any, events(100))
        .await
        .unwrap();
    everything(&early.0, Position::START, 0).await;
    let sql = format!(
        "SELECT txid_current();
         INSERT INTO plans.events SELECT (pg_current_xact_id()::text::int8 << 20) + n, n / 1000 + 10, now(),
             (SELECT max(number) FROM plans.epochs), 0, 1, gen_random_uuid(), 'many-' || n % 1000, 'thing.happened',
             'test', '{{}}', '{{}}'
         FROM generate_series(1, {EVENTS}) n;
         INSERT INTO plans.key_values SELECT n, now() + interval '1 day', 'bucket' || n % 3, 'key-' || n, ''
         FROM generate_series(1, {EVENTS}) n;
         SELECT setval('plans.revisions', {EVENTS})"
    );
    other.batch_execute(&sql).await.unwrap();
    // Someone who is to be recognized.
    let stranger = raw(&server.url()).await;
    stranger
        .batch_execute("BEGIN; SELECT pg_current_xact_id()")
        .await
        .unwrap();
    let end = append_any(&early.0, "many-3", 1).await.position;
    let mut before = rows_read(&other).await;
    let unaware = open(&server, "unaware").await;
    for (round, store) in [(1, early), (2, unaware)] {
        everything(&store.0, end, round).await;
        before = has_read_little(store, &other, before, "not analyzed").await;
    }
    let analyze = "VACUUM ANALYZE plans.events, plans.key_values";
    other.batch_execute(analyze).await.unwrap();
    before = rows_read(&other).await;
    let store = open(&server, "late").await;
    everything(&store.0, end, 3).await;
    has_read_little(store, &other, before, "analyzed").await;

    // An index that is read on beyond what is wanted shows in its blocks only.
    let before = blocks_read(&other).await;
    let store = open(&server, "reader").await;
    for _ in 0..PAGES {
        let page = ReadLog::after(Position::START).limit(3);
        let page = store.0.read_log(page).await.unwrap();
        assert_eq!(page.events.len(), 100, "a whole append");
    }
    close(store, &other).await;
    let blocks = blocks_read(&other).await - before;
    assert!(blocks > 0, "the test counts nothing");
    assert!(blocks < PAGES * 20, "{blocks} blocks for {PAGES} pages");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_looked_up_one_by_one_where_there_were_few_before() {
    let server = Server::builder()
        .setting("autovacuum", "off")
        .setting("fsync", "off")
        .start()
        .unwrap();
    let other = raw(&server.url()).await;
    let key = |name: &str| Key::new("bucket", name);
    let changes = || {
        vec![
            Write::put(key("put"), "value"),
            Write::create(key("created"), "value"),
            Write::delete(key("created")),
        ]
    };
    let (store, _) = open(&server, "first").await;
    store.write(changes()).await.unwrap();
    other
        .batch_execute("VACUUM ANALYZE plans.key_values")
        .await
        .unwrap();
    // Prepared while it is known that there is one key only.
    let keys = open(&server, "keys").await;
    keys.0.write(changes()).await.unwrap();
    let sql = format!(
        "INSERT INTO plans.key_values SELECT n, NULL, 'bucket', 'key-' || n, ''
         FROM generate_series(1, {EVENTS}) n;
         SELECT setval('plans.revisions', {EVENTS})"
    );
    other.batch_execute(&sql).await.unwrap();
    let before = rows_read(&other).await;
    keys.0.write(changes()).await.unwrap();
    has_read_little(keys, &other, before, "after there was one key").await;
}
