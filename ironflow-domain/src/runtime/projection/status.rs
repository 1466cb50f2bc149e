//! How far a projection has come.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::runtime::ironflow::Ironflow;
use crate::runtime::projection::Followed;
use crate::{Position, Timestamp};

/// What a projection is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProjectionState {
    /// It reads what was recorded before it was started.
    Starting,
    /// It fills new views from the start of the log, since what they depend on has changed: the
    /// shape of its state, the events it reads, or its version. Until they are complete, it
    /// answers no question.
    Rebuilding,
    /// It has reached the end of the log once, and follows it.
    Active,
    /// Somebody wants that nobody follows: see [`Ironflow::pause`].
    Paused,
    /// The store failed; it goes on trying.
    Retrying {
        /// What the store said.
        error: String,
    },
    /// It met an event it cannot read, and stays there until a program that can is started; or the
    /// only view it has is [parked](crate::ParkedView).
    Failed {
        /// Which event, and why.
        error: String,
    },
    /// It was told to stop.
    Stopped,
}

impl ProjectionState {
    /// Whether the projection does not move any more.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Stopped)
    }
}

/// How a projection of this process is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProjectionStatus {
    /// Its name.
    pub name: &'static str,
    /// What it is doing.
    pub state: ProjectionState,
    /// Up to where in the log its views are current.
    pub position: Position,
    /// How many events it has dropped since it was started here, because their set says
    /// `dropped(…)` or splits them into nothing.
    pub dropped: u64,
    /// How many views are parked, since an event could not be applied to them: see
    /// [`Ironflow::parked_views`].
    pub parked: u64,
    /// The number of the views that answer here.
    pub generation: u32,
    /// The views that are filled now, to answer later.
    pub rebuild: Option<RebuildProgress>,
    /// When one of these changed.
    pub updated_at: Timestamp,
    /// Whether the only view there is does not change any more, whatever the position says.
    pub(super) is_stuck: bool,
}

/// How far a rebuild has come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RebuildProgress {
    /// The number of the views that are filled.
    pub generation: u32,
    /// Up to where in the log that was done.
    pub position: Position,
    /// Where the views that answer meanwhile are; nothing where that is not known.
    pub target: Option<Position>,
    /// How many events were read.
    pub events: u64,
    /// How many a second, as far as this process has seen it.
    pub events_per_second: u64,
    /// How long it will take, if it goes on like that; nothing where nobody can tell.
    pub time_left: Option<Duration>,
    /// Whether the views do not serve before [`Ironflow::release`].
    pub is_held: bool,
    /// Why it does not go on; nothing where it does.
    pub error: Option<String>,
}

impl ProjectionStatus {
    pub(super) fn starting(name: &'static str, generation: u32, position: Position) -> Self {
        Self {
            name,
            state: ProjectionState::Starting,
            position,
            dropped: 0,
            parked: 0,
            generation,
            rebuild: None,
            is_stuck: false,
            updated_at: SystemTime::now().into(),
        }
    }

    /// Whether a rebuild is complete: its views answer, or would if they were not held.
    pub(super) fn is_rebuilt(&self, generation: u32) -> bool {
        let is_ready = self.rebuild.as_ref().is_some_and(|rebuild| {
            let is_there = rebuild
                .target
                .is_some_and(|target| rebuild.position >= target);
            rebuild.generation == generation && rebuild.is_held && is_there
        });
        is_ready || self.generation == generation && self.answers()
    }

    /// Whether its views are complete, and show what the position says.
    pub(super) fn answers(&self) -> bool {
        let rebuild = self.rebuild.as_ref();
        self.state != ProjectionState::Rebuilding
            && !self.is_stuck
            && rebuild.is_none_or(|rebuild| rebuild.generation != self.generation)
    }

    pub(super) fn change(&mut self, state: ProjectionState) {
        self.state = state;
        self.updated_at = SystemTime::now().into();
    }
}

/// How far each of the generations has come that are followed here.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// The number of whoever follows it, and what that one says.
    told: BTreeMap<u32, (u64, Step)>,
    /// How many have begun to follow one.
    followers: u64,
}

/// Somebody who follows a generation, and says how far it is: until another one begins to, who may know
/// better. One that was told to stop may be busy with its last batch then.
#[derive(Clone)]
pub(super) struct Teller {
    steps: watch::Sender<Steps>,
    generation: u32,
    number: u64,
}

impl Teller {
    /// One that begins where it is known to be.
    pub(super) fn new(steps: &watch::Sender<Steps>, generation: u32, step: Step) -> Self {
        let mut number = 0;
        steps.send_modify(|steps| {
            steps.followers += 1;
            number = steps.followers;
            steps.told.insert(generation, (number, step));
        });
        Self {
            steps: steps.clone(),
            generation,
            number,
        }
    }

    /// Says how far it is.
    pub(super) fn tell(&self, change: impl FnOnce(&mut Step)) {
        self.steps.send_if_modified(|steps| {
            let told = steps.told.get_mut(&self.generation);
            let own = told.filter(|(number, _)| *number == self.number);
            let Some((_, step)) = own else { return false };
            change(step);
            true
        });
    }
}

/// How far a generation has come.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub(super) position: Position,
    pub(super) events: u64,
    pub(super) dropped: u64,
    pub(super) parked: u64,
    /// Why the only view there is does not change any more.
    pub(super) stuck: Option<String>,
    pub(super) doing: Doing,
}

/// What whoever follows it is doing.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) enum Doing {
    #[default]
    Starting,
    CatchingUp,
    /// The end of the log has been reached once.
    AtEnd,
    Retrying {
        error: String,
    },
    Failed {
        error: String,
    },
    Stopped,
}

impl Steps {
    pub(super) fn get(&self, generation: u32) -> Option<&Step> {
        self.told.get(&generation).map(|(_, step)| step)
    }

    pub(super) fn forget(&mut self, generation: u32) {
        self.told.remove(&generation);
    }
}

impl<X> Ironflow<X> {
    /// How the projections of this process are doing, in the order of their names.
    #[must_use]
    pub fn projection_statuses(&self) -> Vec<ProjectionStatus> {
        self.projections()
            .values()
            .map(Followed::status_now)
            .collect()
    }
}
