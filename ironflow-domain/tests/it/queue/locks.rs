//! The code of commands and states runs under no lock of the queue.

use std::cell::Cell;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ironflow_domain::store::MemoryStore;
use ironflow_domain::{Aggregate, Decide, Decision, Fold, Ironflow, command, event, events};

use super::{NotEnough, poll_once, runtime, start};
use crate::watched::Watched;

static CURIOUS: OnceLock<Arc<Ironflow>> = OnceLock::new();

#[event("vault")]
pub(crate) enum VaultEvent {
    Opened,
}

/// Whoever drops the state, or what was to be done with it, uses the same queues.
#[derive(Aggregate)]
#[aggregate(event = VaultEvent, error = NotEnough)]
pub(crate) struct Vault(Curious);

impl Default for Vault {
    fn default() -> Self {
        Self(Curious)
    }
}

impl Fold for Vault {
    fn fold(&mut self, _: &VaultEvent) {}
}

#[command(Vault)]
pub(crate) struct Unlock {
    #[id]
    vault: u32,
    curious: Curious,
}

impl Decide<Unlock> for Vault {
    fn decide(&self, _: Unlock) -> Decision<Self> {
        Ok(events![VaultEvent::Opened])
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Curious;

impl Drop for Curious {
    fn drop(&mut self) {
        thread_local!(static IS_BUSY: Cell<bool> = const { Cell::new(false) });
        if let Some(bar) = CURIOUS.get()
            && !IS_BUSY.replace(true)
        {
            let unlock = bar.execute(Unlock {
                vault: 1,
                curious: Self,
            });
            assert!(poll_once(&mut unlock.into_future()).is_pending());
            IS_BUSY.set(false);
        }
    }
}

#[test]
fn what_is_dropped_may_use_what_it_is_dropped_by() {
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime().block_on(async {
            let store = Watched::new(&MemoryStore::new());
            let bar = start(Ironflow::new(store.clone()).cached_streams(1)).await;
            let unlock = |vault| {
                let curious = Curious;
                bar.execute(Unlock { vault, curious }).into_future()
            };
            unlock(1).await.unwrap();
            store.close_gate();
            let mut first = unlock(1);
            assert!(poll_once(&mut first).is_pending());
            store.arrived(2).await;
            let mut second = unlock(1);
            assert!(poll_once(&mut second).is_pending());
            CURIOUS.set(Arc::clone(&bar)).unwrap();
            // Its command is in the line, and nobody else has it.
            drop(second);
            store.open_gate();
            first.await.unwrap();
            // The states of others have to go.
            for vault in 2..5 {
                unlock(vault).await.unwrap();
            }
        });
        done.send(()).unwrap();
    });
    let is_done = is_done.recv_timeout(Duration::from_secs(10));
    assert_eq!(is_done, Ok(()), "someone waits for a lock for ever");
}
