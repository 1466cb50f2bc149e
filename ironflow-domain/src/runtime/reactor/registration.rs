//! A reactor between being named and reacting.

use std::pin::Pin;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::model::projection::panic_text;
use crate::runtime::ahead::end_of_log;
use crate::runtime::projection::Surroundings;
use crate::runtime::reactor::place::Place;
use crate::runtime::reactor::run::Reacting;
use crate::runtime::reactor::status::{ReactorState, ReactorStatus};
use crate::runtime::stopping::Stopping;
use crate::store::{Expected, Store, StoreError, WriteError};
use crate::{Position, Reactor};

type Run = dyn FnOnce(&Surroundings, watch::Sender<ReactorStatus>, Stopping) -> Task + Send + Sync;
type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A reactor that has been named, its type forgotten.
pub(crate) struct Registered {
    pub(crate) name: &'static str,
    from_start: bool,
    run: Box<Run>,
}

/// A reactor of which it is known where it begins.
pub(crate) struct Begun(Registered);

/// A reactor that runs.
pub(crate) struct Running {
    status: watch::Receiver<ReactorStatus>,
    /// Dropping it stops the reactor too.
    stop: watch::Sender<bool>,
}

impl Registered {
    pub(crate) fn new<R: Reactor>(reactor: R) -> Self {
        Self {
            name: R::NAME,
            from_start: R::FROM_START,
            run: Box::new(|surroundings, status, stopping| {
                let reacting = Reacting::new(reactor, surroundings, status, stopping);
                Box::pin(reacting.run())
            }),
        }
    }

    /// Says where it begins, where nobody has: what is recorded after this is what it reacts to, or all
    /// that ever was.
    pub(crate) async fn begin(self, store: &dyn Store) -> Result<Begun, StoreError> {
        if Place::read(store, self.name).await?.is_none() {
            let position = if self.from_start {
                Position::START
            } else {
                end_of_log(store, Position::START).await?
            };
            let write = Place::after(position).write(self.name, Expected::Absent)?;
            match store.write(vec![write]).await {
                // Another process was faster: it is where that says.
                Ok(_) | Err(WriteError::Revision { .. }) => {}
                Err(error) => return Err(error.of_the_store()),
            }
        }
        Ok(Begun(self))
    }
}

impl Begun {
    /// Reacts, in a task of its own.
    pub(crate) fn run(self, surroundings: &Surroundings) -> Running {
        let Registered { name, run, .. } = self.0;
        let (publish, status) = watch::channel(ReactorStatus::starting(name));
        let (stop, stopping) = Stopping::new();
        let task = tokio::spawn(run(surroundings, publish.clone(), stopping));
        tokio::spawn(report_end(name, task, publish));
        Running { status, stop }
    }
}

impl Running {
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until the reactor is done with the event it is at.
    pub(crate) async fn stopped(&self) {
        let mut status = self.status.clone();
        // It ends when the task does that has the other end.
        while status.changed().await.is_ok() {}
    }

    /// How it is doing, and will be.
    pub(super) fn status(&self) -> watch::Receiver<ReactorStatus> {
        self.status.clone()
    }

    /// How it is doing. A task that went away with its tokio runtime cannot say so itself.
    pub(super) fn status_now(&self) -> ReactorStatus {
        let mut status = self.status.borrow().clone();
        let is_gone = self.status.has_changed().is_err();
        if is_gone && !status.state.is_over() {
            status.change(ReactorState::Stopped);
        }
        status
    }
}

/// A reactor that panicked outside of what its user wrote has failed like any other, and must say so.
async fn report_end(
    name: &'static str,
    task: JoinHandle<()>,
    status: watch::Sender<ReactorStatus>,
) {
    let Err(error) = task.await else { return };
    if let Ok(panic) = error.try_into_panic() {
        let error = format!("it panicked: {}", panic_text(&*panic));
        tracing::error!(reactor = name, error, "reactor stopped");
        status.send_modify(|status| status.change(ReactorState::Failed { error }));
    }
}
