//! Who waits to append, and what goes into the next commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ironflow_domain::StreamId;
use ironflow_domain::store::{AppendError, Appended, StoreError, StoreErrorKind};

use super::unit::{Outcome, Required, Unit};
use super::{alone, together};
use crate::connections::Slot;
use crate::doorbell::Doorbell;
use crate::error::closed;
use crate::lanes::{Company, Lanes, Together};
use crate::loads::Loads;
use crate::row::MOST_EVENTS;
use crate::session::{Connector, Session};

/// The most units in one commit, so that the first one does not wait long for the last.
const MOST: usize = 128;
/// About the most bytes of payload in one commit.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A commit of so many does not wait for more, unless it takes as long as this: where it is not the
/// disk that takes its time, it is the processor, which has enough to do.
const MANY: usize = 8;
const SLOW: Duration = Duration::from_millis(1);

/// Takes what is to be appended. What comes while commits are on their way goes into the next one
/// together.
pub(crate) struct Committer {
    commits: Lanes<Commits>,
    is_closed: AtomicBool,
}

impl Committer {
    /// With as many commits in flight as the options say; `session` is the first one's connection.
    ///
    /// Commands load before they append: with company, a commit waits for the `loads` on their way.
    pub(crate) fn new(
        connector: &Arc<Connector>,
        session: Session,
        doorbell: Doorbell,
        loads: Arc<Loads>,
    ) -> Self {
        let count = connector.options.commits_in_flight;
        let slots: Vec<Slot> = (0..count).map(|_| Slot::new(connector)).collect();
        if let Some(first) = slots.first() {
            first.fill(session);
        }
        let commits = Commits {
            lock: connector.sql.names.append_lock(),
            slots,
            doorbell,
            loads,
        };
        Self {
            commits: Lanes::new(commits, count, connector.runtime.clone()),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Appends a unit.
    pub(crate) async fn append(&self, unit: Unit) -> Result<Vec<Appended>, AppendError> {
        let doing = unit.doing();
        if self.is_closed.load(Ordering::SeqCst) {
            return Err(closed(&doing).into());
        }
        self.commits.make(unit).await.unwrap_or_else(|| {
            let message = format!(
                "failed to {doing}: whether it happened is not known: \
                 the runtime that the store was connected on has stopped"
            );
            Err(StoreError::new(StoreErrorKind::InDoubt, message).into())
        })
    }

    /// Takes nothing more, and waits until what was taken is done.
    pub(crate) async fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        self.commits.idle().await;
    }
}

/// How commits are made.
struct Commits {
    lock: i64,
    /// A connection for each commit in flight.
    slots: Vec<Slot>,
    doorbell: Doorbell,
    loads: Arc<Loads>,
}

/// What goes into one commit.
#[derive(Default)]
struct Commit {
    units: usize,
    /// What is required of each stream that is appended to in a single run, and by how many events.
    chains: HashMap<StreamId, (Required, i64)>,
    is_alone: bool,
    events: usize,
    bytes: usize,
}

impl Together for Commits {
    type One = Unit;
    type Answer = Outcome;
    type Group = Commit;
    /// The streams that something is on its way to. What else is to go there waits: it could only
    /// conflict.
    type Held = HashSet<StreamId>;

    fn goes_with(&self, commit: &mut Commit, unit: &Unit, busy: &HashSet<StreamId>) -> bool {
        if commit.units >= MOST || commit.bytes >= MOST_BYTES {
            return false;
        }
        let is_alone = unit.run.is_none();
        let (events, bytes) = (unit.count(), unit.bytes());
        if commit.units == 0 {
            commit.is_alone = is_alone;
        } else if is_alone != commit.is_alone || commit.events + events > MOST_EVENTS {
            return false;
        }
        if let Some(required) = unit.run {
            let stream = unit.stream();
            if busy.contains(stream) || !commit.follows(stream, required, events) {
                return false;
            }
        }
        commit.units += 1;
        commit.events += events;
        commit.bytes += bytes;
        true
    }

    async fn others_come(&self, company: Company) {
        // A load takes little time beside a flush, and a commit that goes without those who are about
        // to come from one has them wait for the whole of it.
        if company.count < MANY || company.usual > SLOW {
            self.loads.those_on_their_way(company.usual / 2).await;
        }
    }

    fn hold(&self, commit: &Commit, busy: &mut HashSet<StreamId>) {
        busy.extend(commit.chains.keys().cloned());
    }

    fn release(&self, commit: &Commit, busy: &mut HashSet<StreamId>) {
        for stream in commit.chains.keys() {
            busy.remove(stream);
        }
    }

    async fn make(&self, lane: usize, units: &[Unit]) -> Vec<Outcome> {
        let slot = &self.slots[lane];
        let are_alone = units.first().is_some_and(|unit| unit.run.is_none());
        let outcomes = if are_alone {
            alone::write(units, slot, self.lock).await
        } else {
            together::write(units, slot, self.lock).await
        };
        if outcomes.iter().any(Result::is_ok) {
            self.doorbell.ring();
        }
        outcomes
    }
}

impl Commit {
    /// Whether a run of so many events can follow those that go to the stream already.
    fn follows(&mut self, stream: &StreamId, required: Required, events: usize) -> bool {
        let events = i64::try_from(events).unwrap_or(i64::MAX);
        let Some((known, before)) = self.chains.get_mut(stream) else {
            self.chains.insert(stream.clone(), (required, events));
            return true;
        };
        let both = known.and(required.before_events(*before));
        if both == Required::Nowhere {
            return false;
        }
        *known = both;
        *before = before.saturating_add(events);
        true
    }
}
