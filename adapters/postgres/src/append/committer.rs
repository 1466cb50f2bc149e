//! Who waits to append, and what goes into the next commit.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ironflow_domain::StreamId;
use ironflow_domain::store::{AppendError, Appended, StoreError, StoreErrorKind};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

use super::unit::{Outcome, Required, Unit};
use super::{alone, together};
use crate::connections::Slot;
use crate::doorbell::Doorbell;
use crate::error::closed;
use crate::row::MOST_EVENTS;
use crate::session::{Connector, Session};

/// The most units in one commit, so that the first one does not wait long for the last.
const MOST: usize = 128;
/// About the most bytes of payload in one commit.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Takes what is to be appended. What comes while commits are on their way goes into the next one
/// together.
#[derive(Clone)]
pub(crate) struct Committer(Arc<Shared>);

struct Shared {
    /// Where the commits are made: whoever waits for one may go away in the middle of it.
    runtime: Handle,
    lock: i64,
    lanes: Vec<Slot>,
    doorbell: Doorbell,
    line: Mutex<Line>,
    /// Told when nothing waits and nothing is on its way.
    idle: Notify,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    /// The lanes that nothing is on its way on.
    free: Vec<usize>,
    /// The streams that something is on its way to. What else is to go there waits: it could only
    /// conflict.
    busy: HashSet<StreamId>,
    is_closed: bool,
}

struct Waiting {
    unit: Unit,
    reply: oneshot::Sender<Outcome>,
}

impl Committer {
    /// With as many commits in flight as there are lanes; `session` is the first one's connection.
    pub(crate) fn new(connector: &Arc<Connector>, session: Session, doorbell: Doorbell) -> Self {
        let count = connector.options.commits_in_flight;
        let lanes: Vec<Slot> = (0..count).map(|_| Slot::new(connector)).collect();
        if let Some(first) = lanes.first() {
            first.fill(session);
        }
        // The last one is taken first.
        let line = Line {
            free: (0..count).rev().collect(),
            ..Line::default()
        };
        Self(Arc::new(Shared {
            runtime: connector.runtime.clone(),
            lock: connector.sql.names.append_lock(),
            lanes,
            doorbell,
            line: Mutex::new(line),
            idle: Notify::new(),
        }))
    }

    /// Appends a unit.
    pub(crate) async fn append(&self, unit: Unit) -> Result<Vec<Appended>, AppendError> {
        let doing = unit.doing();
        let (reply, answer) = oneshot::channel();
        {
            let mut line = self.0.line();
            if line.is_closed {
                return Err(closed(&doing).into());
            }
            line.waiting.push_back(Waiting { unit, reply });
        }
        self.0.start_commits();
        answer.await.unwrap_or_else(|_| {
            let message = format!(
                "failed to {doing}: whether it happened is not known: \
                 the runtime that the store was connected on has stopped"
            );
            Err(StoreError::new(StoreErrorKind::InDoubt, message).into())
        })
    }

    /// Takes nothing more, and waits until what was taken is done.
    pub(crate) async fn close(&self) {
        self.0.line().is_closed = true;
        loop {
            let idle = self.0.idle.notified();
            if self.0.is_idle() {
                return;
            }
            idle.await;
        }
    }
}

impl Shared {
    fn line(&self) -> MutexGuard<'_, Line> {
        // Nothing panics while it is held.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_idle(&self) -> bool {
        let line = self.line();
        line.waiting.is_empty() && line.free.len() == self.lanes.len()
    }

    /// Starts as many commits as there are lanes and something for them.
    fn start_commits(self: &Arc<Self>) {
        loop {
            let Some(commit) = Commit::begin(self) else {
                return;
            };
            self.runtime.spawn(commit.make());
        }
    }
}

/// A commit on its way.
struct Commit {
    shared: Arc<Shared>,
    lane: usize,
    units: Vec<Unit>,
    replies: Vec<oneshot::Sender<Outcome>>,
    streams: Vec<StreamId>,
    is_alone: bool,
}

impl Commit {
    /// Takes a lane, and what it is to carry.
    fn begin(shared: &Arc<Shared>) -> Option<Self> {
        let mut line = shared.line();
        if line.free.is_empty() {
            return None;
        }
        let mut next = Next::default();
        let Line { waiting, busy, .. } = &mut *line;
        let mut left = VecDeque::with_capacity(waiting.len());
        while let Some(one) = waiting.pop_front() {
            // What nobody waits for any more is not begun.
            if one.reply.is_closed() {
                continue;
            }
            if next.is_full() {
                left.push_back(one);
                left.append(waiting);
                break;
            }
            if next.takes(&one.unit, busy) {
                next.units.push(one.unit);
                next.replies.push(one.reply);
            } else {
                left.push_back(one);
            }
        }
        *waiting = left;
        if next.units.is_empty() {
            return None;
        }
        let streams: Vec<StreamId> = next.chains.into_keys().collect();
        busy.extend(streams.iter().cloned());
        let free = line.free.pop()?;
        Some(Self {
            shared: Arc::clone(shared),
            lane: free,
            units: next.units,
            replies: next.replies,
            streams,
            is_alone: next.is_alone,
        })
    }

    async fn make(mut self) {
        let Self {
            shared,
            lane,
            units,
            ..
        } = &self;
        let slot = &shared.lanes[*lane];
        let outcomes = if self.is_alone {
            alone::write(units, slot, shared.lock).await
        } else {
            together::write(units, slot, shared.lock).await
        };
        if outcomes.iter().any(Result::is_ok) {
            shared.doorbell.ring();
        }
        for (reply, outcome) in self.replies.drain(..).zip(outcomes) {
            // Whoever asked may have gone; what was committed stays.
            drop(reply.send(outcome));
        }
    }
}

impl Drop for Commit {
    /// Also where the runtime stops in the middle: those who wait get to know, since nobody holds
    /// the other end any more.
    fn drop(&mut self) {
        let mut line = self.shared.line();
        line.free.push(self.lane);
        for stream in &self.streams {
            line.busy.remove(stream);
        }
        drop(line);
        self.shared.start_commits();
        if self.shared.is_idle() {
            self.shared.idle.notify_waiters();
        }
    }
}

/// What goes into the next commit.
#[derive(Default)]
struct Next {
    units: Vec<Unit>,
    replies: Vec<oneshot::Sender<Outcome>>,
    /// What is required of each stream that is appended to in a single run, and by how many events.
    chains: HashMap<StreamId, (Required, i64)>,
    is_alone: bool,
    events: usize,
    bytes: usize,
}

impl Next {
    fn is_full(&self) -> bool {
        self.units.len() >= MOST || self.bytes >= MOST_BYTES
    }

    /// Whether the unit goes into it, too.
    fn takes(&mut self, unit: &Unit, busy: &HashSet<StreamId>) -> bool {
        let is_alone = unit.run.is_none();
        let (events, bytes) = (unit.count(), unit.bytes());
        if self.units.is_empty() {
            self.is_alone = is_alone;
        } else if is_alone != self.is_alone || self.events + events > MOST_EVENTS {
            return false;
        }
        if let Some(required) = unit.run {
            let stream = unit.stream();
            if busy.contains(stream) {
                return false;
            }
            let more = i64::try_from(events).unwrap_or(i64::MAX);
            match self.chains.get_mut(stream) {
                None => {
                    self.chains.insert(stream.clone(), (required, more));
                }
                Some((known, before)) => {
                    let both = known.and(required.before_events(*before));
                    if both == Required::Nowhere {
                        return false;
                    }
                    *known = both;
                    *before = before.saturating_add(more);
                }
            }
        }
        self.events += events;
        self.bytes += bytes;
        true
    }
}
