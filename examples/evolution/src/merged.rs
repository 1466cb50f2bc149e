//! Two events that were always recorded together, and turned out to be one.

use ironflow_domain::event;
use serde::Deserialize;

/// What happens to a product.
#[event(
    "product",
    merged(("product.price_set", PriceSet), ("product.currency_set", CurrencySet))
)]
pub enum ProductEvent {
    /// It has a price.
    Priced {
        /// In cents.
        cents: u64,
        /// In which currency.
        currency: String,
    },
}

/// Once the first of the two.
#[derive(Debug, Deserialize)]
pub struct PriceSet {
    cents: u64,
}

/// Once the second.
#[derive(Debug, Deserialize)]
pub struct CurrencySet {
    currency: String,
}

impl From<(PriceSet, CurrencySet)> for ProductEvent {
    fn from((price, currency): (PriceSet, CurrencySet)) -> Self {
        Self::Priced {
            cents: price.cents,
            currency: currency.currency,
        }
    }
}

#[cfg(test)]
mod tests {
    use ironflow_domain::events;
    use ironflow_testing::stored;
    use serde_json::json;

    use super::ProductEvent;

    #[test]
    fn price_and_currency_are_one() {
        stored::<ProductEvent>("product.price_set", 1, json!({ "cents": 5 }))
            .and("product.currency_set", 1, json!({ "currency": "EUR" }))
            .then(events![ProductEvent::Priced {
                cents: 5,
                currency: "EUR".into(),
            }]);
    }

    #[test]
    fn a_price_alone_is_not_half_a_price() {
        stored::<ProductEvent>("product.price_set", 1, json!({ "cents": 5 }))
            .then_unreadable("product.currency_set does not come right after it");
    }
}
