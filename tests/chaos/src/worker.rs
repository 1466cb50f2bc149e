//! A process that follows the projections: a runtime of its own, killed by dropping it.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use ironflow_domain::{Ironflow, ProjectionState};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::Site;
use crate::domain::{Deliveries, Done, first, second};
use crate::gate::{Gate, Gated};
use crate::watch::{self, Complaints, News, Told};

/// Which of the two programs it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    First,
    Second,
}

pub(crate) struct Worker {
    pub(crate) program: Program,
    pub(crate) gate: Gate,
    /// What somebody was told who has subscribed.
    pub(crate) told: Arc<Mutex<Told>>,
    /// There once it has started.
    ironflow: Arc<OnceLock<Ironflow>>,
    runtime: Option<Runtime>,
    stopping: Option<JoinHandle<()>>,
}

/// How it follows.
#[derive(Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) poll: Duration,
    pub(crate) take_over_after: Duration,
}

impl Worker {
    /// Starts one, and does not wait for it.
    pub(crate) fn start<S: Site>(
        site: &S,
        program: Program,
        pace: Pace,
        news: &News,
        complaints: &Complaints,
        done: &Done,
    ) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let gate = Gate::open();
        let told = Arc::<Mutex<Told>>::default();
        let ironflow = Arc::<OnceLock<Ironflow>>::default();
        let (site, gated, started) = (site.clone(), gate.clone(), Arc::clone(&ironflow));
        let (news, complaints) = (news.subscribe(), complaints.clone());
        let (tell, done) = (Arc::clone(&told), Arc::clone(done));
        runtime.spawn(async move {
            // Where the database is disturbed, starting fails: it is tried again, as by whoever
            // looks after processes.
            let follows = loop {
                let Ok(store) = site.open().await else {
                    continue;
                };
                let gate = gated.clone();
                let builder = Ironflow::new(Gated { store, gate })
                    .poll_interval(pace.poll)
                    .take_over_after(pace.take_over_after)
                    .reactor(Deliveries(Arc::clone(&done)));
                let builder = match program {
                    Program::First => builder
                        .projection::<first::Paths>()
                        .projection::<first::Rows>()
                        .projection::<first::Whole>(),
                    Program::Second => builder
                        .projection::<second::Paths>()
                        .projection::<second::Rows>()
                        .projection::<second::Whole>(),
                };
                if let Ok(follows) = builder.start().await {
                    break follows;
                }
            };
            match program {
                Program::First => {
                    watch::watch::<first::Paths>(&follows, news, &tell, &complaints);
                }
                Program::Second => {
                    watch::watch::<second::Paths>(&follows, news, &tell, &complaints);
                }
            }
            drop(started.set(follows));
        });
        Self {
            program,
            gate,
            told,
            ironflow,
            runtime: Some(runtime),
            stopping: None,
        }
    }

    /// There once it has started.
    pub(crate) fn ironflow(&self) -> Option<&Ironflow> {
        self.ironflow.get()
    }

    /// Tells it to stop, and does not wait for it.
    pub(crate) fn stop(&mut self) {
        if let (Some(runtime), Some(ironflow)) = (&self.runtime, self.ironflow.get()) {
            let ironflow = ironflow.clone();
            self.stopping = Some(runtime.spawn(async move { ironflow.stop().await }));
        }
    }

    /// Waits until it has stopped.
    pub(crate) async fn stopped(&mut self) {
        if let Some(stopping) = self.stopping.take() {
            stopping.await.unwrap();
        }
    }

    /// Whether it has to be started again, since views of its program were deleted.
    pub(crate) fn has_failed(&self) -> bool {
        let statuses = self.ironflow().map(Ironflow::projection_statuses);
        statuses.into_iter().flatten().any(|status| {
            let ProjectionState::Failed { error } = &status.state else {
                return false;
            };
            let is_end = error.contains("start the program again");
            // Where all that there is of it is parked, that is no end.
            assert!(is_end || status.parked > 0, "no end is known: {status:?}");
            is_end
        })
    }
}

impl Drop for Worker {
    /// Killed: none of its tasks says goodbye.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
