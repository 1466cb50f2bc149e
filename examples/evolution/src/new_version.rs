//! Another shape, twice: each version has a type, and each step is a `From`.

use ironflow_domain::{Aggregate, Fold, event};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What happens to an order.
#[event("order")]
#[derive(JsonSchema)]
pub enum OrderEvent {
    /// A customer submitted it.
    #[event(version = 3, upcast(OrderPlacedV1, OrderPlacedV2))]
    Placed(OrderPlaced),
}

/// The payload as it is recorded today.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrderPlaced {
    /// What it costs.
    pub cents: u64,
    /// In which currency.
    pub currency: String,
    /// Where it came from.
    pub channel: String,
}

/// Before there were channels. Nothing is recorded in this shape any more, so it is only read.
#[derive(Debug, Deserialize)]
pub struct OrderPlacedV2 {
    cents: u64,
    currency: String,
}

/// Before there were cents and currencies.
#[derive(Debug, Deserialize)]
pub struct OrderPlacedV1 {
    euros: u64,
}

impl From<OrderPlacedV1> for OrderPlacedV2 {
    fn from(old: OrderPlacedV1) -> Self {
        Self {
            cents: old.euros * 100,
            currency: "EUR".into(),
        }
    }
}

impl From<OrderPlacedV2> for OrderPlaced {
    fn from(old: OrderPlacedV2) -> Self {
        Self {
            cents: old.cents,
            currency: old.currency,
            channel: "shop".into(),
        }
    }
}

/// What orders have cost so far.
#[derive(Debug, Aggregate, Default)]
#[aggregate(event = OrderEvent, error = std::fmt::Error)]
pub struct Order {
    /// In cents.
    pub total: u64,
}

impl Fold for Order {
    fn fold(&mut self, OrderEvent::Placed(placed): &OrderEvent) {
        self.total += placed.cents;
    }
}

#[cfg(test)]
mod tests {
    use ironflow_domain::events;
    use ironflow_testing::stored;
    use serde_json::json;

    use super::{OrderEvent, OrderPlaced};

    #[test]
    fn an_order_of_the_first_days_was_placed_in_the_shop_for_euros() {
        stored::<OrderEvent>("order.placed", 1, json!({ "euros": 3 })).then(events![
            OrderEvent::Placed(OrderPlaced {
                cents: 300,
                currency: "EUR".into(),
                channel: "shop".into(),
            })
        ]);
    }
}
