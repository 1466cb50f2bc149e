//! This process, among those that share a store.
//!
//! It is alive for as long as it says so in time, under a key that lapses. What one process at a
//! time should do is left to one that is alive; that it cannot be done twice, whatever clocks say,
//! is up to those who write what comes of it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{AbortHandle, spawn};
use tokio::time::{Instant, sleep, timeout_at};
use uuid::Uuid;

use crate::store::{Key, Store, StoreError, Write};

/// For how long a process is taken for alive after it last said so.
pub(crate) const LEASE: Duration = Duration::from_secs(5);

/// A process that says that it is alive, until it is dropped.
pub(crate) struct Node {
    store: Arc<dyn Store>,
    id: String,
    /// Until when others take it for alive, by the clock of this process.
    lapse: watch::Receiver<Option<Instant>>,
    beat: AbortHandle,
}

impl Node {
    /// Begins to say that it is alive.
    pub(crate) fn start(store: Arc<dyn Store>) -> Self {
        let id = Uuid::now_v7().to_string();
        let (publish, lapse) = watch::channel(None);
        let beating = beat(Arc::clone(&store), key(&id), publish);
        Self {
            store,
            id,
            lapse,
            beat: spawn(beating).abort_handle(),
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// Whether others take it for alive. It counts from before it last said so, so it knows no
    /// later than they do.
    pub(crate) fn is_alive(&self) -> bool {
        self.lapse
            .borrow()
            .is_some_and(|lapse| Instant::now() < lapse)
    }

    /// Waits until it is alive.
    pub(crate) async fn alive(&self) {
        let mut lapse = self.lapse.clone();
        let is_ahead = |lapse: &Option<Instant>| lapse.is_some_and(|lapse| Instant::now() < lapse);
        // An error says that the beat has ended, and with it what waits.
        drop(lapse.wait_for(is_ahead).await);
    }

    /// Whether another process is alive.
    pub(crate) async fn is_other_alive(&self, id: &str) -> Result<bool, StoreError> {
        Ok(self.store.get(&key(id)).await?.is_some())
    }

    /// Says that it is not alive any more, so that others need not wait for the lease to lapse.
    pub(crate) async fn stop(&self) {
        self.beat.abort();
        if let Err(error) = self.store.write(vec![Write::delete(key(&self.id))]).await {
            let error: &(dyn Error + 'static) = &error;
            tracing::warn!(node = self.id, error, "a process could not say that it stops");
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.beat.abort();
    }
}

fn key(node: &str) -> Key {
    Key::new("nodes", node)
}

async fn beat(store: Arc<dyn Store>, key: Key, lapse: watch::Sender<Option<Instant>>) {
    loop {
        let sent = Instant::now();
        let write = Write::put(key.clone(), "{}").expiring_after(LEASE);
        let written = timeout_at(sent + LEASE, store.write(vec![write])).await;
        let pause = match written {
            Ok(Ok(_)) => {
                lapse.send_replace(Some(sent + LEASE));
                LEASE / 3
            }
            Ok(Err(error)) => {
                let error: &(dyn Error + 'static) = &error;
                tracing::warn!(%key, error, "a process could not say that it is alive");
                LEASE / 30
            }
            Err(_) => {
                tracing::warn!(%key, "a process could not say in time that it is alive");
                LEASE / 30
            }
        };
        sleep(pause).await;
    }
}
