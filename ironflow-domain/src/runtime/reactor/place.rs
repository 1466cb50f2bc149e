//! How far a reactor has come.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::runtime::projection::stored;
use crate::store::{Entry, Expected, Key, Revision, Store, StoreError, Write};
use crate::{Position, Timestamp};

/// Where the checkpoints are.
pub(super) const BUCKET: &str = "reactors";
const WHAT: &str = "the checkpoint of reactor";

/// Where a reactor left off, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// All is done of the appends up to here,
    pub(super) position: Position,
    /// and of the next one, the events up to here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) within: Option<Position>,
    /// How many events that was.
    pub(super) reacted: u64,
    /// How many streams are parked.
    pub(super) parked: u64,
    /// The process that does it; nobody where the last one has stopped.
    pub(super) owner: Option<String>,
    /// When this was written.
    pub(super) at: Timestamp,
}

impl Place {
    /// Before anything is done of what comes after the position.
    pub(super) fn after(position: Position) -> Self {
        Self {
            position,
            within: None,
            reacted: 0,
            parked: 0,
            owner: None,
            at: SystemTime::now().into(),
        }
    }

    /// The last position of which all is done.
    pub(super) fn done(&self) -> Position {
        self.within.unwrap_or(self.position)
    }

    /// The write that makes this the checkpoint.
    pub(super) fn write(&self, reactor: &str, expected: Expected) -> Result<Write, StoreError> {
        let json = stored::write(self, WHAT, reactor)?;
        Ok(Write::put(key(reactor), json).expecting(expected))
    }

    /// The checkpoint and its revision; nothing where the reactor has never been started.
    pub(super) async fn read(
        store: &dyn Store,
        reactor: &str,
    ) -> Result<Option<(Self, Revision)>, StoreError> {
        let entry = store.get(&key(reactor)).await?;
        entry.map(|entry| Self::parse(&entry, reactor)).transpose()
    }

    pub(super) fn parse(entry: &Entry, reactor: &str) -> Result<(Self, Revision), StoreError> {
        Ok((stored::read(entry, WHAT, reactor)?, entry.revision))
    }
}

/// Where it is kept how far a reactor has come.
pub(super) fn key(reactor: &str) -> Key {
    Key::new(BUCKET, reactor)
}
