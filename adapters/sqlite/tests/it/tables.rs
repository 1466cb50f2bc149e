//! Projections in tables of the user's own, on SQLite: what holds on every database, a kill, a rebuild,
//! and other columns.

use std::cell::Cell;
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ironflow_domain::store::MemoryStore;
use ironflow_domain::{
    Ironflow, ProjectSql, Rebuild, RebuildOutcome, Recorded, SqlProjection, StartError, Statements,
    WhenChanged,
};
use ironflow_sqlite::Sqlite;
use ironflow_tables::{
    OrderEvent, OrderReport, Site, follow, paid, place, placed, record, set_hook, until, wait,
};
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::given::new_file;
use crate::processes::{is_child, next_line, open_shared, start as start_child};

const SOON: Duration = Duration::from_secs(20);

struct File(PathBuf);

impl Site for File {
    type Store = Sqlite;

    async fn open(&self) -> Sqlite {
        Sqlite::open(&self.0).await.unwrap()
    }

    async fn number(&self, sql: &str) -> i64 {
        number(&reader(&self.0), sql)
    }
}

async fn new_site() -> (TempDir, File) {
    let (directory, path) = new_file();
    // There is a file to read before anything follows.
    Sqlite::open(&path).await.unwrap().close().await;
    (directory, File(path))
}

ironflow_tables::tests!(new_site);

thread_local! {
    /// How many events this test has taken. Each test has a thread, and its projections with it.
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

/// After how many events a child is to hang, which is when it is killed.
const HANGS_AFTER: u64 = 4_200;

/// Counts the events that are taken; a child hangs at some time.
fn count() {
    TAKEN.set(TAKEN.get() + 1);
    if is_child() && TAKEN.get() > HANGS_AFTER {
        let mut out = std::io::stdout().lock();
        writeln!(out, "hangs").unwrap();
        out.flush().unwrap();
        loop {
            std::thread::park();
        }
    }
}

/// The same name in a newer program.
mod newer {
    use super::{OrderEvent, ProjectSql, Recorded, SqlProjection, Statements};

    #[derive(SqlProjection)]
    #[projection("order-report", of(OrderEvent))]
    #[table(
        "order_report",
        columns = "id TEXT PRIMARY KEY, placed_at TEXT NOT NULL"
    )]
    pub(super) struct OrderReport;

    impl ProjectSql<OrderEvent> for OrderReport {
        fn project(event: &Recorded<OrderEvent>, sql: &mut Statements) {
            if let OrderEvent::Placed { .. } = event.data {
                sql.execute(
                    "INSERT INTO {order_report} (id, placed_at) VALUES ($1, $2)",
                    (event.stream.id(), event.time),
                );
            }
        }
    }
}

/// Wants a table that another has.
#[derive(SqlProjection)]
#[projection("other-report", of(OrderEvent))]
#[table("takings", columns = "a TEXT")]
struct Other;

impl ProjectSql<OrderEvent> for Other {
    fn project(_: &Recorded<OrderEvent>, _: &mut Statements) {}
}

/// Somebody else's connection, that only reads.
fn reader(path: &Path) -> Connection {
    let reader = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    reader.busy_timeout(SOON).unwrap();
    reader
}

fn number(reader: &Connection, sql: &str) -> i64 {
    reader.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The tables and views of projections that there are.
fn tables(reader: &Connection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')
               AND (name LIKE 'order_report%' OR name LIKE 'takings%') ORDER BY name";
    let mut statement = reader.prepare(sql).unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names.collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn a_store_without_sql_and_a_table_of_two_are_refused_at_start() {
    let refused = Ironflow::new(MemoryStore::new())
        .projection::<OrderReport>()
        .start()
        .await;
    let error = refused.err().unwrap();
    assert!(matches!(error, StartError::Unsupported(_)), "{error:?}");
    assert_eq!(
        error.to_string(),
        "a store of this kind cannot execute SQL, for the tables of a projection, which the \
         application requires"
    );

    let store = Sqlite::in_memory().await.unwrap();
    let refused = Ironflow::new(store)
        .projection::<OrderReport>()
        .projection::<Other>()
        .start()
        .await;
    let error = refused.err().unwrap();
    assert!(
        matches!(error, StartError::DuplicateTable("takings")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_process_that_is_killed_goes_on_where_it_was() {
    set_hook(count);
    if is_child() {
        let store = open_shared().await;
        let _follows = follow::<OrderReport>(store.clone()).await;
        return std::future::pending().await;
    }
    let (_directory, path) = new_file();
    let store = Sqlite::open(&path).await.unwrap();
    let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
    record(&ironflow, "1", vec![placed("ann", 1)]).await;
    let mut last = None;
    for _ in 0..50 {
        let events = (0..100).map(|_| paid(1)).collect();
        last = Some(record(&ironflow, "1", events).await);
    }
    ironflow.stop().await;
    drop(ironflow);
    store.close().await;

    let mut child = start_child(
        "tables::a_process_that_is_killed_goes_on_where_it_was",
        1,
        &path,
    );
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut has_hung = false;
    while let Some(line) = next_line(&mut out) {
        if line.ends_with("hangs\n") {
            has_hung = true;
            child.kill().unwrap();
        }
    }
    assert!(!child.wait().unwrap().success());
    assert!(has_hung, "it was killed in the middle");
    let reader = reader(&path);
    let before = number(&reader, "SELECT paid FROM order_report_1");
    assert!(before < 5_000);

    let store = Sqlite::open(&path).await.unwrap();
    TAKEN.set(0);
    let after = follow::<OrderReport>(store.clone()).await;
    wait::<OrderReport>(&after, &last.unwrap()).await;
    assert_eq!(number(&reader, "SELECT paid FROM order_report"), 5_000);
    assert_eq!(number(&reader, "SELECT cents FROM takings"), 5_000);
    // The order was placed before the first of them.
    assert_eq!(
        TAKEN.get(),
        if before == 0 {
            5_001
        } else {
            5_000 - before.unsigned_abs()
        }
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_reader_sees_no_table_that_is_half_full() {
    let (_directory, path) = new_file();
    let store = Sqlite::open(&path).await.unwrap();
    let ironflow = follow::<OrderReport>(store.clone()).await;
    for order in 0..300 {
        place(&ironflow, &order.to_string(), 1).await;
    }
    wait::<OrderReport>(&ironflow, &place(&ironflow, "last", 1).await).await;
    let watched = reader(&path);
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    let watching = std::thread::spawn(move || {
        let mut looks = 0;
        while !told.load(Ordering::SeqCst) {
            let sql =
                "SELECT count(*) + sum(paid) + (SELECT sum(cents) FROM takings) FROM order_report";
            assert_eq!(number(&watched, sql), 3 * 301);
            looks += 1;
        }
        looks
    });
    let reader = reader(&path);

    let gently = Rebuild::new("a test").events_per_second(2_000);
    let generation = ironflow.rebuild::<OrderReport>(gently).await.unwrap();
    assert_eq!(generation, 2);
    ironflow
        .wait_for_rebuild::<OrderReport>(2, SOON)
        .await
        .unwrap();
    until("the old ones are kept", async || {
        tables(&reader)
            == [
                "order_report",
                "order_report_1",
                "order_report_2",
                "takings",
                "takings_1",
                "takings_2",
            ]
    })
    .await;
    let shown = "SELECT count(*) FROM sqlite_schema WHERE type = 'view' AND sql LIKE ";
    assert_eq!(number(&reader, &format!("{shown} '%takings_2%'")), 1);

    let again = ironflow.undo_rebuild::<OrderReport>().await.unwrap();
    assert_eq!(again, 1);
    until("the old ones serve", async || {
        number(&reader, &format!("{shown} '%takings_1%'")) == 1
    })
    .await;

    // Not before it is released.
    until("it is complete", async || {
        ironflow
            .rebuild::<OrderReport>(Rebuild::new("held").hold())
            .await
            .is_ok()
    })
    .await;
    until("it is as far", async || {
        reader.query_row("SELECT count(*) FROM order_report_3", [], |row| {
            row.get::<_, i64>(0)
        }) == Ok(301)
    })
    .await;
    assert_eq!(number(&reader, &format!("{shown} '%takings_1%'")), 1);
    ironflow.release::<OrderReport>().await.unwrap();
    ironflow
        .wait_for_rebuild::<OrderReport>(3, SOON)
        .await
        .unwrap();
    until("what nobody asks for is dropped", async || {
        tables(&reader)
            == [
                "order_report",
                "order_report_1",
                "order_report_3",
                "takings",
                "takings_1",
                "takings_3",
            ]
    })
    .await;

    let cancelled = ironflow
        .rebuild::<OrderReport>(Rebuild::new("cancelled").hold())
        .await
        .unwrap();
    ironflow.cancel_rebuild::<OrderReport>().await.unwrap();
    until("it is dropped", async || {
        !tables(&reader).contains(&format!("takings_{cancelled}"))
    })
    .await;
    stop.store(true, Ordering::SeqCst);
    assert!(
        watching.join().unwrap() > 100,
        "it was looked at all the time"
    );
    let outcomes: Vec<_> = ironflow.rebuilds("order-report").await.unwrap();
    assert_eq!(outcomes.last().unwrap().outcome, RebuildOutcome::Cancelled);
}

#[tokio::test]
async fn other_columns_are_filled_beside_those_that_are_there() {
    let (_directory, path) = new_file();
    let store = Sqlite::open(&path).await.unwrap();
    let before = follow::<OrderReport>(store.clone()).await;
    let last = place(&before, "1", 1).await;
    wait::<OrderReport>(&before, &last).await;
    let refused = Ironflow::new(store.clone())
        .projection::<newer::OrderReport>()
        .when_changed(WhenChanged::Refuse)
        .start()
        .await;
    match refused.err().unwrap() {
        StartError::ProjectionChanged { changes, .. } => assert_eq!(
            changes,
            "its table order_report has changed, it is without the table takings now"
        ),
        other => panic!("{other:?}"),
    }
    let after = follow::<newer::OrderReport>(store.clone()).await;
    after
        .wait_for::<newer::OrderReport>(&last, SOON)
        .await
        .unwrap();
    let reader = reader(&path);
    assert_eq!(
        number(&reader, "SELECT count(placed_at) FROM order_report"),
        1
    );
    // The program before goes on with its own, under their full names.
    wait::<OrderReport>(&before, &place(&before, "2", 1).await).await;
    assert_eq!(number(&reader, "SELECT sum(cents) FROM takings_1"), 2);
}
