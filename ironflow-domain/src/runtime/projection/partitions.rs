//! The views of a projection one by one: which there are, which are parked, and what to do with those.

use std::time::SystemTime;

use serde_json::value::RawValue;

use crate::runtime::ironflow::Ironflow;
use crate::runtime::projection::checkpoint::Checkpoint;
use crate::runtime::projection::head::{SeenHead, views_of};
use crate::runtime::projection::operate::OperationError;
use crate::runtime::projection::operations::{self, ProjectionOperation, ViewOperation};
use crate::runtime::projection::parked::{self, ParkedView};
use crate::runtime::projection::view::parse_view;
use crate::store::{Expected, KeyRange, WriteError};
use crate::{EventId, Position, Timestamp};

/// One of the views of a projection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartitionInfo {
    /// The key of the view.
    pub key: String,
    /// The event that last changed it.
    pub last_event_id: EventId,
    /// That event's place in the log.
    pub last_event_position: Position,
    /// When that event was recorded.
    pub last_event_time: Timestamp,
    /// Whether it is parked, since an event could not be applied to it.
    pub is_parked: bool,
}

impl<X> Ironflow<X> {
    /// The views of a projection in the order of their keys, no more than `limit` after the one with
    /// the key `after`.
    ///
    /// # Errors
    ///
    /// When nobody has followed it yet, or the store fails.
    pub async fn partitions(
        &self,
        projection: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<PartitionInfo>, OperationError> {
        let generation = self.generation_by_name(projection).await?;
        let mut range = KeyRange::bucket(views_of(projection, generation)).limit(limit);
        range.after = after.map(ToOwned::to_owned);
        let entries = self.store().list(range).await?;
        let keys: Vec<_> = entries
            .iter()
            .map(|entry| parked::key(projection, generation, &entry.key.name))
            .collect();
        let parked = self.store().get_all(&keys).await?;
        let views = entries.into_iter().zip(parked).map(|(entry, parked)| {
            let key = entry.key.name;
            let view = parse_view::<Box<RawValue>>(projection, &key, &entry.value);
            let view = view.map_err(OperationError::View)?;
            Ok(PartitionInfo {
                key,
                last_event_id: view.last_event_id,
                last_event_position: view.last_event_position,
                last_event_time: view.last_event_time,
                is_parked: parked.is_some(),
            })
        });
        views.collect()
    }

    /// The views of a projection that an event could not be applied to, in the order of their keys.
    /// Each is as it was before that event; the others go on without them.
    ///
    /// # Errors
    ///
    /// When nobody has followed it yet, or the store fails.
    pub async fn parked_views(&self, projection: &str) -> Result<Vec<ParkedView>, OperationError> {
        let generation = self.generation_by_name(projection).await?;
        let parked = parked::read_all(self.store(), projection, generation).await?;
        Ok(parked.into_values().collect())
    }

    /// Tries a parked view again: it takes what it has missed. Whoever follows the projection does that;
    /// where it fails again, the view stays parked, with one more attempt.
    ///
    /// # Errors
    ///
    /// When the view is not parked, or the store fails.
    pub async fn retry_view(&self, projection: &str, key: &str) -> Result<(), OperationError> {
        self.change_parked(projection, key, |parked| {
            let parked = parked?;
            let event = parked.event.clone();
            Some((parked.retried(None), ViewOperation::Retried { event }))
        })
        .await
    }

    /// Tries a parked view again, without the event that it is parked for, for a reason. That is
    /// [recorded](Self::projection_operations); a rebuild takes the event again.
    ///
    /// # Errors
    ///
    /// When the view is not parked, or the store fails.
    pub async fn skip_event(
        &self,
        projection: &str,
        key: &str,
        event: EventId,
        reason: impl Into<String>,
    ) -> Result<(), OperationError> {
        let reason = reason.into();
        tracing::warn!(projection, key, %event, reason, "an event is skipped in a view");
        self.change_parked(projection, key, |parked| {
            let reason = reason.clone();
            let operation = ViewOperation::Skipped { event, reason };
            Some((parked?.retried(Some(event)), operation))
        })
        .await
    }

    /// Fills one view again from the start of the log, while it goes on answering as it is.
    ///
    /// # Errors
    ///
    /// When nobody has followed the projection yet, or the store fails.
    pub async fn rebuild_view(&self, projection: &str, key: &str) -> Result<(), OperationError> {
        let head = SeenHead::read(self.store(), projection).await?;
        if head.is_some_and(|seen| seen.head.has_tables()) {
            let projection = projection.to_owned();
            return Err(OperationError::InTables { projection });
        }
        self.change_parked(projection, key, |_| {
            let parked = ParkedView::from_the_start(key.to_owned());
            Some((parked, ViewOperation::Rebuilt))
        })
        .await
    }

    /// What operators have told a projection to do with views one by one, the last five hundred times,
    /// the first of them first. What was rebuilt as a whole is in [`rebuilds`](Self::rebuilds).
    ///
    /// # Errors
    ///
    /// When nobody has followed it yet, or the store fails.
    pub async fn projection_operations(
        &self,
        projection: &str,
    ) -> Result<Vec<ProjectionOperation>, OperationError> {
        self.generation_by_name(projection).await?;
        Ok(operations::read(self.store(), projection).await?.all)
    }

    /// Changes what is known of a parked view, and the checkpoint, so that whoever follows sees it;
    /// records that somebody wants it.
    async fn change_parked(
        &self,
        projection: &str,
        key: &str,
        change: impl Fn(Option<ParkedView>) -> Option<(ParkedView, ViewOperation)>,
    ) -> Result<(), OperationError> {
        let store = self.store();
        loop {
            let generation = self.generation_by_name(projection).await?;
            let checkpoint = Checkpoint::read(store, projection, generation).await?;
            let Some(Checkpoint {
                mut progress,
                revision,
            }) = checkpoint
            else {
                return Err(OperationError::Unknown {
                    projection: projection.to_owned(),
                });
            };
            let entry = store.get(&parked::key(projection, generation, key)).await?;
            let expected = entry
                .as_ref()
                .map_or(Expected::Absent, |entry| Expected::Revision(entry.revision));
            let before = entry.map(|entry| parked::read(&entry, projection));
            let changed = change(before.transpose()?);
            let (parked, what) = changed.ok_or_else(|| OperationError::NotParked {
                projection: projection.to_owned(),
                key: key.to_owned(),
            })?;
            let operation = ProjectionOperation {
                at: SystemTime::now().into(),
                generation,
                key: key.to_owned(),
                what,
            };
            let operations = operations::read(store, projection).await?;
            let parked = parked::write(&parked, projection, generation)?.expecting(expected);
            let expected = Expected::Revision(revision);
            // Where none is parked, nobody looks for them.
            progress.parked = progress.parked.max(1);
            // Whoever has filled the views may be gone, and no event may come that shows it.
            progress.owner = None;
            let checkpoint = progress.write(projection, generation, expected)?;
            let batch = vec![parked, operations.with(operation)?, checkpoint];
            match store.write(batch).await {
                Ok(_) => return Ok(()),
                // Others were faster: it is as they have left it.
                Err(WriteError::Revision { .. }) => {}
                Err(error) => return Err(error.of_the_store().into()),
            }
        }
    }

    /// The views that answer here, or else those that serve.
    pub(super) async fn generation_by_name(&self, projection: &str) -> Result<u32, OperationError> {
        if let Some(followed) = self.projections().get(projection) {
            return Ok(followed.complete().unwrap_or_else(|| followed.serving()));
        }
        let head = SeenHead::read(self.store(), projection).await?;
        let head = head.ok_or_else(|| OperationError::Unknown {
            projection: projection.to_owned(),
        })?;
        Ok(head.head.serving)
    }
}
