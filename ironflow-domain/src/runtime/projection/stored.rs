//! What is stored about a projection or a reactor, as JSON.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::{Entry, StoreError, StoreErrorKind};

/// Reads what is stored about whoever has that name.
pub(crate) fn read<T: DeserializeOwned>(
    entry: &Entry,
    what: &str,
    name: &str,
) -> Result<T, StoreError> {
    serde_json::from_slice(&entry.value).map_err(|error| {
        let doing = format!("failed to read {what} {name}");
        StoreError::new(StoreErrorKind::Damaged, doing).because(error)
    })
}

/// What is to be stored about whoever has that name.
pub(crate) fn write<T: Serialize>(
    value: &T,
    what: &str,
    name: &str,
) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| {
        let doing = format!("failed to write {what} {name}");
        StoreError::new(StoreErrorKind::Other, doing).because(error)
    })
}
