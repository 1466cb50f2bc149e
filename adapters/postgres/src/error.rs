//! What Postgres's errors mean to a caller.

use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;

use ironflow_domain::store::{StoreError, StoreErrorKind};
use tokio_postgres::error::{DbError, SqlState};

/// Why something was not done on a connection.
///
/// Clones share the error underneath: one failure may be that of several appends.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// There is no connection to do it on.
    NotConnected(StoreError),
    /// The server said no, or the connection was lost.
    Postgres(Arc<tokio_postgres::Error>),
    /// The server has not answered for so long.
    Silent(Duration),
    /// The server is another one than it was when we connected, behind something in between.
    Replaced,
    /// What came back is not what was asked for.
    Damaged(String),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(Arc::new(error))
    }
}

impl Failure {
    /// The error of failing at `doing`, such as `read stream order-1`.
    pub(crate) fn at(self, doing: &str) -> StoreError {
        self.explained(doing, false)
    }

    /// The error of failing to write, which may have happened all the same.
    pub(crate) fn at_writing(self, doing: &str) -> StoreError {
        let in_doubt = self.is_in_doubt();
        self.explained(doing, in_doubt)
    }

    fn explained(self, doing: &str, in_doubt: bool) -> StoreError {
        let (kind, doubt) = if in_doubt {
            (
                StoreErrorKind::InDoubt,
                ": whether it happened is not known",
            )
        } else {
            (self.kind(), "")
        };
        let error = |why: &str| StoreError::new(kind, format!("failed to {doing}{doubt}{why}"));
        match self {
            Self::NotConnected(error) => {
                StoreError::new(kind, format!("failed to {doing}")).because(error)
            }
            Self::Postgres(source) => error("").because(source),
            Self::Silent(time) => error(&format!(": the server has not answered for {time:?}")),
            Self::Replaced => {
                error(": the connection leads to another server than before, try again")
            }
            Self::Damaged(what) => error(&format!(": {what}")),
        }
    }

    pub(crate) fn kind(&self) -> StoreErrorKind {
        match self {
            Self::NotConnected(error) => error.kind(),
            Self::Postgres(error) => kind(error),
            Self::Silent(_) | Self::Replaced => StoreErrorKind::Unavailable,
            Self::Damaged(_) => StoreErrorKind::Damaged,
        }
    }

    /// Whether the server may have done what it was asked to.
    pub(crate) fn is_in_doubt(&self) -> bool {
        match self {
            Self::NotConnected(_) | Self::Replaced | Self::Damaged(_) => false,
            Self::Silent(_) => true,
            // What ends a connection may come after the commit.
            Self::Postgres(_) => self.ends_connection(),
        }
    }

    /// Whether the connection is of no use any more, even if it has not been seen to end yet.
    pub(crate) fn ends_connection(&self) -> bool {
        let Self::Postgres(error) = self else {
            return false;
        };
        match error.code() {
            Some(code) => in_class(code, "08") || in_class(code, "57P"),
            None => is_lost(error),
        }
    }

    /// What the server said.
    pub(crate) fn said(&self) -> Option<&DbError> {
        match self {
            Self::Postgres(error) => error.as_db_error(),
            _ => None,
        }
    }

    pub(crate) fn code(&self) -> Option<&SqlState> {
        self.said().map(DbError::code)
    }

    /// Whether an index has refused what another has.
    pub(crate) fn is_repeated(&self) -> bool {
        self.code() == Some(&SqlState::UNIQUE_VIOLATION)
    }

    /// Whether the same may succeed at once: it was chosen to make way for another.
    pub(crate) fn made_way(&self) -> bool {
        self.code().is_some_and(|code| {
            [
                SqlState::T_R_SERIALIZATION_FAILURE,
                SqlState::T_R_DEADLOCK_DETECTED,
            ]
            .contains(code)
        })
    }
}

/// The error of a call to a store that has been closed.
pub(crate) fn closed(doing: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Closed,
        format!(
            "failed to {doing}: the store has been closed, or the runtime it was connected on has stopped"
        ),
    )
}

/// Whether a constraint is not kept, or a constraint trigger has refused.
pub(crate) fn breaks_constraint(error: &tokio_postgres::Error) -> bool {
    let classes = ["23", "P0"];
    let is_one = |code: &SqlState| classes.iter().any(|class| in_class(code, class));
    error.code().is_some_and(is_one)
}

/// Whether trying to connect again may help.
pub(crate) fn may_pass(error: &tokio_postgres::Error) -> bool {
    kind(error) == StoreErrorKind::Unavailable
}

fn in_class(code: &SqlState, class: &str) -> bool {
    code.code().starts_with(class)
}

/// Whether there is no connection any more.
fn is_lost(error: &tokio_postgres::Error) -> bool {
    error.is_closed()
        || error
            .source()
            .is_some_and(|source| source.downcast_ref::<std::io::Error>().is_some())
}

fn kind(error: &tokio_postgres::Error) -> StoreErrorKind {
    /// What passes: connections, resources, locks, someone who intervened.
    const PASSING: [&str; 5] = ["08", "53", "57", "58", "40"];
    /// What damaged data leads to.
    const DAMAGED: [SqlState; 2] = [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED];
    /// What other tables than ours lead to.
    const INCOMPATIBLE: [SqlState; 5] = [
        SqlState::UNDEFINED_TABLE,
        SqlState::UNDEFINED_COLUMN,
        SqlState::UNDEFINED_FUNCTION,
        SqlState::INVALID_SCHEMA_NAME,
        SqlState::DATATYPE_MISMATCH,
    ];

    let Some(code) = error.code() else {
        return if is_unreadable(error) {
            StoreErrorKind::Other
        } else if is_lost(error) || is_refused(error) {
            StoreErrorKind::Unavailable
        } else {
            StoreErrorKind::Other
        };
    };
    let passes = PASSING.iter().any(|class| in_class(code, class));
    if passes
        || [
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::READ_ONLY_SQL_TRANSACTION,
        ]
        .contains(code)
    {
        StoreErrorKind::Unavailable
    } else if DAMAGED.contains(code) {
        StoreErrorKind::Damaged
    } else if INCOMPATIBLE.contains(code) {
        StoreErrorKind::Incompatible
    } else {
        StoreErrorKind::Other
    }
}

/// Whether what came was not what has to come, such as a certificate that nobody vouches for.
fn is_unreadable(error: &tokio_postgres::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        let failure = error.downcast_ref::<std::io::Error>();
        if failure.is_some_and(|failure| failure.kind() == std::io::ErrorKind::InvalidData) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// Whether nobody was there, or nobody who can be written to.
fn is_refused(error: &tokio_postgres::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.downcast_ref::<std::io::Error>().is_some() {
            return true;
        }
        cause = error.source();
    }
    // The crate does not say in types that no host was of the wanted kind, or that it took too
    // long.
    let text = error.to_string();
    text.contains("connect") || text.contains("timeout")
}
