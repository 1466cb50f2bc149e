//! How far the log can be read.
//!
//! Events are in the order of their transactions' ids, and an id is given before its transaction
//! commits. So a reader stops at the first transaction that is not over: what comes before it is
//! there, and nothing more can come to be there.
//!
//! Transactions of others have ids, too, and may stay open for hours. Whoever appends has taken an
//! advisory lock before its transaction got an id. So one that writes without having the lock can
//! never append, and once that has been seen it is not waited for any more.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ironflow_domain::Position;

use crate::error::Failure;
use crate::holder::Holder;
use crate::row::{INDEX_BITS, position};
use crate::session::Session;
use crate::statements::Which;

/// How long a transaction is waited for before we ask whether it can append at all. Appends take
/// less, and asking troubles those who take locks.
const SOON: Duration = Duration::from_millis(10);

/// How long appends are waited for that hold back others. None takes longer unless something is
/// wrong.
const PATIENCE: Duration = Duration::from_millis(200);
/// How long to wait before looking again whether they are over.
const PAUSE: Duration = Duration::from_millis(1);

/// How far the log can be read, as of one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Edge {
    /// The last event that can be read.
    pub(crate) head: Position,
    /// The last event that has been appended.
    tail: Position,
    /// The first place that cannot be read.
    pub(crate) epoch: i32,
    pub(crate) place: i64,
}

impl Edge {
    /// Whether something has been appended that cannot be read yet.
    pub(crate) fn holds_back(&self) -> bool {
        self.tail > self.head
    }
}

/// What is known about how far the log can be read.
#[derive(Default)]
pub(crate) struct Order(Mutex<Known>);

#[derive(Default)]
struct Known {
    edge: Option<Edge>,
    /// Transactions that cannot append.
    strangers: Vec<i64>,
    /// Transactions that may, or may not, and since when they have been seen.
    running: HashMap<i64, Instant>,
}

impl Order {
    /// An edge of some time ago: all before it can still be read.
    pub(crate) fn known(&self) -> Option<Edge> {
        self.lock().edge
    }

    /// The edge of now.
    pub(crate) async fn edge(&self, session: &Session, lock: i64) -> Result<Edge, Failure> {
        let (edge, running) = self.look(session).await?;
        let late = self.late(&running);
        if !edge.holds_back() || late.is_empty() {
            return Ok(edge);
        }
        if self.recognize(session, late, lock).await? {
            return Ok(self.look(session).await?.0);
        }
        Ok(edge)
    }

    /// The edge as soon as all that has been appended by now can be read. Appends that were faster
    /// than one before them wait for it, which takes no longer than an append does; for one that
    /// does take longer nobody waits here.
    pub(crate) async fn settled_edge(&self, session: &Session, lock: i64) -> Result<Edge, Failure> {
        let mut edge = self.edge(session, lock).await?;
        let tail = edge.tail;
        let began = Instant::now();
        while edge.head < tail && !self.is_stuck() && began.elapsed() < PATIENCE {
            tokio::time::sleep(PAUSE).await;
            edge = self.edge(session, lock).await?;
        }
        Ok(edge)
    }

    /// Those that keep what has been appended from being read.
    pub(crate) async fn holders(
        &self,
        session: &Session,
        lock: i64,
    ) -> Result<Vec<Holder>, Failure> {
        let (_, running) = self.look(session).await?;
        self.recognize(session, running, lock).await?;
        let (edge, running) = self.look(session).await?;
        if !edge.holds_back() {
            return Ok(Vec::new());
        }
        // Only those before something that is there hold it back.
        let tail = edge.tail.minor() >> INDEX_BITS;
        let holding: Vec<i64> = running
            .into_iter()
            .filter(|id| id.unsigned_abs() < tail)
            .collect();
        let rows = session.query(Which::Activity, &[&holding]).await?;
        rows.iter().map(Holder::read).collect()
    }

    /// Whether an append has been on its way for longer than one can take.
    fn is_stuck(&self) -> bool {
        let known = self.lock();
        let is_stuck = |since: &Instant| since.elapsed() >= PATIENCE;
        known.running.values().any(is_stuck)
    }

    /// The edge of now, and the transactions that are not over and not known to be strangers.
    async fn look(&self, session: &Session) -> Result<(Edge, Vec<i64>), Failure> {
        let epoch = session.epoch();
        let strangers = self.lock().strangers.clone();
        let rows = session
            .query(
                Which::Edge,
                &[&epoch.number, &epoch.server_started_at, &strangers],
            )
            .await?;
        let row = rows.first().ok_or(Failure::Replaced)?;
        if !row.try_get::<_, bool>(0)? {
            return Err(Failure::Replaced);
        }
        let position_in = |column| {
            Ok::<_, Failure>(match (row.try_get(column)?, row.try_get(column + 1)?) {
                (Some(epoch), Some(place)) => position(epoch, place),
                _ => Position::START,
            })
        };
        let edge = Edge {
            head: position_in(3)?,
            tail: position_in(5)?,
            epoch: epoch.number,
            place: row.try_get(2)?,
        };
        let mut known = self.lock();
        let is_further = |old: &Edge| (old.epoch, old.place) < (edge.epoch, edge.place);
        if known.edge.as_ref().is_none_or(is_further) {
            known.edge = Some(edge);
        }
        Ok((edge, row.try_get(1)?))
    }

    /// Of the transactions that are not over, those that have not been for a while.
    fn late(&self, running: &[i64]) -> Vec<i64> {
        let now = Instant::now();
        let mut known = self.lock();
        known.running.retain(|id, _| running.contains(id));
        let mut since = |id: &i64| *known.running.entry(*id).or_insert(now);
        let mut since: Vec<_> = running.iter().copied().map(|id| (id, since(&id))).collect();
        drop(known);
        since.retain(|(_, since)| now.duration_since(*since) >= SOON);
        since.into_iter().map(|(id, _)| id).collect()
    }

    /// Finds out which of them cannot append. Says whether there is one.
    async fn recognize(
        &self,
        session: &Session,
        late: Vec<i64>,
        lock: i64,
    ) -> Result<bool, Failure> {
        let strangers = self.lock().strangers.clone();
        let asked: Vec<i64> = late.iter().chain(&strangers).copied().collect();
        let rows = session.query(Which::Holders, &[&asked, &lock]).await?;
        let mut known = self.lock();
        // Those that are over are forgotten.
        known.strangers.clear();
        let mut is_new = false;
        for row in rows {
            let id: i64 = row.try_get(0)?;
            if row.try_get(2)? && !known.strangers.contains(&id) {
                is_new |= late.contains(&id);
                known.strangers.push(id);
            }
        }
        Ok(is_new)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
