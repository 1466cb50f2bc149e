//! The dashboard of one customer.

use ironflow_domain::{Partition, Project, Projection, Recorded, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::{Cents, CustomerId, OrderEvent, OrderId, Status};

/// The orders of one customer, newest first.
#[derive(Projection, Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[projection("customer-orders-list", partition = CustomerId, of(OrderEvent))]
pub struct CustomerOrders {
    /// The orders.
    pub orders: Vec<OrderSummary>,
}

/// One line of the dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderSummary {
    /// Which order.
    pub order_id: OrderId,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// What it costs.
    pub total_amount: Cents,
    /// How far it has come.
    pub status: Status,
    /// What it is, in a few words.
    pub summary: String,
}

impl Project<OrderEvent> for CustomerOrders {
    fn partition(event: &Recorded<OrderEvent>) -> Partition<CustomerId> {
        match &event.data {
            OrderEvent::Placed(placed) => Partition::Key(placed.customer.id.clone()),
            // Only the first event of an order names the customer; the rest go where that one went.
            OrderEvent::Confirmed
            | OrderEvent::Paid { .. }
            | OrderEvent::Shipped { .. }
            | OrderEvent::Cancelled { .. } => Partition::SameStream,
        }
    }

    fn project(&mut self, event: &Recorded<OrderEvent>) {
        let status = (&event.data).into();
        if let OrderEvent::Placed(placed) = &event.data {
            let summary = OrderSummary {
                order_id: placed.order_id.clone(),
                placed_at: event.time,
                total_amount: placed.total_amount,
                status,
                summary: match placed.items.len() {
                    1 => "1 item".to_owned(),
                    items => format!("{items} items"),
                },
            };
            self.orders.insert(0, summary);
        } else {
            let order_id = event.stream.id().into();
            self.orders
                .iter_mut()
                .filter(|order| order.order_id == order_id)
                .for_each(|order| order.status = status);
        }
    }
}
