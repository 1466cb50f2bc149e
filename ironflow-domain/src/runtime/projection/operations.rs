//! What operators have done with views one by one.

use serde::{Deserialize, Serialize};

use crate::runtime::operations::Operations;
use crate::runtime::projection::parked::ParkedEvent;
use crate::store::{Key, Store, StoreError};
use crate::{EventId, Timestamp};

const WHAT: &str = "the operations on projection";

/// What somebody has told a projection to do with one of its views.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProjectionOperation {
    /// When.
    pub at: Timestamp,
    /// The generation of the views.
    pub generation: u32,
    /// The key of the view.
    pub key: String,
    /// What.
    pub what: ViewOperation,
}

/// What somebody has told a view to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ViewOperation {
    /// To take again what it was parked for, and all that it has missed.
    #[non_exhaustive]
    Retried {
        /// The event that it was parked for, and why that had failed; nothing where it was being
        /// filled again.
        event: Option<ParkedEvent>,
    },
    /// To go on without an event.
    #[non_exhaustive]
    Skipped {
        /// Which one.
        event: EventId,
        /// Why.
        reason: String,
    },
    /// To be filled from the start of the log.
    Rebuilt,
}

/// All that is kept.
pub(super) async fn read(
    store: &dyn Store,
    projection: &str,
) -> Result<Operations<ProjectionOperation>, StoreError> {
    Operations::read(store, key(projection), WHAT).await
}

/// Where it is kept.
pub(super) fn key(projection: &str) -> Key {
    Key::new("projection-operations", projection)
}
