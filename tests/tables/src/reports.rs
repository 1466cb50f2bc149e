//! Projections in tables.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, OnceLock};
use std::time::Duration;

use ironflow_domain::{ProjectSql, Recorded, SqlProjection, Statements};

use crate::domain::OrderEvent;

/// What is done before the report takes an event.
static HOOK: OnceLock<fn()> = OnceLock::new();

/// Whether whoever takes an event of the customer `stale` first is to stand still.
static STANDS_STILL: AtomicBool = AtomicBool::new(false);
/// And no longer than that, so that a test that fails comes to its end.
const LONGEST: Duration = Duration::from_secs(30);
static STILL: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

/// Has something be done before the report takes an event, in all tests of the process.
pub fn set_hook(hook: fn()) {
    HOOK.get_or_init(|| hook);
}

/// Has the next one who takes an event of the customer `stale` stand still.
pub(crate) fn stand_still() {
    STANDS_STILL.store(true, Ordering::SeqCst);
}

pub(crate) fn stands_still() -> bool {
    !STANDS_STILL.load(Ordering::SeqCst)
}

pub(crate) fn go_on() {
    *STILL.0.lock().unwrap() = true;
    STILL.1.notify_all();
}

fn stand_still_if_told() {
    if STANDS_STILL.swap(false, Ordering::SeqCst) {
        tokio::task::block_in_place(|| {
            let (may_go_on, changed) = &STILL;
            let may_go_on = may_go_on.lock().unwrap();
            drop(changed.wait_timeout_while(may_go_on, LONGEST, |it| !*it));
        });
    }
}

/// A row per order, and one per customer.
#[derive(SqlProjection, Debug)]
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
pub struct OrderReport;

impl ProjectSql<OrderEvent> for OrderReport {
    fn project(event: &Recorded<OrderEvent>, sql: &mut Statements) {
        if let Some(hook) = HOOK.get() {
            hook();
        }
        let id = event.stream.id();
        match &event.data {
            OrderEvent::Placed { customer, cents } => {
                if customer.as_deref() == Some("stale") {
                    stand_still_if_told();
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

/// Payments, each of an order that is placed by the time all is done.
#[derive(SqlProjection)]
#[projection("payments", of(OrderEvent))]
#[table("known_orders", columns = "id TEXT PRIMARY KEY")]
#[table(
    "payments",
    columns = "id TEXT NOT NULL REFERENCES {known_orders} (id) DEFERRABLE INITIALLY DEFERRED,
               cents BIGINT NOT NULL"
)]
pub(crate) struct Payments;

impl ProjectSql<OrderEvent> for Payments {
    fn project(event: &Recorded<OrderEvent>, sql: &mut Statements) {
        let id = event.stream.id();
        match event.data {
            OrderEvent::Placed { .. } => {
                sql.execute("INSERT INTO {known_orders} (id) VALUES ($1)", (id,));
            }
            OrderEvent::Paid { cents } => sql.execute(
                "INSERT INTO {payments} (id, cents) VALUES ($1, $2)",
                (id, cents),
            ),
            OrderEvent::Misread => {}
        }
    }
}

/// What was paid, and nothing else.
#[derive(SqlProjection)]
#[projection("income", of(OrderEvent), only(OrderEvent::Paid))]
#[table("income", columns = "cents BIGINT")]
pub(crate) struct Income;

impl ProjectSql<OrderEvent> for Income {
    fn project(event: &Recorded<OrderEvent>, sql: &mut Statements) {
        // Of another event there would be a row without a number.
        let cents = match event.data {
            OrderEvent::Paid { cents } => Some(cents),
            OrderEvent::Placed { .. } | OrderEvent::Misread => None,
        };
        sql.execute("INSERT INTO {income} (cents) VALUES ($1)", (cents,));
    }
}
