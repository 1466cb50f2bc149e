//! That a reactor is paused, as it is stored: there is nothing where it is not.

use crate::store::{Key, Store, StoreError, Write};

/// The write that pauses it.
pub(super) fn pause(reactor: &str) -> Write {
    Write::put(key(reactor), "true")
}

/// The write that lets it go on.
pub(super) fn resume(reactor: &str) -> Write {
    Write::delete(key(reactor))
}

pub(super) async fn is_paused(store: &dyn Store, reactor: &str) -> Result<bool, StoreError> {
    Ok(store.get(&key(reactor)).await?.is_some())
}

/// Where it is kept.
pub(super) fn key(reactor: &str) -> Key {
    Key::new("reactors-paused", reactor)
}
