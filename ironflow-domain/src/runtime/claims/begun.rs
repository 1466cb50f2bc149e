//! The note that outlives a lease: somebody has begun.
//!
//! It is written before `try_claim` returns a claim, so wherever a side effect may have happened
//! there is one. It may be there where none has happened, after a crash right after the write.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::CommandId;
use crate::runtime::claims::slot::{Change, Slot};
use crate::runtime::claims::stored::{self, Begins, Owner, Record};
use crate::store::{KeyValueStore, StoreError};

/// The note of one owner, with those of the owners before it that neither finalized nor released.
#[derive(Debug)]
pub(super) struct Begun {
    slot: Slot,
    owner: Owner,
    former: Vec<Box<RawValue>>,
    value: Vec<u8>,
    lasts: Duration,
}

impl Begun {
    /// Writes the note of one who has just won; nothing where its lease lapsed meanwhile.
    pub(super) async fn write(
        store: &Arc<dyn KeyValueStore>,
        id: &CommandId,
        record: &Record,
        lasts: Duration,
        patience: Instant,
        lapses: Instant,
    ) -> Result<Option<Self>, StoreError> {
        let key = stored::begun_key(id);
        // A former owner that wakes up late may write its own note meanwhile.
        while Instant::now() < lapses {
            let entry = store.get(&key).await?;
            let former = match &entry {
                Some(entry) => stored::read::<Begins>(entry)?.claims,
                None => Vec::new(),
            };
            let Record { owner, claim, .. } = record.clone();
            let mut claims = former.clone();
            if !former.iter().any(|former| former.get() == claim.get()) {
                claims.push(claim);
            }
            let value = stored::write(
                &key,
                &Begins {
                    owner: owner.clone(),
                    claims,
                },
            )?;
            let revision = entry.map(|entry| entry.revision);
            let slot = Slot::seen(Arc::clone(store), key.clone(), owner.clone(), revision);
            let mut begun = Self {
                slot,
                owner,
                former,
                value,
                lasts,
            };
            if let Change::Made = begun.slot.put_until(patience, &begun.value, lasts).await? {
                return Ok(Some(begun));
            }
        }
        Ok(None)
    }

    /// What owners before this one had claimed.
    pub(super) fn former(&self) -> &[Box<RawValue>] {
        &self.former
    }

    /// Keeps the note from expiring while its owner lives.
    pub(super) async fn renew(&mut self) -> Result<Change, StoreError> {
        self.slot.put(&self.value, self.lasts).await
    }

    /// Takes back this owner's note. Those of owners before it stay: this one does not know what
    /// they did.
    pub(super) async fn take_back(&mut self, deadline: Instant) -> Result<Change, StoreError> {
        if self.former.is_empty() {
            return self.slot.delete_until(deadline).await;
        }
        let before = Begins {
            owner: self.owner.clone(),
            claims: self.former.clone(),
        };
        let value = stored::write(self.slot.key(), &before)?;
        self.slot.put_until(deadline, &value, self.lasts).await
    }

    /// Deletes all notes: there is a result.
    pub(super) async fn clear(&mut self, deadline: Instant) -> Result<Change, StoreError> {
        self.slot.delete_until(deadline).await
    }
}
