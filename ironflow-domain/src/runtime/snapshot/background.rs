//! Writing without anybody waiting for it.

use tokio::runtime::Handle;
use tokio::sync::Semaphore;

/// How many snapshots are made and written at a time: each holds a state.
static FREE: Semaphore = Semaphore::const_new(32);

/// Does the work in a task of its own; not at all where so much is being done already that it would
/// only pile up. A snapshot that is not taken is due again.
pub(crate) fn in_background(work: impl Future<Output = ()> + Send + 'static) {
    let Ok(runtime) = Handle::try_current() else {
        tracing::warn!("a snapshot is not taken outside a tokio runtime");
        return;
    };
    let Ok(permit) = FREE.try_acquire() else {
        tracing::debug!("a snapshot is not taken: too many are being written");
        return;
    };
    runtime.spawn(async move {
        work.await;
        drop(permit);
    });
}
