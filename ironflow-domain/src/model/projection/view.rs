//! What a projection keeps.

use std::error::Error;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::json;
use crate::{EventId, EventRef, JsonError, Position, Timestamp};

/// One view of a projection, with the event that last changed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct View<S> {
    /// The state.
    pub state: S,
    /// The id of the event that last changed it.
    pub last_event_id: EventId,
    /// That event's name.
    pub last_event_name: String,
    /// That event's place in the log.
    pub last_event_position: Position,
    /// When that event was recorded.
    pub last_event_time: Timestamp,
}

impl<S> View<S> {
    pub(crate) fn after(event: &EventRef<'_>, state: S) -> Self {
        Self {
            state,
            last_event_id: event.id,
            last_event_name: event.name.to_owned(),
            last_event_position: event.position,
            last_event_time: event.time,
        }
    }
}

#[cfg(feature = "runtime")]
impl<S> View<S> {
    pub(crate) fn map<T>(self, to: impl FnOnce(S) -> T) -> View<T> {
        View {
            state: to(self.state),
            last_event_id: self.last_event_id,
            last_event_name: self.last_event_name,
            last_event_position: self.last_event_position,
            last_event_time: self.last_event_time,
        }
    }
}

impl<S: Serialize + DeserializeOwned> View<S> {
    /// The view with this key as it is stored: JSON that can be read back.
    #[doc(hidden)]
    pub fn write(&self, key: &str) -> Result<Vec<u8>, Unstorable> {
        // A view that cannot be read back, as a `NaN` cannot, would be lost once it is written.
        json::write(self)
            .and_then(|json| json::read::<Self>(&json).map(|_| json.into_bytes()))
            .map_err(|source| Unstorable {
                key: key.to_owned(),
                source,
            })
    }
}

/// A view cannot be stored and read back.
#[derive(Debug)]
pub struct Unstorable {
    key: String,
    source: JsonError,
}

impl fmt::Display for Unstorable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, .. } = self;
        write!(f, "the view {key} cannot be stored as JSON and read back")
    }
}

impl Error for Unstorable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}
