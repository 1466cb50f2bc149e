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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ironflow_domain::events;
    use ironflow_testing::views_of;

    use super::*;
    use crate::commands::stories::{cancelled, confirmed, paid, placed_by, shipped};

    const NOON: &str = "2026-04-17T12:00:00Z";
    const AN_HOUR_LATER: &str = "2026-04-17T13:00:00Z";
    const AN_HOUR: Duration = Duration::from_hours(1);

    /// An order of two packets of coffee on somebody's dashboard.
    fn line(order: &str, placed_at: &str, status: Status) -> OrderSummary {
        OrderSummary {
            order_id: order.into(),
            placed_at: placed_at.parse().expect("a valid time"),
            total_amount: Cents(2_500),
            status,
            summary: "1 item".into(),
        }
    }

    fn dashboard<const N: usize>(orders: [OrderSummary; N]) -> CustomerOrders {
        CustomerOrders {
            orders: orders.into(),
        }
    }

    #[test]
    fn every_customer_sees_their_own_orders_the_newest_first() {
        views_of::<CustomerOrders>()
            .at(NOON)
            .given("1", events![placed_by("ann", "1")])
            .given("2", events![placed_by("bob", "2")])
            .advance(AN_HOUR)
            .given("3", events![placed_by("ann", "3")])
            .then([
                (
                    "ann",
                    dashboard([
                        line("3", AN_HOUR_LATER, Status::Placed),
                        line("1", NOON, Status::Placed),
                    ]),
                ),
                ("bob", dashboard([line("2", NOON, Status::Placed)])),
            ]);
    }

    #[test]
    fn an_order_shows_how_far_it_has_come() {
        let shows = |status| [("ann", dashboard([line("1", NOON, status)]))];
        views_of::<CustomerOrders>()
            .at(NOON)
            .given("1", events![placed_by("ann", "1")])
            .then(shows(Status::Placed))
            .advance(AN_HOUR)
            .given("1", events![confirmed()])
            .then(shows(Status::Confirmed))
            .given("1", events![paid()])
            .then(shows(Status::Paid))
            .given("1", events![shipped()])
            .then(shows(Status::Shipped));
    }

    #[test]
    fn a_cancelled_order_stays_on_the_dashboard_and_leaves_the_others_alone() {
        views_of::<CustomerOrders>()
            .at(NOON)
            .given("1", events![placed_by("ann", "1")])
            .given("2", events![placed_by("ann", "2")])
            .given("1", events![cancelled()])
            .then([(
                "ann",
                dashboard([
                    line("2", NOON, Status::Placed),
                    line("1", NOON, Status::Cancelled),
                ]),
            )]);
    }
}
