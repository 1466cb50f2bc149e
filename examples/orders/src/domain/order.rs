//! What an order remembers in order to decide.

use std::fmt;

use ironflow_domain::{Aggregate, Fold};
use serde::{Deserialize, Serialize};

use super::{OrderError, OrderEvent};

/// An order, as far as its decisions need to know it.
#[derive(Aggregate, Debug, Default, PartialEq, Serialize, Deserialize)]
#[aggregate(event = OrderEvent, error = OrderError, snapshot(every = 100))]
pub struct Order {
    status: Option<Status>,
}

/// How far an order has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// The customer submitted it.
    #[default]
    Placed,
    /// The shop accepted it.
    Confirmed,
    /// It was paid.
    Paid,
    /// It was handed to the carrier.
    Shipped,
    /// It will not be delivered.
    Cancelled,
}

impl Order {
    /// How far it has come, or that it was never placed.
    pub fn status(&self) -> Result<Status, OrderError> {
        self.status.ok_or(OrderError::NotPlaced)
    }

    /// Whether it was placed.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.status.is_some()
    }
}

impl Fold for Order {
    fn fold(&mut self, event: &OrderEvent) {
        self.status = Some(event.into());
    }
}

/// How far an order has come with an event.
impl From<&OrderEvent> for Status {
    fn from(event: &OrderEvent) -> Self {
        match event {
            OrderEvent::Placed(_) => Self::Placed,
            OrderEvent::Confirmed => Self::Confirmed,
            OrderEvent::Paid { .. } => Self::Paid,
            OrderEvent::Shipped { .. } => Self::Shipped,
            OrderEvent::Cancelled { .. } => Self::Cancelled,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Placed => "placed",
            Self::Confirmed => "confirmed",
            Self::Paid => "paid",
            Self::Shipped => "shipped",
            Self::Cancelled => "cancelled",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_how_far_the_order_has_come() {
        for (status, word) in [
            (Status::Placed, "placed"),
            (Status::Confirmed, "confirmed"),
            (Status::Paid, "paid"),
            (Status::Shipped, "shipped"),
            (Status::Cancelled, "cancelled"),
        ] {
            assert_eq!(
                OrderError::CannotShip(status).to_string(),
                format!("an order that is {word} cannot be shipped")
            );
        }
    }
}
