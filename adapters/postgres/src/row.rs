//! An event as a row.

use ironflow_domain::{EventId, EventRef, Position, SchemaVersion, StreamVersion};
use tokio_postgres::Row;

use crate::error::Failure;
use crate::values::{Moment, Raw};

/// How many of a place's bits are the event's index in its transaction.
pub(crate) const INDEX_BITS: u32 = 20;

/// The most events that a transaction can number.
pub(crate) const MOST_EVENTS: usize = (1 << INDEX_BITS) - 1;

/// The position that the columns `epoch` and `place` make.
pub(crate) fn position(epoch: i32, place: i64) -> Position {
    Position::new(u64::from(epoch.unsigned_abs()), place.unsigned_abs())
}

/// The columns of a position. One that is not of this store comes before or after all that are.
pub(crate) fn columns(position: Position) -> (i32, i64) {
    match i32::try_from(position.major()) {
        Ok(epoch) => (epoch, i64::try_from(position.minor()).unwrap_or(i64::MAX)),
        Err(_) => (i32::MAX, i64::MAX),
    }
}

/// The event in a row, as it lies there.
pub(crate) fn event(row: &Row) -> Result<EventRef<'_>, Failure> {
    let bytes = |index| Ok::<_, Failure>(row.try_get::<_, Raw<'_>>(index)?.0);
    let text = |index| std::str::from_utf8(bytes(index)?).map_err(|_| damaged("a text"));
    let long = |index| {
        let bytes = bytes(index)?.try_into();
        bytes
            .map(i64::from_be_bytes)
            .map_err(|_| damaged("a number"))
    };
    let short = |index| {
        let bytes = bytes(index)?.try_into();
        bytes
            .map(i32::from_be_bytes)
            .map_err(|_| damaged("a number"))
    };
    let id = bytes(6)?.try_into().map_err(|_| damaged("an id"))?;
    Ok(EventRef {
        position: position(short(0)?, long(1)?),
        version: StreamVersion::new(long(2)?.unsigned_abs()),
        left_in_commit: short(3)?.unsigned_abs(),
        time: Moment::from_raw(long(4)?).into(),
        schema_version: SchemaVersion::new(short(5)?.cast_unsigned()),
        id: EventId::from_bytes(id),
        stream: text(7)?,
        name: text(8)?,
        source: text(9)?,
        metadata: text(10)?,
        data: text(11)?,
    })
}

fn damaged(what: &str) -> Failure {
    Failure::Damaged(format!("{what} of an event cannot be read"))
}
