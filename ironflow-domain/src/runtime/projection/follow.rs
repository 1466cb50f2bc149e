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

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::runtime::projection::status::{ProjectionState, ProjectionStatus};
use crate::runtime::projection::view::{QueryError, View, checkpoint_key, read_view, view_key};
use crate::store::{
    Expected, LogPage, ReadLog, ReadStream, Revision, Store, StoreError, StoreErrorKind, Write,
    WriteError,
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

/// Where a projection left off.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checkpoint {
    pub(crate) position: Position,
    revision: Revision,
}

#[derive(Serialize, Deserialize)]
struct StoredCheckpoint {
    position: Position,
}

impl Checkpoint {
    pub(crate) async fn read(
        store: &dyn Store,
        projection: &str,
    ) -> Result<Option<Self>, StoreError> {
        let Some(entry) = store.get(&checkpoint_key(projection)).await? else {
            return Ok(None);
        };
        let StoredCheckpoint { position } =
            serde_json::from_slice(&entry.value).map_err(|error| {
                StoreError::new(
                    StoreErrorKind::Damaged,
                    format!("failed to read the checkpoint of projection {projection}"),
                )
                .because(error)
            })?;
        Ok(Some(Self {
            position,
            revision: entry.revision,
        }))
    }
}

impl StoredCheckpoint {
    fn write(&self, projection: &str) -> Result<Write, StoreError> {
        let json = serde_json::to_vec(self).map_err(|error| {
            StoreError::new(
                StoreErrorKind::Other,
                format!("failed to write the checkpoint of projection {projection}"),
            )
            .because(error)
        })?;
        Ok(Write::put(checkpoint_key(projection), json))
    }
}

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
    #[error("the view {key} cannot be stored as JSON")]
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
            Self::Store(error) | Self::View(QueryError::Store(error)) => {
                error.kind() != StoreErrorKind::Damaged
            }
            Self::Overtaken => true,
            _ => false,
        }
    }
}

/// Follows the log until told to stop, or until an event cannot be applied.
pub(crate) async fn run<P: Projection>(follower: Follower) {
    let mut stopping = follower.stopping.clone();
    let status = follower.status.clone();
    let mut following = Following::<P>::new(follower);
    let state = tokio::select! {
        biased;
        // An error means that the last handle of the application has been dropped, which tells to
        // stop as well. A batch that is being written then is written whole or not at all.
        _ = stopping.wait_for(|stop| *stop) => ProjectionState::Stopped,
        trouble = following.follow() => {
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
    position: Position,
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
            ..
        } = follower;
        Self {
            store,
            poll,
            status,
            position: checkpoint.map_or(Position::START, |checkpoint| checkpoint.position),
            revision: checkpoint.map(|checkpoint| checkpoint.revision),
            routes: HashMap::new(),
            state: PhantomData,
        }
    }

    /// Ends only with trouble that will not pass.
    async fn follow(&mut self) -> Trouble {
        let mut failures = 0;
        loop {
            let outcome = match self.advance().await {
                Ok(false) => Ok(()),
                Ok(true) => self.wait_for_more().await,
                Err(Trouble::Overtaken) => self.return_to_checkpoint().await,
                Err(trouble) => Err(trouble),
            };
            match outcome {
                Ok(()) => failures = 0,
                Err(trouble) if trouble.may_pass() => {
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
                    tokio::time::sleep(pause_after(failures)).await;
                }
                Err(trouble) => return trouble,
            }
        }
    }

    /// Takes one page of the log into the views. Says whether that was the end of the log.
    async fn advance(&mut self) -> Result<bool, Trouble> {
        let read = ReadLog::after(self.position).categories(P::CATEGORIES.iter().copied());
        let page = self.store.read_log(read.limit(BATCH)).await?;
        let views = self.apply(&page).await?;
        // Where nothing of interest was appended, the checkpoint can wait: it costs a write, and
        // reading on from the old one is cheap.
        if !views.is_empty() || (!page.at_end && page.read_to > self.position) {
            self.commit(views, page.read_to).await?;
        }
        self.position = page.read_to;
        self.status
            .send_modify(|status| status.advance(page.read_to, page.at_end));
        Ok(page.at_end)
    }

    /// The views that the events of a page change, as they are after it.
    async fn apply(&mut self, page: &LogPage) -> Result<BTreeMap<String, View<P>>, Trouble> {
        let mut views: BTreeMap<String, View<P>> = BTreeMap::new();
        for event in page.events.iter() {
            let Some(delivery) = guarded(&event, || P::decode(&event))?? else {
                continue;
            };
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
        Ok(views)
    }

    /// Where the last event of the same stream with a key went: a function of the log, so that it
    /// need not be stored.
    async fn earlier_route(&mut self, event: &EventRef<'_>) -> Result<String, Trouble> {
        if let Some(key) = self.routes.get(event.stream) {
            return Ok(key.clone());
        }
        let stream: StreamId = event.stream.parse()?;
        let mut next = event.version.get().checked_sub(1).map(StreamVersion::new);
        while let Some(from) = next {
            let page = self
                .store
                .read_stream(&stream, ReadStream::backward(from))
                .await?;
            for earlier in page.events.iter() {
                if let Some(delivery) = guarded(&earlier, || P::decode(&earlier))??
                    && let Route::To(key) = guarded(&earlier, || Route::of(&*delivery))?
                {
                    self.remember(event.stream, &key);
                    return Ok(key);
                }
            }
            next = page.next;
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
            match serde_json::to_vec(&view) {
                Ok(json) => batch.push(Write::put(view_key(P::NAME, &key), json)),
                Err(source) => return Err(Trouble::Unstorable { key, source }),
            }
        }
        let expected = self.revision.map_or(Expected::Absent, Expected::Revision);
        batch.push(
            StoredCheckpoint { position }
                .write(P::NAME)?
                .expecting(expected),
        );
        match self.store.write(batch).await {
            Ok(revisions) => {
                self.revision = revisions.last().copied().flatten();
                Ok(())
            }
            Err(WriteError::Revision { .. }) => Err(Trouble::Overtaken),
            Err(WriteError::Store(error)) => Err(error.into()),
        }
    }

    /// Goes on from where the one who was faster is.
    async fn return_to_checkpoint(&mut self) -> Result<(), Trouble> {
        let checkpoint = Checkpoint::read(&*self.store, P::NAME).await?;
        self.position = checkpoint.map_or(Position::START, |checkpoint| checkpoint.position);
        self.revision = checkpoint.map(|checkpoint| checkpoint.revision);
        self.routes.clear();
        Ok(())
    }

    /// Waits until the log has grown, or until it is time to look whether another process made it
    /// grow.
    async fn wait_for_more(&self) -> Result<(), Trouble> {
        match tokio::time::timeout(self.poll, self.store.log_grown(self.position)).await {
            Ok(grown) => Ok(grown?),
            Err(_) => Ok(()),
        }
    }
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
