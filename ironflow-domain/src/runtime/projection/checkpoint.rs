//! How far a projection has come.

use serde::{Deserialize, Serialize};

use crate::Position;
use crate::runtime::projection::definition::Definition;
use crate::store::{Expected, Key, Revision, Store, StoreError, StoreErrorKind, Write};

/// Where a projection left off, as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) position: Position,
    /// What the views have been filled by.
    #[serde(flatten)]
    pub(crate) definition: Definition,
    /// The views that are being filled, or kept up to date.
    #[serde(default = "first_generation")]
    pub(crate) generation: u32,
    /// The oldest generation that may still have views.
    #[serde(default = "first_generation")]
    pub(crate) oldest: u32,
    /// Whether the end of the log has been reached once.
    #[serde(default)]
    pub(crate) is_filled: bool,
}

/// Where a projection left off, and the state of the checkpoint that says so.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoint {
    pub(crate) progress: Progress,
    pub(crate) revision: Revision,
}

fn first_generation() -> u32 {
    1
}

impl Progress {
    /// The first generation of views, of which there is none yet.
    pub(crate) fn first(definition: Definition) -> Self {
        Self {
            position: Position::START,
            definition,
            generation: first_generation(),
            oldest: first_generation(),
            is_filled: false,
        }
    }

    /// The generation of views that comes after this one, of which there is none yet.
    pub(crate) fn next(&self, definition: Definition) -> Self {
        Self {
            generation: self.generation.saturating_add(1),
            oldest: self.oldest,
            ..Self::first(definition)
        }
    }

    /// Whether views are being filled that follow others.
    pub(crate) fn is_rebuilding(&self) -> bool {
        self.generation > first_generation() && !self.is_filled
    }

    /// Whether there may be views that are older than the ones before these.
    pub(crate) fn has_outdated_views(&self) -> bool {
        is_outdated(self.oldest, self.generation)
    }

    /// The write that makes this the checkpoint of the projection.
    pub(crate) fn write(&self, projection: &str, expected: Expected) -> Result<Write, StoreError> {
        let json = serde_json::to_vec(self).map_err(|error| {
            StoreError::new(
                StoreErrorKind::Other,
                format!("failed to write the checkpoint of projection {projection}"),
            )
            .because(error)
        })?;
        Ok(Write::put(checkpoint_key(projection), json).expecting(expected))
    }
}

/// Whether the views of a generation are deleted when `newest` has begun: the ones just before it
/// are kept.
pub(crate) fn is_outdated(generation: u32, newest: u32) -> bool {
    generation.saturating_add(1) < newest
}

impl Checkpoint {
    /// Where the projection left off; nothing where it has not begun.
    pub(crate) async fn read(
        store: &dyn Store,
        projection: &str,
    ) -> Result<Option<Self>, StoreError> {
        let Some(entry) = store.get(&checkpoint_key(projection)).await? else {
            return Ok(None);
        };
        let progress = serde_json::from_slice(&entry.value).map_err(|error| {
            StoreError::new(
                StoreErrorKind::Damaged,
                format!("failed to read the checkpoint of projection {projection}"),
            )
            .because(error)
        })?;
        Ok(Some(Self {
            progress,
            revision: entry.revision,
        }))
    }
}

/// Where it is kept how far a projection has come.
fn checkpoint_key(projection: &str) -> Key {
    Key::new("projection-checkpoints", projection)
}
