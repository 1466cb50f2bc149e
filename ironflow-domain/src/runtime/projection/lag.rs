//! How far projections are behind, by the log and the clock and not by their own word.

use std::time::Duration;

use crate::Position;
use crate::runtime::ironflow::Ironflow;
use crate::runtime::projection::checkpoint::Checkpoint;
use crate::runtime::projection::head::{self, SeenHead};
use crate::runtime::projection::operate::OperationError;
use crate::runtime::projection::standby::age;
use crate::store::{KeyRange, ReadLog};

/// How many events are counted.
const COUNTED: u64 = 10_000;
/// How many projections are listed at once.
const LISTED_AT_ONCE: usize = 500;

/// How far the views of a projection are behind the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProjectionLag {
    /// Up to where they are current.
    pub position: Position,
    /// How many events are recorded that they do not show: of the categories that it reads, and ten
    /// thousand where there are more.
    pub events: u64,
    /// How long the first of those has been recorded; nothing where there is none. One that does not
    /// move is behind by more and more of it, whatever it says of itself.
    pub time: Duration,
}

impl<X> Ironflow<X> {
    /// How far a projection is behind, in whatever process it is followed. It reads the log after the
    /// views' position: to be asked every now and then.
    ///
    /// # Errors
    ///
    /// When nobody has followed it yet, or the store fails.
    pub async fn projection_lag(&self, projection: &str) -> Result<ProjectionLag, OperationError> {
        let unknown = || OperationError::Unknown {
            projection: projection.to_owned(),
        };
        let followed = self.projections().get(projection);
        let generation = self.generation_by_name(projection).await?;
        let seen = SeenHead::read(self.store(), projection).await?;
        let SeenHead { head, .. } = seen.ok_or_else(unknown)?;
        let generation = head.generation(generation).ok_or_else(unknown)?;
        let checkpoint = Checkpoint::read(self.store(), projection, generation.number).await?;
        let mut position = checkpoint.ok_or_else(unknown)?.progress.position;
        if let Some(followed) = followed {
            let status = followed.status.borrow();
            // What has changed no view need not be written.
            if status.generation == generation.number {
                position = position.max(status.position);
            }
        }
        let mut lag = ProjectionLag {
            position,
            events: 0,
            time: Duration::ZERO,
        };
        let read = ReadLog::after(position).matching(generation.definition.reads());
        let mut log = self.log(read);
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

    /// The names of all projections that some process has followed, in their order.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn projection_names(&self) -> Result<Vec<String>, OperationError> {
        let mut range = KeyRange::bucket(head::BUCKET).limit(LISTED_AT_ONCE);
        let mut names = Vec::new();
        loop {
            let entries = self.store().list(range.clone()).await?;
            let Some(last) = entries.last() else {
                return Ok(names);
            };
            range.after = Some(last.key.name.clone());
            names.extend(entries.into_iter().map(|entry| entry.key.name));
        }
    }
}
