//! A snapshot as bytes: a line that says what it is of, and the state as JSON.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::{Deserialize, Serialize};

use super::form::Form;
use crate::model::projection::panic_text;
use crate::{Aggregate, BoxError, EventId, Snapshots, StreamVersion};

/// How a snapshot is laid out: raised with every change of it.
const FORMAT: u32 = 1;

/// A place in a stream, and what is known there besides the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Point {
    /// How many events of the stream have been folded.
    #[serde(rename = "of")]
    pub(crate) version: StreamVersion,
    /// The last of them: where the stream has another one at that version, it is another stream.
    #[serde(rename = "event")]
    pub(crate) last: EventId,
    /// How many of them were dropped.
    pub(crate) dropped: u64,
}

/// What a snapshot is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Header {
    format: u32,
    #[serde(flatten)]
    pub(super) form: Form,
    #[serde(flatten)]
    pub(super) point: Point,
}

/// A snapshot as it was found.
pub(super) struct Stored<'a> {
    pub(super) header: Header,
    state: &'a str,
}

impl<'a> Stored<'a> {
    /// Reads what it is of; the state is only looked at when it is asked for.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, BoxError> {
        let text = std::str::from_utf8(bytes)?;
        let (header, state) = text.split_once('\n').ok_or("it has no header")?;
        let header: Header = serde_json::from_str(header)?;
        if header.format != FORMAT {
            return Err("it is laid out in another way".into());
        }
        Ok(Self { header, state })
    }

    /// The state.
    pub(super) fn state<A: Aggregate>(&self, snapshots: &Snapshots<A>) -> Result<A, BoxError> {
        guarded(|| Ok(snapshots.decode(self.state)?))
    }
}

/// The state at that point as a snapshot.
pub(super) fn write<A: Aggregate>(
    state: &A,
    point: Point,
    form: &Form,
    snapshots: &Snapshots<A>,
) -> Result<Vec<u8>, BoxError> {
    let header = Header {
        format: FORMAT,
        form: form.clone(),
        point,
    };
    let mut text = serde_json::to_string(&header)?;
    text.push('\n');
    text.push_str(&guarded(|| Ok(snapshots.encode(state)?))?);
    Ok(text.into_bytes())
}

/// Runs the state's own code; a panic of that costs the snapshot and nothing else.
fn guarded<T>(code: impl FnOnce() -> Result<T, BoxError>) -> Result<T, BoxError> {
    // Nothing is used that the code could have left half-done.
    catch_unwind(AssertUnwindSafe(code))
        .unwrap_or_else(|panic| Err(format!("it panicked: {}", panic_text(&*panic)).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_stays_readable() {
        let stored = "{\"format\":1,\"shape\":\"s\",\"events\":\"e\",\"version\":2,\"of\":7,\
                      \"event\":\"00000000-0000-0000-0000-000000000000\",\"dropped\":1}\n{}";
        let read = Stored::read(stored.as_bytes()).unwrap();
        let point = read.header.point;
        assert_eq!((point.version.get(), point.dropped), (7, 1));
        assert_eq!(point.last, EventId::NIL);
        let header = serde_json::to_string(&read.header).unwrap();
        assert_eq!(format!("{header}\n{{}}"), stored);
        let newer = stored.replace("\"format\":1", "\"format\":2");
        assert!(Stored::read(newer.as_bytes()).is_err());
        assert!(Stored::read(b"{}").is_err());
        assert!(Stored::read(b"\xff\n").is_err());
    }
}
