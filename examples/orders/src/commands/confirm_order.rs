//! The shop accepts an order.

use ironflow_domain::{Decide, Decision, command, events};
use serde::{Deserialize, Serialize};

use crate::domain::{Order, OrderError, OrderEvent, OrderId, Status};

/// The shop accepts an order.
#[command(Order)]
#[derive(Serialize, Deserialize)]
pub struct ConfirmOrder {
    /// Which order.
    #[id]
    pub order_id: OrderId,
}

impl Decide<ConfirmOrder> for Order {
    fn decide(&self, _: ConfirmOrder) -> Decision<Self> {
        match self.status()? {
            Status::Placed => Ok(events![OrderEvent::Confirmed]),
            status => Err(OrderError::CannotConfirm(status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use ironflow_testing::given;

    use super::*;
    use crate::commands::stories::{cancelled, confirmed, order, paid, placed, shipped};

    fn confirm() -> ConfirmOrder {
        ConfirmOrder { order_id: order() }
    }

    #[test]
    fn an_order_that_was_placed_can_be_confirmed() {
        given::<Order>(events![placed()])
            .when(confirm())
            .then(events![confirmed()]);
    }

    #[test]
    fn an_order_nobody_placed_cannot_be_confirmed() {
        given::<Order>(events![])
            .when(confirm())
            .then_error(OrderError::NotPlaced);
    }

    #[test]
    fn an_order_is_confirmed_once_and_before_anything_else() {
        let cannot = OrderError::CannotConfirm;
        given::<Order>(events![placed(), confirmed()])
            .when(confirm())
            .then_error(cannot(Status::Confirmed));
        given::<Order>(events![placed(), confirmed(), paid()])
            .when(confirm())
            .then_error(cannot(Status::Paid));
        given::<Order>(events![placed(), confirmed(), paid(), shipped()])
            .when(confirm())
            .then_error(cannot(Status::Shipped));
        given::<Order>(events![placed(), cancelled()])
            .when(confirm())
            .then_error(cannot(Status::Cancelled));
    }
}
