//! The page of one order.

use ironflow_domain::{Partition, Project, Projection, Recorded, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::{
    Address, Cents, Contact, LineItem, OrderEvent, OrderId, OrderPlaced, PaymentId, Status,
};

/// The page of one order.
#[derive(Projection, Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[projection("order-detail-view", partition = OrderId, of(OrderEvent))]
#[serde(rename_all = "camelCase")]
pub struct OrderDetail {
    /// Which order.
    pub order_id: OrderId,
    /// Who ordered.
    pub customer: Contact,
    /// What was ordered.
    pub items: Vec<LineItem>,
    /// Where it goes.
    pub shipping_address: Address,
    /// What it costs.
    pub total_amount: Cents,
    /// How far it has come.
    pub status: Status,
    /// When it was placed.
    pub placed_at: Option<Timestamp>,
    /// When it was confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// When it was paid.
    pub paid_at: Option<Timestamp>,
    /// The payment.
    pub payment_id: Option<PaymentId>,
    /// When it was shipped.
    pub shipped_at: Option<Timestamp>,
    /// Where to follow the parcel.
    pub tracking_number: Option<String>,
    /// When it was cancelled.
    pub cancelled_at: Option<Timestamp>,
    /// Why it was cancelled.
    pub cancellation_reason: Option<String>,
}

impl Project<OrderEvent> for OrderDetail {
    fn partition(event: &Recorded<OrderEvent>) -> Partition<OrderId> {
        Partition::Key(event.stream.id().into())
    }

    fn project(&mut self, event: &Recorded<OrderEvent>) {
        let when = Some(event.time);
        self.status = (&event.data).into();
        match &event.data {
            OrderEvent::Placed(placed) => {
                let OrderPlaced {
                    order_id,
                    customer,
                    items,
                    shipping_address,
                    total_amount,
                    ..
                } = placed.clone();
                *self = Self {
                    order_id,
                    customer,
                    items,
                    shipping_address,
                    total_amount,
                    placed_at: when,
                    ..Self::default()
                };
            }
            OrderEvent::Confirmed => self.confirmed_at = when,
            OrderEvent::Paid { payment_id } => {
                self.paid_at = when;
                self.payment_id.clone_from(payment_id);
            }
            OrderEvent::Shipped { tracking_number } => {
                self.shipped_at = when;
                self.tracking_number.clone_from(tracking_number);
            }
            OrderEvent::Cancelled { reason } => {
                self.cancelled_at = when;
                self.cancellation_reason.clone_from(reason);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ironflow_domain::events;
    use ironflow_testing::{ThenViews, stored, views_of};
    use serde_json::json;

    use super::*;
    use crate::commands::stories::{cancelled, confirmed, order, paid, placed, placed_by, shipped};

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a valid time")
    }

    /// What the page shows once Ann has ordered.
    fn page() -> OrderDetail {
        let OrderEvent::Placed(placed) = placed() else {
            unreachable!("that is how an order begins");
        };
        OrderDetail {
            order_id: placed.order_id,
            customer: placed.customer,
            items: placed.items,
            shipping_address: placed.shipping_address,
            total_amount: placed.total_amount,
            status: Status::Placed,
            placed_at: Some(time("2026-04-17T09:00:00Z")),
            ..OrderDetail::default()
        }
    }

    fn ann_has_ordered() -> ThenViews<OrderDetail> {
        views_of::<OrderDetail>()
            .at("2026-04-17T09:00:00Z")
            .given(order(), events![placed()])
            .then([(order(), page())])
    }

    #[test]
    fn the_page_tells_when_what_was_done() {
        ann_has_ordered()
            .at("2026-04-17T10:00:00Z")
            .given(order(), events![confirmed()])
            .at("2026-04-17T11:00:00Z")
            .given(order(), events![paid()])
            .at("2026-04-18T08:00:00Z")
            .given(order(), events![shipped()])
            .then([(
                order(),
                OrderDetail {
                    status: Status::Shipped,
                    confirmed_at: Some(time("2026-04-17T10:00:00Z")),
                    paid_at: Some(time("2026-04-17T11:00:00Z")),
                    payment_id: Some("pay-1".into()),
                    shipped_at: Some(time("2026-04-18T08:00:00Z")),
                    tracking_number: Some("track-1".into()),
                    ..page()
                },
            )]);
    }

    #[test]
    fn the_page_tells_why_an_order_was_cancelled() {
        ann_has_ordered()
            .at("2026-04-17T10:00:00Z")
            .given(order(), events![cancelled()])
            .then([(
                order(),
                OrderDetail {
                    status: Status::Cancelled,
                    cancelled_at: Some(time("2026-04-17T10:00:00Z")),
                    cancellation_reason: Some("changed my mind".into()),
                    ..page()
                },
            )]);
    }

    #[test]
    fn every_order_has_a_page() {
        ann_has_ordered()
            .given("124", events![placed_by("bob", "124")])
            .then_view(order(), page())
            .then_view_matching("124", |page| page.customer.id == "bob".into())
            .then_no_view("125");
    }

    #[test]
    fn what_the_carrier_did_not_say_is_not_on_the_page() {
        ann_has_ordered()
            .given(order(), stored("order.shipped", 1, json!({})))
            .then_view_matching(order(), |page| page.tracking_number.is_none());
    }

    #[test]
    fn what_is_delivered_twice_is_shown_once() {
        ann_has_ordered()
            .given(order(), events![confirmed(), paid(), shipped()])
            .times(2)
            .then_view_matching(order(), |page| page.status == Status::Shipped);
    }
}
