//! A field more, which what is stored can do without.

use ironflow_domain::event;

/// What happens to a door.
#[event("door")]
pub enum DoorEvent {
    /// Somebody opened it.
    Opened {
        /// Who.
        by: String,
        /// Whether with force: new, and not in what was stored before.
        #[serde(default)]
        forced: bool,
    },
}

#[cfg(test)]
mod tests {
    use ironflow_domain::events;
    use ironflow_testing::stored;
    use serde_json::json;

    use super::DoorEvent;

    #[test]
    fn nobody_opened_a_door_with_force_before() {
        stored::<DoorEvent>("door.opened", 1, json!({ "by": "Ann" })).then(events![
            DoorEvent::Opened {
                by: "Ann".into(),
                forced: false,
            }
        ]);
    }
}
