//! One event that turned out to be two.

use ironflow_domain::{Events, event, events};
use serde::Deserialize;

/// What happens to a container.
#[event("container", split("container.moved", Moved))]
pub enum ContainerEvent {
    /// It left a place.
    Left {
        /// Which one.
        place: String,
    },
    /// It arrived at a place.
    Arrived {
        /// Which one.
        place: String,
    },
}

/// Once both in one.
#[derive(Debug, Deserialize)]
pub struct Moved {
    from: String,
    to: String,
}

impl From<Moved> for Events<ContainerEvent> {
    fn from(Moved { from, to }: Moved) -> Self {
        events![
            ContainerEvent::Left { place: from },
            ContainerEvent::Arrived { place: to },
        ]
    }
}

#[cfg(test)]
mod tests {
    use ironflow_domain::events;
    use ironflow_testing::stored;
    use serde_json::json;

    use super::ContainerEvent;

    #[test]
    fn what_moved_left_and_arrived() {
        stored::<ContainerEvent>("container.moved", 1, json!({ "from": "Ely", "to": "Rye" })).then(
            events![
                ContainerEvent::Left {
                    place: "Ely".into(),
                },
                ContainerEvent::Arrived {
                    place: "Rye".into(),
                },
            ],
        );
    }
}
