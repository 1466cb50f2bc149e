//! One key that is changed only from the state in which its owner left it.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::runtime::claims::stored::{self, Marked, Owner};
use crate::store::{
    Entry, Expected, Key, KeyValueStore, Revision, StoreError, StoreErrorKind, Write, WriteError,
};

/// The first pause before a store that failed is asked again; they double.
const PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

pub(super) struct Slot {
    store: Arc<dyn KeyValueStore>,
    key: Key,
    owner: Owner,
    /// As the owner last knew it; nothing where it is absent.
    revision: Option<Revision>,
    /// Whether a change was asked for of which it is not known whether it happened.
    is_in_doubt: bool,
}

/// What became of a change.
#[derive(Debug)]
pub(super) enum Change {
    Made,
    /// Nothing was changed: the key is not the owner's. It has this value, or none.
    Foreign(Option<Entry>),
}

impl Slot {
    /// A key that was seen with this revision, or without one.
    pub(super) fn seen(
        store: Arc<dyn KeyValueStore>,
        key: Key,
        owner: Owner,
        revision: Option<Revision>,
    ) -> Self {
        Self {
            store,
            key,
            owner,
            revision,
            is_in_doubt: false,
        }
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        self.is_in_doubt
    }

    /// Sets the key for so long. May be dropped at any time, and repeated after any error.
    pub(super) async fn put(
        &mut self,
        value: &[u8],
        lasts: Duration,
    ) -> Result<Change, StoreError> {
        self.change(&self.putting(value, lasts)).await
    }

    /// [`put`](Self::put), asking a store again that is unavailable, or whose answer was lost: once
    /// at least, and with growing pauses until the deadline.
    pub(super) async fn put_until(
        &mut self,
        deadline: Instant,
        value: &[u8],
        lasts: Duration,
    ) -> Result<Change, StoreError> {
        self.persist(self.putting(value, lasts), deadline).await
    }

    /// Deletes the key, asking again as [`put_until`](Self::put_until) does.
    pub(super) async fn delete_until(&mut self, deadline: Instant) -> Result<Change, StoreError> {
        self.persist(Write::delete(self.key.clone()), deadline)
            .await
    }

    fn putting(&self, value: &[u8], lasts: Duration) -> Write {
        Write::put(self.key.clone(), value).expiring_after(lasts)
    }

    async fn persist(&mut self, write: Write, deadline: Instant) -> Result<Change, StoreError> {
        let mut pause = PAUSE;
        let mut is_first = true;
        loop {
            match self.change(&write).await {
                Err(error)
                    if may_work_again(&error)
                        && (is_first || Instant::now() + pause < deadline) =>
                {
                    let error: &(dyn Error + 'static) = &error;
                    tracing::debug!(key = %self.key, error, "a change of a claim is tried again");
                }
                settled => return settled,
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            is_first = false;
        }
    }

    async fn change(&mut self, write: &Write) -> Result<Change, StoreError> {
        loop {
            let expected = self.revision.map_or(Expected::Absent, Expected::Revision);
            // Where this is dropped or fails from here on, it may have happened.
            let was_in_doubt = std::mem::replace(&mut self.is_in_doubt, true);
            match self
                .store
                .write(vec![write.clone().expecting(expected)])
                .await
            {
                Ok(revisions) => {
                    self.revision = revisions.first().copied().flatten();
                    self.is_in_doubt = false;
                    return Ok(Change::Made);
                }
                Err(WriteError::Revision { .. }) => self.is_in_doubt = was_in_doubt,
                Err(error) => return Err(error.of_the_store()),
            }
            match self.store.get(&self.key).await? {
                // An earlier change, of which the owner has not heard.
                Some(entry) if self.is_own(&entry)? => self.revision = Some(entry.revision),
                other => return Ok(Change::Foreign(other)),
            }
        }
    }

    fn is_own(&self, entry: &Entry) -> Result<bool, StoreError> {
        Ok(stored::read::<Marked>(entry)?.owner == self.owner)
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("key", &self.key)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

fn may_work_again(error: &StoreError) -> bool {
    matches!(
        error.kind(),
        StoreErrorKind::Unavailable | StoreErrorKind::InDoubt
    )
}
