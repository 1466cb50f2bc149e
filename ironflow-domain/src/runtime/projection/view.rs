//! What a projection keeps, and asking for it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::runtime::ironflow::Ironflow;
use crate::store::{Key, KeyValueStore, StoreError};
use crate::{EventId, EventRef, Position, Projection, Timestamp};

/// The generation of views that serves queries. A rebuild will fill the next one beside it.
const GENERATION: u32 = 1;

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

/// Where a projection's views are kept.
pub(crate) fn view_key(projection: &str, partition: &str) -> Key {
    Key::new(format!("projection/{projection}/{GENERATION}"), partition)
}

/// A view could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// What is stored does not have the shape of the view's type.
    #[error(
        "the view {key} of projection {projection} does not fit its type: give new fields \
         `#[serde(default)]`, or fill new views from the start of the log by renaming the projection"
    )]
    #[non_exhaustive]
    Unreadable {
        /// The projection.
        projection: String,
        /// The view.
        key: String,
        /// What does not fit.
        #[source]
        source: serde_json::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads a stored view as `S`.
pub(crate) async fn read_view<S: serde::de::DeserializeOwned>(
    store: &(impl KeyValueStore + ?Sized),
    projection: &str,
    key: &str,
) -> Result<Option<View<S>>, QueryError> {
    let Some(entry) = store.get(&view_key(projection, key)).await? else {
        return Ok(None);
    };
    serde_json::from_slice(&entry.value)
        .map(Some)
        .map_err(|source| QueryError::Unreadable {
            projection: projection.to_owned(),
            key: key.to_owned(),
            source,
        })
}

impl<X> Ironflow<X> {
    /// The state of one view; nothing where no event has reached it.
    pub async fn query<P: Projection>(&self, key: &P::Key) -> Result<Option<P>, QueryError> {
        Ok(self.view::<P>(key).await?.map(|view| view.state))
    }

    /// One view with the event that last changed it; nothing where no event has reached it.
    pub async fn view<P: Projection>(&self, key: &P::Key) -> Result<Option<View<P>>, QueryError> {
        // The text is made before the await, so that a key that cannot cross threads can still be
        // asked for.
        let key = key.to_string();
        read_view(self.store(), P::NAME, &key).await
    }

    /// One view by the name of its projection, its state as the stored JSON.
    pub async fn view_json(
        &self,
        projection: &str,
        key: &str,
    ) -> Result<Option<View<Box<RawValue>>>, QueryError> {
        read_view(self.store(), projection, key).await
    }
}
