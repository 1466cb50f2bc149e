//! Keys that other processes may change, looked up together.
//!
//! One call for all of them, as often as projections look for new events: whoever waits for a change
//! of one asks no store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::store::{Entry, Key, Store};

/// What a key was when somebody looked last.
pub(crate) type Seen = watch::Receiver<Found>;

/// What a key was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nobody has looked yet.
    Unknown,
    Nothing,
    Entry(Entry),
}

impl Found {
    pub(crate) fn entry(&self) -> Option<&Entry> {
        match self {
            Self::Entry(entry) => Some(entry),
            Self::Unknown | Self::Nothing => None,
        }
    }
}

/// Looks after keys, until it is dropped.
pub(crate) struct Lookout {
    store: Arc<dyn Store>,
    watched: Mutex<HashMap<Key, watch::Sender<Found>>>,
    /// Somebody knows of a change.
    again: Arc<Notify>,
}

impl Lookout {
    /// Looks when it is started.
    pub(crate) fn new(store: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self {
            store,
            watched: Mutex::default(),
            again: Arc::default(),
        })
    }

    /// Looks that often, in a task of its own.
    pub(crate) fn start(self: &Arc<Self>, every: Duration) {
        tokio::spawn(look(Arc::downgrade(self), Arc::clone(&self.again), every));
    }

    /// Looks after a key, of which this was found last, for as long as somebody has the answer.
    pub(crate) fn watch(&self, key: Key, found: Found) -> Seen {
        let mut watched = self.watched();
        let sender = watched.entry(key);
        sender
            .or_insert_with(|| watch::Sender::new(found))
            .subscribe()
    }

    /// Looks at once.
    pub(crate) fn look(&self) {
        self.again.notify_one();
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<Key, watch::Sender<Found>>> {
        // A panic elsewhere leaves nothing half-done in it.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at all keys. A store that fails has told nothing: what was seen stays.
    async fn look_at_all(&self) {
        let keys: Vec<Key> = {
            let mut watched = self.watched();
            watched.retain(|_, sender| sender.receiver_count() > 0);
            watched.keys().cloned().collect()
        };
        if keys.is_empty() {
            return;
        }
        let entries = match self.store.get_all(&keys).await {
            Ok(entries) => entries,
            Err(error) => {
                // Whoever follows meets the same store, and says so in a status.
                let error: &(dyn std::error::Error + 'static) = &error;
                tracing::debug!(error, "failed to look whether projections have changed");
                return;
            }
        };
        let watched = self.watched();
        for (key, entry) in keys.iter().zip(entries) {
            if let Some(sender) = watched.get(key) {
                let found = entry.map_or(Found::Nothing, Found::Entry);
                sender.send_if_modified(|before| {
                    let has_changed = *before != found;
                    *before = found;
                    has_changed
                });
            }
        }
    }
}

async fn look(lookout: Weak<Lookout>, again: Arc<Notify>, every: Duration) {
    loop {
        // However it ends, it is time to look.
        drop(tokio::time::timeout(every, again.notified()).await);
        let Some(lookout) = lookout.upgrade() else {
            return;
        };
        lookout.look_at_all().await;
    }
}
