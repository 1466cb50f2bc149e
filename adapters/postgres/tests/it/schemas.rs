//! Which databases and schemas a store can be in, and what becomes of those it cannot.

use std::fs;
use std::time::Duration;

use ironflow_domain::store::{
    Key, KeyRange, KeyValueStore, ListStreams, ReadStream, StoreError, StoreErrorKind, StreamStore,
    Write,
};
use ironflow_domain::{Position, StreamVersion};
use ironflow_services::Postgres as Server;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_postgres::Client;

use crate::copies::standby_of;
use crate::given::{
    LONG, append_any, begin_by_hand, connect, follow_until, new_schema, new_store, options, raw,
    raw_shared, read_on, stream, streams_after, to_each, until, whole,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_may_have_any_name_that_postgres_allows() {
    let server = Server::start().unwrap();
    let mut names: Vec<String> = [
        "with space",
        "Upper",
        "a \"quote\"",
        "an 'apostrophe'",
        "with.point",
        "with, comma",
        "back\\slash",
        "ünïcödé 日本",
        "{s}",
        "{{s}}.events",
        "$$",
        "$1",
        "%s",
        "select",
        "x\"; DROP SCHEMA public; --",
        "*/ /*",
        "line\nbreak",
        " ",
        "public",
        "1",
    ]
    .map(str::to_owned)
    .into();
    names.push("x".repeat(63));
    names.push("é".repeat(31));
    for name in &names {
        let store = connect(&server.url(), name).await;
        let again = connect(&server.url(), name).await;
        let start = append_any(&store, "order-1", 2).await.position;
        let following = {
            let again = again.clone();
            tokio::spawn(async move { follow_until(&again, start, &["order-2"]).await })
        };
        store
            .append_all(to_each(&["order-1", "order-2"]))
            .await
            .unwrap_or_else(|error| panic!("{name:?}: {}", whole(&error)));
        following.await.unwrap();
        let seen = streams_after(&again, Position::START).await;
        assert_eq!(
            seen,
            ["order-1", "order-1", "order-1", "order-2"],
            "{name:?}"
        );
        let read = ReadStream::forward(StreamVersion::EMPTY);
        let page = again.read_stream(&stream("order-1"), read).await.unwrap();
        assert_eq!(page.events.len(), 3, "{name:?}");
        let listed = again.list_streams(ListStreams::default()).await.unwrap();
        assert_eq!(listed.len(), 2, "{name:?}");
        let key = Key::new("bucket", name.clone());
        store
            .write(vec![Write::put(key.clone(), name.clone())])
            .await
            .unwrap_or_else(|error| panic!("{name:?}: {}", whole(&error)));
        let entry = again.get(&key).await.unwrap().unwrap();
        assert_eq!(entry.value, name.as_bytes());
        assert_eq!(
            again.list(KeyRange::bucket("bucket")).await.unwrap().len(),
            1
        );
    }
    let rows = raw(&server.url())
        .await
        .query(
            "SELECT nspname::text FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$'",
            &[],
        )
        .await
        .unwrap();
    let mut found: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    found.sort();
    names.sort();
    assert_eq!(found, names, "each has a schema of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_called_as_the_user_is_not_taken_for_a_variable() {
    let error = options("$user")
        .connect(&ironflow_services::postgres_url())
        .await;
    // In a search path it means another schema than it says.
    let error = error.expect_err("it would be another schema");
    assert_eq!(error.kind(), StoreErrorKind::Other);
    assert!(error.to_string().contains("\"$user\""), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_in_two_schemas_have_nothing_to_do_with_each_other() {
    let ((one, schema), (other, _)) = (new_store().await, new_store().await);
    let event = crate::given::event();
    for store in [&one, &other] {
        let expected = ironflow_domain::store::ExpectedVersion::NoStream;
        crate::given::append(store, "order-1", expected, vec![event.clone()])
            .await
            .expect("an id that another store has is free");
    }
    let key = Key::new("bucket", "a");
    one.write(vec![Write::put(key.clone(), "one")])
        .await
        .unwrap();
    assert_eq!(other.get(&key).await.unwrap(), None);
    assert_eq!(streams_after(&other, Position::START).await, ["order-1"]);

    // An append that is stalled in one does not hold back the readers of the other.
    let raw = raw_shared().await;
    begin_by_hand(&raw, &schema, "late-1").await;
    other
        .append_all(to_each(&["order-2", "order-3"]))
        .await
        .unwrap();
    follow_until(&other, Position::START, &["order-2", "order-3"]).await;
    assert_eq!(streams_after(&one, Position::START).await, ["order-1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_who_open_a_new_schema_at_once_make_it_once() {
    const MANY: usize = 12;
    let raw = raw_shared().await;
    for _ in 0..4 {
        let schema = new_schema();
        let mut opening = JoinSet::new();
        for number in 0..MANY {
            let schema = schema.clone();
            opening.spawn(async move {
                let store = connect(&ironflow_services::postgres_url(), &schema).await;
                append_any(&store, &format!("order-{number}"), 1).await;
                store
            });
        }
        let stores = timeout(LONG, opening.join_all()).await.unwrap();
        assert_eq!(read_on(&stores[0], Position::START).await.0.len(), MANY);
        let sql = format!(
            "SELECT (SELECT count(*) FROM {schema}.ironflow_migrations), (SELECT count(*) FROM {schema}.epochs)"
        );
        let row = raw.query_one(&sql, &[]).await.unwrap();
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (1, 1));
    }
}

/// All there is in a schema, and what the tables have in them.
async fn content(client: &Client, schema: &str) -> Vec<String> {
    let sql = "SELECT relkind::text || ' ' || relname || ' ' || CASE WHEN relkind = 'r' THEN
                   query_to_xml(format('SELECT * FROM %I.%I', $1::text, relname), true, true, '')::text ELSE '' END
               FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1::text) ORDER BY 1";
    let rows = client.query(sql, &[&schema]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Opens what must be refused, and says what was said, at once. Nothing may have changed.
async fn refused_and_left_alone(client: &Client, schema: &str) -> StoreError {
    let before = content(client, schema).await;
    assert!(!before.is_empty());
    let error = refused_at_once(&ironflow_services::postgres_url(), schema).await;
    assert_eq!(content(client, schema).await, before, "it has been changed");
    assert_eq!(
        error.kind(),
        StoreErrorKind::Incompatible,
        "{}",
        whole(&error)
    );
    error
}

/// Opens what must be refused without trying again for all the time that there is.
async fn refused_at_once(url: &str, schema: &str) -> StoreError {
    let opening = options(schema).patience(100 * LONG).connect(url);
    let opened = timeout(LONG, opening).await;
    opened
        .expect("it does not pass")
        .expect_err("it is refused")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_somebody_else_is_refused_and_left_as_it_is() {
    let raw = raw_shared().await;
    let schema = new_schema();
    // One of the tables has a name that ours has.
    raw.batch_execute(&format!(
        "CREATE SCHEMA {schema}; CREATE TABLE {schema}.events (n int4); INSERT INTO {schema}.events VALUES (7)"
    ))
    .await
    .unwrap();
    let error = refused_and_left_alone(&raw, &schema).await;
    let text = whole(&error);
    assert!(
        text.contains("tables of another application, such as \"events\""),
        "{text}"
    );

    let schema = new_schema();
    raw.batch_execute(&format!(
        "CREATE SCHEMA {schema}; CREATE VIEW {schema}.totals AS SELECT 1 AS one"
    ))
    .await
    .unwrap();
    let text = whole(&refused_and_left_alone(&raw, &schema).await);
    assert!(text.contains("\"totals\""), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_of_a_newer_program_is_refused_and_left_as_it_is() {
    let (store, schema) = new_store().await;
    append_any(&store, "order-1", 1).await;
    store.close().await;
    let raw = raw_shared().await;
    let sql = format!("INSERT INTO {schema}.ironflow_migrations (version) VALUES (1000)");
    raw.batch_execute(&sql).await.unwrap();
    let text = whole(&refused_and_left_alone(&raw, &schema).await);
    assert!(
        text.contains("has version 1000, and this program knows no later one than"),
        "{text}"
    );
}

/// The URL of a server as somebody else, or in another database.
fn url_of(server: &Server, user: &str, database: &str) -> String {
    format!("postgres://{user}@127.0.0.1:{}/{database}", server.port())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_do_nothing_but_use_its_schema_can_have_a_store_there() {
    let server = Server::start().unwrap();
    let raw = raw(&server.url()).await;
    raw.batch_execute("CREATE ROLE humble LOGIN; CREATE SCHEMA given AUTHORIZATION humble")
        .await
        .unwrap();
    let url = url_of(&server, "humble", "postgres");
    let store = connect(&url, "given").await;
    let start = append_any(&store, "order-1", 1).await.position;
    store
        .append_all(to_each(&["order-1", "order-2"]))
        .await
        .unwrap();
    store
        .write(vec![Write::put(Key::new("bucket", "a"), "one")])
        .await
        .unwrap();
    // What others leave open is recognized without any rights.
    let other = raw;
    other
        .batch_execute("BEGIN; CREATE TABLE by_others (number int4)")
        .await
        .unwrap();
    append_any(&store, "order-3", 1).await;
    follow_until(&store, start, &["order-2", "order-3"]).await;
    other.batch_execute("ROLLBACK").await.unwrap();
    connect(&url, "given").await;

    let error = refused_at_once(&url, "not_given").await;
    assert!(
        whole(&error).contains("permission denied"),
        "{}",
        whole(&error)
    );
    assert_eq!(error.kind(), StoreErrorKind::Other);
    let left = content(&other, "not_given").await;
    assert_eq!(left, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_hold_every_text_is_refused() {
    let server = Server::start().unwrap();
    raw(&server.url())
        .await
        .batch_execute("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0")
        .await
        .unwrap();
    let error = refused_at_once(&url_of(&server, "postgres", "ascii"), "ironflow").await;
    assert_eq!(error.kind(), StoreErrorKind::Incompatible);
    let text = whole(&error);
    assert!(text.contains("keeps texts in SQL_ASCII"), "{text}");
    let there = raw(&url_of(&server, "postgres", "ascii")).await;
    assert_eq!(content(&there, "ironflow").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_is_waited_for_and_then_refused() {
    let server = Server::start().unwrap();
    let store = connect(&server.url(), "ironflow").await;
    append_any(&store, "order-1", 1).await;
    let standby = standby_of(&server);
    let there = raw(&standby.url()).await;
    let sql = "SELECT to_regclass('ironflow.events') IS NOT NULL";
    until(&there, "the standby should have the tables", sql).await;

    let opening = options("ironflow").patience(Duration::from_millis(200));
    let error = opening.connect(&standby.url()).await.unwrap_err();
    // It may be the primary in a moment.
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    let text = whole(&error);
    assert!(
        text.contains("the server is a standby, which cannot be written to"),
        "{text}"
    );

    // Of several servers, the one that can be written to.
    let (one, other) = (standby.port(), server.port());
    let all = format!(
        "postgres://postgres@127.0.0.1:{one},127.0.0.1:{other}/postgres?target_session_attrs=read-write"
    );
    let both = connect(&all, "ironflow").await;
    assert_eq!(append_any(&both, "order-1", 1).await.version.get(), 2);
    let opening = options("ironflow").patience(Duration::from_millis(200));
    let only = format!("{}?target_session_attrs=read-write", standby.url());
    let error = opening.connect(&only).await.unwrap_err();
    assert_eq!(
        error.kind(),
        StoreErrorKind::Unavailable,
        "{}",
        whole(&error)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_pass_is_told_at_once() {
    let server = Server::start().unwrap();
    let raw = raw(&server.url()).await;
    raw.batch_execute("CREATE ROLE asked LOGIN PASSWORD 'right'")
        .await
        .unwrap();
    let rules = server.data_directory().join("pg_hba.conf");
    let before = fs::read_to_string(&rules).unwrap();
    let asked = "host all asked 127.0.0.1/32 scram-sha-256\n";
    fs::write(&rules, format!("{asked}{before}")).unwrap();
    raw.batch_execute("SELECT pg_reload_conf()").await.unwrap();
    let sql = "SELECT count(*) > 0 FROM pg_hba_file_rules WHERE 'asked' = ANY (user_name)";
    until(&raw, "the rules should be read", sql).await;

    for (url, kind, says) in [
        (
            url_of(&server, "asked:wrong", "postgres"),
            StoreErrorKind::Other,
            "password authentication failed",
        ),
        (
            url_of(&server, "asked", "postgres"),
            StoreErrorKind::Other,
            "password",
        ),
        (
            url_of(&server, "nobody", "postgres"),
            StoreErrorKind::Other,
            "role \"nobody\" does not exist",
        ),
        (
            url_of(&server, "postgres", "nowhere"),
            StoreErrorKind::Other,
            "database \"nowhere\" does not exist",
        ),
        (
            "no URL at all".to_owned(),
            StoreErrorKind::Other,
            "the URL cannot be read",
        ),
        (
            "mysql://root@127.0.0.1/db".to_owned(),
            StoreErrorKind::Other,
            "the URL cannot be read",
        ),
        (
            "postgres://127.0.0.1:1/?sslmode=perhaps".to_owned(),
            StoreErrorKind::Other,
            "the URL cannot be read",
        ),
        (
            "dbname=nothing_else".to_owned(),
            StoreErrorKind::Other,
            "host",
        ),
    ] {
        let error = refused_at_once(&url, "ironflow").await;
        let text = whole(&error);
        assert_eq!(error.kind(), kind, "{url}: {text}");
        assert!(text.starts_with("failed to connect"), "{url}: {text}");
        assert!(text.contains(says), "{url}: {text}");
        assert!(!text.contains("wrong"), "a password is told: {text}");
    }

    // What may pass is tried again, and then told: nobody is there.
    let opening = options("ironflow").patience(Duration::from_millis(200));
    let nobody = opening
        .connect("postgres://postgres@127.0.0.1:1/postgres")
        .await;
    let error = nobody.unwrap_err();
    assert_eq!(
        error.kind(),
        StoreErrorKind::Unavailable,
        "{}",
        whole(&error)
    );

    for url in [
        format!(
            "host=127.0.0.1 port={} user=asked password=right dbname=postgres",
            server.port()
        ),
        url_of(&server, "asked:right", "postgres"),
    ] {
        let error = refused_at_once(&url, "ironflow").await;
        assert!(
            whole(&error).contains("permission denied"),
            "{}",
            whole(&error)
        );
    }
    let url = format!(
        "host='127.0.0.1' port={} user=postgres dbname = postgres",
        server.port()
    );
    append_any(&connect(&url, "ironflow").await, "order-1", 1).await;
}
