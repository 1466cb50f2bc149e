//! Small values under keys.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::Timestamp;
#[cfg(feature = "runtime")]
use crate::store::StoreErrorKind;
use crate::store::{Capabilities, SqlStatement, StoreError, async_trait};

/// Small values under keys, in buckets.
///
/// # What a store promises
///
/// - A batch is all or nothing, and durable when it returns.
/// - Every change gives the key a revision that no key of the store ever had, so a key that was
///   deleted and made again is not mistaken for the old one.
/// - An entry that has expired is gone for everyone, at once.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not store keys and values",
    label = "`KeyValueStore` is missing",
    note = "write `impl KeyValueStore for {Self}`, and hold it to the contract with `ironflow_testing::store_contract!`"
)]
#[async_trait]
pub trait KeyValueStore: Send + Sync + 'static {
    /// Looks up one key.
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError>;

    /// Looks up several keys, each as [`get`](Self::get) does. The answers are in the order of the
    /// keys, and may be from different moments.
    ///
    /// Where a store does not say how, one is looked up after the other.
    async fn get_all(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, StoreError> {
        let mut entries = Vec::with_capacity(keys.len());
        for key in keys {
            entries.push(self.get(key).await?);
        }
        Ok(entries)
    }

    /// Lists entries of one bucket in the order of their names.
    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError>;

    /// Makes all the changes or none. The revisions come in the order of the writes; a deletion has
    /// none.
    ///
    /// # Errors
    ///
    /// [`WriteError::Revision`] when a key is not as one of the writes expects it. Nothing was
    /// written then.
    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError>;

    /// Makes all the changes, and executes the statements one after the other in the same
    /// transaction, or nothing of it. The revisions are those of the writes.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write): where a key is not as it is expected, no statement takes effect.
    /// [`WriteError::Constraint`] when the statements break one that is checked at the end;
    /// [`WriteError::Statement`] when the database refuses a statement, and will do so again; what
    /// may pass, such as a lock that is not given in time, is a [`WriteError::Store`].
    /// [`Unsupported`](super::StoreErrorKind::Unsupported) when there is a statement, and the store
    /// is without [`Capabilities::sql`]. Nothing was written then.
    async fn write_and_execute(
        &self,
        batch: Vec<Write>,
        statements: Vec<SqlStatement>,
    ) -> Result<Vec<Option<Revision>>, WriteError> {
        if statements.is_empty() {
            return self.write(batch).await;
        }
        Err(Capabilities::unsupported("execute SQL").into())
    }
}

/// The name of a value: a bucket, and a name in it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// What kind of thing it is.
    pub bucket: String,
    /// Which one it is. May hold any characters.
    pub name: String,
}

impl Key {
    /// The key `name` in `bucket`.
    pub fn new(bucket: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            name: name.into(),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.bucket, self.name)
    }
}

/// Which state of a key's value someone has seen. Grows with every change in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(u64);

impl Revision {
    /// For adapters: that revision.
    #[must_use]
    pub const fn new(revision: u64) -> Self {
        Self(revision)
    }

    /// The revision as a number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A value with what is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: Key,
    /// The value.
    pub value: Vec<u8>,
    /// Its revision.
    pub revision: Revision,
    /// When it will be gone; never where there is nothing.
    pub expires_at: Option<Timestamp>,
}

/// Which entries to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// The bucket.
    pub bucket: String,
    /// Only names that begin with this.
    pub prefix: String,
    /// Only names that come after this one.
    pub after: Option<String>,
    /// The most to list.
    pub limit: usize,
}

impl KeyRange {
    /// The first thousand entries of `bucket`.
    pub fn bucket(bucket: impl Into<String>) -> Self {
        Self {
            bucket: bucket.into(),
            prefix: String::new(),
            after: None,
            limit: 1_000,
        }
    }

    /// Only names that begin with `prefix`.
    #[must_use]
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Only names that come after `name`.
    #[must_use]
    pub fn after(mut self, name: impl Into<String>) -> Self {
        self.after = Some(name.into());
        self
    }

    /// No more than `entries`.
    #[must_use]
    pub const fn limit(mut self, entries: usize) -> Self {
        self.limit = entries;
        self
    }
}

/// One change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The key.
    pub key: Key,
    /// How the key has to be for the change to happen.
    pub expected: Expected,
    /// The new value; nothing deletes the key.
    pub value: Option<Vec<u8>>,
    /// How long the new value lasts; for ever where there is nothing.
    pub expires_after: Option<Duration>,
}

/// How a key has to be for a change to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// In any state.
    Any,
    /// Not there.
    Absent,
    /// There, with this revision.
    Revision(Revision),
}

impl Expected {
    /// Whether a key with this revision, or without one, is as expected.
    #[must_use]
    pub fn holds_at(self, actual: Option<Revision>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => actual.is_none(),
            Self::Revision(expected) => actual == Some(expected),
        }
    }
}

impl Write {
    /// Sets `key`, whatever it was.
    pub fn put(key: Key, value: impl Into<Vec<u8>>) -> Self {
        Self {
            key,
            expected: Expected::Any,
            value: Some(value.into()),
            expires_after: None,
        }
    }

    /// Sets `key` if it is not there yet.
    pub fn create(key: Key, value: impl Into<Vec<u8>>) -> Self {
        Self::put(key, value).expecting(Expected::Absent)
    }

    /// Deletes `key`, whatever it was.
    #[must_use]
    pub fn delete(key: Key) -> Self {
        Self {
            key,
            expected: Expected::Any,
            value: None,
            expires_after: None,
        }
    }

    /// Only if the key is like this.
    #[must_use]
    pub fn expecting(mut self, expected: Expected) -> Self {
        self.expected = expected;
        self
    }

    /// The value is gone after `time`.
    #[must_use]
    pub fn expiring_after(mut self, time: Duration) -> Self {
        self.expires_after = Some(time);
        self
    }
}

/// A batch was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A key was not as one of the writes expected it.
    #[error("key {key} is not as expected: {}", describe(*.expected, *.actual))]
    #[non_exhaustive]
    Revision {
        /// The key.
        key: Key,
        /// How it had to be.
        expected: Expected,
        /// The revision it had.
        actual: Option<Revision>,
    },
    /// The database refused one of the statements, and will do so again.
    #[error("statement {index} failed: {sql}")]
    #[non_exhaustive]
    Statement {
        /// Which one; the first is 0.
        index: usize,
        /// Its text.
        sql: String,
        /// What the database said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The statements together break a constraint that the database checks at the end, and will do so
    /// again. Which of them is to blame is not known.
    #[error("the statements break a constraint that is checked at the end")]
    #[non_exhaustive]
    Constraint {
        /// What the database said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl WriteError {
    /// The same as a failure of the store, for whoever has nothing to say about a key or a statement.
    #[cfg(feature = "runtime")]
    pub(crate) fn of_the_store(self) -> StoreError {
        match self {
            Self::Store(error) => error,
            error => StoreError::new(StoreErrorKind::Other, error.to_string()).because(error),
        }
    }

    /// For adapters: a constraint is broken that was checked at the end.
    pub fn constraint(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Constraint {
            source: source.into(),
        }
    }

    /// For adapters: `key` was not as expected.
    #[must_use]
    pub fn revision(key: Key, expected: Expected, actual: Option<Revision>) -> Self {
        Self::Revision {
            key,
            expected,
            actual,
        }
    }
}

fn describe(expected: Expected, actual: Option<Revision>) -> String {
    let actual = actual.map_or_else(
        || "is absent".to_owned(),
        |revision| format!("has revision {revision}"),
    );
    match expected {
        Expected::Any => actual,
        Expected::Absent => format!("it {actual}, expected it to be absent"),
        Expected::Revision(revision) => format!("it {actual}, expected revision {revision}"),
    }
}
