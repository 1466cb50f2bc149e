//! Whose turn it is to fill the views of a generation: that of one process among those that could.
//!
//! It saves work. What keeps an event from being applied twice is the guard of the checkpoint.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::runtime::node::Node;
use crate::store::{
    Expected, Key, Store, StoreError, StoreErrorKind, Write, WriteError,
};

/// A generation of views that one process at a time fills.
pub(super) struct Turn {
    store: Arc<dyn Store>,
    node: Arc<Node>,
    key: Key,
}

/// Who fills it, as it is stored.
#[derive(Serialize, Deserialize)]
struct Owner {
    node: String,
}

impl Turn {
    pub(super) fn new(
        store: &Arc<dyn Store>,
        node: &Arc<Node>,
        projection: &str,
        generation: u32,
    ) -> Self {
        Self {
            store: Arc::clone(store),
            node: Arc::clone(node),
            key: Key::new("projection-owners", format!("{projection}/{generation}")),
        }
    }

    /// Whether it is this process's turn for as long as the process is alive.
    pub(super) fn may_go_on(&self) -> bool {
        self.node.is_alive()
    }

    /// Takes the turn, unless it is that of another process that is alive.
    pub(super) async fn take(&self) -> Result<bool, StoreError> {
        if !self.node.is_alive() {
            return Ok(false);
        }
        let expected = match self.store.get(&self.key).await? {
            None => Expected::Absent,
            Some(entry) => {
                let owner: Owner = serde_json::from_slice(&entry.value).map_err(|error| {
                    let message = format!("failed to read who follows {}", self.key.name);
                    StoreError::new(StoreErrorKind::Damaged, message).because(error)
                })?;
                if owner.node == self.node.id() {
                    return Ok(true);
                }
                if self.node.is_other_alive(&owner.node).await? {
                    return Ok(false);
                }
                Expected::Revision(entry.revision)
            }
        };
        let owner = Owner {
            node: self.node.id().to_owned(),
        };
        let json = serde_json::to_vec(&owner).map_err(|error| {
            let message = format!("failed to write who follows {}", self.key.name);
            StoreError::new(StoreErrorKind::Other, message).because(error)
        })?;
        let write = Write::put(self.key.clone(), json).expecting(expected);
        match self.store.write(vec![write]).await {
            Ok(_) => Ok(true),
            Err(WriteError::Revision { .. }) => Ok(false),
            Err(WriteError::Store(error)) => Err(error),
        }
    }
}
