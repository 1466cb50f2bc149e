//! Who tells customers what they want to know.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use ironflow_domain::EventId;

use crate::domain::OrderId;

/// That a parcel is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShipmentNotice {
    /// The order in it.
    pub order_id: OrderId,
    /// Where to follow it, if the carrier says.
    pub tracking_number: Option<String>,
}

/// The notification service. A real one is somewhere else; this one has everything in memory.
#[derive(Debug, Clone, Default)]
pub struct Notifications(Arc<Mutex<Published>>);

#[derive(Debug, Default)]
struct Published {
    notices: BTreeMap<EventId, ShipmentNotice>,
    is_down: bool,
}

/// The notification service does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the notification service does not answer")]
pub struct NoAnswer;

impl Notifications {
    /// Publishes a notice: once for each event, however often it is asked to.
    #[expect(clippy::unused_async, reason = "a real one is asked over the network")]
    pub async fn publish(&self, id: EventId, notice: ShipmentNotice) -> Result<(), NoAnswer> {
        self.published(|published| {
            if published.is_down {
                return Err(NoAnswer);
            }
            published.notices.entry(id).or_insert(notice);
            Ok(())
        })
    }

    /// All that was published, in the order of the events.
    #[must_use]
    pub fn notices(&self) -> Vec<ShipmentNotice> {
        self.published(|published| published.notices.values().cloned().collect())
    }

    /// Makes it answer, or not.
    pub fn set_down(&self, is_down: bool) {
        self.published(|published| published.is_down = is_down);
    }

    fn published<T>(&self, what: impl FnOnce(&mut Published) -> T) -> T {
        // A panic elsewhere leaves nothing half-done in it.
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
