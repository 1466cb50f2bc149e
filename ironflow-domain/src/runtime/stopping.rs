//! Being told to stop.

use std::time::Duration;

use tokio::sync::watch;

/// Whether a task has been told to stop. Dropping the last handle of the application tells it, too.
#[derive(Clone)]
pub(crate) struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Not told so far; the sender tells it with `true`, or by being dropped.
    pub(crate) fn new() -> (watch::Sender<bool>, Self) {
        let (stop, stopping) = watch::channel(false);
        (stop, Self(stopping))
    }

    pub(crate) fn is_told(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits until told to stop.
    pub(crate) fn told(&self) -> impl Future<Output = ()> + use<> {
        let mut stopping = self.0.clone();
        // An error says that nobody is left to tell.
        async move { drop(stopping.wait_for(|stop| *stop).await) }
    }

    /// Waits, but not when told to stop.
    pub(crate) async fn pause(&self, time: Duration) {
        // Told to stop or not, whoever waits looks for itself.
        drop(tokio::time::timeout(time, self.told()).await);
    }
}
