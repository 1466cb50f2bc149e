//! One projection in this process: which generations of its views it follows, and what it says about
//! them.

use std::collections::BTreeMap;
use std::future::pending;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::Position;
use crate::model::projection::panic_text;
use crate::runtime::projection::checkpoint::{self, Checkpoint};
use crate::runtime::projection::definition::Definition;
use crate::runtime::projection::follow::{Follower, Times};
use crate::runtime::projection::head::SeenHead;
use crate::runtime::projection::hub::Hub;
use crate::runtime::projection::lookout::{Found, Lookout, Seen};
use crate::runtime::projection::rate::Begun;
use crate::runtime::projection::status::{
    Doing, ProjectionState, ProjectionStatus, Step, Steps, Teller,
};
use crate::runtime::projection::subscribe::Updates;
use crate::runtime::stopping::Stopping;
use crate::store::Store;

pub(super) type Following = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What keeping a projection takes, whatever its type.
pub(super) struct Keeper {
    pub(super) name: &'static str,
    pub(super) definition: Definition,
    pub(super) follow: fn(Follower) -> Following,
    pub(super) store: Arc<dyn Store>,
    pub(super) lookout: Arc<Lookout>,
    pub(super) hub: Option<Arc<Hub>>,
    pub(super) times: Times,
    pub(super) node: Arc<str>,
    /// The generations there are.
    pub(super) head: watch::Sender<SeenHead>,
    /// The same, as it was looked up by the way.
    pub(super) seen: Seen,
    pub(super) updates: Updates,
    /// The generation that serves and its checkpoint, where that is not followed here.
    pub(super) elsewhere: Option<(u32, Seen)>,
    pub(super) status: watch::Sender<ProjectionStatus>,
    pub(super) stopping: Stopping,
}

/// A generation that is followed.
struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    begun: Option<Begun>,
}

impl Keeper {
    /// Follows what there is to follow, until told to stop.
    pub(super) async fn keep(mut self) {
        let mut running = BTreeMap::new();
        let steps = watch::Sender::new(Steps::default());
        let mut stepped = steps.subscribe();
        let mut gone = None;
        while !self.stopping.is_told() && gone.is_none() {
            self.follow_wanted(&mut running, &steps);
            self.publish(&mut running, &steps);
            let mut elsewhere = self.elsewhere.as_ref().map(|(_, seen)| seen.clone());
            tokio::select! {
                biased;
                () = self.stopping.told() => {}
                Ok(()) = self.seen.changed() => {
                    gone = self.take_head().err();
                    // Whoever has changed something may have mended it: what has failed begins again.
                    running.retain(|_, running: &mut Running| !running.task.is_finished());
                }
                Ok(()) = stepped.changed() => {}
                () = moved(&mut elsewhere) => {
                    self.elsewhere = self.elsewhere.take().map(|(serving, mut seen)| {
                        seen.mark_unchanged();
                        (serving, seen)
                    });
                }
            }
        }
        stop_all(running).await;
        self.status.send_modify(|status| {
            if !matches!(status.state, ProjectionState::Failed { .. }) {
                status.change(gone.map_or(ProjectionState::Stopped, |error| {
                    ProjectionState::Failed { error }
                }));
            }
        });
    }

    /// Takes the generations as they were seen.
    fn take_head(&mut self) -> Result<(), String> {
        let entry = match self.seen.borrow_and_update().clone() {
            Found::Entry(entry) => entry,
            Found::Nothing => return Err("it was deleted: start the program again".to_owned()),
            Found::Unknown => return Ok(()),
        };
        let seen = SeenHead::parse(&entry).map_err(|error| error.to_string())?;
        self.head.send_if_modified(|head| {
            let is_later = seen.revision > head.revision;
            if is_later {
                *head = seen;
            }
            is_later
        });
        Ok(())
    }

    /// The generations to follow: the one that answers, the one that will, and the one that has so
    /// far.
    fn wanted(&self) -> Vec<u32> {
        let SeenHead { head, .. } = &*self.head.borrow();
        if head.is_paused {
            return Vec::new();
        }
        let answers = self.status.borrow().generation;
        let answers = head.generation(answers).map(|it| it.number);
        let fitting = head.fitting(&self.definition).map(|it| it.number);
        let replacement = head.replacement(&self.definition).map(|it| it.number);
        let mut wanted: Vec<u32> = answers
            .into_iter()
            .chain(fitting)
            .chain(replacement)
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    /// Starts and stops followers.
    fn follow_wanted(
        &mut self,
        running: &mut BTreeMap<u32, Running>,
        steps: &watch::Sender<Steps>,
    ) {
        let wanted = self.wanted();
        running.retain(|generation, running| {
            let is_wanted = wanted.contains(generation);
            if !is_wanted {
                running.stop.send_replace(true);
                steps.send_modify(|steps| steps.forget(*generation));
            }
            is_wanted
        });
        for generation in wanted {
            running
                .entry(generation)
                .or_insert_with(|| self.start(generation, steps));
        }
        let serving = self.head.borrow().head.serving;
        let is_followed = running.is_empty() || running.contains_key(&serving);
        let watch = || {
            self.lookout
                .watch(checkpoint::key(self.name, serving), Found::Unknown)
        };
        match &self.elsewhere {
            _ if is_followed => self.elsewhere = None,
            Some((before, _)) if *before == serving => {}
            _ => self.elsewhere = Some((serving, watch())),
        }
    }

    fn start(&self, generation: u32, steps: &watch::Sender<Steps>) -> Running {
        let (stop, stopping) = Stopping::new();
        let before = {
            // Where it is followed again, it is not behind what was said of it.
            let status = self.status.borrow();
            let is_same = status.generation == generation;
            let again = is_same.then(|| Step {
                position: status.position,
                parked: status.parked,
                ..Step::default()
            });
            again.unwrap_or_default()
        };
        let teller = Teller::new(steps, generation, before);
        let follower = Follower {
            store: Arc::clone(&self.store),
            lookout: Arc::clone(&self.lookout),
            hub: self.hub.clone(),
            times: self.times,
            node: Arc::clone(&self.node),
            head: self.head.subscribe(),
            generation,
            updates: self.updates.clone(),
            teller: teller.clone(),
            stopping,
        };
        let following = tokio::spawn((self.follow)(follower));
        let task = tokio::spawn(report_panic(self.name, following, teller));
        Running {
            stop,
            task,
            begun: None,
        }
    }

    /// Says how far it is. What answers is replaced by what has come as far.
    fn publish(&self, running: &mut BTreeMap<u32, Running>, steps: &watch::Sender<Steps>) {
        let head = &self.head.borrow().head;
        let steps = steps.borrow();
        let before = self.status.borrow().clone();
        let mut status = before.clone();
        if let Some(fitting) = head.fitting(&self.definition)
            && fitting.number != status.generation
        {
            let is_there = steps
                .get(fitting.number)
                .is_some_and(|step| !fitting.is_building && step.position >= status.position);
            let is_gone = head.generation(status.generation).is_none();
            // What is gone has shown all up to that position: so must what answers after it.
            if is_there || (is_gone && fitting.is_building) {
                status.generation = fitting.number;
                status.dropped = 0;
            }
        }
        status.rebuild = None;
        for (generation, running) in running {
            let Some(step) = steps.get(*generation) else {
                continue;
            };
            let known = head.generation(*generation);
            let is_building = known.is_some_and(|it| it.is_building);
            let is_held = known.is_some_and(|it| it.is_held);
            let answers = *generation == status.generation;
            if answers {
                // Where it begins again, as after a pause, it has not looked yet how far it was.
                status.position = if before.generation == *generation {
                    step.position.max(before.position)
                } else {
                    step.position
                };
                status.dropped = step.dropped;
                status.parked = step.parked;
                status.is_stuck = step.stuck.is_some();
                status.state = state(
                    step,
                    is_building && head.serving != *generation,
                    &before.state,
                );
            }
            // The first views of all replace nothing.
            if is_building && head.serving != *generation {
                let target = match &self.elsewhere {
                    Some((_, seen)) => self.position_of(seen),
                    None => Some(status.position),
                };
                let begun = running.begun.get_or_insert_with(|| Begun::at(step));
                let error = match &step.doing {
                    Doing::Retrying { error } | Doing::Failed { error } => Some(error.clone()),
                    _ => None,
                };
                status.rebuild = Some(begun.progress(*generation, step, target, is_held, error));
            }
        }
        if head.is_paused {
            status.state = ProjectionState::Paused;
        } else if head.generation(status.generation).is_none() {
            let others = head.fitting(&self.definition);
            status.state = if others.is_some_and(|it| !it.is_building) {
                // Others have replaced it twice: the last of them answers once it is as far.
                ProjectionState::Starting
            } else {
                let error = "its views were deleted, or their rebuild was cancelled: start the \
                             program again";
                ProjectionState::Failed {
                    error: error.to_owned(),
                }
            };
        }
        if status != before {
            status.change(status.state.clone());
            self.status.send_replace(status);
        }
    }

    /// Where the checkpoint was that was seen.
    fn position_of(&self, seen: &Seen) -> Option<Position> {
        let checkpoint = Checkpoint::parse(seen.borrow().entry()?, self.name);
        checkpoint.ok().map(|it| it.progress.position)
    }
}

/// What a projection is doing, in words for its user.
fn state(step: &Step, is_rebuilding: bool, before: &ProjectionState) -> ProjectionState {
    if let Some(error) = &step.stuck {
        return ProjectionState::Failed {
            error: error.clone(),
        };
    }
    match &step.doing {
        Doing::Retrying { error } => ProjectionState::Retrying {
            error: error.clone(),
        },
        Doing::Failed { error } => ProjectionState::Failed {
            error: error.clone(),
        },
        _ if is_rebuilding => ProjectionState::Rebuilding,
        Doing::AtEnd => ProjectionState::Active,
        Doing::Starting | Doing::CatchingUp => ProjectionState::Starting,
        Doing::Stopped => before.clone(),
    }
}

/// Waits until the key has changed; for ever where there is none.
async fn moved(seen: &mut Option<Seen>) {
    if let Some(seen) = seen
        && seen.changed().await.is_ok()
    {
        return;
    }
    // Nothing to wait for, or nobody looks any more, since the application has stopped.
    pending::<()>().await;
}

async fn stop_all(running: BTreeMap<u32, Running>) {
    for running in running.values() {
        running.stop.send_replace(true);
    }
    for (_, running) in running {
        // It reports panics itself, and is never aborted.
        drop(running.task.await);
    }
}

/// A projection that panicked has failed like any other, and must say so.
async fn report_panic(name: &'static str, task: JoinHandle<()>, teller: Teller) {
    let Err(error) = task.await else { return };
    let doing = if let Ok(panic) = error.try_into_panic() {
        let error = format!("it panicked: {}", panic_text(&*panic));
        tracing::error!(projection = name, error, "projection stopped");
        Doing::Failed { error }
    } else {
        // The tokio runtime is shutting down.
        Doing::Stopped
    };
    teller.tell(|step| step.doing = doing);
}
