//! What can happen to an order.

use ironflow_domain::{Timestamp, event};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Address, Cents, Contact, LineItem, OrderId, PaymentId};

/// What can happen to an order.
#[event("order")]
#[derive(JsonSchema)]
pub enum OrderEvent {
    /// A customer submitted an order. Names and prices are frozen here, so a rebuild needs nothing
    /// else.
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
