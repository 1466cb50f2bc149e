//! What is stored about a projection, as JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::{Entry, StoreError, StoreErrorKind};

/// Reads what is stored about the projection.
pub(super) fn read<T: DeserializeOwned>(
    entry: &Entry,
    what: &str,
    projection: &str,
) -> Result<T, StoreError> {
    serde_json::from_slice(&entry.value).map_err(|error| {
        let doing = format!("failed to read {what} {projection}");
        StoreError::new(StoreErrorKind::Damaged, doing).because(error)
    })
}

/// What is to be stored about the projection.
pub(super) fn write<T: Serialize>(
    value: &T,
    what: &str,
    projection: &str,
) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| {
        let doing = format!("failed to write {what} {projection}");
        StoreError::new(StoreErrorKind::Other, doing).because(error)
    })
}
