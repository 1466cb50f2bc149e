//! How to open a store.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use ironflow_domain::store::StoreError;

use crate::Sqlite;

/// How to open a store. Made by [`Sqlite::options`].
///
/// ```
/// use std::time::Duration;
///
/// use ironflow_sqlite::{Durability, Sqlite};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), ironflow_domain::store::StoreError> {
/// # let directory = tempfile::tempdir().expect("there is a place for temporary files");
/// # let path = directory.path().join("orders.db");
/// let store = Sqlite::options()
///     .durability(Durability::Relaxed)
///     .busy_timeout(Duration::from_secs(1))
///     .open(&path)
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "options do nothing until something is opened with them"]
pub struct Options {
    pub(crate) durability: Durability,
    pub(crate) busy_timeout: Duration,
    pub(crate) readers: NonZeroUsize,
}

/// What survives when the machine loses power. A killed process loses nothing in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Durability {
    /// Everything that was answered: an append returns when it is on the disk.
    #[default]
    Full,
    /// The file stays whole, but what was answered in the last moments may be gone. Faster for one
    /// writer at a time; with many, hardly.
    Relaxed,
}

impl Default for Options {
    fn default() -> Self {
        const READERS: NonZeroUsize = NonZeroUsize::new(4).expect("four is not zero");
        Self {
            durability: Durability::default(),
            busy_timeout: Duration::from_secs(5),
            readers: READERS,
        }
    }
}

impl Options {
    /// What survives when the machine loses power; [`Durability::Full`] unless told otherwise.
    pub const fn durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How long to wait for another process that is writing before giving up with
    /// [`StoreErrorKind::Unavailable`](ironflow_domain::store::StoreErrorKind::Unavailable); five
    /// seconds unless told otherwise, and never more than a day.
    pub const fn busy_timeout(mut self, timeout: Duration) -> Self {
        /// SQLite counts milliseconds, and not to many more of them.
        const DAY: Duration = Duration::from_hours(24);
        self.busy_timeout = if timeout.as_secs() < DAY.as_secs() {
            timeout
        } else {
            DAY
        };
        self
    }

    /// How many reads may run at the same time; four unless told otherwise, and never less than
    /// one.
    pub const fn readers(mut self, readers: usize) -> Self {
        self.readers = match NonZeroUsize::new(readers) {
            Some(readers) => readers,
            None => NonZeroUsize::MIN,
        };
        self
    }

    /// Opens the store in the file at `path`, making it if it is not there; `:memory:` is a new
    /// store in memory.
    ///
    /// # Errors
    ///
    /// [`Incompatible`](ironflow_domain::store::StoreErrorKind::Incompatible) when the file is
    /// something else or was made by a newer program. It is left as it was.
    pub async fn open(self, path: impl AsRef<Path>) -> Result<Sqlite, StoreError> {
        Sqlite::start(self, path.as_ref().to_owned()).await
    }

    /// Opens a new store in memory.
    pub async fn in_memory(self) -> Result<Sqlite, StoreError> {
        self.open(Sqlite::IN_MEMORY).await
    }
}
