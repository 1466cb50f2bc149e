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
