//! Projections for the tests of the kit.

use ironflow_domain::{Partition, Project, Projection, Recorded, Timestamp, Unpartitioned, event};
use serde::{Deserialize, Serialize};

#[event("order", dropped("order.viewed"), split("order.bought", Bought))]
pub(crate) enum OrderEvent {
    Placed {
        by: String,
        #[serde(default)]
        cents: u64,
    },
    Shipped,
    Rated {
        rate: f64,
    },
    Noted {
        #[serde(skip)]
        secret: u8,
    },
}

/// What was one event once.
#[derive(Deserialize)]
pub(crate) struct Bought {
    by: String,
}

impl From<Bought> for ironflow_domain::Events<OrderEvent> {
    fn from(Bought { by }: Bought) -> Self {
        ironflow_domain::events![OrderEvent::Placed { by, cents: 5 }, OrderEvent::Shipped]
    }
}

#[event("payment")]
pub(crate) enum PaymentEvent {
    Received { by: String, cents: u64 },
}

pub(crate) fn placed(by: &str) -> OrderEvent {
    OrderEvent::Placed {
        by: by.into(),
        cents: 0,
    }
}

/// The orders of one customer.
#[derive(Projection, Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[projection("customer-orders", partition = String, of(OrderEvent))]
pub(crate) struct CustomerOrders {
    pub(crate) orders: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) order: String,
    pub(crate) shipped: Option<Timestamp>,
}

pub(crate) fn line(order: &str) -> Line {
    Line {
        order: order.into(),
        shipped: None,
    }
}

pub(crate) fn shipped(order: &str, time: &str) -> Line {
    Line {
        order: order.into(),
        shipped: Some(time.parse().expect("a time")),
    }
}

pub(crate) fn orders<const N: usize>(orders: [Line; N]) -> CustomerOrders {
    CustomerOrders {
        orders: orders.into(),
    }
}

impl Project<OrderEvent> for CustomerOrders {
    fn partition(event: &Recorded<OrderEvent>) -> Partition<String> {
        match &event.data {
            OrderEvent::Placed { by, .. } => Partition::Key(by.clone()),
            OrderEvent::Shipped => Partition::SameStream,
            OrderEvent::Rated { .. } | OrderEvent::Noted { .. } => Partition::Nowhere,
        }
    }

    fn project(&mut self, event: &Recorded<OrderEvent>) {
        let order = event.stream.id();
        match &event.data {
            OrderEvent::Placed { .. } => self.orders.push(line(order)),
            _ => self
                .orders
                .iter_mut()
                .filter(|line| line.order == order)
                .for_each(|line| line.shipped = Some(event.time)),
        }
    }
}

/// What customers owe, over two sets of events.
#[derive(Projection, Debug, PartialEq, Default, Serialize, Deserialize)]
#[projection("owed", of(OrderEvent, PaymentEvent))]
pub(crate) struct Owed {
    pub(crate) cents: i64,
}

impl Project<OrderEvent> for Owed {
    fn partition(_: &Recorded<OrderEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, event: &Recorded<OrderEvent>) {
        if let OrderEvent::Placed { cents, .. } = event.data {
            self.cents += cents.cast_signed();
        }
    }
}

impl Project<PaymentEvent> for Owed {
    fn partition(_: &Recorded<PaymentEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, event: &Recorded<PaymentEvent>) {
        let PaymentEvent::Received { cents, .. } = event.data;
        self.cents -= cents.cast_signed();
    }
}
