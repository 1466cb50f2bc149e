//! How far a projection has come.

use serde::{Deserialize, Serialize};

use crate::Position;
use crate::store::{Key, Revision, Store, StoreError, StoreErrorKind, Write};

/// Where a projection left off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checkpoint {
    pub(crate) position: Position,
    pub(crate) revision: Revision,
}

#[derive(Serialize, Deserialize)]
struct StoredCheckpoint {
    position: Position,
    /// What the views have been filled from: events of a category that is added later are missing
    /// from them.
    categories: Vec<String>,
}

impl Checkpoint {
    /// Where the projection left off; nothing where it has not begun.
    pub(crate) async fn read(
        store: &dyn Store,
        projection: &str,
        categories: &[&str],
    ) -> Result<Option<Self>, StoreError> {
        let Some(entry) = store.get(&checkpoint_key(projection)).await? else {
            return Ok(None);
        };
        let stored: StoredCheckpoint = serde_json::from_slice(&entry.value).map_err(|error| {
            StoreError::new(
                StoreErrorKind::Damaged,
                format!("failed to read the checkpoint of projection {projection}"),
            )
            .because(error)
        })?;
        if stored.categories != categories {
            let doing = format!(
                "the views of projection {projection} were filled from the categories {}, and it \
                 reads {}: give it another name, to fill new views from the start of the log",
                stored.categories.join(", "),
                categories.join(", ")
            );
            return Err(StoreError::new(StoreErrorKind::Incompatible, doing));
        }
        Ok(Some(Self {
            position: stored.position,
            revision: entry.revision,
        }))
    }

    /// The write that moves the checkpoint to `position`.
    pub(crate) fn write(
        position: Position,
        projection: &str,
        categories: &[&str],
    ) -> Result<Write, StoreError> {
        let categories = categories.iter().map(ToString::to_string).collect();
        let stored = StoredCheckpoint {
            position,
            categories,
        };
        let json = serde_json::to_vec(&stored).map_err(|error| {
            StoreError::new(
                StoreErrorKind::Other,
                format!("failed to write the checkpoint of projection {projection}"),
            )
            .because(error)
        })?;
        Ok(Write::put(checkpoint_key(projection), json))
    }
}

/// Where it is kept how far a projection has come.
fn checkpoint_key(projection: &str) -> Key {
    Key::new("projection-checkpoints", projection)
}
