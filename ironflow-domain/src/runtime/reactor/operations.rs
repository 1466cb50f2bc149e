//! What operators have done with a reactor.

use serde::{Deserialize, Serialize};

use crate::runtime::projection::{ParkedEvent, stored};
use crate::store::{Entry, Expected, Key, Revision, Store, StoreError, Write};
use crate::{Position, Timestamp};

const WHAT: &str = "the operations on reactor";
/// How many are kept.
const KEPT: usize = 500;

/// What somebody has told a reactor to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ReactorOperation {
    /// To try an event again.
    #[non_exhaustive]
    Retried {
        /// When.
        at: Timestamp,
        /// Which event, and why it had failed.
        event: ParkedEvent,
    },
    /// To go on without an event.
    #[non_exhaustive]
    Skipped {
        /// When.
        at: Timestamp,
        /// Which event, and why it had failed.
        event: ParkedEvent,
        /// Why it is skipped.
        reason: String,
    },
    /// To do all again that comes after a position.
    #[non_exhaustive]
    Repeated {
        /// When.
        at: Timestamp,
        /// The position.
        after: Position,
        /// Why.
        reason: String,
    },
}

/// All that is kept, and the state of its key.
#[derive(Debug, Default)]
pub(super) struct Operations {
    pub(super) all: Vec<ReactorOperation>,
    revision: Option<Revision>,
}

impl Operations {
    pub(super) async fn read(store: &dyn Store, reactor: &str) -> Result<Self, StoreError> {
        let entry: Option<Entry> = store.get(&key(reactor)).await?;
        let Some(entry) = entry else {
            return Ok(Self::default());
        };
        Ok(Self {
            all: stored::read(&entry, WHAT, reactor)?,
            revision: Some(entry.revision),
        })
    }

    /// The write that records one more, unless others have recorded another meanwhile.
    pub(super) fn with(
        mut self,
        operation: ReactorOperation,
        reactor: &str,
    ) -> Result<Write, StoreError> {
        self.all.push(operation);
        let outdated = self.all.len().saturating_sub(KEPT);
        self.all.drain(..outdated);
        let json = stored::write(&self.all, WHAT, reactor)?;
        let expected = self.revision.map_or(Expected::Absent, Expected::Revision);
        Ok(Write::put(key(reactor), json).expecting(expected))
    }
}

/// Where it is kept. Whoever reacts looks after it, too: a change says that there is something to do.
pub(super) fn key(reactor: &str) -> Key {
    Key::new("reactors-operations", reactor)
}
