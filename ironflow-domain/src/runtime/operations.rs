//! What operators have done, as it is stored.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::runtime::projection::stored;
use crate::store::{Expected, Key, Revision, Store, StoreError, Write};

/// How many are kept.
const KEPT: usize = 500;

/// What operators have done with a projection or a reactor, and the state of its key.
#[derive(Debug)]
pub(crate) struct Operations<T> {
    key: Key,
    /// What they are, for whoever cannot read them.
    what: &'static str,
    /// The last of them, the first of these first.
    pub(crate) all: Vec<T>,
    revision: Option<Revision>,
}

impl<T: Serialize + DeserializeOwned> Operations<T> {
    pub(crate) async fn read(
        store: &dyn Store,
        key: Key,
        what: &'static str,
    ) -> Result<Self, StoreError> {
        let entry = store.get(&key).await?;
        let all = match &entry {
            Some(entry) => stored::read(entry, what, &key.name)?,
            None => Vec::new(),
        };
        Ok(Self {
            key,
            what,
            all,
            revision: entry.map(|entry| entry.revision),
        })
    }

    /// The write that records one more, unless others have recorded another meanwhile.
    pub(crate) fn with(mut self, operation: T) -> Result<Write, StoreError> {
        self.all.push(operation);
        let outdated = self.all.len().saturating_sub(KEPT);
        self.all.drain(..outdated);
        let json = stored::write(&self.all, self.what, &self.key.name)?;
        let expected = self.revision.map_or(Expected::Absent, Expected::Revision);
        Ok(Write::put(self.key, json).expecting(expected))
    }
}
