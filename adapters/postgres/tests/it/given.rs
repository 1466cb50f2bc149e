//! What the tests have in common.

use std::fmt::Display;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ironflow_domain::store::{
    Append, AppendError, Appended, ExpectedVersion, NewEvent, ReadLog, StoreError, StreamStore,
};
use ironflow_domain::{EventId, EventRef, Metadata, Position, SchemaVersion, StreamId};
use ironflow_postgres::{Options, Postgres};
use tokio::time::timeout;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls};

/// How long anything may take on a machine that is busy with other things.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// The name of a schema that nobody else has, in the server that all tests share.
pub(crate) fn new_schema() -> String {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    format!("test_{}_{number}", std::process::id())
}

/// As it is to be where a test says nothing about it.
pub(crate) fn options(schema: &str) -> Options {
    Postgres::options()
        .schema(schema)
        .readers(2)
        // The tests of a whole machine may be running at the same time.
        .patience(LONG)
}

pub(crate) async fn connect(url: &str, schema: &str) -> Postgres {
    options(schema)
        .connect(url)
        .await
        .expect("the server can be used")
}

/// A store in the server that all tests share, in a schema of its own.
pub(crate) async fn new_store() -> (Postgres, String) {
    let schema = new_schema();
    let store = connect(&ironflow_services::postgres_url(), &schema).await;
    (store, schema)
}

pub(crate) fn stream(name: &str) -> StreamId {
    name.parse().expect("the tests name their streams well")
}

/// An event with an id that none has in this process.
pub(crate) fn event() -> NewEvent {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let mut id = [0xee; 16];
    id[8..].copy_from_slice(&(LAST.fetch_add(1, Ordering::Relaxed) + 1).to_be_bytes());
    NewEvent {
        id: EventId::from_bytes(id),
        name: "thing.happened".into(),
        schema_version: SchemaVersion::new(1),
        source: "test".into(),
        data: r#"{"some":"thing"}"#.to_owned(),
        metadata: Metadata::default(),
    }
}

pub(crate) fn events(count: usize) -> Vec<NewEvent> {
    (0..count).map(|_| event()).collect()
}

pub(crate) fn to(name: &str, expected: ExpectedVersion, events: Vec<NewEvent>) -> Append {
    Append {
        stream: stream(name),
        expected,
        events,
    }
}

pub(crate) async fn append(
    store: &Postgres,
    name: &str,
    expected: ExpectedVersion,
    events: Vec<NewEvent>,
) -> Result<Appended, AppendError> {
    store.append(to(name, expected, events)).await
}

/// Appends so many events, which must succeed.
pub(crate) async fn append_any(store: &Postgres, name: &str, count: usize) -> Appended {
    append(store, name, ExpectedVersion::Any, events(count))
        .await
        .expect("an append succeeds")
}

/// Appends that only work alone: to several streams, one event each.
pub(crate) fn to_each(names: &[&str]) -> Vec<Append> {
    names
        .iter()
        .map(|name| to(name, ExpectedVersion::Any, events(1)))
        .collect()
}

/// What a failed append says of the store.
pub(crate) fn store_error<T: std::fmt::Debug>(outcome: Result<T, AppendError>) -> StoreError {
    match outcome {
        Err(AppendError::Store(error)) => error,
        other => panic!("the store should have failed: {other:?}"),
    }
}

/// All that an error says, with what is underneath.
pub(crate) fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    [vec![error.to_string()], texts].concat().join(": ")
}

/// What is of interest about an event in the log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Seen {
    pub(crate) position: Position,
    pub(crate) stream: String,
    pub(crate) id: EventId,
}

impl From<EventRef<'_>> for Seen {
    fn from(event: EventRef<'_>) -> Self {
        Self {
            position: event.position,
            stream: event.stream.to_owned(),
            id: event.id,
        }
    }
}

/// Reads on from `after` to what the store says is the end, and says how far that is.
pub(crate) async fn read_on(store: &Postgres, after: Position) -> (Vec<Seen>, Position) {
    read_as(store, ReadLog::after(after)).await
}

pub(crate) async fn read_as(store: &Postgres, mut read: ReadLog) -> (Vec<Seen>, Position) {
    let mut seen = Vec::new();
    loop {
        let page = store
            .read_log(read.clone())
            .await
            .expect("the log can be read");
        seen.extend(page.events.iter().map(Seen::from));
        read.after = page.read_to;
        if page.at_end {
            return (seen, read.after);
        }
    }
}

/// The streams of these events.
pub(crate) fn streams_of(seen: &[Seen]) -> Vec<&str> {
    seen.iter().map(|event| event.stream.as_str()).collect()
}

/// The streams of the events after `after`, in the order of the log.
pub(crate) async fn streams_after(store: &Postgres, after: Position) -> Vec<String> {
    let (seen, _) = read_on(store, after).await;
    seen.into_iter().map(|event| event.stream).collect()
}

/// Follows the log as readers do who do not poll, until an event of each of these streams was there.
pub(crate) async fn follow_until(store: &Postgres, after: Position, wanted: &[&str]) -> Vec<Seen> {
    let following = async {
        let mut seen: Vec<Seen> = Vec::new();
        let mut after = after;
        loop {
            let (more, read_to) = read_on(store, after).await;
            seen.extend(more);
            after = read_to;
            let is_there = |name: &&str| seen.iter().any(|event| event.stream == **name);
            if wanted.iter().all(is_there) {
                return seen;
            }
            store
                .log_grown(after)
                .await
                .expect("the log can be waited for");
        }
    };
    timeout(LONG, following)
        .await
        .unwrap_or_else(|_| panic!("{wanted:?} should have been read after {after}"))
}

/// A connection that knows nothing of stores.
pub(crate) async fn raw(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls)
        .await
        .expect("the server takes connections");
    tokio::spawn(connection);
    client
}

/// A connection to the server that all tests share.
pub(crate) async fn raw_shared() -> Client {
    raw(&ironflow_services::postgres_url()).await
}

/// Waits until the database says so.
pub(crate) async fn until(client: &Client, what: impl Display, sql: &str) {
    until_with(client, what, sql, &[]).await;
}

/// Waits until the database says so of these parameters.
pub(crate) async fn until_with(
    client: &Client,
    what: impl Display,
    sql: &str,
    parameters: &[&(dyn ToSql + Sync)],
) {
    let deadline = Instant::now() + LONG;
    while !client
        .query_one(sql, parameters)
        .await
        .unwrap()
        .get::<_, bool>(0)
    {
        assert!(Instant::now() < deadline, "{what}, in all that time");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The advisory lock of those who append, as `names.rs` has it: programs of all versions must.
pub(crate) fn append_lock(schema: &str) -> i64 {
    let bytes = b"append:".iter().chain(schema.as_bytes());
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    hash.cast_signed()
}

/// Inserts an event by hand, as an append does it, in the transaction that is open.
pub(crate) async fn insert_by_hand(client: &Client, schema: &str, stream: &str) {
    let id = event().id;
    let inserted = try_to_insert_by_hand(client, schema, stream, id).await;
    inserted.unwrap();
}

/// Inserts this event by hand.
pub(crate) async fn try_to_insert_by_hand(
    client: &Client,
    schema: &str,
    stream: &str,
    id: EventId,
) -> Result<(), tokio_postgres::Error> {
    let sql = inserting(schema, "$2::text::uuid");
    client.execute(&sql, &[&stream, &id.to_string()]).await?;
    Ok(())
}

/// What inserts an event that nobody asks for, into the stream that is the parameter.
pub(crate) fn inserting_by_hand(schema: &str) -> String {
    inserting(schema, "gen_random_uuid()")
}

fn inserting(schema: &str, id: &str) -> String {
    format!(
        "INSERT INTO {schema}.events
             (epoch, place, version, left_in_commit, recorded_at, schema_version, id, stream, name, source, metadata, data)
         SELECT (SELECT max(number) FROM {schema}.epochs), (pg_current_xact_id()::text::int8 << 20) + 1 + ascii($1),
             1, 0, now(), 1, {id}, $1, 'thing.happened', 'test', '{{}}', '{{}}'"
    )
}

/// Begins an append by hand that is not committed yet.
pub(crate) async fn begin_by_hand(client: &Client, schema: &str, stream: &str) {
    client.batch_execute("BEGIN").await.unwrap();
    client
        .execute(
            "SELECT pg_advisory_xact_lock_shared($1)",
            &[&append_lock(schema)],
        )
        .await
        .unwrap();
    insert_by_hand(client, schema, stream).await;
}

/// Waits until so many wait for an advisory lock, and gives back the processes that do.
pub(crate) async fn waiting_for(client: &Client, lock: i64, count: usize) -> Vec<i32> {
    let deadline = Instant::now() + LONG;
    loop {
        let rows = client
            .query(
                "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objsubid = 1
                 AND (classid::int8 << 32 | objid::int8) = $1 ORDER BY pid",
                &[&lock],
            )
            .await
            .unwrap();
        if rows.len() >= count {
            return rows.iter().map(|row| row.get(0)).collect();
        }
        assert!(
            Instant::now() < deadline,
            "{count} should wait for lock {lock}"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Appends to the stream `stalled-1` wait for an advisory lock that is given back: after all was
/// inserted, either at once or at the commit.
pub(crate) async fn stall_appends(client: &Client, schema: &str, at_commit: bool) -> i64 {
    let lock = append_lock(&format!("{schema} stall"));
    let when = if at_commit {
        "DEFERRABLE INITIALLY DEFERRED"
    } else {
        "NOT DEFERRABLE"
    };
    let sql = format!(
        "CREATE FUNCTION {schema}.stall() RETURNS trigger LANGUAGE plpgsql AS $$
             BEGIN PERFORM pg_advisory_xact_lock({lock}); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER stall AFTER INSERT ON {schema}.events {when} FOR EACH ROW
             WHEN (new.stream = 'stalled-1') EXECUTE FUNCTION {schema}.stall();
         SELECT pg_advisory_lock({lock})"
    );
    client.batch_execute(&sql).await.unwrap();
    lock
}

/// Whether the versions of every stream are 1, 2, 3, …
pub(crate) async fn is_gapless(client: &Client, schema: &str) {
    let sql = format!(
        "SELECT coalesce(string_agg(stream, ', '), '') FROM (
             SELECT stream FROM {schema}.events GROUP BY stream HAVING min(version) <> 1 OR max(version) <> count(*)
         ) gaps"
    );
    let gaps: String = client.query_one(&sql, &[]).await.unwrap().get(0);
    assert_eq!(gaps, "", "these streams have gaps");
}
