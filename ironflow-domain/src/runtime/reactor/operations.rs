//! What operators have done with a reactor.

use serde::{Deserialize, Serialize};

use crate::runtime::operations::Operations;
use crate::runtime::projection::ParkedEvent;
use crate::store::{Key, Store, StoreError};
use crate::{Position, Timestamp};

const WHAT: &str = "the operations on reactor";

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
    /// To do nothing until it is resumed.
    #[non_exhaustive]
    Paused {
        /// When.
        at: Timestamp,
        /// Why.
        reason: String,
    },
    /// To go on.
    #[non_exhaustive]
    Resumed {
        /// When.
        at: Timestamp,
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

/// All that is kept.
pub(super) async fn read(
    store: &dyn Store,
    reactor: &str,
) -> Result<Operations<ReactorOperation>, StoreError> {
    Operations::read(store, key(reactor), WHAT).await
}

/// Where it is kept. Whoever reacts looks after it, too: a change says that there is something to do.
pub(super) fn key(reactor: &str) -> Key {
    Key::new("reactors-operations", reactor)
}
