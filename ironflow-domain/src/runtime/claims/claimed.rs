//! What came of trying to claim an id.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::runtime::claims::stored::{self, Outcome, Record};
use crate::store::{Entry, StoreError};
use crate::{Claim, CommandId, Timestamp, UnreadableClaim};

/// What came of [`Claims::try_claim`](crate::Claims::try_claim).
///
/// ```
/// use ironflow_domain::store::MemoryStore;
/// use ironflow_domain::{Claimed, Claims};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let claims = Claims::new(MemoryStore::new());
/// let Claimed::Won(claim) = claims.try_claim("cmd-1", &1200).await? else {
///     panic!("nobody else has claimed it")
/// };
/// assert!(matches!(claims.try_claim("cmd-1", &1200).await?, Claimed::Pending(_)));
///
/// claim.finalize("paid").await?;
/// assert!(matches!(claims.try_claim("cmd-1", &1200).await?, Claimed::Finalized(_)));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping a claim that was won leaves the id to nobody until the lease has lapsed"]
pub enum Claimed {
    /// The caller has it, and nobody else.
    Won(Claim),
    /// Someone is at it.
    Pending(Pending),
    /// It is done, and this came of it.
    Finalized(Finalized),
}

/// A claim that somebody has, and has neither finalized nor released.
///
/// ```
/// # use std::time::Duration;
/// # use ironflow_domain::store::MemoryStore;
/// # use ironflow_domain::{Claimed, Claims};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let claims = Claims::new(MemoryStore::new());
/// let first = claims.try_claim("cmd-1", &1200).await?;
/// let Claimed::Pending(pending) = claims.try_claim("cmd-1", &3400).await? else { panic!() };
/// assert_eq!(pending.claim::<u32>()?, 1200, "the same id, and another command");
/// println!("try again after {}", pending.until());
/// # drop(first);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Pending {
    id: CommandId,
    claim: Box<RawValue>,
    until: Timestamp,
}

/// A claim that was finalized.
///
/// ```
/// # use ironflow_domain::store::MemoryStore;
/// # use ironflow_domain::{Claimed, Claims};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let claims = Claims::new(MemoryStore::new());
/// # let Claimed::Won(claim) = claims.try_claim("cmd-1", &1200).await? else { panic!() };
/// claim.finalize("payment-7").await?;
///
/// let Claimed::Finalized(done) = claims.try_claim("cmd-1", &1200).await? else { panic!() };
/// assert_eq!(done.result::<String>()?, "payment-7");
/// assert_eq!(done.claim::<u32>()?, 1200);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Finalized {
    id: CommandId,
    claim: Box<RawValue>,
    result: Box<RawValue>,
}

impl Pending {
    /// The id that is claimed.
    #[must_use]
    pub fn id(&self) -> &CommandId {
        &self.id
    }

    /// What was claimed, to be compared with what the caller wanted.
    ///
    /// # Errors
    ///
    /// When it was not a `C`.
    pub fn claim<C: DeserializeOwned>(&self) -> Result<C, UnreadableClaim> {
        read(&self.id, &self.claim)
    }

    /// When it can be taken over if its owner has died, by the clock of the store. An owner that
    /// lives keeps moving this.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        self.until
    }
}

impl Finalized {
    /// The id that was claimed.
    #[must_use]
    pub fn id(&self) -> &CommandId {
        &self.id
    }

    /// What was claimed, to be compared with what the caller wanted.
    ///
    /// # Errors
    ///
    /// When it was not a `C`.
    pub fn claim<C: DeserializeOwned>(&self) -> Result<C, UnreadableClaim> {
        read(&self.id, &self.claim)
    }

    /// What came of it.
    ///
    /// # Errors
    ///
    /// When it was not an `R`.
    pub fn result<R: DeserializeOwned>(&self) -> Result<R, UnreadableClaim> {
        read(&self.id, &self.result)
    }
}

pub(super) fn read<T: DeserializeOwned>(
    id: &CommandId,
    json: &RawValue,
) -> Result<T, UnreadableClaim> {
    serde_json::from_str(json.get()).map_err(|error| UnreadableClaim::new::<T>(id, error))
}

/// What someone else has left under an id.
pub(super) enum Prior {
    Pending(Pending),
    Finalized(Finalized),
}

impl Prior {
    pub(super) fn read(id: &CommandId, entry: &Entry) -> Result<Self, StoreError> {
        let Record {
            claim, finalized, ..
        } = stored::read(entry)?;
        let id = id.clone();
        Ok(match finalized {
            Some(Outcome { result }) => Self::Finalized(Finalized { id, claim, result }),
            None => Self::Pending(Pending {
                id,
                claim,
                // Whoever claims sets it, and a store keeps it.
                until: entry
                    .expires_at
                    .ok_or_else(|| stored::damaged(&entry.key))?,
            }),
        })
    }
}

impl From<Prior> for Claimed {
    fn from(prior: Prior) -> Self {
        match prior {
            Prior::Pending(pending) => Self::Pending(pending),
            Prior::Finalized(finalized) => Self::Finalized(finalized),
        }
    }
}
