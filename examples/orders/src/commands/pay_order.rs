//! A customer pays an order.

use ironflow_domain::{Decide, Decision, command, events};
use serde::{Deserialize, Serialize};

use crate::domain::{Order, OrderError, OrderEvent, OrderId, PaymentId, Status};

/// A customer pays an order.
#[command(Order)]
#[derive(Serialize, Deserialize)]
pub struct PayOrder {
    /// Which order.
    #[id]
    pub order_id: OrderId,
    /// The payment, where a provider took it.
    pub payment_id: Option<PaymentId>,
}

impl Decide<PayOrder> for Order {
    fn decide(&self, PayOrder { payment_id, .. }: PayOrder) -> Decision<Self> {
        match self.status()? {
            Status::Confirmed => Ok(events![OrderEvent::Paid { payment_id }]),
            status => Err(OrderError::CannotPay(status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use ironflow_testing::given;

    use super::*;
    use crate::commands::stories::{cancelled, confirmed, order, paid, placed, shipped};

    fn pay() -> PayOrder {
        PayOrder {
            order_id: order(),
            payment_id: Some("pay-1".into()),
        }
    }

    #[test]
    fn an_order_that_was_confirmed_can_be_paid() {
        given::<Order>(events![placed(), confirmed()])
            .when(pay())
            .then(events![paid()]);
    }

    #[test]
    fn an_order_nobody_placed_cannot_be_paid() {
        given::<Order>(events![])
            .when(pay())
            .then_error(OrderError::NotPlaced);
    }

    #[test]
    fn an_order_is_paid_once_and_only_when_confirmed() {
        let cannot = OrderError::CannotPay;
        given::<Order>(events![placed()])
            .when(pay())
            .then_error(cannot(Status::Placed));
        given::<Order>(events![placed(), confirmed(), paid()])
            .when(pay())
            .then_error(cannot(Status::Paid));
        given::<Order>(events![placed(), confirmed(), paid(), shipped()])
            .when(pay())
            .then_error(cannot(Status::Shipped));
        given::<Order>(events![placed(), confirmed(), cancelled()])
            .when(pay())
            .then_error(cannot(Status::Cancelled));
    }
}
