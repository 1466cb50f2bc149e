//! Why views could not be filled.

use std::error::Error;

use tokio::task::JoinError;

use crate::model::projection::{Named, Unapplied, Unstorable};
use crate::runtime::projection::head;
use crate::runtime::projection::view::QueryError;
use crate::store::{StoreError, StoreErrorKind, WriteError};
use crate::{EventId, InvalidStreamId};

/// Why a batch was not applied.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Event(#[from] Unapplied),
    #[error(transparent)]
    View(#[from] QueryError),
    #[error("{error}")]
    Unstorable {
        key: String,
        /// The last one that changed the view.
        event: EventId,
        #[source]
        error: Unstorable,
    },
    #[error("{event} leads to a statement that the database refuses: {statement}")]
    Statement {
        event: Box<Named>,
        /// The key of the view that stands for the tables.
        key: String,
        statement: String,
        #[source]
        error: Box<dyn Error + Send + Sync>,
    },
    /// Of one of several appends: it is not known of which.
    #[error("the statements of several appends break a constraint")]
    Constraint(#[source] Box<dyn Error + Send + Sync>),
    #[error("the tables cannot be changed: {sql}")]
    Tables {
        sql: String,
        #[source]
        error: Box<dyn Error + Send + Sync>,
    },
    #[error(transparent)]
    Stream(#[from] InvalidStreamId),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the tokio runtime is shutting down")]
    ShuttingDown(#[source] JoinError),
    #[error("another process follows this projection")]
    Overtaken,
    #[error("somebody else has changed its generations")]
    HeadChanged,
    #[error("generation {0} of the views of this projection is gone: start the program again")]
    Gone(u32),
}

impl From<WriteError> for Trouble {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Revision { key, .. } if key.bucket == head::BUCKET => Self::HeadChanged,
            WriteError::Revision { .. } => Self::Overtaken,
            error => error.of_the_store().into(),
        }
    }
}

impl Trouble {
    /// Whether it may be gone the next time.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Store(error) | Self::View(QueryError::Store(error)) => !matches!(
                error.kind(),
                StoreErrorKind::Damaged | StoreErrorKind::Incompatible
            ),
            Self::Overtaken | Self::HeadChanged | Self::ShuttingDown(_) | Self::Tables { .. } => {
                true
            }
            _ => false,
        }
    }

    /// The event and the key of the view that it could not be applied to, where that is the trouble.
    pub(super) fn at_a_view(&self) -> Option<(EventId, &str)> {
        match self {
            Self::Event(error) => error.at_a_view().map(|(event, key)| (event.id, key)),
            Self::Statement { event, key, .. } => Some((event.id, key)),
            Self::Unstorable { key, event, .. } => Some((*event, key)),
            _ => None,
        }
    }

    /// The event that could not be applied, where that is the trouble.
    pub(super) fn event(&self) -> Option<&Named> {
        match self {
            Self::Event(error) => error.at_a_view().map(|(event, _)| event),
            Self::Statement { event, .. } => Some(event),
            _ => None,
        }
    }

    /// Whether no event is to blame for it.
    pub(super) fn is_the_end(&self) -> bool {
        matches!(self, Self::Gone(_))
    }
}
