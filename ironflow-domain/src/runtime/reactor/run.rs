//! The loop that reacts: whose turn it is, and what to do with trouble.
//!
//! One process at a time reacts. Nobody says that it is alive: whoever reacts writes the checkpoint
//! while there is something to do, also while it works on one event for long. Where it does not,
//! another process takes over. What is done cannot be undone, so that one writes the checkpoint before
//! it does anything, and whoever has not written it for some time does so, too.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::runtime::ahead::next_event;
use crate::runtime::projection::{Found, Lookout, Seen, Surroundings, Times};
use crate::runtime::reactor::operations;
use crate::runtime::reactor::parked::Parked;
use crate::runtime::reactor::paused;
use crate::runtime::reactor::place::{self, Place};
use crate::runtime::reactor::status::{ReactorState, ReactorStatus};
use crate::runtime::reactor::trouble::Trouble;
use crate::runtime::stopping::Stopping;
use crate::runtime::trying::{full_text, pause_after};
use crate::store::{EventQuery, Revision, Store};
use crate::{Position, Reactor};

/// A reactor on its way through the log.
pub(super) struct Reacting<R> {
    pub(super) reactor: Arc<R>,
    pub(super) store: Arc<dyn Store>,
    /// Which events it reads.
    pub(super) reads: EventQuery,
    pub(super) times: Times,
    /// This process.
    pub(super) node: Arc<str>,
    pub(super) stopping: Stopping,
    status: watch::Sender<ReactorStatus>,
    /// Looks after keys for as long as somebody has it.
    _lookout: Arc<Lookout>,
    /// The checkpoint, as it was looked up by the way.
    seen: Seen,
    /// What operators have done, as it was.
    wishes: Seen,
    /// Whether they have paused it, as it was.
    paused: Seen,
    /// That has changed, and nobody has looked what to do.
    is_told: bool,
    /// What is done, and whose turn it is.
    pub(super) place: Place,
    /// The state of the checkpoint that says so; none where that has not been read.
    pub(super) revision: Option<Revision>,
    /// Whether it has come past an event that the checkpoint does not say so of.
    pub(super) has_passed: bool,
    /// How many events are done since the checkpoint, and since when.
    pub(super) unwritten: u64,
    pub(super) unwritten_since: Instant,
    pub(super) last_written: Instant,
    /// What is parked, where that was read.
    pub(super) parked: Option<Parked>,
    /// The streams of which it has changed and is not written.
    pub(super) changed: BTreeSet<String>,
}

impl<R: Reactor> Reacting<R> {
    pub(super) fn new(
        reactor: R,
        surroundings: &Surroundings,
        status: watch::Sender<ReactorStatus>,
        stopping: Stopping,
    ) -> Self {
        let Surroundings {
            store,
            lookout,
            times,
            node,
            ..
        } = surroundings;
        let seen = lookout.watch(place::key(R::NAME), Found::Unknown);
        let wishes = lookout.watch(operations::key(R::NAME), Found::Unknown);
        let paused = lookout.watch(paused::key(R::NAME), Found::Unknown);
        Self {
            reactor: Arc::new(reactor),
            store: Arc::clone(store),
            reads: reads::<R>(),
            times: *times,
            node: Arc::clone(node),
            stopping,
            status,
            _lookout: Arc::clone(lookout),
            seen,
            wishes,
            paused,
            is_told: false,
            place: Place::after(Position::START),
            revision: None,
            has_passed: false,
            unwritten: 0,
            unwritten_since: Instant::now(),
            last_written: Instant::now(),
            parked: None,
            changed: BTreeSet::new(),
        }
    }

    /// Ends when told to stop, after the event it is at.
    pub(super) async fn run(mut self) {
        let mut failures = 0;
        while !self.stopping.is_told() {
            let trouble = match self.turn().await {
                Ok(()) => {
                    failures = 0;
                    continue;
                }
                Err(trouble) => trouble,
            };
            let error = full_text(&trouble);
            if matches!(trouble, Trouble::Overtaken) {
                // Whoever it was has said where to go on.
                self.revision = None;
            } else if trouble.may_pass() {
                failures += 1;
                tracing::warn!(reactor = R::NAME, error, failures, "reactor is retrying");
                self.tell(ReactorState::Retrying { error });
                self.stopping.pause(pause_after(failures)).await;
            } else {
                tracing::error!(reactor = R::NAME, error, "reactor stopped");
                self.release().await;
                self.tell(ReactorState::Failed { error });
                self.wished().await;
                self.revision = None;
            }
        }
        self.release().await;
        if !matches!(self.status.borrow().state, ReactorState::Failed { .. }) {
            self.tell(ReactorState::Stopped);
        }
    }

    async fn turn(&mut self) -> Result<(), Trouble> {
        if self.revision.is_none() {
            self.refresh().await?;
        }
        if self.is_paused().await? {
            return self.rest().await;
        }
        match &self.place.owner {
            _ if self.is_owner() => self.act().await,
            None => self.claim().await,
            Some(_) => self.stand_by().await,
        }
    }

    pub(super) fn is_owner(&self) -> bool {
        self.place.owner.as_deref() == Some(&*self.node)
    }

    /// Says what it is doing, and how far it is.
    pub(super) fn tell(&self, state: ReactorState) {
        self.status.send_if_modified(|status| {
            let before = status.clone();
            status.state = state;
            status.position = self.place.done();
            status.reacted = self.place.reacted + self.unwritten;
            let parked = self.parked.as_ref().map(|parked| parked.len() as u64);
            status.parked = parked.unwrap_or(self.place.parked);
            let has_changed = *status != before;
            if has_changed {
                status.change(status.state.clone());
            }
            has_changed
        });
    }

    /// There is nothing to react to before that.
    fn has_come_to(&self, position: Position) {
        self.status.send_if_modified(|status| {
            let has_moved = status.position != position;
            status.position = position;
            has_moved
        });
    }

    /// What it was doing when somebody looked last.
    pub(super) fn state(&self) -> ReactorState {
        self.status.borrow().state.clone()
    }

    /// Reads where to go on, and goes on from there where somebody else has said so.
    pub(super) async fn refresh(&mut self) -> Result<(), Trouble> {
        let found = Place::read(&*self.store, R::NAME).await?;
        let (place, revision) = found.ok_or(Trouble::Gone)?;
        self.take(place, revision);
        Ok(())
    }

    fn take(&mut self, place: Place, revision: Revision) {
        // What this process has written says no more than it knows: a write whose answer was lost.
        let is_known = self.is_owner() && place.owner == self.place.owner;
        self.revision = Some(revision);
        if !is_known {
            // Both are written together.
            self.parked = (place.parked == 0).then(Parked::new);
            self.place = place;
            self.has_passed = false;
            self.unwritten = 0;
            self.changed.clear();
        }
    }

    /// Says that this process reacts from now on, before it does.
    async fn claim(&mut self) -> Result<(), Trouble> {
        tracing::info!(reactor = R::NAME, "reactor is taken over");
        self.write_place_as(Some(self.node.to_string())).await
    }

    /// Reacts to a page of the log, or waits for more.
    async fn act(&mut self) -> Result<(), Trouble> {
        self.look_at_parked().await?;
        if !self.retry_parked().await? {
            return Ok(());
        }
        let at_end = self.react_to_page().await?;
        if !at_end {
            return Ok(());
        }
        self.tell(ReactorState::Active);
        let (mut wishes, mut seen) = (self.wishes.clone(), self.seen.clone());
        tokio::select! {
            biased;
            () = self.stopping.told() => Ok(()),
            () = written_by_others(&mut seen, self.revision) => Err(Trouble::Overtaken),
            () = changed(&mut wishes) => Ok(()),
            () = self.is_to_rest() => Ok(()),
            grown = self.store.log_grown(self.place.position) => Ok(grown?),
            () = tokio::time::sleep(self.times.poll) => Ok(()),
        }
    }

    /// Reads what is parked, where others may have changed it.
    async fn look_at_parked(&mut self) -> Result<(), Trouble> {
        if self.parked.is_none() || self.is_told || self.wishes.has_changed().unwrap_or(false) {
            self.wishes.mark_unchanged();
            self.read_parked().await?;
            self.is_told = false;
        }
        Ok(())
    }

    /// Waits while another process reacts, until it seems to be gone or says something new.
    async fn stand_by(&mut self) -> Result<(), Trouble> {
        self.look_at_parked().await?;
        self.tell(ReactorState::StandingBy);
        let (mut wishes, mut seen) = (self.wishes.clone(), self.seen.clone());
        let (store, times) = (Arc::clone(&self.store), self.times);
        let due = async {
            // What somebody wants to be retried shows as well as an event that there is something to do.
            if !self.has_retried() {
                let from = self.place.position;
                let reads = &self.reads;
                next_event(&*store, reads, from, times.poll, |at| self.has_come_to(at)).await?;
            }
            // By the clock of this process alone, so that it does not matter what others show.
            tokio::time::sleep(times.take_over_after).await;
            Ok::<(), Trouble>(())
        };
        tokio::select! {
            biased;
            () = self.stopping.told() => Ok(()),
            () = written_by_others(&mut seen, self.revision) => {
                let found = seen.borrow().clone();
                if let Found::Entry(entry) = found {
                    let (place, revision) = Place::parse(&entry, R::NAME)?;
                    self.take(place, revision);
                    return Ok(());
                }
                self.refresh().await
            }
            () = changed(&mut wishes) => Ok(()),
            () = self.is_to_rest() => Ok(()),
            due = due => {
                due?;
                self.claim().await
            }
        }
    }

    /// Whether operators have paused it.
    async fn is_paused(&self) -> Result<bool, Trouble> {
        let seen = match &*self.paused.borrow() {
            Found::Unknown => None,
            Found::Nothing => Some(false),
            Found::Entry(_) => Some(true),
        };
        match seen {
            Some(is_paused) => Ok(is_paused),
            // It may begin before anybody has looked.
            None => Ok(paused::is_paused(&*self.store, R::NAME).await?),
        }
    }

    /// Waits until it is paused.
    pub(super) fn is_to_rest(&self) -> impl Future<Output = ()> + use<R> {
        let mut paused = self.paused.clone();
        async move {
            let is_paused = |found: &Found| found.entry().is_some();
            if paused.wait_for(is_paused).await.is_err() {
                // Nobody looks any more, since the application has stopped.
                pending::<()>().await;
            }
        }
    }

    /// Whether it is to do nothing more, after the event it is at.
    pub(super) fn is_interrupted(&self) -> bool {
        self.stopping.is_told() || self.paused.borrow().entry().is_some()
    }

    /// Leaves it to nobody, until somebody resumes it.
    async fn rest(&mut self) -> Result<(), Trouble> {
        self.release().await;
        self.tell(ReactorState::Paused);
        let (mut paused, mut seen) = (self.paused.clone(), self.seen.clone());
        let resumed = async {
            let is_resumed = |found: &Found| *found == Found::Nothing;
            if paused.wait_for(is_resumed).await.is_err() {
                pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            () = self.stopping.told() => Ok(()),
            () = written_by_others(&mut seen, self.revision) => Err(Trouble::Overtaken),
            () = resumed => Ok(()),
        }
    }

    /// Waits until an operator has done something, or until told to stop.
    async fn wished(&mut self) {
        tokio::select! {
            () = self.stopping.told() => {}
            () = changed(&mut self.wishes) => self.is_told = true,
        }
    }

    /// Writes what is done, and that nobody reacts, so that the next one need not wait.
    async fn release(&mut self) {
        if !self.is_owner() || self.revision.is_none() {
            return;
        }
        match self.write_place_as(None).await {
            // Whoever has taken over does not wait.
            Ok(()) | Err(Trouble::Overtaken) => {}
            Err(error) => {
                let error = full_text(&error);
                tracing::warn!(
                    reactor = R::NAME,
                    error,
                    "others wait until they take this reactor over"
                );
            }
        }
    }
}

/// Which events a reactor reads.
pub(super) fn reads<R: Reactor>() -> EventQuery {
    EventQuery::all()
        .categories(R::CATEGORIES.iter().copied())
        .names(R::reactions().sets.names())
}

/// Waits until a key has changed.
async fn changed(seen: &mut Seen) {
    if seen.changed().await.is_err() {
        // Nobody looks any more, since the application has stopped.
        pending::<()>().await;
    }
}

/// Waits until the checkpoint is not what this process has read or written.
async fn written_by_others(seen: &mut Seen, revision: Option<Revision>) {
    let is_other = |found: &Found| match found {
        Found::Unknown => false,
        Found::Nothing => true,
        Found::Entry(entry) => Some(entry.revision) > revision,
    };
    if seen.wait_for(is_other).await.is_err() {
        pending::<()>().await;
    }
}
