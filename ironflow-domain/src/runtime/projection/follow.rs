//! The loop that carries events from the log into the views.
//!
//! Views and checkpoint are written in one batch, guarded by the checkpoint's revision: a second
//! process that follows the same projection fails that guard instead of applying an event twice,
//! and goes on from where the first one is. One that finds another generation of views there stops.

use std::collections::HashMap;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use crate::model::projection::{
    Applied, Routed, Routes, Routing, State, Unapplied, Unstorable, last_route,
};
use crate::runtime::log_reader::LogReader;
use crate::runtime::projection::checkpoint::{Checkpoint, Progress};
use crate::runtime::projection::generation::{view_key, views_of};
use crate::runtime::projection::status::{ProjectionState, ProjectionStatus, Step};
use crate::runtime::projection::view::{QueryError, parse_view};
use crate::runtime::projection::views::Views;
use crate::store::{
    EventPage, Expected, Key, KeyRange, LogPage, ReadLog, ReadStream, Revision, Store, StoreError,
    StoreErrorKind, Write, WriteError,
};
use crate::{InvalidStreamId, Position, Projection, StreamId, StreamVersion, View};

/// About how many events to read at once.
const PAGE: usize = 4_000;
/// Views are written at the end of the log. Before it, once there are so many to write,
const MOST_CHANGES: usize = 2_000;
/// or so many events have been taken into them,
const MOST_EVENTS: usize = 100_000;
/// or so much time has gone by since they were written last.
const MOST_TIME: Duration = Duration::from_millis(500);
/// How many streams to look up at once.
const LOOKED_UP_AT_ONCE: usize = 64;
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
    #[error("the tokio runtime is shutting down")]
    ShuttingDown(#[source] JoinError),
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
            Self::Overtaken | Self::ShuttingDown(_) => true,
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
    /// Up to where the log has been taken into the views that are written.
    position: Position,
    /// What is read of the log after that, and was not yet written.
    taken: Taken,
    /// Reads on, where the end of the log was not seen.
    reader: Option<LogReader>,
    /// About how many events to read at once.
    page: usize,
    /// The checkpoint as it was seen or written last.
    progress: Progress,
    revision: Revision,
    routes: Routes,
    views: Views<View<State<P>>>,
}

/// What has been taken into views that are not written yet.
struct Taken {
    read_to: Position,
    events: usize,
    dropped: u64,
    since: Instant,
}

impl Taken {
    fn nothing(position: Position) -> Self {
        Self {
            read_to: position,
            events: 0,
            dropped: 0,
            since: Instant::now(),
        }
    }
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
            taken: Taken::nothing(checkpoint.progress.position),
            reader: None,
            page: PAGE,
            views: Views::new(checkpoint.progress.position == Position::START),
            progress: checkpoint.progress,
            revision: checkpoint.revision,
            routes: Routes::default(),
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
            self.go_back();
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
            } else if self.page > 1 && !trouble.is_the_end() {
                // What comes before the event at fault must not wait for it: append by append from
                // here on, until it is met alone.
                self.page = 1;
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

    /// What was not written has not happened: nothing of it may be remembered.
    fn go_back(&mut self) {
        self.routes.clear();
        self.views.clear();
        self.reader = None;
        self.taken = Taken::nothing(self.position);
    }

    /// Takes a page of the log into the views; deletes some outdated views, or waits for more.
    async fn take_a_turn(&mut self) -> Result<(), Trouble> {
        let at_end = self.advance().await?;
        if at_end {
            self.page = PAGE;
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
        let page = self.next_page().await?;
        let Applied { views, dropped } = self.apply(&page).await?;
        self.views.change(views);
        self.taken.read_to = page.read_to;
        self.taken.events += page.events.len();
        self.taken.dropped += dropped;
        let is_much = self.views.changed().len() >= MOST_CHANGES
            || self.taken.events >= MOST_EVENTS
            || self.taken.since.elapsed() >= MOST_TIME;
        if page.at_end || is_much || self.page == 1 {
            self.write_views(page.at_end).await?;
        }
        Ok(page.at_end)
    }

    /// The next page of the log, the one after it being read meanwhile.
    async fn next_page(&mut self) -> Result<LogPage, Trouble> {
        let after = self.taken.read_to;
        let (store, limit) = (&self.store, self.page);
        let reader = self.reader.get_or_insert_with(|| {
            let read = ReadLog::after(after).categories(P::CATEGORIES.iter().copied());
            LogReader::new(Arc::clone(store), read.limit(limit))
        });
        // It has a page, since it is dropped with the last one.
        let page = reader.next().await?.unwrap_or_else(|| LogPage {
            events: EventPage::new(),
            read_to: after,
            at_end: true,
        });
        if page.at_end {
            self.reader = None;
        }
        Ok(page)
    }

    /// The views that the events of a page change, as they are after it.
    async fn apply(&mut self, page: &LogPage) -> Result<Applied<P>, Trouble> {
        let routed = self.route(page).await?;
        let keys = routed.keys().iter();
        let lacking: Vec<&str> = keys
            .map(String::as_str)
            .filter(|key| self.views.lacks(key))
            .collect();
        let mut stored = self.read_views(&lacking).await?;
        let views = routed.keys().iter().map(|key| {
            let known = self.views.take(key);
            known.or_else(|| stored.remove(key.as_str()))
        });
        let views = views.collect();
        Ok(routed.apply(views)?)
    }

    /// Where the events of a page go.
    async fn route<'p>(&mut self, page: &'p LogPage) -> Result<Routed<'p, P>, Trouble> {
        let mut routing = Routing::<P>::read(page.events.iter(), &self.routes)?;
        let unknown = routing.unknown();
        for (chunk, numbers) in unknown.chunks(LOOKED_UP_AT_ONCE).zip(0..) {
            let first = numbers * LOOKED_UP_AT_ONCE;
            let mut lookups = JoinSet::new();
            for (event, number) in chunk.iter().zip(first..) {
                let store = Arc::clone(&self.store);
                let (stream, before) = (event.stream.parse()?, event.version);
                lookups.spawn(async move {
                    let keys = earlier_route::<P>(&*store, stream, before).await;
                    (number, keys)
                });
            }
            while let Some(looked_up) = lookups.join_next().await {
                // They are not aborted while we wait for them.
                let (number, keys) = looked_up.map_err(|error| match error.try_into_panic() {
                    Ok(panic) => resume_unwind(panic),
                    Err(error) => Trouble::ShuttingDown(error),
                })?;
                routing.earlier(number, keys?);
            }
        }
        Ok(routing.routed(&mut self.routes)?)
    }

    /// Views as they are stored, by their keys.
    async fn read_views<'k>(
        &self,
        keys: &[&'k str],
    ) -> Result<HashMap<&'k str, View<State<P>>>, Trouble> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let generation = self.progress.generation;
        let stored = |key: &&str| view_key(P::NAME, generation, key);
        let stored: Vec<Key> = keys.iter().map(stored).collect();
        let entries = self.store.get_all(&stored).await?;
        let views = keys.iter().zip(entries).filter_map(|(key, entry)| {
            let view = parse_view(P::NAME, key, &entry?.value);
            Some(view.map(|view| (*key, view)))
        });
        Ok(views.collect::<Result<_, _>>()?)
    }

    /// Writes the views that have changed, and how far they have come. Where nothing has, and nothing
    /// else has to be said, that can wait: it costs a write, and reading on from the old checkpoint is
    /// cheap.
    async fn write_views(&mut self, at_end: bool) -> Result<(), Trouble> {
        let read_to = self.taken.read_to;
        // That the end has been reached once cannot wait: a restart would take the rebuild for
        // unfinished.
        let is_filled_now = at_end && self.progress.is_rebuilding();
        let is_on_the_way = !at_end && read_to > self.position;
        if !self.views.changed().is_empty() || is_filled_now || is_on_the_way {
            let progress = Progress {
                position: read_to,
                is_filled: self.progress.is_filled || at_end,
                ..self.progress.clone()
            };
            let mut bytes = 0;
            let mut batch = Vec::with_capacity(self.views.changed().len() + 1);
            for (key, view) in self.views.changed() {
                let json = view.write(key)?;
                bytes += json.len();
                batch.push(Write::put(
                    view_key(P::NAME, progress.generation, key),
                    json,
                ));
            }
            self.commit(batch, progress).await?;
            self.views.written(bytes);
        }
        let dropped = self.taken.dropped;
        self.position = read_to;
        self.taken = Taken::nothing(read_to);
        let step = Step {
            position: read_to,
            at_end,
            is_rebuilding: self.progress.is_rebuilding(),
            dropped,
        };
        self.status.send_modify(|status| status.advance(&step));
        Ok(())
    }

    /// Makes changes and moves the checkpoint together, unless someone else has moved it.
    async fn commit(&mut self, mut batch: Vec<Write>, progress: Progress) -> Result<(), Trouble> {
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
            return self.commit(Vec::new(), progress).await;
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
        self.taken = Taken::nothing(self.position);
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

/// Where the last event of the same stream with a key went, before that version: a function of the
/// log, so that it need not be stored.
async fn earlier_route<P: Projection>(
    store: &dyn Store,
    stream: StreamId,
    before: StreamVersion,
) -> Result<Option<Vec<String>>, Trouble> {
    let mut next = before.get().checked_sub(1).map(StreamVersion::new);
    // Appends are met from the last to the first, and each is read from its first event to its
    // last.
    let mut append = EventPage::new();
    while let Some(from) = next {
        let page = store
            .read_stream(&stream, ReadStream::backward(from))
            .await?;
        for earlier in page.events.iter() {
            if earlier.left_in_commit == 0
                && let Some(keys) = last_route::<P>(std::mem::take(&mut append).iter().rev())?
            {
                return Ok(Some(keys));
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
