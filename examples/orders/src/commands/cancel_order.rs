//! Someone calls an order off.

use ironflow_domain::{Decide, Decision, command, events};
use serde::{Deserialize, Serialize};

use crate::domain::{Order, OrderError, OrderEvent, OrderId, Status};

/// Someone calls an order off. Possible until it has been shipped.
#[command(Order)]
#[derive(Serialize, Deserialize)]
pub struct CancelOrder {
    /// Which order.
    #[id]
    pub order_id: OrderId,
    /// Why, if someone says.
    pub reason: Option<String>,
}

impl Decide<CancelOrder> for Order {
    fn decide(&self, CancelOrder { reason, .. }: CancelOrder) -> Decision<Self> {
        match self.status()? {
            Status::Placed | Status::Confirmed | Status::Paid => {
                Ok(events![OrderEvent::Cancelled { reason }])
            }
            status @ (Status::Shipped | Status::Cancelled) => Err(OrderError::CannotCancel(status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use ironflow_testing::given;

    use super::*;
    use crate::commands::stories::{cancelled, confirmed, order, paid, placed, shipped};

    fn cancel() -> CancelOrder {
        CancelOrder {
            order_id: order(),
            reason: Some("changed my mind".into()),
        }
    }

    #[test]
    fn an_order_can_be_cancelled_until_it_is_shipped() {
        given::<Order>(events![placed()])
            .when(cancel())
            .then(events![cancelled()]);
        given::<Order>(events![placed(), confirmed()])
            .when(cancel())
            .then(events![cancelled()]);
        given::<Order>(events![placed(), confirmed(), paid()])
            .when(cancel())
            .then(events![cancelled()]);
    }

    #[test]
    fn a_shipped_order_cannot_be_cancelled() {
        given::<Order>(events![placed(), confirmed(), paid(), shipped()])
            .when(cancel())
            .then_error(OrderError::CannotCancel(Status::Shipped));
    }

    #[test]
    fn an_order_is_cancelled_once() {
        given::<Order>(events![placed(), cancelled()])
            .when(cancel())
            .then_error(OrderError::CannotCancel(Status::Cancelled));
    }

    #[test]
    fn an_order_nobody_placed_cannot_be_cancelled() {
        given::<Order>(events![])
            .when(cancel())
            .then_error(OrderError::NotPlaced);
    }
}
