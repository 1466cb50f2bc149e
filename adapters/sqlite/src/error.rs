//! What SQLite's errors mean to a caller.

use ironflow_domain::store::{StoreError, StoreErrorKind};
use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_CORRUPTFS;

/// The error of failing at `doing` because of `source`.
pub(crate) fn failed(doing: impl Into<String>, source: rusqlite::Error) -> StoreError {
    StoreError::new(kind(&source), doing).because(source)
}

/// The error of a call to a store that has been closed.
pub(crate) fn closed(doing: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Closed,
        format!("failed to {doing}: the store has been closed"),
    )
}

/// Whether someone else is using the file just now.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::FileLockingProtocolFailed
        )
    )
}

/// Whether others might have worked without what led to this: something smaller where it was too
/// much, or anything where a constraint of a user's table has rolled back the whole transaction.
pub(crate) fn is_of_one(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(
            ErrorCode::DiskFull
                | ErrorCode::OutOfMemory
                | ErrorCode::TooBig
                | ErrorCode::ConstraintViolation
        )
    )
}

/// The same error once more, for the next one who waits for the same transaction.
pub(crate) fn again(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, message) => {
            rusqlite::Error::SqliteFailure(*code, message.clone())
        }
        other => rusqlite::Error::ToSqlConversionFailure(other.to_string().into()),
    }
}

/// What to make of an error.
pub(crate) fn kind(error: &rusqlite::Error) -> StoreErrorKind {
    use rusqlite::Error::{
        FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error,
    };

    if error
        .sqlite_error()
        .is_some_and(|error| error.extended_code == SQLITE_IOERR_CORRUPTFS)
    {
        return StoreErrorKind::Damaged;
    }
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::OutOfMemory
            | ErrorCode::OperationInterrupted,
        ) => StoreErrorKind::Unavailable,
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreErrorKind::Damaged,
        Some(_) => StoreErrorKind::Other,
        None => match error {
            FromSqlConversionFailure(..)
            | IntegralValueOutOfRange(..)
            | InvalidColumnType(..)
            | Utf8Error(..) => StoreErrorKind::Damaged,
            _ => StoreErrorKind::Other,
        },
    }
}
