//! What can happen to an order.

use ironflow_domain::{EventRef, Timestamp, Upcast, UpcastResult, event};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Address, Cents, Contact, CustomerId, LineItem, OrderId, PaymentId};

/// What can happen to an order.
#[event("order")]
#[derive(JsonSchema)]
pub enum OrderEvent {
    /// A customer submitted an order. Names and prices are frozen here, so a rebuild needs nothing
    /// else.
    #[event(version = 2, upcast(OrderPlacedV1))]
    Placed(OrderPlaced),
    /// The shop accepted it.
    Confirmed,
    /// It was paid.
    #[serde(rename_all = "camelCase")]
    Paid {
        /// The payment, where a provider took it.
        payment_id: Option<PaymentId>,
    },
    /// It was handed to the carrier.
    #[serde(rename_all = "camelCase")]
    Shipped {
        /// Where to follow the parcel, if the carrier says.
        tracking_number: Option<String>,
    },
    /// It will not be delivered.
    Cancelled {
        /// Why, if someone said.
        reason: Option<String>,
    },
}

/// A customer submitted an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPlaced {
    /// Which order.
    pub order_id: OrderId,
    /// Who, as they were then.
    pub customer: Contact,
    /// What, as it was then.
    pub items: Vec<LineItem>,
    /// Where to.
    pub shipping_address: Address,
    /// What it costs.
    pub total_amount: Cents,
    /// When it was submitted.
    pub occurred_at: Timestamp,
}

/// How it was recorded before the customer's name and the time were frozen into it, too.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderPlacedV1 {
    order_id: OrderId,
    customer_id: CustomerId,
    items: Vec<LineItem>,
    shipping_address: Address,
    total: Cents,
}

impl Upcast<OrderPlacedV1> for OrderPlaced {
    /// What the customer was called is not known any more: it is left empty rather than looked up,
    /// since it may have changed.
    fn upcast(old: OrderPlacedV1, event: &EventRef<'_>) -> UpcastResult<Self> {
        Ok(Self {
            order_id: old.order_id,
            customer: Contact {
                id: old.customer_id,
                ..Contact::default()
            },
            items: old.items,
            shipping_address: old.shipping_address,
            total_amount: old.total,
            occurred_at: event.time,
        })
    }
}

#[cfg(test)]
mod tests {
    use ironflow_domain::events;
    use ironflow_testing::stored;

    use super::OrderEvent;
    use crate::commands::stories::{placed_before, placed_nameless, shop};

    #[test]
    fn an_order_of_before_has_the_time_it_was_recorded_and_no_name() {
        stored::<OrderEvent>("order.placed", 1, placed_before())
            .at("2026-04-17T14:22:01Z")
            .then(events![placed_nameless(shop().issued_at)]);
    }
}
