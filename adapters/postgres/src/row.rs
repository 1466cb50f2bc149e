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

/// What is in a row, from one column on.
#[derive(Clone, Copy)]
pub(crate) struct Columns<'r> {
    row: &'r Row,
    first: usize,
}

impl<'r> Columns<'r> {
    pub(crate) fn from(row: &'r Row, first: usize) -> Self {
        Self { row, first }
    }

    /// The event, as it lies there.
    pub(crate) fn event(self) -> Result<EventRef<'r>, Failure> {
        let id = self.bytes(9)?.try_into().map_err(|_| damaged("an id"))?;
        Ok(EventRef {
            time: Moment::from_raw(self.long(8)?).into(),
            id: EventId::from_bytes(id),
            source: self.text(10)?,
            metadata: self.text(11)?,
            ..self.placed(self.short(7)?)?
        })
    }

    /// The event in that epoch, without what it does not take to decode it.
    pub(crate) fn placed(self, epoch: i32) -> Result<EventRef<'r>, Failure> {
        Ok(EventRef {
            position: position(epoch, self.long(4)?),
            left_in_commit: self.short(5)?.unsigned_abs(),
            ..self.payload(self.text(6)?)?
        })
    }

    /// The same of an event of `stream`, without its position.
    pub(crate) fn payload(self, stream: &'r str) -> Result<EventRef<'r>, Failure> {
        let schema_version = SchemaVersion::new(self.short(1)?.cast_unsigned());
        Ok(EventRef {
            version: StreamVersion::new(self.long(0)?.unsigned_abs()),
            stream,
            ..EventRef::unrecorded(self.text(2)?, schema_version, self.text(3)?)
        })
    }

    fn bytes(self, column: usize) -> Result<&'r [u8], Failure> {
        Ok(self.row.try_get::<_, Raw<'r>>(self.first + column)?.0)
    }

    fn text(self, column: usize) -> Result<&'r str, Failure> {
        std::str::from_utf8(self.bytes(column)?).map_err(|_| damaged("a text"))
    }

    fn long(self, column: usize) -> Result<i64, Failure> {
        let bytes = self.bytes(column)?.try_into();
        bytes
            .map(i64::from_be_bytes)
            .map_err(|_| damaged("a number"))
    }

    fn short(self, column: usize) -> Result<i32, Failure> {
        let bytes = self.bytes(column)?.try_into();
        bytes
            .map(i32::from_be_bytes)
            .map_err(|_| damaged("a number"))
    }
}

fn damaged(what: &str) -> Failure {
    Failure::Damaged(format!("{what} of an event cannot be read"))
}
