//! Projections in tables of the user's own: each event once, through a kill, a stale owner, a rebuild
//! and a statement that is refused.

use std::cell::Cell;
use std::io::{BufReader, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use ironflow_domain::store::MemoryStore;
use ironflow_domain::{
    Aggregate, Decide, Decision, Fold, Ironflow, OperationError, ProjectSql, Projection,
    ProjectionState, Rebuild, RebuildOutcome, Receipt, Recorded, SqlProjection, StartError,
    Statements, WhenChanged, command, event,
};
use ironflow_sqlite::Sqlite;
use rusqlite::{Connection, OpenFlags};

use crate::given::new_file;
use crate::processes::{is_child, next_line, open_shared, start as start_child};

const SOON: Duration = Duration::from_secs(20);

#[event("order")]
enum OrderEvent {
    Placed {
        customer: Option<String>,
        cents: i64,
    },
    Paid {
        cents: i64,
    },
    /// Some of what is done with it can be seen to be wrong.
    Misread,
}

#[derive(Aggregate, Default)]
#[aggregate(event = OrderEvent, error = std::fmt::Error)]
struct Order;

impl Fold for Order {
    fn fold(&mut self, _: &OrderEvent) {}
}

#[command(Order)]
struct Record(Vec<OrderEvent>);

impl Decide<Record> for Order {
    fn decide(&self, Record(events): Record) -> Decision<Self> {
        Ok(events.into())
    }
}

thread_local! {
    /// How many events this test has taken. Each test has a thread, and its projections with it.
    static TAKEN: Cell<u64> = const { Cell::new(0) };
}

/// After how many events a child is to hang, which is when it is killed.
const HANGS_AFTER: u64 = 4_200;

/// Whether whoever takes an event of the customer `stale` first is to stand still.
static STANDS_STILL: AtomicBool = AtomicBool::new(false);
/// And no longer than that, so that a test that fails comes to its end.
const LONGEST: Duration = Duration::from_secs(30);
static STILL: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

/// A row per order.
#[derive(SqlProjection)]
#[projection("order-report", of(OrderEvent))]
#[table(
    "order_report",
    columns = "id TEXT PRIMARY KEY, customer TEXT NOT NULL, cents BIGINT NOT NULL, paid BIGINT",
    index = "customer, cents DESC"
)]
#[table(
    "takings",
    columns = "customer TEXT PRIMARY KEY, cents BIGINT NOT NULL"
)]
struct OrderReport;

impl ProjectSql<OrderEvent> for OrderReport {
    fn project(event: &Recorded<OrderEvent>, sql: &mut Statements) {
        TAKEN.set(TAKEN.get() + 1);
        if is_child() && TAKEN.get() > HANGS_AFTER {
            let mut out = std::io::stdout().lock();
            writeln!(out, "hangs").unwrap();
            out.flush().unwrap();
            loop {
                std::thread::park();
            }
        }
        let id = event.stream.id();
        match &event.data {
            OrderEvent::Placed { customer, cents } => {
                if customer.as_deref() == Some("stale")
                    && STANDS_STILL.swap(false, Ordering::SeqCst)
                {
                    let (may_go_on, changed) = &STILL;
                    let may_go_on = may_go_on.lock().unwrap();
                    drop(
                        changed
                            .wait_timeout_while(may_go_on, LONGEST, |it| !*it)
                            .unwrap(),
                    );
                }
                sql.execute(
                    "INSERT INTO {order_report} (id, customer, cents) VALUES ($1, $2, $3)",
                    (id, customer, cents),
                );
            }
            OrderEvent::Paid { cents } => {
                sql.execute(
                    "UPDATE {order_report} SET paid = coalesce(paid, 0) + $2 WHERE id = $1",
                    (id, cents),
                );
                sql.execute(
                    "INSERT INTO {takings} (customer, cents)
                     SELECT customer, $2 FROM {order_report} WHERE id = $1
                     ON CONFLICT (customer) DO UPDATE SET cents = {takings}.cents + excluded.cents",
                    (id, cents),
                );
            }
            OrderEvent::Misread => sql.execute("DELETE FROM {orders} WHERE id = $1", (id,)),
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

async fn follow<P: Projection>(store: &Sqlite) -> Ironflow {
    Ironflow::new(store.clone())
        .projection::<P>()
        .poll_interval(Duration::from_millis(5))
        .take_over_after(Duration::from_millis(50))
        .start()
        .await
        .unwrap()
}

async fn record(ironflow: &Ironflow, order: &str, events: Vec<OrderEvent>) -> Receipt {
    let order = ironflow.of::<Order>(order);
    order.execute(Record(events)).await.unwrap()
}

async fn place(ironflow: &Ironflow, order: &str, cents: i64) -> Receipt {
    record(ironflow, order, vec![placed("ann", cents), paid(cents)]).await
}

fn placed(customer: &str, cents: i64) -> OrderEvent {
    OrderEvent::Placed {
        customer: Some(customer.to_owned()),
        cents,
    }
}

fn paid(cents: i64) -> OrderEvent {
    OrderEvent::Paid { cents }
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

async fn wait(ironflow: &Ironflow, receipt: &Receipt) {
    let waited = ironflow.wait_for::<OrderReport>(receipt, SOON).await;
    waited.unwrap();
}

fn state(ironflow: &Ironflow) -> ProjectionState {
    ironflow.projection_statuses()[0].state.clone()
}

async fn are_parked(ironflow: &Ironflow) -> usize {
    ironflow.parked_views("order-report").await.unwrap().len()
}

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(SOON, waiting).await;
    assert!(waited.is_ok(), "{what}");
}

#[tokio::test]
async fn rows_are_there_when_they_were_waited_for() {
    let (_directory, path) = new_file();
    let store = Sqlite::open(&path).await.unwrap();
    let ironflow = follow::<OrderReport>(&store).await;
    let reader = reader(&path);
    assert_eq!(number(&reader, "SELECT count(*) FROM order_report"), 0);
    place(&ironflow, "1", 7).await;
    let last = record(&ironflow, "1", vec![paid(1), paid(2)]).await;
    wait(&ironflow, &last).await;
    assert_eq!(
        number(&reader, "SELECT paid FROM order_report WHERE id = '1'"),
        10
    );
    assert_eq!(
        number(&reader, "SELECT cents FROM takings WHERE customer = 'ann'"),
        10
    );
    let plan: String = reader
        .query_row(
            "EXPLAIN QUERY PLAN SELECT * FROM order_report WHERE customer = 'ann'",
            [],
            |row| row.get(3),
        )
        .unwrap();
    assert!(plan.contains("order_report_1_index_1"), "{plan}");

    // After a restart, it goes on.
    ironflow.stop().await;
    let ironflow = follow::<OrderReport>(&store).await;
    wait(&ironflow, &place(&ironflow, "2", 1).await).await;
    assert_eq!(number(&reader, "SELECT sum(cents) FROM takings"), 11);
    let status = &ironflow.projection_statuses()[0];
    assert_eq!(
        (status.generation, &status.state),
        (1, &ProjectionState::Active)
    );
    let lag = ironflow.projection_lag("order-report").await.unwrap();
    assert_eq!(lag.events, 0);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_owner_that_was_thought_to_be_gone_writes_nothing() {
    let (_directory, path) = new_file();
    let stores = [
        Sqlite::open(&path).await.unwrap(),
        Sqlite::open(&path).await.unwrap(),
    ];
    let one = follow::<OrderReport>(&stores[0]).await;
    wait(&one, &place(&one, "1", 1).await).await;
    let other = follow::<OrderReport>(&stores[1]).await;
    STANDS_STILL.store(true, Ordering::SeqCst);
    record(&one, "2", vec![placed("stale", 5), paid(5)]).await;
    // The one stands still in the middle of it, and the other takes over.
    until("somebody stands still", async || {
        !STANDS_STILL.load(Ordering::SeqCst)
    })
    .await;
    let last = record(&one, "2", vec![paid(7)]).await;
    let reader = reader(&path);
    let takings = "SELECT coalesce((SELECT cents FROM takings WHERE customer = 'stale'), 0)";
    until("the other takes over", async || {
        number(&reader, takings) == 12
    })
    .await;
    *STILL.0.lock().unwrap() = true;
    STILL.1.notify_all();
    for ironflow in [&one, &other] {
        wait(ironflow, &last).await;
    }
    let last = record(&other, "2", vec![paid(1)]).await;
    for ironflow in [&one, &other] {
        wait(ironflow, &last).await;
        assert_eq!(ironflow.parked_views("order-report").await.unwrap(), []);
    }
    assert_eq!(number(&reader, takings), 13);
    assert_eq!(
        number(&reader, "SELECT paid FROM order_report WHERE id = '2'"),
        13
    );
}

#[tokio::test]
async fn a_process_that_is_killed_goes_on_where_it_was() {
    if is_child() {
        let store = open_shared().await;
        let _follows = follow::<OrderReport>(&store).await;
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
    let after = follow::<OrderReport>(&store).await;
    wait(&after, &last.unwrap()).await;
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
    let ironflow = follow::<OrderReport>(&store).await;
    for order in 0..300 {
        place(&ironflow, &order.to_string(), 1).await;
    }
    wait(&ironflow, &place(&ironflow, "last", 1).await).await;
    let watched = reader(&path);
    let stop = std::sync::Arc::new(AtomicBool::new(false));
    let told = std::sync::Arc::clone(&stop);
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
    let refused = ironflow.check_rebuild::<OrderReport>().await;
    assert!(
        matches!(refused, Err(OperationError::InTables { .. })),
        "{refused:?}"
    );
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
    let before = follow::<OrderReport>(&store).await;
    let last = place(&before, "1", 1).await;
    wait(&before, &last).await;
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
    let after = follow::<newer::OrderReport>(&store).await;
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
    wait(&before, &place(&before, "2", 1).await).await;
    assert_eq!(number(&reader, "SELECT sum(cents) FROM takings_1"), 2);
}

#[tokio::test]
async fn a_statement_that_is_refused_parks_the_tables_until_it_is_skipped() {
    let (_directory, path) = new_file();
    let store = Sqlite::open(&path).await.unwrap();
    let ironflow = follow::<OrderReport>(&store).await;
    let reader = reader(&path);
    wait(&ironflow, &place(&ironflow, "1", 1).await).await;
    let nobody = OrderEvent::Placed {
        customer: None,
        cents: 3,
    };
    // In the middle of others, that are taken at the same time.
    ironflow.pause("order-report").await.unwrap();
    until("it is paused", async || {
        state(&ironflow) == ProjectionState::Paused
    })
    .await;
    for order in 2..10 {
        place(&ironflow, &order.to_string(), 1).await;
    }
    record(&ironflow, "bad", vec![nobody, paid(3)]).await;
    place(&ironflow, "10", 1).await;
    ironflow.resume("order-report").await.unwrap();
    until("it is parked", async || {
        matches!(state(&ironflow), ProjectionState::Failed { .. })
    })
    .await;
    let parked = ironflow.parked_views("order-report").await.unwrap();
    let event = parked[0].event.clone().unwrap();
    assert_eq!((parked.len(), &*event.stream), (1, "order-bad"));
    let error = &event.error;
    for part in [
        "event order.placed",
        "INSERT INTO {order_report} (id, customer, cents) VALUES ($1, $2, $3) with $1 = 'bad', $2 = NULL, $3 = 3",
        "NOT NULL constraint failed: order_report_1.customer",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert_eq!(
        number(&reader, "SELECT sum(cents) FROM takings"),
        9,
        "all that was before it"
    );

    // What was wrong is so still, and nothing is lost of what comes after it.
    ironflow
        .retry_view("order-report", &parked[0].key)
        .await
        .unwrap();
    until("it is tried again", async || {
        ironflow.parked_views("order-report").await.unwrap()[0].attempts == 4
    })
    .await;
    assert_eq!(number(&reader, "SELECT sum(cents) FROM takings"), 9);
    place(&ironflow, "11", 1).await;
    let misread = record(
        &ironflow,
        "12",
        vec![placed("bob", 2), OrderEvent::Misread, paid(2)],
    )
    .await;
    ironflow
        .skip_event("order-report", &parked[0].key, event.id, "a test")
        .await
        .unwrap();
    until("it is parked at the next one", async || {
        let parked = ironflow.parked_views("order-report").await.unwrap();
        parked
            .iter()
            .any(|it| it.event.as_ref().is_some_and(|it| it.stream == "order-12"))
    })
    .await;
    let parked = ironflow.parked_views("order-report").await.unwrap();
    let event = parked[0].event.clone().unwrap();
    assert!(
        event.error.contains(
            "leads to a statement that is wrong: `{orders}` is none of the projection's tables"
        ),
        "{}",
        event.error
    );
    assert_eq!(event.name, "order.misread");
    ironflow
        .skip_event("order-report", &parked[0].key, event.id, "a test")
        .await
        .unwrap();
    until("it goes on", async || are_parked(&ironflow).await == 0).await;
    until("it is active", async || {
        state(&ironflow) == ProjectionState::Active
    })
    .await;
    wait(&ironflow, &misread).await;
    assert_eq!(number(&reader, "SELECT sum(cents) FROM takings"), 13);
    assert_eq!(number(&reader, "SELECT count(*) FROM order_report"), 12);
    let refused = ironflow.rebuild_view("order-report", &parked[0].key).await;
    assert!(
        matches!(refused, Err(OperationError::InTables { .. })),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_projection_that_is_deleted_leaves_no_table() {
    let (_directory, path) = new_file();
    let store = Sqlite::open(&path).await.unwrap();
    let ironflow = follow::<OrderReport>(&store).await;
    let reader = reader(&path);
    wait(&ironflow, &place(&ironflow, "1", 1).await).await;
    ironflow
        .rebuild::<OrderReport>(Rebuild::new("a test"))
        .await
        .unwrap();
    ironflow
        .wait_for_rebuild::<OrderReport>(2, SOON)
        .await
        .unwrap();
    assert_eq!(tables(&reader).len(), 6);
    ironflow.delete_projection("order-report").await.unwrap();
    assert_eq!(tables(&reader), Vec::<String>::new());
    ironflow.stop().await;
    // From the start.
    let ironflow = follow::<OrderReport>(&store).await;
    wait(&ironflow, &place(&ironflow, "more", 1).await).await;
    assert_eq!(number(&reader, "SELECT count(*) FROM order_report"), 2);
}
