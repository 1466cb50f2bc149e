//! The nouns of the domain.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An id that cannot be mistaken for another kind of id.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(String);

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// Names an order.
    OrderId
}
id! {
    /// Names a customer.
    CustomerId
}
id! {
    /// Names a product.
    ProductId
}
id! {
    /// Names a payment at the payment provider.
    PaymentId
}

/// An amount of money, in cents.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Cents(pub u64);

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// So much of a product, as a customer asks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Which product.
    pub product_id: ProductId,
    /// How much of it.
    pub qty: u32,
}

/// So much of a product, with its name and price as they were when it was ordered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LineItem {
    /// Which product.
    pub product_id: ProductId,
    /// What it was called.
    pub name: String,
    /// What one cost.
    pub price: Cents,
    /// How much of it.
    pub qty: u32,
}

/// A customer as they were when they ordered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    /// Which customer.
    pub id: CustomerId,
    /// What they were called.
    pub name: String,
    /// Where they were written to.
    pub email: String,
}

/// Where an order goes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Address {
    /// Street and number.
    pub street: String,
    /// City.
    pub city: String,
    /// Postal code.
    pub zip: String,
    /// Country.
    pub country: String,
}

#[cfg(test)]
mod tests {
    use super::Cents;

    #[test]
    fn an_amount_has_two_places() {
        assert_eq!(Cents(3_405).to_string(), "34.05");
    }
}
