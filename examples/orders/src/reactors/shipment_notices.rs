//! Notices that parcels are on their way.

use ironflow_domain::{React, Reactor, Recorded};

use crate::domain::OrderEvent;
use crate::shop::{NoAnswer, Notifications, ShipmentNotice};

/// Has the notification service tell customers that their parcels are on their way.
#[derive(Reactor, Debug, Clone)]
#[reactor("shipment-notices", of(OrderEvent), only(OrderEvent::Shipped))]
pub struct ShipmentNotices(pub Notifications);

impl React<OrderEvent> for ShipmentNotices {
    type Error = NoAnswer;

    async fn react(&self, event: &Recorded<OrderEvent>) -> Result<(), NoAnswer> {
        let OrderEvent::Shipped { tracking_number } = &event.data else {
            return Ok(());
        };
        let notice = ShipmentNotice {
            order_id: event.stream.id().into(),
            tracking_number: tracking_number.clone(),
        };
        self.0.publish(event.id, notice).await
    }
}

#[cfg(test)]
mod tests {
    use ironflow_domain::events;
    use ironflow_testing::reactions_of;

    use super::*;
    use crate::commands::stories::{order, paid, placed, shipped};

    #[tokio::test]
    async fn every_shipment_is_told_once() {
        let notifications = Notifications::default();
        reactions_of(ShipmentNotices(notifications.clone()))
            .given(order(), events![placed(), paid(), shipped()])
            .react()
            .await
            .then_done()
            .react_again()
            .await
            .then_done();
        let notice = ShipmentNotice {
            order_id: order(),
            tracking_number: Some("track-1".to_owned()),
        };
        assert_eq!(notifications.notices(), [notice]);
    }

    #[tokio::test]
    async fn a_service_that_does_not_answer_is_asked_again() {
        let notifications = Notifications::default();
        notifications.set_down(true);
        reactions_of(ShipmentNotices(notifications))
            .given(order(), events![placed(), shipped()])
            .react()
            .await
            .then_failed("the notification service does not answer");
    }
}
