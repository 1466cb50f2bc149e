//! Projections in tables of the user's own: the types that Postgres has, each event once while
//! connections are killed and owners are stale, and what depends on a table through a rebuild.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use ironflow_domain::{
    Aggregate, Decide, Decision, Fold, Ironflow, ProjectSql, Projection, ProjectionState, Rebuild,
    Receipt, Recorded, SqlProjection, Statements, command, event,
};
use ironflow_postgres::Postgres;
use tokio_postgres::{Client, NoTls};

use crate::given::{LONG, options};

#[event("order")]
enum OrderEvent {
    Placed {
        customer: Option<String>,
        cents: i64,
    },
    Paid {
        cents: i64,
    },
    Described {
        details: String,
    },
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

/// Whether whoever takes an event of the customer `stale` first is to stand still.
static STANDS_STILL: AtomicBool = AtomicBool::new(false);
/// And no longer than that, so that a test that fails comes to its end.
const LONGEST: Duration = Duration::from_secs(30);
static STILL: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

#[derive(SqlProjection)]
#[projection("order-report", of(OrderEvent))]
#[table(
    "order_report",
    columns = "id TEXT PRIMARY KEY, customer TEXT NOT NULL, cents BIGINT NOT NULL, paid BIGINT NOT NULL",
    index = "customer, cents DESC"
)]
#[table(
    "details",
    columns = "event UUID PRIMARY KEY, id TEXT NOT NULL REFERENCES {order_report} (id),
               details JSONB NOT NULL, at TIMESTAMPTZ NOT NULL, price NUMERIC(20, 2), is_new BOOLEAN,
               share REAL, bytes BYTEA, small SMALLINT, missing DATE"
)]
struct OrderReport;

impl ProjectSql<OrderEvent> for OrderReport {
    fn project(event: &Recorded<OrderEvent>, sql: &mut Statements) {
        let id = event.stream.id();
        match &event.data {
            OrderEvent::Placed { customer, cents } => {
                let is_first = || STANDS_STILL.swap(false, Ordering::SeqCst);
                if customer.as_deref() == Some("stale") && is_first() {
                    tokio::task::block_in_place(|| {
                        let (may_go_on, changed) = &STILL;
                        let may_go_on = may_go_on.lock().unwrap();
                        drop(
                            changed
                                .wait_timeout_while(may_go_on, LONGEST, |it| !*it)
                                .unwrap(),
                        );
                    });
                }
                sql.execute(
                    "INSERT INTO {order_report} (id, customer, cents, paid) VALUES ($1, $2, $3, 0)",
                    (id, customer, cents),
                );
            }
            OrderEvent::Paid { cents } => sql.execute(
                "UPDATE {order_report} SET paid = paid + $2 WHERE id = $1",
                (id, cents),
            ),
            OrderEvent::Described { details } => sql.execute(
                "INSERT INTO {details}
                 (event, id, details, at, price, is_new, share, bytes, small, missing)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                (
                    event.id,
                    id,
                    details,
                    event.time,
                    "12.345",
                    true,
                    0.5,
                    [0_u8, 255],
                    7_u8,
                    None::<String>,
                ),
            ),
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
        columns = "id UUID PRIMARY KEY DEFAULT gen_random_uuid(), cents NUMERIC"
    )]
    pub(super) struct OrderReport;

    impl ProjectSql<OrderEvent> for OrderReport {
        fn project(event: &Recorded<OrderEvent>, sql: &mut Statements) {
            if let OrderEvent::Placed { cents, .. } = &event.data {
                sql.execute("INSERT INTO {order_report} (cents) VALUES ($1)", (cents,));
            }
        }
    }
}

/// A database that nobody else has, and a connection to it.
async fn new_database() -> (String, Client) {
    static LAST: AtomicU32 = AtomicU32::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed);
    let name = format!("tables_{}_{number}", std::process::id());
    let url = ironflow_services::postgres_url();
    let admin = client(&url).await;
    admin
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    let url = format!("{server}/{name}");
    let client = client(&url).await;
    (url, client)
}

async fn client(url: &str) -> Client {
    let (client, driver) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(driver);
    client
}

async fn connect(url: &str) -> Postgres {
    options("ironflow").connect(url).await.unwrap()
}

async fn follow<P: Projection>(store: &Postgres) -> Ironflow {
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

fn placed(customer: &str, cents: i64) -> OrderEvent {
    OrderEvent::Placed {
        customer: Some(customer.to_owned()),
        cents,
    }
}

fn paid(cents: i64) -> OrderEvent {
    OrderEvent::Paid { cents }
}

async fn wait(ironflow: &Ironflow, receipt: &Receipt) {
    ironflow
        .wait_for::<OrderReport>(receipt, LONG)
        .await
        .unwrap();
}

async fn text(client: &Client, sql: &str) -> String {
    let row = client
        .query_one(&format!("SELECT ({sql})::text"), &[])
        .await
        .unwrap();
    row.get::<_, Option<String>>(0).unwrap_or_default()
}

async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(LONG, waiting).await;
    assert!(waited.is_ok(), "{what}");
}

#[tokio::test]
async fn values_are_of_the_types_that_columns_have() {
    let (url, client) = new_database().await;
    let ironflow = follow::<OrderReport>(&connect(&url).await).await;
    let details = OrderEvent::Described {
        details: r#"{"it's": ["a \"b\"", 1]}"#.to_owned(),
    };
    let last = record(&ironflow, "1", vec![placed("ann", 7), details]).await;
    wait(&ironflow, &last).await;
    for (column, expected) in [
        ("details -> 'it''s' ->> 0", "a \"b\""),
        ("price", "12.35"),
        ("is_new", "true"),
        ("share", "0.5"),
        ("bytes", "\\x00ff"),
        ("small", "7"),
        ("missing IS NULL", "true"),
        ("at BETWEEN now() - interval '1 hour' AND now()", "true"),
    ] {
        let sql = format!("SELECT {column} FROM details");
        assert_eq!(text(&client, &sql).await, expected, "{column}");
    }
    assert_eq!(
        text(
            &client,
            "SELECT count(*) FROM pg_indexes WHERE indexname = 'order_report_1_index_1'"
        )
        .await,
        "1"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_owner_that_was_thought_to_be_gone_writes_nothing() {
    let (url, client) = new_database().await;
    let stores = [connect(&url).await, connect(&url).await];
    let one = follow::<OrderReport>(&stores[0]).await;
    wait(&one, &record(&one, "1", vec![placed("ann", 1)]).await).await;
    let other = follow::<OrderReport>(&stores[1]).await;
    STANDS_STILL.store(true, Ordering::SeqCst);
    record(&one, "2", vec![placed("stale", 5), paid(5)]).await;
    // The one stands still in the middle of it, and the other takes over.
    until("somebody stands still", async || {
        !STANDS_STILL.load(Ordering::SeqCst)
    })
    .await;
    record(&one, "2", vec![paid(7)]).await;
    let paid_so_far = "SELECT coalesce(sum(paid), 0) FROM order_report WHERE id = '2'";
    until("the other takes over", async || {
        text(&client, paid_so_far).await == "12"
    })
    .await;
    *STILL.0.lock().unwrap() = true;
    STILL.1.notify_all();
    let last = record(&other, "2", vec![paid(1)]).await;
    for ironflow in [&one, &other] {
        wait(ironflow, &last).await;
        assert_eq!(ironflow.parked_views("order-report").await.unwrap(), []);
    }
    assert_eq!(text(&client, paid_so_far).await, "13");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_event_counts_once_while_connections_are_killed() {
    let (url, client) = new_database().await;
    let stores = [connect(&url).await, connect(&url).await];
    let recording = Ironflow::new(connect(&ironflow_url(&url)).await)
        .start()
        .await
        .unwrap();
    let (one, other) = tokio::join!(
        follow::<OrderReport>(&stores[0]),
        follow::<OrderReport>(&stores[1])
    );
    let mut last = record(&recording, "1", vec![placed("ann", 1)]).await;
    for round in 0..60 {
        last = record(&recording, "1", (0..50).map(|_| paid(1)).collect()).await;
        if round % 3 == 0 {
            let killed = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                          WHERE application_name = 'ironflow' AND datname = current_database()";
            text(&client, killed).await;
        }
    }
    for ironflow in [&one, &other] {
        wait(ironflow, &last).await;
        assert_eq!(ironflow.parked_views("order-report").await.unwrap(), []);
    }
    assert_eq!(text(&client, "SELECT paid FROM order_report").await, "3000");
}

/// The same, and what connects to it is not killed.
fn ironflow_url(url: &str) -> String {
    format!("{url}?application_name=recording")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_depends_on_a_table_outlives_a_rebuild_and_a_reader_sees_all_of_it() {
    let (url, client) = new_database().await;
    let store = connect(&url).await;
    let ironflow = follow::<OrderReport>(&store).await;
    let mut last = None;
    for order in 0..200 {
        let events = vec![placed("ann", 1), paid(1)];
        last = Some(record(&ironflow, &order.to_string(), events).await);
    }
    let last = last.unwrap();
    wait(&ironflow, &last).await;
    client
        .batch_execute("CREATE VIEW by_customer AS SELECT customer, sum(paid) AS paid FROM order_report GROUP BY customer")
        .await
        .unwrap();
    let shown = "SELECT paid FROM by_customer";
    let watching = async |is_over: &AtomicBool| {
        while !is_over.load(Ordering::SeqCst) {
            assert_eq!(text(&client, shown).await, "200");
        }
    };
    let rebuilding = async |is_over: &AtomicBool| {
        let gently = Rebuild::new("a test").events_per_second(1_000);
        let generation = ironflow.rebuild::<OrderReport>(gently).await.unwrap();
        ironflow
            .wait_for_rebuild::<OrderReport>(generation, LONG)
            .await
            .unwrap();
        assert_eq!(ironflow.undo_rebuild::<OrderReport>().await.unwrap(), 1);
        let other = client_of(&url).await;
        until("the old ones serve", async || {
            text(
                &other,
                "SELECT pg_get_viewdef('order_report'::regclass) LIKE '%order_report_1%'",
            )
            .await
                == "true"
        })
        .await;
        is_over.store(true, Ordering::SeqCst);
    };
    let is_over = AtomicBool::new(false);
    tokio::join!(watching(&is_over), rebuilding(&is_over));

    // Other columns are another view: what depends on it is in the way, and that is told.
    let newer = Ironflow::new(store.clone())
        .projection::<newer::OrderReport>()
        .start()
        .await
        .unwrap();
    until("it is told", async || {
        let status = &newer.projection_statuses()[0];
        format!("{status:?}").contains("by_customer")
    })
    .await;
    client.batch_execute("DROP VIEW by_customer").await.unwrap();
    newer
        .wait_for::<newer::OrderReport>(&last, LONG)
        .await
        .unwrap();
    assert_eq!(
        text(&client, "SELECT pg_typeof(cents) FROM order_report LIMIT 1").await,
        "numeric"
    );
    newer.delete_projection("order-report").await.unwrap();
    let left = "SELECT count(*) FROM pg_class WHERE relname LIKE 'order_report%' OR relname LIKE 'details%'";
    assert_eq!(text(&client, left).await, "0");
}

async fn client_of(url: &str) -> Client {
    client(url).await
}

#[tokio::test]
async fn a_statement_that_is_refused_parks_the_tables_until_it_is_skipped() {
    let (url, client) = new_database().await;
    let ironflow = follow::<OrderReport>(&connect(&url).await).await;
    wait(
        &ironflow,
        &record(&ironflow, "1", vec![placed("ann", 1), paid(1)]).await,
    )
    .await;
    let nobody = OrderEvent::Placed {
        customer: None,
        cents: 3,
    };
    let no_json = OrderEvent::Described {
        details: "no JSON".to_owned(),
    };
    record(&ironflow, "1", vec![paid(2), nobody, paid(4)]).await;
    for (stream, error, paid_so_far) in [
        (
            "order-1",
            "null value in column \"customer\" of relation \"order_report_1\"",
            "3",
        ),
        ("order-2", "invalid input syntax for type json", "7"),
    ] {
        until("it is parked", async || {
            let state = &ironflow.projection_statuses()[0].state;
            matches!(state, ProjectionState::Failed { .. }) && {
                let parked = ironflow.parked_views("order-report").await.unwrap();
                parked[0]
                    .event
                    .as_ref()
                    .is_some_and(|it| it.stream == stream)
                    && !parked[0].is_retried
            }
        })
        .await;
        let parked = ironflow.parked_views("order-report").await.unwrap();
        let event = parked[0].event.clone().unwrap();
        assert!(event.error.contains(error), "{}", event.error);
        let sum = "SELECT sum(paid) FROM order_report";
        assert_eq!(text(&client, sum).await, paid_so_far);
        if stream == "order-1" {
            record(
                &ironflow,
                "2",
                vec![placed("bob", 1), no_json.clone(), paid(8)],
            )
            .await;
        }
        ironflow
            .skip_event("order-report", &parked[0].key, event.id, "a test")
            .await
            .unwrap();
    }
    until("it goes on", async || {
        ironflow
            .parked_views("order-report")
            .await
            .unwrap()
            .is_empty()
    })
    .await;
    assert_eq!(
        text(&client, "SELECT sum(paid) FROM order_report").await,
        "15"
    );
}
