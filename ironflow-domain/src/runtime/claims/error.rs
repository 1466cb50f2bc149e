//! What can go wrong with claims.

use std::any::type_name;
use std::fmt;

use crate::runtime::claims::claimed::Prior;
use crate::store::{Entry, StoreError};
use crate::{CommandId, Finalized, InvalidCommandId, JsonError, Pending};

/// Nothing was claimed.
///
/// ```
/// use ironflow_domain::store::MemoryStore;
/// use ironflow_domain::{ClaimError, Claims};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let refused = Claims::new(MemoryStore::new()).try_claim("", &()).await.unwrap_err();
/// assert!(matches!(refused, ClaimError::CommandId(_)));
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// The given text cannot be a command's id.
    #[error(transparent)]
    CommandId(#[from] InvalidCommandId),
    /// What was to be claimed is not JSON, as a map with keys that are no texts is not.
    #[error("what command id {id} was to be claimed with cannot be written as JSON")]
    #[non_exhaustive]
    Unwritable {
        /// The id.
        id: CommandId,
        /// What does not fit.
        source: JsonError,
    },
    /// The store failed. Where it took part of the claim all the same, the id is free when the lease
    /// has lapsed.
    #[error("failed to claim command id {id}: nothing was begun, so it may be claimed again")]
    #[non_exhaustive]
    Store {
        /// The id.
        id: CommandId,
        /// What failed.
        source: StoreError,
    },
}

/// The result was not kept.
///
/// ```
/// # use ironflow_domain::store::{Key, KeyValueStore, MemoryStore, Write};
/// # use ironflow_domain::{Claimed, Claims};
/// use ironflow_domain::FinalizeError;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let store = MemoryStore::new();
/// # let Claimed::Won(claim) = Claims::new(store.clone()).try_claim("cmd-1", &()).await? else { panic!() };
/// # store.write(vec![Write::delete(Key::new("claims", "cmd-1"))]).await?;
/// match claim.finalize("payment-7").await {
///     Ok(()) => println!("everyone gets this result from now on"),
///     Err(FinalizeError::Lost(lost)) => println!("{lost}; now {:?}", lost.now),
///     Err(error) => return Err(error.into()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FinalizeError {
    /// The claim was not the caller's any more. Nothing was changed.
    #[error(transparent)]
    Lost(#[from] ClaimLost),
    /// The result is not JSON.
    #[error(
        "the result of command id {id} cannot be written as JSON: when the lease has lapsed, \
         the next to claim it is told that it was begun"
    )]
    #[non_exhaustive]
    Unwritable {
        /// The id.
        id: CommandId,
        /// What does not fit.
        source: JsonError,
    },
    /// The store failed until the lease had lapsed, or in a way that does not pass.
    #[error(
        "failed to keep the result of command id {id}: claim it again, which says whether the \
         result is there or that it was begun"
    )]
    #[non_exhaustive]
    Store {
        /// The id.
        id: CommandId,
        /// What failed.
        source: StoreError,
    },
}

/// The id was not given free.
///
/// ```
/// # use ironflow_domain::store::{Key, KeyValueStore, MemoryStore, Write};
/// # use ironflow_domain::{Claimed, Claims};
/// use ironflow_domain::{LostTo, ReleaseError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let store = MemoryStore::new();
/// # let Claimed::Won(claim) = Claims::new(store.clone()).try_claim("cmd-1", &()).await? else { panic!() };
/// # store.write(vec![Write::delete(Key::new("claims", "cmd-1"))]).await?;
/// let Err(ReleaseError::Lost(lost)) = claim.release().await else { panic!("it was deleted") };
/// assert!(matches!(lost.now, LostTo::Nobody));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// The claim was not the caller's any more. Whoever has it keeps it, and a result stays.
    #[error(transparent)]
    Lost(#[from] ClaimLost),
    /// The store failed until the lease had lapsed, or in a way that does not pass.
    #[error("failed to release command id {id}: it is free when the lease has lapsed")]
    #[non_exhaustive]
    Store {
        /// The id.
        id: CommandId,
        /// What failed.
        source: StoreError,
    },
}

/// A claim lapsed before its owner was done with it: the owner stood still for longer than the
/// lease, or the store was out of reach for as long.
///
/// Shown at [`ReleaseError`].
#[derive(Debug, Clone, thiserror::Error)]
#[error("the claim of command id {id} lapsed before it was renewed, and {now}")]
#[non_exhaustive]
pub struct ClaimLost {
    /// The id.
    pub id: CommandId,
    /// Who has it now.
    pub now: LostTo,
}

/// Who has an id whose claim was lost.
///
/// Shown at [`ReleaseError`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum LostTo {
    /// It is free.
    Nobody,
    /// Someone who has been told that it was begun.
    Pending(Pending),
    /// Someone who has finalized it.
    Finalized(Finalized),
}

impl fmt::Display for LostTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str(
                "nobody has it: claim it again, and find out what has happened before you go on",
            ),
            Self::Pending(pending) => write!(
                f,
                "another owner has had it since (until {}, or longer): leave it to them",
                pending.until()
            ),
            Self::Finalized(_) => f.write_str(
                "another owner has finalized it: compare their result with what you have done",
            ),
        }
    }
}

impl ClaimLost {
    /// What is under the key now.
    pub(super) fn to(id: &CommandId, entry: Option<&Entry>) -> Result<Self, StoreError> {
        let now = match entry.map(|entry| Prior::read(id, entry)).transpose()? {
            None => LostTo::Nobody,
            Some(Prior::Pending(pending)) => LostTo::Pending(pending),
            Some(Prior::Finalized(finalized)) => LostTo::Finalized(finalized),
        };
        Ok(Self {
            id: id.clone(),
            now,
        })
    }
}

/// What is stored about a claim is of another type than was asked for.
///
/// ```
/// # use ironflow_domain::store::MemoryStore;
/// # use ironflow_domain::{Claimed, Claims};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let claims = Claims::new(MemoryStore::new());
/// let first = claims.try_claim("cmd-1", "a text").await?;
/// let Claimed::Pending(pending) = claims.try_claim("cmd-1", "a text").await? else { panic!() };
/// let unreadable = pending.claim::<u32>().unwrap_err();
/// assert_eq!(unreadable.id.as_str(), "cmd-1");
/// # drop(first);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, thiserror::Error)]
#[error(
    "what is stored about command id {id} cannot be read as {expected}: ask for the type that was \
     written"
)]
#[non_exhaustive]
pub struct UnreadableClaim {
    /// The id.
    pub id: CommandId,
    /// The type that was asked for.
    pub expected: &'static str,
    /// What does not fit.
    pub source: JsonError,
}

impl UnreadableClaim {
    pub(super) fn new<T>(id: &CommandId, source: serde_json::Error) -> Self {
        Self {
            id: id.clone(),
            expected: type_name::<T>(),
            source: source.into(),
        }
    }
}
