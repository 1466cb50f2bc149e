//! A few connections, opened when they are needed and again when they were lost.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as Turn;
use tokio::time::Instant;

use crate::error::Failure;
use crate::session::{Connector, LONGEST_PAUSE, Session};

/// How often something is tried before its failure is told.
const ATTEMPTS: usize = 5;

/// A place for one connection.
pub(crate) struct Slot {
    connector: Arc<Connector>,
    session: Mutex<Option<Arc<Session>>>,
    /// Held by whoever opens it. When that last failed, and why.
    opening: Turn<Option<(Instant, Failure)>>,
    /// How many use it now.
    users: AtomicUsize,
}

impl Slot {
    pub(crate) fn new(connector: &Arc<Connector>) -> Self {
        Self {
            connector: Arc::clone(connector),
            session: Mutex::default(),
            opening: Turn::default(),
            users: AtomicUsize::new(0),
        }
    }

    /// Puts a connection in that was opened elsewhere.
    pub(crate) fn fill(&self, session: Session) -> Arc<Session> {
        let session = Arc::new(session);
        *self.lock() = Some(Arc::clone(&session));
        session
    }

    /// Puts a connection back that was [left](Self::leave), for those who come now.
    pub(crate) fn put_back(&self, session: Arc<Session>) {
        *self.lock() = Some(session);
    }

    /// The connection, which is opened unless it is.
    pub(crate) async fn session(&self) -> Result<Arc<Session>, Failure> {
        if let Some(session) = self.open_session() {
            return Ok(session);
        }
        let (came, deadline) = (Instant::now(), self.connector.deadline());
        let mut last = self.opening.lock().await;
        if let Some(session) = self.open_session() {
            return Ok(session);
        }
        // Whoever had the turn while we waited for it has tried for us, too.
        let is_late = Instant::now() + LONGEST_PAUSE > deadline;
        if let Some((failed, failure)) = &*last
            && is_late
            && *failed >= came
        {
            return Err(failure.clone());
        }
        let opened = self.connector.session(deadline).await;
        let opened = opened.inspect_err(|failure| *last = Some((Instant::now(), failure.clone())));
        Ok(self.fill(opened?))
    }

    /// Not to be used any more by those who come now, after that failure.
    pub(crate) fn give_up(&self, session: &Arc<Session>, failure: &Failure) {
        // A connection that is silent may be for ever, and one to another server has old numbers. One
        // that ends says so before it is seen to.
        if matches!(failure, Failure::Silent(_) | Failure::Replaced) || failure.ends_connection() {
            self.leave(session);
        }
    }

    /// Not to be used any more by those who come now.
    pub(crate) fn leave(&self, session: &Arc<Session>) {
        let mut known = self.lock();
        if known
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, session))
        {
            *known = None;
        }
    }

    fn open_session(&self) -> Option<Arc<Session>> {
        self.lock()
            .as_ref()
            .filter(|session| session.is_open())
            .cloned()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Arc<Session>>> {
        // Nothing panics while it is held.
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connections that many use at the same time, each the one that the fewest others use.
pub(crate) struct Connections(Vec<Slot>);

/// A connection for as long as it is used for one thing.
pub(crate) struct Used<'c> {
    slot: &'c Slot,
}

impl Connections {
    pub(crate) fn new(connector: &Arc<Connector>, count: usize) -> Self {
        Self((0..count).map(|_| Slot::new(connector)).collect())
    }

    /// Reads on a connection; where that is lost, on the next.
    pub(crate) async fn read<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        work: impl Fn(Arc<Session>) -> F,
    ) -> Result<T, Failure> {
        self.on_any(work, |_| true).await
    }

    /// Writes on a connection; again where nothing can have been written.
    pub(crate) async fn write<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        work: impl Fn(Arc<Session>) -> F,
    ) -> Result<T, Failure> {
        self.on_any(work, |failure| !failure.is_in_doubt()).await
    }

    async fn on_any<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        work: impl Fn(Arc<Session>) -> F,
        may_be_repeated: impl Fn(&Failure) -> bool,
    ) -> Result<T, Failure> {
        let used = self.least_used();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let session = used.slot.session().await?;
            let done = work(Arc::clone(&session)).await;
            let Err(failure) = &done else {
                return done;
            };
            used.slot.give_up(&session, failure);
            // Two that made the same key at the same moment find one another the next time.
            let was_in_the_way = failure.made_way() || failure.is_repeated();
            let may_help = !session.is_open()
                || failure.ends_connection()
                || was_in_the_way
                || matches!(failure, Failure::Replaced);
            if attempts == ATTEMPTS || !may_help || !may_be_repeated(failure) {
                return done;
            }
        }
    }

    fn least_used(&self) -> Used<'_> {
        let users = |slot: &&Slot| slot.users.load(Ordering::Relaxed);
        let slot = self.0.iter().min_by_key(users);
        let slot = slot.expect("there is never less than one connection");
        slot.users.fetch_add(1, Ordering::Relaxed);
        Used { slot }
    }
}

impl Drop for Used<'_> {
    fn drop(&mut self) {
        self.slot.users.fetch_sub(1, Ordering::Relaxed);
    }
}
