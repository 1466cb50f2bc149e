//! An old shape that is not worth a type: it is rewritten as JSON.

use ironflow_domain::{EventRef, Upcast, UpcastResult, event};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What happens to a parcel.
#[event("parcel")]
pub enum ParcelEvent {
    /// It was weighed.
    #[event(version = 2, upcast(Value))]
    Weighed(Weighed),
}

/// The payload as it is recorded today.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weighed {
    /// In grams.
    pub weight: u32,
}

impl Upcast<Value> for Weighed {
    fn upcast(mut old: Value, _: &EventRef<'_>) -> UpcastResult<Self> {
        old["weight"] = old["wieght"].take();
        Ok(serde_json::from_value(old)?)
    }
}

#[cfg(test)]
mod tests {
    use ironflow_domain::events;
    use ironflow_testing::stored;
    use serde_json::json;

    use super::{ParcelEvent, Weighed};

    #[test]
    fn the_misspelt_field_is_read() {
        stored::<ParcelEvent>("parcel.weighed", 1, json!({ "wieght": 20 }))
            .then(events![ParcelEvent::Weighed(Weighed { weight: 20 })]);
    }
}
