//! Keeps a claim while its owner lives.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use crate::runtime::claims::begun::Begun;
use crate::runtime::claims::slot::{Change, Slot};
use crate::store::StoreError;

/// What an owner has in the store.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) claim: Slot,
    /// The claim as it is written again and again.
    pub(super) value: Vec<u8>,
    pub(super) begun: Begun,
}

/// Until when the claim stands by the clock of its owner; nothing when it is lost.
pub(super) type Lapse = Option<Instant>;

/// Renews a claim until it is dropped, or until the claim is lost.
#[derive(Debug)]
pub(super) struct Heartbeat(JoinHandle<()>);

impl Heartbeat {
    /// Begins with a claim that was written at that time or later.
    pub(super) fn start(
        held: Arc<Mutex<Held>>,
        lease: Duration,
        written: Instant,
    ) -> (Self, watch::Receiver<Lapse>) {
        let (lapse, watching) = watch::channel(Some(written + lease));
        let beating = beat(held, lease, written, lapse);
        (Self(tokio::spawn(beating)), watching)
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn beat(
    held: Arc<Mutex<Held>>,
    lease: Duration,
    mut written: Instant,
    lapse: watch::Sender<Lapse>,
) {
    loop {
        sleep_until(written + lease / 3).await;
        let mut held = held.lock().await;
        // The lease counts from before the write was sent: the store's begins later.
        let renewed = timeout_at(written + lease, renew(&mut held, lease)).await;
        let Ok(Some(sent)) = renewed else {
            tracing::warn!(key = %held.claim.key(), "a claim was lost");
            lapse.send_replace(None);
            return;
        };
        written = sent;
        lapse.send_replace(Some(written + lease));
        // It lasts for much longer than the lease, so that the next beat is early enough.
        match timeout_at(written + lease / 3, held.begun.renew()).await {
            // Where someone else has changed it, the claim is lost, which the next beat finds out.
            Ok(Ok(Change::Made | Change::Foreign(_))) | Err(_) => {}
            Ok(Err(error)) => warn(&held, &error),
        }
    }
}

/// Tries until it knows: when the write that succeeded was sent, or nothing where the claim is
/// lost.
async fn renew(held: &mut Held, lease: Duration) -> Option<Instant> {
    loop {
        let sent = Instant::now();
        match held.claim.put(&held.value, lease).await {
            Ok(Change::Made) => return Some(sent),
            Ok(Change::Foreign(_)) => return None,
            Err(error) => warn(held, &error),
        }
        sleep(lease / 30).await;
    }
}

fn warn(held: &Held, error: &StoreError) {
    let error: &(dyn Error + 'static) = error;
    tracing::warn!(key = %held.claim.key(), error, "a claim could not be renewed");
}
