//! The loop that carries events from the log into the views.
//!
//! Views and checkpoint are written in one batch, guarded by the checkpoint's revision: a second
//! process that follows the same projection fails that guard instead of applying an event twice,
//! and goes on from where the first one is. One that finds another generation of views there stops.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::model::projection::{
    Applied, Applying, Needed, Routes, State, Unapplied, Unstorable, last_route,
};
use crate::runtime::projection::checkpoint::{Checkpoint, Progress};
use crate::runtime::projection::generation::{view_key, views_of};
use crate::runtime::projection::status::{ProjectionState, ProjectionStatus, Step};
use crate::runtime::projection::view::{QueryError, read_view};
use crate::store::{
    EventPage, Expected, KeyRange, LogPage, ReadLog, ReadStream, Revision, Store, StoreError,
    StoreErrorKind, Write, WriteError,
};
use crate::{EventRef, InvalidStreamId, Position, Projection, StreamId, StreamVersion, View};

/// How many events to take at once.
const BATCH: usize = 500;
/// How many outdated views to delete at once.
const DELETED_AT_ONCE: usize = 500;
/// The longest wait before a failing store is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What following takes, whatever the projection's type.
pub(crate) struct Follower {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) poll: Duration,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) status: watch::Sender<ProjectionStatus>,
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Why a batch was not applied.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Event(#[from] Unapplied),
    #[error(transparent)]
    View(#[from] QueryError),
    #[error(transparent)]
    Unstorable(#[from] Unstorable),
    #[error(transparent)]
    Stream(#[from] InvalidStreamId),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("another process follows this projection")]
    Overtaken,
    #[error("another program has begun generation {generation} of this projection, {how}")]
    Superseded { generation: u32, how: String },
    #[error("the checkpoint of this projection is gone: start the program again")]
    Gone,
}

impl Trouble {
    /// Whether it may be gone the next time.
    fn may_pass(&self) -> bool {
        match self {
            Self::Store(error) | Self::View(QueryError::Store(error)) => !matches!(
                error.kind(),
                StoreErrorKind::Damaged | StoreErrorKind::Incompatible
            ),
            Self::Overtaken => true,
            _ => false,
        }
    }

    /// Whether no event is to blame for it.
    fn is_the_end(&self) -> bool {
        matches!(self, Self::Superseded { .. } | Self::Gone)
    }
}

/// Follows the log until told to stop, or until an event cannot be applied.
pub(crate) async fn run<P: Projection>(follower: Follower) {
    let status = follower.status.clone();
    let state = match Following::<P>::new(follower).follow().await {
        Ok(()) => ProjectionState::Stopped,
        Err(trouble) => {
            let error = full_text(&trouble);
            tracing::error!(projection = P::NAME, error, "projection stopped");
            ProjectionState::Failed { error }
        }
    };
    status.send_modify(|status| status.change(state));
}

/// A projection on its way through the log.
struct Following<P> {
    store: Arc<dyn Store>,
    poll: Duration,
    status: watch::Sender<ProjectionStatus>,
    stopping: watch::Receiver<bool>,
    position: Position,
    /// About how many events to take at once.
    batch: usize,
    /// The checkpoint as it was seen or written last.
    progress: Progress,
    revision: Revision,
    routes: Routes,
    state: PhantomData<fn() -> P>,
}

impl<P: Projection> Following<P> {
    fn new(follower: Follower) -> Self {
        let Follower {
            store,
            poll,
            checkpoint,
            status,
            stopping,
        } = follower;
        Self {
            store,
            poll,
            status,
            stopping,
            position: checkpoint.progress.position,
            batch: BATCH,
            progress: checkpoint.progress,
            revision: checkpoint.revision,
            routes: Routes::default(),
            state: PhantomData,
        }
    }

    /// Ends when told to stop, after the batch it is at, or with trouble that will not pass.
    async fn follow(mut self) -> Result<(), Trouble> {
        let mut failures = 0;
        while !self.is_told_to_stop() {
            let outcome = self.take_a_turn().await;
            let Err(mut trouble) = outcome else {
                failures = 0;
                continue;
            };
            // What was not written has not happened: nothing of it may be remembered.
            self.routes.clear();
            match self.is_overtaken().await {
                // Whatever was wrong, it was so with views that have changed since.
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => trouble = error,
            }
            if trouble.may_pass() {
                failures += 1;
                let error = full_text(&trouble);
                tracing::warn!(
                    projection = P::NAME,
                    error,
                    failures,
                    "projection is retrying"
                );
                self.status
                    .send_modify(|status| status.change(ProjectionState::Retrying { error }));
                self.pause(pause_after(failures)).await;
            } else if self.batch > 1 && !trouble.is_the_end() {
                // What comes before the event at fault must not wait for it: append by append from
                // here on, until it is met alone.
                self.batch = 1;
            } else {
                return Err(trouble);
            }
        }
        Ok(())
    }

    /// Dropping the last handle of the application tells to stop, too.
    fn is_told_to_stop(&self) -> bool {
        *self.stopping.borrow() || self.stopping.has_changed().is_err()
    }

    /// Waits, but not when told to stop.
    async fn pause(&self, time: Duration) {
        let mut stopping = self.stopping.clone();
        // Told to stop or not, the loop looks for itself.
        drop(tokio::time::timeout(time, stopping.wait_for(|stop| *stop)).await);
    }

    /// Takes a page of the log into the views; deletes some outdated views, or waits for more.
    async fn take_a_turn(&mut self) -> Result<(), Trouble> {
        let at_end = self.advance().await?;
        if at_end {
            self.batch = BATCH;
        }
        if self.progress.has_outdated_views() {
            self.delete_outdated_views().await
        } else if at_end {
            self.wait_for_more().await
        } else {
            Ok(())
        }
    }

    /// Takes one page of the log into the views. Says whether that was the end of the log.
    async fn advance(&mut self) -> Result<bool, Trouble> {
        let read = ReadLog::after(self.position).categories(P::CATEGORIES.iter().copied());
        let page = self.store.read_log(read.limit(self.batch)).await?;
        let Applied { views, dropped } = self.apply(&page).await?;
        // Where nothing of interest was appended, the checkpoint can wait: it costs a write, and
        // reading on from the old one is cheap.
        // That it has been reached once cannot: a restart would take the rebuild for unfinished.
        let is_filled_now = page.at_end && self.progress.is_rebuilding();
        let is_on_the_way = !page.at_end && page.read_to > self.position;
        if !views.is_empty() || is_filled_now || is_on_the_way {
            let progress = Progress {
                position: page.read_to,
                is_filled: self.progress.is_filled || page.at_end,
                ..self.progress.clone()
            };
            self.commit(views, progress).await?;
        }
        self.position = page.read_to;
        let step = Step {
            position: page.read_to,
            at_end: page.at_end,
            is_rebuilding: self.progress.is_rebuilding(),
            dropped,
        };
        self.status.send_modify(|status| status.advance(&step));
        Ok(page.at_end)
    }

    /// The views that the events of a page change, as they are after it.
    async fn apply(&mut self, page: &LogPage) -> Result<Applied<P>, Trouble> {
        let store = &*self.store;
        let generation = self.progress.generation;
        let mut applying = Applying::<P, _>::new(page.events.iter(), &mut self.routes);
        while let Some(needed) = applying.go_on()? {
            match needed {
                Needed::View(key) => {
                    let view = read_view(store, P::NAME, generation, key).await?;
                    applying.view(view)?;
                }
                Needed::EarlierRoute(event) => {
                    let key = earlier_route::<P>(store, &event).await?;
                    applying.earlier_route(key)?;
                }
            }
        }
        Ok(applying.end())
    }

    /// Writes the views and the checkpoint together, unless someone else has moved the checkpoint.
    async fn commit(
        &mut self,
        views: BTreeMap<String, View<State<P>>>,
        progress: Progress,
    ) -> Result<(), Trouble> {
        let mut batch = Vec::with_capacity(views.len() + 1);
        for (key, view) in views {
            let json = view.write(&key)?;
            let key = view_key(P::NAME, progress.generation, &key);
            batch.push(Write::put(key, json));
        }
        batch.push(progress.write(P::NAME, Expected::Revision(self.revision))?);
        // The checkpoint's comes last. A store that gives it none is taken for overtaken: the
        // checkpoint is read again then.
        let revision = self.write(batch).await?.last().copied().flatten();
        self.revision = revision.ok_or(Trouble::Overtaken)?;
        self.progress = progress;
        Ok(())
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, Trouble> {
        self.store.write(batch).await.map_err(|error| match error {
            WriteError::Revision { .. } => Trouble::Overtaken,
            WriteError::Store(error) => error.into(),
        })
    }

    /// Deletes some of the oldest views. Nobody writes to them: what is written to a generation is
    /// guarded by the checkpoint's revision, and that names another one.
    async fn delete_outdated_views(&mut self) -> Result<(), Trouble> {
        let oldest = self.progress.oldest;
        let some = KeyRange::bucket(views_of(P::NAME, oldest)).limit(DELETED_AT_ONCE);
        let entries = self.store.list(some).await?;
        if entries.is_empty() {
            let progress = Progress {
                oldest: oldest + 1,
                ..self.progress.clone()
            };
            return self.commit(BTreeMap::new(), progress).await;
        }
        let deletions = entries.into_iter().map(|entry| Write::delete(entry.key));
        self.write(deletions.collect()).await.map(drop)
    }

    /// Whether someone else has moved the checkpoint, or a write of ours did and we were not told.
    /// If so, goes on from there, unless it is about other views now.
    async fn is_overtaken(&mut self) -> Result<bool, Trouble> {
        let checkpoint = Checkpoint::read(&*self.store, P::NAME).await?;
        let Checkpoint { progress, revision } = checkpoint.ok_or(Trouble::Gone)?;
        if revision == self.revision {
            return Ok(false);
        }
        let changes = self.progress.definition.changes(&progress.definition);
        if progress.generation != self.progress.generation || changes.is_some() {
            return Err(Trouble::Superseded {
                generation: progress.generation,
                how: match changes {
                    Some(changes) => format!("with another shape: {changes}"),
                    None => "with the same shape: start this program again to follow it".to_owned(),
                },
            });
        }
        // What was read after the checkpoint without a view to change has not changed one since.
        self.position = self.position.max(progress.position);
        self.progress = progress;
        self.revision = revision;
        Ok(true)
    }

    /// Waits until the log has grown, until it is time to look whether another process made it
    /// grow, or until told to stop.
    async fn wait_for_more(&self) -> Result<(), Trouble> {
        let mut stopping = self.stopping.clone();
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stop| *stop) => Ok(()),
            grown = self.store.log_grown(self.position) => Ok(grown?),
            () = tokio::time::sleep(self.poll) => Ok(()),
        }
    }
}

/// Where the last event of the same stream with a key went: a function of the log, so that it need
/// not be stored.
async fn earlier_route<P: Projection>(
    store: &dyn Store,
    event: &EventRef<'_>,
) -> Result<Option<String>, Trouble> {
    let stream: StreamId = event.stream.parse()?;
    let mut next = event.version.get().checked_sub(1).map(StreamVersion::new);
    // Appends are met from the last to the first, and each is read from its first event to its
    // last.
    let mut append = EventPage::new();
    while let Some(from) = next {
        let page = store
            .read_stream(&stream, ReadStream::backward(from))
            .await?;
        for earlier in page.events.iter() {
            if earlier.left_in_commit == 0
                && let Some(key) = last_route::<P>(std::mem::take(&mut append).iter().rev())?
            {
                return Ok(Some(key));
            }
            append.push(&earlier);
        }
        next = page.next;
    }
    Ok(last_route::<P>(append.iter().rev())?)
}

/// An error with all its causes.
fn full_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// 100 ms after the first failure, doubling up to the longest pause.
fn pause_after(failures: u32) -> Duration {
    let doubled = 1_u32
        .checked_shl(failures.saturating_sub(1))
        .unwrap_or(u32::MAX);
    Duration::from_millis(100)
        .saturating_mul(doubled)
        .min(LONGEST_PAUSE)
}
