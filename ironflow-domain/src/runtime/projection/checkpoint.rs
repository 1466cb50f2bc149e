//! How far a generation of views has come.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::runtime::projection::stored;
use crate::store::{Entry, Expected, Key, Revision, Store, StoreError, Write};
use crate::{Position, Timestamp};

/// Where views left off, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) position: Position,
    /// How many events were read to get there.
    #[serde(default)]
    pub(crate) events: u64,
    /// How many views are parked.
    #[serde(default)]
    pub(crate) parked: u64,
    /// The process that fills them; nobody where the last one has stopped.
    #[serde(default)]
    pub(crate) owner: Option<String>,
    /// When this was written.
    pub(crate) at: Timestamp,
}

/// Where views left off, and the state of the checkpoint that says so.
#[derive(Debug, Clone)]
pub(crate) struct Checkpoint {
    pub(crate) progress: Progress,
    pub(crate) revision: Revision,
}

impl Progress {
    /// Of views of which there is none yet.
    pub(crate) fn none() -> Self {
        Self {
            position: Position::START,
            events: 0,
            parked: 0,
            owner: None,
            at: SystemTime::now().into(),
        }
    }

    /// The write that makes this the checkpoint of a generation.
    pub(crate) fn write(
        &self,
        projection: &str,
        generation: u32,
        expected: Expected,
    ) -> Result<Write, StoreError> {
        let json = stored::write(self, "the checkpoint of projection", projection)?;
        Ok(Write::put(key(projection, generation), json).expecting(expected))
    }
}

impl Checkpoint {
    /// Where the views left off; nothing where they have not begun, or are deleted.
    pub(crate) async fn read(
        store: &dyn Store,
        projection: &str,
        generation: u32,
    ) -> Result<Option<Self>, StoreError> {
        let entry = store.get(&key(projection, generation)).await?;
        entry
            .map(|entry| Self::parse(&entry, projection))
            .transpose()
    }

    pub(crate) fn parse(entry: &Entry, projection: &str) -> Result<Self, StoreError> {
        Ok(Self {
            progress: stored::read(entry, "the checkpoint of projection", projection)?,
            revision: entry.revision,
        })
    }
}

/// Where it is kept how far a generation of views has come.
pub(crate) fn key(projection: &str, generation: u32) -> Key {
    Key::new(
        "projection-checkpoints",
        format!("{projection}/{generation}"),
    )
}
