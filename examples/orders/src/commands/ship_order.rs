//! The shop hands an order to the carrier.

use ironflow_domain::{Decide, Decision, command, events};
use serde::{Deserialize, Serialize};

use crate::domain::{Order, OrderError, OrderEvent, OrderId, Status};

/// The shop hands an order to the carrier.
#[command(Order)]
#[derive(Serialize, Deserialize)]
pub struct ShipOrder {
    /// Which order.
    #[id]
    pub order_id: OrderId,
    /// Where to follow the parcel, if the carrier says.
    pub tracking_number: Option<String>,
}

impl Decide<ShipOrder> for Order {
    fn decide(
        &self,
        ShipOrder {
            tracking_number, ..
        }: ShipOrder,
    ) -> Decision<Self> {
        match self.status()? {
            Status::Paid => Ok(events![OrderEvent::Shipped { tracking_number }]),
            status => Err(OrderError::CannotShip(status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use ironflow_testing::given;

    use super::*;
    use crate::commands::stories::{cancelled, confirmed, order, paid, placed, shipped};

    fn ship() -> ShipOrder {
        ShipOrder {
            order_id: order(),
            tracking_number: Some("track-1".into()),
        }
    }

    #[test]
    fn an_order_that_was_paid_can_be_shipped() {
        given::<Order>(events![placed(), confirmed(), paid()])
            .when(ship())
            .then(events![shipped()]);
    }

    #[test]
    fn an_order_nobody_placed_cannot_be_shipped() {
        given::<Order>(events![])
            .when(ship())
            .then_error(OrderError::NotPlaced);
    }

    #[test]
    fn an_order_is_shipped_once_and_only_when_paid() {
        let cannot = OrderError::CannotShip;
        given::<Order>(events![placed()])
            .when(ship())
            .then_error(cannot(Status::Placed));
        given::<Order>(events![placed(), confirmed()])
            .when(ship())
            .then_error(cannot(Status::Confirmed));
        given::<Order>(events![placed(), confirmed(), paid(), shipped()])
            .when(ship())
            .then_error(cannot(Status::Shipped));
        given::<Order>(events![placed(), confirmed(), paid(), cancelled()])
            .when(ship())
            .then_error(cannot(Status::Cancelled));
    }
}
