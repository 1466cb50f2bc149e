//! A store failed.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::UndecodableEvent;

/// A store failed at something it should be able to do. Opaque: ask it for its
/// [`kind`](Self::kind).
///
/// Clones share the error underneath: one failure may be that of several commands.
#[derive(Debug, Clone)]
pub struct StoreError {
    kind: StoreErrorKind,
    doing: String,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// What to make of a [`StoreError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// It may work if tried again: locked by someone else, connection lost, disk full.
    Unavailable,
    /// Whether it happened is not known: the connection was lost, or a flush to the disk failed, while
    /// it was being written. A command with an id may be sent again.
    InDoubt,
    /// The store was made by a newer program, or is not Ironflow's at all.
    Incompatible,
    /// What is stored cannot be read.
    Damaged,
    /// The store has been closed.
    Closed,
    /// Stores of this kind cannot do it, which their
    /// [`capabilities`](super::StreamStore::capabilities) say beforehand.
    Unsupported,
    /// Anything else.
    Other,
}

impl StoreError {
    /// For adapters: failed at `doing`, such as "append to stream order-1".
    #[must_use]
    pub fn new(kind: StoreErrorKind, doing: impl Into<String>) -> Self {
        Self {
            kind,
            doing: doing.into(),
            source: None,
        }
    }

    /// For adapters: with the error underneath.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// What to make of it.
    #[must_use]
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.doing)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| &**source as &(dyn Error + 'static))
    }
}

impl From<UndecodableEvent> for StoreError {
    fn from(error: UndecodableEvent) -> Self {
        Self::new(StoreErrorKind::Damaged, "failed to read a recorded event").because(error)
    }
}
