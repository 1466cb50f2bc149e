//! The loop that carries events from the log into the views.
//!
//! Views and checkpoint are written in one batch, guarded by the checkpoint's revision: a second
//! process that follows the same projection fails that guard instead of applying an event twice,
//! and goes on from where the first one is.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::runtime::projection::checkpoint::Checkpoint;
use crate::runtime::projection::status::{ProjectionState, ProjectionStatus};
use crate::runtime::projection::view::{QueryError, View, read_view, view_key};
use crate::store::{
    EventPage, Expected, LogPage, ReadLog, ReadStream, Revision, Store, StoreError, StoreErrorKind,
    Write, WriteError,
};
use crate::{
    Delivery, EventRef, InvalidStreamId, Partition, Position, Projection, StreamId, StreamVersion,
    UndecodableEvent,
};

/// How many events to take at once.
const BATCH: usize = 500;
/// How many streams' partitions to keep in mind.
const REMEMBERED_STREAMS: usize = 10_000;
/// The longest wait before a failing store is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What following takes, whatever the projection's type.
pub(crate) struct Follower {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) poll: Duration,
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) status: watch::Sender<ProjectionStatus>,
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Why a batch was not applied.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Undecodable(#[from] UndecodableEvent),
    #[error(
        "event {name}, version {version} of stream {stream}, is to go where earlier events of its stream went, but none went anywhere: give it `Partition::Key`, or `Partition::Nowhere`"
    )]
    Unrouted {
        name: String,
        stream: String,
        version: StreamVersion,
    },
    #[error(
        "event {name}, version {version} of stream {stream}, made the projection panic: {panic}"
    )]
    Panicked {
        name: String,
        stream: String,
        version: StreamVersion,
        panic: String,
    },
    #[error(transparent)]
    View(#[from] QueryError),
    #[error("the view {key} cannot be stored as JSON and read back")]
    Unstorable {
        key: String,
        source: serde_json::Error,
    },
    #[error(transparent)]
    Stream(#[from] InvalidStreamId),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("another process follows this projection")]
    Overtaken,
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
    /// The checkpoint's, none before the first batch is written.
    revision: Option<Revision>,
    /// Where the events of a stream went last.
    routes: HashMap<String, String>,
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
            position: checkpoint.map_or(Position::START, |checkpoint| checkpoint.position),
            batch: BATCH,
            revision: checkpoint.map(|checkpoint| checkpoint.revision),
            routes: HashMap::new(),
            state: PhantomData,
        }
    }

    /// Ends when told to stop, after the batch it is at, or with trouble that will not pass.
    async fn follow(mut self) -> Result<(), Trouble> {
        let mut failures = 0;
        while !self.is_told_to_stop() {
            let outcome = match self.advance().await {
                Ok(false) => Ok(()),
                Ok(true) => {
                    self.batch = BATCH;
                    self.wait_for_more().await
                }
                Err(trouble) => Err(trouble),
            };
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
                Err(error) => trouble = error.into(),
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
            } else if self.batch > 1 {
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

    /// Takes one page of the log into the views. Says whether that was the end of the log.
    async fn advance(&mut self) -> Result<bool, Trouble> {
        let read = ReadLog::after(self.position).categories(P::CATEGORIES.iter().copied());
        let page = self.store.read_log(read.limit(self.batch)).await?;
        let Applied { views, dropped } = self.apply(&page).await?;
        // Where nothing of interest was appended, the checkpoint can wait: it costs a write, and
        // reading on from the old one is cheap.
        if !views.is_empty() || (!page.at_end && page.read_to > self.position) {
            self.commit(views, page.read_to).await?;
        }
        self.position = page.read_to;
        self.status
            .send_modify(|status| status.advance(page.read_to, page.at_end, dropped));
        Ok(page.at_end)
    }

    /// The views that the events of a page change, as they are after it.
    async fn apply(&mut self, page: &LogPage) -> Result<Applied<P>, Trouble> {
        let mut views: BTreeMap<String, View<P>> = BTreeMap::new();
        // A page has whole appends, so nothing that is stored in several parts goes on in the next.
        let mut feed = P::feed();
        for event in page.events.iter() {
            for delivery in guarded(&event, || feed.next(&event))?? {
                let key = match guarded(&event, || Route::of(&*delivery))? {
                    Route::To(key) => {
                        self.remember(event.stream, &key);
                        key
                    }
                    Route::SameStream => self.earlier_route(&event).await?,
                    Route::Nowhere => continue,
                };
                let view = match views.remove(&key) {
                    Some(view) => Some(view),
                    None => read_view(&*self.store, P::NAME, &key).await?,
                };
                let mut state = view.map(|view| view.state).unwrap_or_default();
                guarded(&event, || delivery.project(&mut state))?;
                views.insert(key, View::after(&event, state));
            }
        }
        Ok(Applied {
            views,
            dropped: feed.dropped(),
        })
    }

    /// Where the last event of the same stream with a key went: a function of the log, so that it
    /// need not be stored.
    async fn earlier_route(&mut self, event: &EventRef<'_>) -> Result<String, Trouble> {
        if let Some(key) = self.routes.get(event.stream) {
            return Ok(key.clone());
        }
        let stream: StreamId = event.stream.parse()?;
        let mut next = event.version.get().checked_sub(1).map(StreamVersion::new);
        // Appends are met from the last to the first, and each is read from its first event to its
        // last.
        let mut append = EventPage::new();
        while let Some(from) = next {
            let page = self
                .store
                .read_stream(&stream, ReadStream::backward(from))
                .await?;
            for earlier in page.events.iter() {
                if earlier.left_in_commit == 0
                    && let Some(key) = last_route::<P>(&std::mem::take(&mut append))?
                {
                    self.remember(event.stream, &key);
                    return Ok(key);
                }
                append.push(&earlier);
            }
            next = page.next;
        }
        if let Some(key) = last_route::<P>(&append)? {
            self.remember(event.stream, &key);
            return Ok(key);
        }
        let (name, stream, version) = named(event);
        Err(Trouble::Unrouted {
            name,
            stream,
            version,
        })
    }

    fn remember(&mut self, stream: &str, key: &str) {
        if self.routes.len() >= REMEMBERED_STREAMS {
            self.routes.clear();
        }
        match self.routes.get_mut(stream) {
            Some(last) if last == key => {}
            Some(last) => key.clone_into(last),
            None => {
                self.routes.insert(stream.to_owned(), key.to_owned());
            }
        }
    }

    /// Writes the views and the checkpoint together, unless someone else has moved the checkpoint.
    async fn commit(
        &mut self,
        views: BTreeMap<String, View<P>>,
        position: Position,
    ) -> Result<(), Trouble> {
        let mut batch = Vec::with_capacity(views.len() + 1);
        for (key, view) in views {
            // A view that cannot be read back, as a `NaN` cannot, would be lost with this write.
            let written = serde_json::to_vec(&view)
                .and_then(|json| serde_json::from_slice::<View<P>>(&json).map(|_| json));
            match written {
                Ok(json) => batch.push(Write::put(view_key(P::NAME, &key), json)),
                Err(source) => return Err(Trouble::Unstorable { key, source }),
            }
        }
        let expected = self.revision.map_or(Expected::Absent, Expected::Revision);
        batch.push(Checkpoint::write(position, P::NAME, P::CATEGORIES)?.expecting(expected));
        match self.store.write(batch).await {
            Ok(revisions) => {
                self.revision = revisions.last().copied().flatten();
                Ok(())
            }
            Err(WriteError::Revision { .. }) => Err(Trouble::Overtaken),
            Err(WriteError::Store(error)) => Err(error.into()),
        }
    }

    /// Whether someone else has moved the checkpoint, or a write of ours did and we were not told.
    /// If so, goes on from there.
    async fn is_overtaken(&mut self) -> Result<bool, StoreError> {
        let checkpoint = Checkpoint::read(&*self.store, P::NAME, P::CATEGORIES).await?;
        let revision = checkpoint.map(|checkpoint| checkpoint.revision);
        if revision == self.revision {
            return Ok(false);
        }
        self.position = checkpoint.map_or(Position::START, |checkpoint| checkpoint.position);
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

/// What has become of a page.
struct Applied<P> {
    views: BTreeMap<String, View<P>>,
    dropped: u64,
}

/// Where the last event with a key went, of an append that was read backward.
fn last_route<P: Projection>(append: &EventPage) -> Result<Option<String>, Trouble> {
    let mut feed = P::feed();
    let mut last = None;
    for event in append.iter().rev() {
        for delivery in guarded(&event, || feed.next(&event))?? {
            if let Route::To(key) = guarded(&event, || Route::of(&*delivery))? {
                last = Some(key);
            }
        }
    }
    Ok(last)
}

/// Which view an event goes to, the key as text.
enum Route {
    To(String),
    SameStream,
    Nowhere,
}

impl Route {
    fn of<P: Projection>(delivery: &dyn Delivery<P>) -> Self {
        match delivery.partition() {
            Partition::Key(key) => Self::To(key.to_string()),
            Partition::SameStream => Self::SameStream,
            Partition::Nowhere => Self::Nowhere,
        }
    }
}

/// Runs the user's code on an event; a panic there stops this projection, and names the event.
fn guarded<T>(event: &EventRef<'_>, code: impl FnOnce() -> T) -> Result<T, Trouble> {
    // What the closure was changing is thrown away with the batch.
    catch_unwind(AssertUnwindSafe(code)).map_err(|panic| {
        let (name, stream, version) = named(event);
        Trouble::Panicked {
            name,
            stream,
            version,
            panic: panic_text(&*panic).to_owned(),
        }
    })
}

fn named(event: &EventRef<'_>) -> (String, String, StreamVersion) {
    (
        event.name.to_owned(),
        event.stream.to_owned(),
        event.version,
    )
}

pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
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
