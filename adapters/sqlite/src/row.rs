//! An event as a row.

use ironflow_domain::{
    EventId, EventRef, Position, SchemaVersion, StreamId, StreamVersion, Timestamp,
};
use rusqlite::Row;
use rusqlite::types::Type;

/// What [`payload`] expects a row to begin with.
macro_rules! payload_columns {
    () => {
        "e.version, e.name, e.schema_version, e.data"
    };
}

/// What [`placed`] expects a row to begin with.
macro_rules! placed_columns {
    () => {
        concat!(
            $crate::row::payload_columns!(),
            ", e.position, e.left_in_commit"
        )
    };
}

/// What [`event`] expects a row to begin with.
macro_rules! event_columns {
    () => {
        concat!(
            $crate::row::placed_columns!(),
            ", e.time, e.id, e.source, e.metadata"
        )
    };
}

pub(crate) use {event_columns, payload_columns, placed_columns};

/// The column of the position.
pub(crate) const POSITION: usize = 4;

/// The first column after [`placed_columns`].
pub(crate) const AFTER_PLACED: usize = 6;

/// The first column after [`event_columns`].
pub(crate) const AFTER_EVENT: usize = 10;

/// The event in `row`, as it lies in SQLite's memory.
pub(crate) fn event<'r>(row: &'r Row<'_>, stream: &'r str) -> rusqlite::Result<EventRef<'r>> {
    let id = row.get_ref(7)?.as_blob()?;
    let id = id
        .try_into()
        .map_err(|error| damaged(7, Type::Blob, error))?;
    Ok(EventRef {
        left_in_commit: left_in_commit(row)?,
        time: time(row, 6)?,
        id: EventId::from_bytes(id),
        source: row.get_ref(8)?.as_str()?,
        metadata: row.get_ref(9)?.as_str()?,
        ..placed(row, stream)?
    })
}

/// The event without what it does not take to decode it and to find it in the log.
pub(crate) fn placed<'r>(row: &'r Row<'_>, stream: &'r str) -> rusqlite::Result<EventRef<'r>> {
    Ok(EventRef {
        position: Position::new(0, number(row, POSITION)?),
        ..payload(row, stream)?
    })
}

/// The event without what it does not take to decode it.
pub(crate) fn payload<'r>(row: &'r Row<'_>, stream: &'r str) -> rusqlite::Result<EventRef<'r>> {
    let name = row.get_ref(1)?.as_str()?;
    let schema_version = SchemaVersion::new(row.get(2)?);
    let data = row.get_ref(3)?.as_str()?;
    Ok(EventRef {
        version: version(row, 0)?,
        stream,
        ..EventRef::unrecorded(name, schema_version, data)
    })
}

/// How many events that were appended together with it come after the event.
pub(crate) fn left_in_commit(row: &Row<'_>) -> rusqlite::Result<u32> {
    row.get(5)
}

pub(crate) fn stream_id(row: &Row<'_>, column: usize) -> rusqlite::Result<StreamId> {
    row.get_ref(column)?
        .as_str()?
        .parse()
        .map_err(|error| damaged(column, Type::Text, error))
}

pub(crate) fn version(row: &Row<'_>, column: usize) -> rusqlite::Result<StreamVersion> {
    number(row, column).map(StreamVersion::new)
}

pub(crate) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    integer(row, column).map(Timestamp::from_micros)
}

pub(crate) fn integer(row: &Row<'_>, column: usize) -> rusqlite::Result<i64> {
    Ok(row.get_ref(column)?.as_i64()?)
}

/// A number that is never negative.
pub(crate) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number = integer(row, column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

fn damaged(
    column: usize,
    kind: Type,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, Box::new(error))
}
