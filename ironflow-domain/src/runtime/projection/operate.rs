//! What operators do with projections: rebuild, pause, delete.
//!
//! All of it is a change of the [`Head`], which every process that follows the projection sees within
//! its poll interval. So it can be done from any process, also from one that follows nothing.

use std::cmp::Ordering;

use serde_json::Value;

use crate::runtime::ironflow::Ironflow;
use crate::runtime::projection::checkpoint::{self, Checkpoint, Progress};
use crate::runtime::projection::definition::Definition;
use crate::runtime::projection::head::{Head, PastRebuild, SeenHead, views_of};
use crate::runtime::projection::operations;
use crate::runtime::projection::parked;
use crate::runtime::projection::tables;
use crate::runtime::projection::view::{QueryError, parse_view};
use crate::store::{Entry, Expected, KeyRange, Store, StoreError, Write, WriteError};
use crate::{HasViews, Position, Projection, View};

/// How many views to compare or delete at once.
const AT_ONCE: usize = 500;
/// How many views that are different are named.
const NAMED: usize = 100;

/// How to rebuild a projection.
///
/// ```
/// # use ironflow_domain::Rebuild;
/// let gently = Rebuild::new("the currency was wrong").events_per_second(20_000).hold();
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "nothing is rebuilt until it is given to `Ironflow::rebuild`"]
pub struct Rebuild {
    reason: String,
    most_events_per_second: Option<u32>,
    is_held: bool,
}

impl Rebuild {
    /// As fast as it goes, and its views serve once they are complete. The reason is for the
    /// [history](Ironflow::rebuilds).
    pub fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
            most_events_per_second: None,
            is_held: false,
        }
    }

    /// Takes no more than so many events a second, so that the store has time for others. At least
    /// one.
    pub fn events_per_second(mut self, events: u32) -> Self {
        self.most_events_per_second = Some(events.max(1));
        self
    }

    /// Does not let the views serve before [`Ironflow::release`]: to [check](Ironflow::check_rebuild)
    /// them first. Until then they are kept up to date beside those that serve.
    pub fn hold(mut self) -> Self {
        self.is_held = true;
        self
    }
}

/// An operation on a projection did not happen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperationError {
    /// There is no projection of that name: nobody has followed it yet.
    #[error("there is no projection {projection}: it is there once a process has followed it")]
    #[non_exhaustive]
    Unknown {
        /// The name.
        projection: String,
    },
    /// Its views were filled by a program in which it is another.
    #[error(
        "the views of projection {projection} are not this program's: {changes}; start a program \
         that follows it, which fills new ones"
    )]
    #[non_exhaustive]
    OtherShape {
        /// The name.
        projection: String,
        /// What has changed.
        changes: String,
    },
    /// Its views are being filled already.
    #[error(
        "projection {projection} is being rebuilt, generation {generation}: wait for that, or \
         cancel it"
    )]
    #[non_exhaustive]
    Rebuilding {
        /// The name.
        projection: String,
        /// The number of the views that are filled.
        generation: u32,
    },
    /// Nothing is being rebuilt.
    #[error("projection {projection} is not being rebuilt")]
    #[non_exhaustive]
    NotRebuilding {
        /// The name.
        projection: String,
    },
    /// No views from before are there.
    #[error("projection {projection} has no views from before the last rebuild")]
    #[non_exhaustive]
    NothingBefore {
        /// The name.
        projection: String,
    },
    /// It is without views that could be filled again one by one: it has tables.
    #[error("projection {projection} has tables, and no views one by one: rebuild it as a whole")]
    #[non_exhaustive]
    InTables {
        /// The name.
        projection: String,
    },
    /// The view is not parked.
    #[error("the view {key} of projection {projection} is not parked")]
    #[non_exhaustive]
    NotParked {
        /// The projection.
        projection: String,
        /// The view.
        key: String,
    },
    /// What is stored of it is no view.
    #[error(transparent)]
    View(QueryError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a comparison of two generations of views has shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RebuildCheck {
    /// How many views are the same in both.
    pub same: u64,
    /// How many could not be compared, since an event had reached the one and not yet the other.
    pub moving: u64,
    /// How many differ though the same event was the last to reach them, or are missing in one.
    pub different: u64,
    /// The keys of the first hundred that differ.
    pub keys: Vec<String>,
}

impl<X> Ironflow<X> {
    /// Fills new views of `P` from the start of the log, beside those that serve. Whoever follows `P`
    /// does it: one process at a time, and another one where that dies. Meanwhile views can be
    /// asked and waited for as ever; once the new ones are complete, they serve.
    ///
    /// How far that is, is in the [status](Ironflow::projection_statuses), and
    /// [`wait_for_rebuild`](Ironflow::wait_for_rebuild) waits for its end. Gives the number of the new
    /// generation of views.
    ///
    /// # Errors
    ///
    /// When it is being rebuilt already, when nobody has followed it yet, or when the store fails.
    pub async fn rebuild<P: Projection>(&self, rebuild: Rebuild) -> Result<u32, OperationError> {
        let definition = self.definition::<P>();
        let store = self.store();
        change(store, P::NAME, |head| {
            let Rebuild {
                reason,
                most_events_per_second,
                is_held,
            } = rebuild.clone();
            of_this_program(P::NAME, head, &definition)?;
            if let Some(generation) = building(head, &definition) {
                return Err(OperationError::Rebuilding {
                    projection: P::NAME.to_owned(),
                    generation,
                });
            }
            let number = head.begin(definition.clone(), reason, most_events_per_second);
            if is_held {
                head.hold(number);
            }
            let checkpoint = Progress::none().write(P::NAME, number, Expected::Absent)?;
            Ok((number, vec![checkpoint]))
        })
        .await
    }

    /// Lets the views serve that a rebuild has [held](Rebuild::hold), once they are complete.
    ///
    /// # Errors
    ///
    /// When nothing is being rebuilt, or the store fails.
    pub async fn release<P: Projection>(&self) -> Result<(), OperationError> {
        let definition = self.definition::<P>();
        change(self.store(), P::NAME, |head| {
            let number = rebuilding(P::NAME, head, &definition)?;
            head.release(number);
            Ok(((), Vec::new()))
        })
        .await
    }

    /// Ends the rebuild of `P`: what was filled is deleted, and the views that serve go on doing so.
    ///
    /// # Errors
    ///
    /// When nothing is being rebuilt, or the store fails.
    pub async fn cancel_rebuild<P: Projection>(&self) -> Result<(), OperationError> {
        let definition = self.definition::<P>();
        change(self.store(), P::NAME, |head| {
            let number = rebuilding(P::NAME, head, &definition)?;
            head.cancel(number);
            Ok(((), Vec::new()))
        })
        .await
    }

    /// Lets the views from before the last rebuild serve again, once they have caught up with the
    /// log. They are kept until the next rebuild is complete.
    ///
    /// # Errors
    ///
    /// When there are none, when it is being rebuilt, or when the store fails.
    pub async fn undo_rebuild<P: Projection>(&self) -> Result<u32, OperationError> {
        let definition = self.definition::<P>();
        change(self.store(), P::NAME, |head| {
            of_this_program(P::NAME, head, &definition)?;
            if let Some(generation) = building(head, &definition) {
                return Err(OperationError::Rebuilding {
                    projection: P::NAME.to_owned(),
                    generation,
                });
            }
            let before = head.before(&definition);
            let number = before.ok_or_else(|| OperationError::NothingBefore {
                projection: P::NAME.to_owned(),
            })?;
            head.catch_up(number);
            Ok((number, Vec::new()))
        })
        .await
    }

    /// Compares the views that are being filled with those that serve, or else those that serve with
    /// the ones before: whether a rebuild has led to something else. It reads all views.
    ///
    /// # Errors
    ///
    /// When there is nothing to compare with, or the store fails.
    pub async fn check_rebuild<P: HasViews>(&self) -> Result<RebuildCheck, OperationError> {
        let definition = self.definition::<P>();
        let SeenHead { head, .. } = read(self.store(), P::NAME).await?;
        let serving = of_this_program(P::NAME, &head, &definition)?;
        let other = building(&head, &definition).or_else(|| head.before(&definition));
        let other = other.ok_or_else(|| OperationError::NothingBefore {
            projection: P::NAME.to_owned(),
        })?;
        compare(self.store(), P::NAME, [serving, other]).await
    }

    /// The rebuilds of a projection that have come to their end, the last fifty, the first of them
    /// first. Filling its first views was one, too.
    ///
    /// # Errors
    ///
    /// When nobody has followed it yet, or the store fails.
    pub async fn rebuilds(&self, projection: &str) -> Result<Vec<PastRebuild>, OperationError> {
        Ok(read(self.store(), projection).await?.head.history)
    }

    /// Stops following a projection, in all processes, until [`resume`](Self::resume). Its views stay
    /// as they are, and can be asked.
    ///
    /// # Errors
    ///
    /// When nobody has followed it yet, or the store fails.
    pub async fn pause(&self, projection: &str) -> Result<(), OperationError> {
        change(self.store(), projection, |head| {
            head.is_paused = true;
            Ok(((), Vec::new()))
        })
        .await
    }

    /// Goes on following a projection, in all processes that do: also one that has stopped at an event.
    ///
    /// # Errors
    ///
    /// When nobody has followed it yet, or the store fails.
    pub async fn resume(&self, projection: &str) -> Result<(), OperationError> {
        change(self.store(), projection, |head| {
            head.is_paused = false;
            Ok(((), Vec::new()))
        })
        .await
    }

    /// Deletes a projection with all its views. Processes that follow it stop; one that is started
    /// later fills views from the start of the log.
    ///
    /// # Errors
    ///
    /// When nobody has followed it yet, or the store fails: deleting it again goes on then.
    pub async fn delete_projection(&self, projection: &str) -> Result<(), OperationError> {
        // Those who follow stop first, so that nobody writes views when they are deleted.
        let generations = change(self.store(), projection, |head| {
            head.is_paused = true;
            let numbers = head.generations.iter().map(|generation| generation.number);
            let numbers: Vec<u32> = numbers.chain(head.outdated.iter().copied()).collect();
            let checkpoints = numbers.iter();
            let checkpoints =
                checkpoints.map(|number| Write::delete(checkpoint::key(projection, *number)));
            Ok((numbers.clone(), checkpoints.collect()))
        })
        .await?;
        for generation in generations {
            let buckets = [
                views_of(projection, generation),
                parked::bucket(projection, generation),
            ];
            for bucket in buckets {
                delete_all(self.store(), bucket).await?;
            }
        }
        let store = self.store();
        while let Some(SeenHead { head, revision }) = SeenHead::read(store, projection).await? {
            let deletion = Write::delete(super::head::key(projection));
            let deletion = deletion.expecting(Expected::Revision(revision));
            let operations = Write::delete(operations::key(projection));
            let batch = vec![operations, deletion];
            match tables::write_with(store, batch, Some(&head), None).await {
                Ok(_) => break,
                // Others have changed it meanwhile.
                Err(WriteError::Revision { .. }) => {}
                Err(error) => return Err(failure(error)),
            }
        }
        Ok(())
    }
}

async fn read(store: &dyn Store, projection: &str) -> Result<SeenHead, OperationError> {
    let head = SeenHead::read(store, projection).await?;
    head.ok_or_else(|| OperationError::Unknown {
        projection: projection.to_owned(),
    })
}

/// Changes the generations of a projection, and something else with them. Where others do it at the
/// same time, it looks again.
async fn change<T>(
    store: &dyn Store,
    projection: &str,
    mut change: impl FnMut(&mut Head) -> Result<(T, Vec<Write>), OperationError>,
) -> Result<T, OperationError> {
    loop {
        let SeenHead { mut head, revision } = read(store, projection).await?;
        let before = head.clone();
        let (answer, batch) = change(&mut head)?;
        let expected = Expected::Revision(revision);
        let heads = (Some(&before), &head);
        match tables::write_head(store, projection, heads, expected, batch).await {
            Ok(_) => return Ok(answer),
            Err(WriteError::Revision { .. }) => {}
            Err(error) => return Err(error.of_the_store().into()),
        }
    }
}

/// The generation that answers for this program.
fn of_this_program(
    projection: &str,
    head: &Head,
    definition: &Definition,
) -> Result<u32, OperationError> {
    let fitting = head.fitting(definition).map(|fitting| fitting.number);
    fitting.ok_or_else(|| {
        let serving = head.serving();
        let changes = serving.and_then(|serving| definition.changes(&serving.definition));
        OperationError::OtherShape {
            projection: projection.to_owned(),
            changes: changes.unwrap_or_default(),
        }
    })
}

/// The generation that is filled for this program.
fn building(head: &Head, definition: &Definition) -> Option<u32> {
    let fitting = head.fitting(definition).filter(|it| it.is_building);
    let building = head.replacement(definition).or(fitting);
    building.map(|generation| generation.number)
}

/// The same, where it replaces others.
fn rebuilding(
    projection: &str,
    head: &Head,
    definition: &Definition,
) -> Result<u32, OperationError> {
    building(head, definition)
        .filter(|number| *number != head.serving)
        .ok_or_else(|| OperationError::NotRebuilding {
            projection: projection.to_owned(),
        })
}

fn failure(error: WriteError) -> OperationError {
    match error {
        WriteError::Store(error) => error.into(),
        // Nothing is expected of what is deleted.
        error => StoreError::new(
            crate::store::StoreErrorKind::Other,
            "failed to delete views",
        )
        .because(error)
        .into(),
    }
}

async fn delete_all(store: &dyn Store, bucket: String) -> Result<(), OperationError> {
    let some = KeyRange::bucket(bucket).limit(AT_ONCE);
    loop {
        let entries = store.list(some.clone()).await?;
        if entries.is_empty() {
            return Ok(());
        }
        let deletions = entries.into_iter().map(|entry| Write::delete(entry.key));
        store.write(deletions.collect()).await.map_err(failure)?;
    }
}

/// The views of a generation, one after the other.
struct Views<'s> {
    store: &'s dyn Store,
    projection: &'s str,
    range: KeyRange,
    ahead: std::vec::IntoIter<Entry>,
    /// Up to where they are complete.
    position: Position,
    /// The next one.
    next: Option<(String, View<Value>)>,
}

impl<'s> Views<'s> {
    async fn of(
        store: &'s dyn Store,
        projection: &'s str,
        generation: u32,
    ) -> Result<Self, OperationError> {
        let checkpoint = Checkpoint::read(store, projection, generation).await?;
        let mut views = Self {
            store,
            projection,
            range: KeyRange::bucket(views_of(projection, generation)).limit(AT_ONCE),
            ahead: Vec::new().into_iter(),
            position: checkpoint.map_or(Position::START, |it| it.progress.position),
            next: None,
        };
        views.step().await?;
        Ok(views)
    }

    async fn step(&mut self) -> Result<(), OperationError> {
        if self.ahead.len() == 0 {
            let entries = self.store.list(self.range.clone()).await?;
            if let Some(last) = entries.last() {
                self.range.after = Some(last.key.name.clone());
            }
            self.ahead = entries.into_iter();
        }
        let next = self.ahead.next().map(|entry| {
            let name = entry.key.name;
            let view = parse_view(self.projection, &name, &entry.value)?;
            Ok((name, view))
        });
        self.next = next.transpose().map_err(OperationError::View)?;
        Ok(())
    }

    /// Whether a view of others would be here, too.
    fn would_have(&self, view: &View<Value>) -> bool {
        view.last_event_position <= self.position
    }
}

async fn compare(
    store: &dyn Store,
    projection: &str,
    [one, other]: [u32; 2],
) -> Result<RebuildCheck, OperationError> {
    let mut one = Views::of(store, projection, one).await?;
    let mut other = Views::of(store, projection, other).await?;
    let mut check = RebuildCheck::default();
    loop {
        let order = match (&one.next, &other.next) {
            (None, None) => return Ok(check),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((key, _)), Some((other_key, _))) => key.cmp(other_key),
        };
        let (key, is_same) = match (order, &one.next, &other.next) {
            (Ordering::Equal, Some((key, view)), Some((_, other))) => {
                let is_comparable = view.last_event_id == other.last_event_id;
                (key, is_comparable.then(|| view.state == other.state))
            }
            (Ordering::Less, Some((key, view)), _) => {
                (key, other.would_have(view).then_some(false))
            }
            (_, _, Some((key, view))) => (key, one.would_have(view).then_some(false)),
            (_, _, None) => return Ok(check),
        };
        match is_same {
            Some(true) => check.same += 1,
            Some(false) => {
                check.different += 1;
                if check.keys.len() < NAMED {
                    check.keys.push(key.clone());
                }
            }
            None => check.moving += 1,
        }
        if order != Ordering::Greater {
            one.step().await?;
        }
        if order != Ordering::Less {
            other.step().await?;
        }
    }
}
