//! Why a reactor does not go on.

use crate::InvalidStreamId;
use crate::UndecodableEvent;
use crate::store::{StoreError, StoreErrorKind, WriteError};

/// Why a reactor does not go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Undecodable(#[from] UndecodableEvent),
    #[error("{0}")]
    Unreadable(String),
    #[error(
        "{parked} streams are parked, and one more would be: {error}; see what is wrong, then retry \
         them or skip the events (`Ironflow::parked_reactions`)"
    )]
    TooManyParked { parked: usize, error: String },
    #[error(transparent)]
    Stream(#[from] InvalidStreamId),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("another process has taken over")]
    Overtaken,
    #[error("its checkpoint was deleted: start the program again")]
    Gone,
}

impl From<WriteError> for Trouble {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Revision { .. } => Self::Overtaken,
            error => error.of_the_store().into(),
        }
    }
}

impl Trouble {
    /// Whether it may be gone the next time.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Store(error) => !matches!(
                error.kind(),
                StoreErrorKind::Damaged | StoreErrorKind::Incompatible
            ),
            Self::Overtaken => true,
            _ => false,
        }
    }
}
