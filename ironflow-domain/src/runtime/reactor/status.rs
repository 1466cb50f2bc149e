//! How a reactor is doing.

use std::time::SystemTime;

use crate::runtime::ironflow::Ironflow;
use crate::runtime::reactor::registration::Running;
use crate::{Position, Timestamp};

/// What a reactor is doing in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReactorState {
    /// It has not reached the end of the log yet.
    Starting,
    /// It has reached the end of the log once, and follows it.
    Active,
    /// Another process does it; this one is ready to take over.
    StandingBy,
    /// Somebody has [paused](Ironflow::pause_reactor) it.
    Paused,
    /// The store failed, or an event did; it goes on trying.
    Retrying {
        /// What went wrong.
        error: String,
    },
    /// It met an event it cannot read, or too many streams are parked. It stays there until an operator
    /// retries or skips what is parked, or a program is started that can go on.
    Failed {
        /// Which event, and why.
        error: String,
    },
    /// It was told to stop.
    Stopped,
}

impl ReactorState {
    /// Whether it does nothing more by itself.
    pub(super) const fn is_over(&self) -> bool {
        matches!(self, Self::Failed { .. } | Self::Stopped)
    }
}

/// How a reactor of this process is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReactorStatus {
    /// Its name.
    pub name: &'static str,
    /// What it is doing.
    pub state: ReactorState,
    /// Up to where in the log it has reacted, but for what is parked.
    pub position: Position,
    /// To how many events it has reacted, in all processes, since it was started for the first time.
    pub reacted: u64,
    /// How many streams are parked, since it failed at an event: see
    /// [`Ironflow::parked_reactions`].
    pub parked: u64,
    /// When one of these changed.
    pub updated_at: Timestamp,
}

impl ReactorStatus {
    pub(super) fn starting(name: &'static str) -> Self {
        Self {
            name,
            state: ReactorState::Starting,
            position: Position::START,
            reacted: 0,
            parked: 0,
            updated_at: SystemTime::now().into(),
        }
    }

    pub(super) fn change(&mut self, state: ReactorState) {
        self.state = state;
        self.updated_at = SystemTime::now().into();
    }
}

impl<X> Ironflow<X> {
    /// How the reactors of this process are doing, in the order of their names.
    #[must_use]
    pub fn reactor_statuses(&self) -> Vec<ReactorStatus> {
        self.reactors().values().map(Running::status_now).collect()
    }
}
