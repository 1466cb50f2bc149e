//! An event that turned out to be a case of another one.

use ironflow_domain::event;
use serde::Deserialize;

/// What happens to a seat.
#[event("seat", replaced("seat.reserved_by_phone", ReservedByPhone))]
pub enum SeatEvent {
    /// Somebody reserved it.
    Reserved {
        /// Who.
        by: String,
        /// On which way: `web`, `phone`, …
        channel: String,
    },
}

/// Once an event of its own.
#[derive(Debug, Deserialize)]
pub struct ReservedByPhone {
    caller: String,
}

impl From<ReservedByPhone> for SeatEvent {
    fn from(old: ReservedByPhone) -> Self {
        Self::Reserved {
            by: old.caller,
            channel: "phone".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use ironflow_domain::events;
    use ironflow_testing::stored;
    use serde_json::json;

    use super::SeatEvent;

    #[test]
    fn a_call_is_a_reservation_by_phone() {
        stored::<SeatEvent>("seat.reserved_by_phone", 1, json!({ "caller": "Ann" })).then(events![
            SeatEvent::Reserved {
                by: "Ann".into(),
                channel: "phone".into(),
            }
        ]);
    }
}
