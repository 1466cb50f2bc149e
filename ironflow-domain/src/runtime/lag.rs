//! How far whoever follows the log is behind, by the log and the clock and not by its own word.

use std::time::{Duration, SystemTime};

use crate::runtime::log_reader::LogReader;
use crate::store::{EventQuery, KeyRange, ReadLog, Store, StoreError};
use crate::{Ironflow, Position, Timestamp};

/// How many events are counted.
const COUNTED: u64 = 10_000;
/// How many names are listed at once.
const LISTED_AT_ONCE: usize = 500;

/// How far the views of a projection, or what a reactor does, are behind the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lag {
    /// Up to where they are current.
    pub position: Position,
    /// How many events are recorded after that which they read, and ten thousand where there are more.
    pub events: u64,
    /// How long the first of those has been recorded; nothing where there is none. One that does not
    /// move is behind by more and more of it, whatever it says of itself.
    pub time: Duration,
}

impl<X> Ironflow<X> {
    /// How far that is behind which has come to a position.
    pub(crate) async fn lag(
        &self,
        position: Position,
        reads: EventQuery,
    ) -> Result<Lag, StoreError> {
        let mut lag = Lag {
            position,
            events: 0,
            time: Duration::ZERO,
        };
        let read = ReadLog::after(position).matching(reads);
        let mut log = LogReader::new(self.shared_store(), read);
        while let Some(page) = log.next().await? {
            if lag.events == 0
                && let Some(first) = page.events.first()
            {
                lag.time = age(first.time);
            }
            lag.events = COUNTED.min(lag.events + page.events.len() as u64);
            if lag.events == COUNTED {
                break;
            }
        }
        Ok(lag)
    }
}

/// How long ago that was; nothing where another clock says that it is yet to be.
pub(crate) fn age(time: Timestamp) -> Duration {
    let now = Timestamp::from(SystemTime::now()).as_micros();
    let micros = now.saturating_sub(time.as_micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

/// The names of all keys in a bucket, in their order.
pub(crate) async fn names_in(store: &dyn Store, bucket: &str) -> Result<Vec<String>, StoreError> {
    let mut range = KeyRange::bucket(bucket).limit(LISTED_AT_ONCE);
    let mut names = Vec::new();
    loop {
        let entries = store.list(range.clone()).await?;
        let Some(last) = entries.last() else {
            return Ok(names);
        };
        range.after = Some(last.key.name.clone());
        names.extend(entries.into_iter().map(|entry| entry.key.name));
    }
}
