//! What a contender can do.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::{Shown, Statement, clients};

/// Where the store is, and how it is to be used.
#[derive(Debug, Clone)]
pub struct Target {
    /// A `postgres://` URL, or the path of a file.
    pub url: String,
    /// Which of the contender's variants was chosen.
    pub variant: String,
}

/// Something could not be done.
#[derive(Debug)]
pub enum Failure {
    /// Someone else was faster: to be tried again.
    Conflict,
    /// This contender has no such thing.
    Unsupported(&'static str),
    /// Anything else.
    Failed(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conflict => f.write_str("someone else was faster"),
            Self::Unsupported(why) => write!(f, "not supported: {why}"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            message = format!("{message}: {error}");
            cause = error.source();
        }
        Self::Failed(message)
    }
}

/// What a replay has seen so far. Shared, so that one that takes too long can be stopped and still
/// counts for what it did.
#[derive(Debug, Clone)]
pub struct Seen(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    expected: u64,
    events: AtomicU64,
    cents: AtomicU64,
}

impl Seen {
    pub(crate) fn expecting(events: u64) -> Self {
        Self(Arc::new(Counts {
            expected: events,
            events: AtomicU64::new(0),
            cents: AtomicU64::new(0),
        }))
    }

    /// Waits until all events have been seen, for those who follow the log for ever.
    pub async fn all(&self) {
        while self.events() < self.0.expected {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// An event, and how much was paid in by it.
    pub fn event(&self, cents: u64) {
        self.0.events.fetch_add(1, Ordering::Relaxed);
        self.0.cents.fetch_add(cents, Ordering::Relaxed);
    }

    /// How many events were seen.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.0.events.load(Ordering::Relaxed)
    }

    /// How much was paid in by all of them.
    #[must_use]
    pub fn cents(&self) -> u64 {
        self.0.cents.load(Ordering::Relaxed)
    }
}

/// An event-sourcing library on a store, or code that does without one.
pub trait Contender: Sized + Send + Sync + 'static {
    /// How many accounts to prepare at the same time, unless it prepares them in bulk.
    const SEEDERS: usize = 8;

    /// Opens the store, and makes the tables where they are missing. All its connections are
    /// opened here.
    fn open(target: &Target) -> impl Future<Output = Result<Self, Failure>> + Send;

    /// Opens an account: a command that appends one event.
    fn open_account(&self, account: u64) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Pays in: loads the account, decides, and appends that many events, each of
    /// [`CENTS`](crate::CENTS).
    fn deposit(
        &self,
        account: u64,
        events: u32,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// Loads the account, folding all its events.
    fn balance(&self, account: u64) -> impl Future<Output = Result<u64, Failure>> + Send;

    /// Reads the whole log, all events typed, in the way read models are rebuilt with this library.
    fn replay(&self, _seen: &Seen) -> impl Future<Output = Result<(), Failure>> + Send {
        async {
            Err(Failure::Unsupported(
                "no way to read the log of all streams",
            ))
        }
    }

    /// Fills a view of each account from the whole log, in the way read models are rebuilt with this
    /// library: a [`Statement`](crate::Statement) under the account's id. They are stored when it
    /// returns.
    fn rebuild(&self) -> impl Future<Output = Result<(), Failure>> + Send {
        async { Err(Failure::Unsupported("views are up to its users")) }
    }

    /// Follows the log with the same views, and tells of every change that can be asked for, until it
    /// is dropped.
    fn follow(&self, _shown: &Shown) -> impl Future<Output = Result<(), Failure>> + Send {
        async { Err(Failure::Unsupported("views are up to its users")) }
    }

    /// What all those views say together.
    fn views(&self) -> impl Future<Output = Result<Statement, Failure>> + Send {
        async { Err(Failure::Unsupported("views are up to its users")) }
    }

    /// Prepares accounts with so many events each: opened, and then deposits. One that can do so in
    /// bulk does.
    fn seed(
        self: &Arc<Self>,
        accounts: Range<u64>,
        events: u32,
    ) -> impl Future<Output = Result<(), Failure>> + Send {
        clients::seed(self, accounts, events)
    }
}
