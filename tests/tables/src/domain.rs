//! Orders, and what is done to record and follow them.

use std::time::Duration;

use ironflow_domain::store::Store;
use ironflow_domain::{
    Aggregate, Decide, Decision, Fold, Ironflow, Projection, Receipt, command, event,
};

/// How long anything may take on a machine that is busy with other things.
pub const SOON: Duration = Duration::from_mins(1);

#[event("order")]
pub enum OrderEvent {
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
#[aggregate(event = OrderEvent, error = std::convert::Infallible)]
pub(crate) struct Order;

impl Fold for Order {
    fn fold(&mut self, _: &OrderEvent) {}
}

#[command(Order)]
pub(crate) struct Record(Vec<OrderEvent>);

impl Decide<Record> for Order {
    fn decide(&self, Record(events): Record) -> Decision<Self> {
        Ok(events.into())
    }
}

pub fn placed(customer: &str, cents: i64) -> OrderEvent {
    OrderEvent::Placed {
        customer: Some(customer.to_owned()),
        cents,
    }
}

pub const fn paid(cents: i64) -> OrderEvent {
    OrderEvent::Paid { cents }
}

pub async fn record(ironflow: &Ironflow, order: &str, events: Vec<OrderEvent>) -> Receipt {
    let order = ironflow.of::<Order>(order);
    order.execute(Record(events)).await.unwrap()
}

/// An order of Ann's, and she pays it.
pub async fn place(ironflow: &Ironflow, order: &str, cents: i64) -> Receipt {
    record(ironflow, order, vec![placed("ann", cents), paid(cents)]).await
}

pub async fn follow<P: Projection>(store: impl Store) -> Ironflow {
    Ironflow::new(store)
        .projection::<P>()
        .poll_interval(Duration::from_millis(5))
        .take_over_after(Duration::from_millis(50))
        .start()
        .await
        .unwrap()
}

pub async fn wait<P: Projection>(ironflow: &Ironflow, receipt: &Receipt) {
    ironflow.wait_for::<P>(receipt, SOON).await.unwrap();
}

pub async fn are_parked<P: Projection>(ironflow: &Ironflow) -> usize {
    ironflow.parked_views(P::NAME).await.unwrap().len()
}

pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let waiting = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = tokio::time::timeout(SOON, waiting).await;
    assert!(waited.is_ok(), "{what}");
}
