//! Projections in tables of the user's own, on Postgres: what holds on every database, the types that
//! there are, connections that are killed, and what depends on a table through a rebuild.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use ironflow_domain::{Ironflow, ProjectSql, Rebuild, Recorded, SqlProjection, Statements};
use ironflow_postgres::Postgres;
use ironflow_tables::{
    OrderEvent, OrderReport, Site, are_parked, follow, paid, placed, record, until, wait,
};
use tokio_postgres::{Client, NoTls};

use crate::given::{LONG, options};

struct Database {
    url: String,
    client: Client,
}

impl Site for Database {
    type Store = Postgres;

    async fn open(&self) -> Postgres {
        connect(&self.url).await
    }

    async fn number(&self, sql: &str) -> i64 {
        text(&self.client, sql).await.parse().unwrap()
    }
}

async fn new_site() -> ((), Database) {
    let (url, client) = new_database().await;
    ((), Database { url, client })
}

ironflow_tables::tests!(new_site);

/// What is said of each payment, in the types that Postgres has.
#[derive(SqlProjection)]
#[projection("details", of(OrderEvent))]
#[table(
    "details",
    columns = "event UUID PRIMARY KEY, id TEXT NOT NULL, details JSONB NOT NULL, at TIMESTAMPTZ NOT NULL,
               price NUMERIC(20, 2), is_new BOOLEAN, share REAL, bytes BYTEA, small SMALLINT,
               missing DATE",
    index = "id"
)]
struct Details;

impl ProjectSql<OrderEvent> for Details {
    fn project(event: &Recorded<OrderEvent>, sql: &mut Statements) {
        sql.execute(
            "INSERT INTO {details}
             (event, id, details, at, price, is_new, share, bytes, small, missing)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            (
                event.id,
                event.stream.id(),
                r#"{"it's": ["a \"b\"", 1]}"#,
                event.time,
                "12.345",
                true,
                0.5,
                [0_u8, 255],
                7_u8,
                None::<String>,
            ),
        );
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
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    // A server that outlives the tests has those of other processes, some with the same number.
    let nanos = since.unwrap().as_nanos();
    let name = format!("tables_{}_{nanos}_{number}", std::process::id());
    let url = ironflow_services::postgres_url();
    let admin = connection(&url).await;
    admin
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    let (server, _) = url.rsplit_once('/').unwrap();
    let url = format!("{server}/{name}");
    let client = connection(&url).await;
    (url, client)
}

async fn connection(url: &str) -> Client {
    let (client, driver) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(driver);
    client
}

async fn connect(url: &str) -> Postgres {
    options("ironflow").connect(url).await.unwrap()
}

async fn text(client: &Client, sql: &str) -> String {
    let row = client
        .query_one(&format!("SELECT ({sql})::text"), &[])
        .await
        .unwrap();
    row.get::<_, Option<String>>(0).unwrap_or_default()
}

#[tokio::test]
async fn values_are_of_the_types_that_columns_have() {
    let (url, client) = new_database().await;
    let ironflow = follow::<Details>(connect(&url).await).await;
    let last = record(&ironflow, "1", vec![paid(7)]).await;
    wait::<Details>(&ironflow, &last).await;
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
            "SELECT count(*) FROM pg_indexes WHERE indexname = 'details_1_index_1'"
        )
        .await,
        "1"
    );
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
        follow::<OrderReport>(stores[0].clone()),
        follow::<OrderReport>(stores[1].clone())
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
        wait::<OrderReport>(ironflow, &last).await;
        assert_eq!(are_parked::<OrderReport>(ironflow).await, 0);
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
    let ironflow = follow::<OrderReport>(store.clone()).await;
    let mut last = None;
    for order in 0..200 {
        let events = vec![placed("ann", 1), paid(1)];
        last = Some(record(&ironflow, &order.to_string(), events).await);
    }
    let last = last.unwrap();
    wait::<OrderReport>(&ironflow, &last).await;
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
        let other = connection(&url).await;
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
    let left = "SELECT count(*) FROM pg_class WHERE relname LIKE 'order_report%' OR relname LIKE 'takings%'";
    assert_eq!(text(&client, left).await, "0");
}
