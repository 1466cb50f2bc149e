//! What is stored about a claim.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::CommandId;
use crate::store::{Entry, Key, StoreError, StoreErrorKind};

/// Tells one call of `try_claim` from all others, in every process. It is in each value that the
/// call writes, so that a value whose write was not answered is recognised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Owner(String);

impl Owner {
    pub(super) fn random() -> Self {
        Self(Uuid::now_v7().to_string())
    }
}

/// What every value has.
#[derive(Deserialize)]
pub(super) struct Marked {
    pub(super) owner: Owner,
}

/// Who is at it, or what came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) owner: Owner,
    pub(super) claim: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) finalized: Option<Outcome>,
}

/// Beside its result, which may itself be `null`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Outcome {
    pub(super) result: Box<RawValue>,
}

/// Who has begun and neither finalized nor released.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Begins {
    /// Who wrote this.
    pub(super) owner: Owner,
    /// What they had claimed, each once, in the order in which they did.
    pub(super) claims: Vec<Box<RawValue>>,
}

/// Where the record of a command id is.
pub(super) fn claim_key(id: &CommandId) -> Key {
    Key::new("claims", id.as_str())
}

/// Where it is kept that a command id was begun with.
pub(super) fn begun_key(id: &CommandId) -> Key {
    Key::new("claims-begun", id.as_str())
}

pub(super) fn read<T: DeserializeOwned>(entry: &Entry) -> Result<T, StoreError> {
    serde_json::from_slice(&entry.value).map_err(|error| damaged(&entry.key).because(error))
}

pub(super) fn write(key: &Key, value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| {
        StoreError::new(StoreErrorKind::Other, format!("failed to write key {key}")).because(error)
    })
}

pub(super) fn damaged(key: &Key) -> StoreError {
    StoreError::new(
        StoreErrorKind::Damaged,
        format!("key {key} does not hold a claim: delete it, and write nothing else to its bucket"),
    )
}
