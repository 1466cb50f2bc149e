//! A projection between being named and being followed.

use std::any::TypeId;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Projection;
use crate::model::projection::panic_text;
use crate::runtime::projection::definition::Definition;
use crate::runtime::projection::follow::{self, Follower};
use crate::runtime::projection::generation;
use crate::runtime::projection::status::{ProjectionState, ProjectionStatus};
use crate::store::{Store, StoreError};

type Following = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A projection that has been named, its type forgotten.
pub(crate) struct Registration {
    pub(crate) name: &'static str,
    state: TypeId,
    define: fn() -> Definition,
    follow: fn(Follower) -> Following,
}

/// A projection that is being followed.
pub(crate) struct Followed {
    pub(crate) status: watch::Receiver<ProjectionStatus>,
    /// The type of its state.
    pub(crate) state: TypeId,
    pub(crate) definition: Definition,
    /// The views it fills, for as long as this process follows it.
    pub(crate) generation: u32,
    /// Dropping it stops the projection too.
    stop: watch::Sender<bool>,
}

impl Registration {
    pub(crate) fn of<P: Projection>() -> Self {
        Self {
            name: P::NAME,
            state: TypeId::of::<P>(),
            define: Definition::of::<P>,
            follow: |follower| Box::pin(follow::run::<P>(follower)),
        }
    }

    /// Reads where the projection left off and follows the log from there, in a task of its own:
    /// from its start, where the projection is not as it was then.
    pub(crate) async fn follow(
        &self,
        store: Arc<dyn Store>,
        poll: Duration,
    ) -> Result<Followed, StoreError> {
        let definition = (self.define)();
        let checkpoint = generation::find_or_begin(&*store, self.name, &definition).await?;
        let generation = checkpoint.progress.generation;
        let initial = ProjectionStatus::starting(self.name, &checkpoint.progress);
        let (publish, status) = watch::channel(initial);
        let (stop, stopping) = watch::channel(false);
        let follower = Follower {
            store,
            poll,
            checkpoint,
            status: publish.clone(),
            stopping,
        };
        let task = tokio::spawn((self.follow)(follower));
        tokio::spawn(report_panic(self.name, task, publish));
        Ok(Followed {
            status,
            state: self.state,
            definition,
            generation,
            stop,
        })
    }
}

/// A projection that panicked has failed like any other, and must say so.
async fn report_panic(
    name: &'static str,
    task: JoinHandle<()>,
    status: watch::Sender<ProjectionStatus>,
) {
    let Err(error) = task.await else { return };
    let state = if let Ok(panic) = error.try_into_panic() {
        let error = format!("it panicked: {}", panic_text(&*panic));
        tracing::error!(projection = name, error, "projection stopped");
        ProjectionState::Failed { error }
    } else {
        // The tokio runtime is shutting down.
        ProjectionState::Stopped
    };
    status.send_modify(|status| status.change(state));
}

impl Followed {
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until the projection is done with its last batch.
    pub(crate) async fn stopped(&self) {
        let mut status = self.status.clone();
        // An error means that the task is gone, which is what we wait for.
        drop(status.wait_for(|status| status.state.is_over()).await);
    }

    /// How it is doing. A task that went away with its tokio runtime cannot say so itself.
    pub(crate) fn status_now(&self) -> ProjectionStatus {
        let mut status = self.status.borrow().clone();
        let is_gone = self.status.has_changed().is_err();
        if is_gone && !status.state.is_over() {
            status.change(ProjectionState::Stopped);
        }
        status
    }
}
