//! A store that counts what it is asked, and that can be stopped before it appends.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ironflow_domain::store::{
    Append, AppendError, Appended, Capabilities, Entry, EventQuery, Key, KeyRange, KeyValueStore,
    ListStreams, LogPage, MemoryStore, ReadLog, ReadStream, Revision, StoreError, StoreErrorKind,
    StreamInfo, StreamPage, StreamStore, Write, WriteError, async_trait,
};
use ironflow_domain::{EventId, Position, RecordedEvent, StreamId};
use tokio::sync::{Semaphore, watch};

#[derive(Clone)]
pub(crate) struct Watched {
    pub(crate) store: MemoryStore,
    /// How often a stream was read.
    pub(crate) reads: Arc<AtomicUsize>,
    /// Which events of the log were read.
    pub(crate) queries: Arc<Mutex<Vec<EventQuery>>>,
    /// How many appends were asked for, and how many of them together.
    pub(crate) appends: Arc<AtomicUsize>,
    pub(crate) commits: Arc<AtomicUsize>,
    /// How many of the next commits fail, and nothing happens.
    pub(crate) refused_commits: Arc<AtomicUsize>,
    /// How many have come to the gate.
    arrived: watch::Sender<usize>,
    gate: Arc<Semaphore>,
    /// Whether the gate comes after the commit.
    is_after: Arc<AtomicBool>,
    /// Whether a stream, and an event by its id, are read for ever.
    pub(crate) hangs_reading: Arc<AtomicBool>,
    pub(crate) hangs_finding: Arc<AtomicBool>,
    capabilities: Capabilities,
}

impl Watched {
    pub(crate) fn new(store: &MemoryStore) -> Self {
        Self {
            store: store.clone(),
            reads: Arc::default(),
            queries: Arc::default(),
            appends: Arc::default(),
            commits: Arc::default(),
            refused_commits: Arc::default(),
            arrived: watch::Sender::new(0),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
            is_after: Arc::default(),
            hangs_reading: Arc::default(),
            hangs_finding: Arc::default(),
            capabilities: Capabilities::ALL,
        }
    }

    /// Of a kind that appends to one stream, once.
    pub(crate) fn plain(mut self) -> Self {
        self.capabilities = Capabilities::default();
        self
    }

    /// From here on commits wait until they are let through.
    pub(crate) fn close_gate(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// From here on commits happen, and their answers wait until they are let through.
    pub(crate) fn close_gate_for_answers(&self) {
        self.close_gate();
        self.is_after.store(true, Ordering::SeqCst);
    }

    /// Lets so many commits through.
    pub(crate) fn let_through(&self, commits: usize) {
        self.gate.add_permits(commits);
    }

    pub(crate) fn open_gate(&self) {
        let left = self.gate.available_permits();
        self.gate.add_permits(Semaphore::MAX_PERMITS - left);
    }

    /// Waits until so many commits have come to the gate, in all.
    pub(crate) async fn arrived(&self, commits: usize) {
        let mut arrived = self.arrived.subscribe();
        arrived.wait_for(|count| *count >= commits).await.unwrap();
    }

    async fn pass(&self, appends: usize) -> Result<(), StoreError> {
        self.appends.fetch_add(appends, Ordering::SeqCst);
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.arrived.send_modify(|count| *count += 1);
        self.gate.acquire().await.unwrap().forget();
        let less = |left: usize| left.checked_sub(1);
        let refused = &self.refused_commits;
        match refused.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) {
            Ok(_) => Err(StoreError::new(
                StoreErrorKind::Unavailable,
                "refused as it was told to",
            )),
            Err(_) => Ok(()),
        }
    }

    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        let [reads, appends, commits] =
            [&self.reads, &self.appends, &self.commits].map(|count| count.load(Ordering::SeqCst));
        (reads, appends, commits)
    }
}

async fn hang(hangs: &AtomicBool) {
    if hangs.load(Ordering::SeqCst) {
        std::future::pending::<()>().await;
    }
}

#[async_trait]
impl StreamStore for Watched {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let mut appended = self.append_all(vec![append]).await?;
        Ok(appended.remove(0))
    }

    async fn append_all(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        assert!(
            appends.len() <= 1 || self.capabilities.several_streams,
            "it cannot do that"
        );
        let count = appends.len();
        if self.is_after.load(Ordering::SeqCst) {
            let appended = self.store.append_all(appends).await;
            self.pass(count).await?;
            return appended;
        }
        self.pass(count).await?;
        self.store.append_all(appends).await
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        hang(&self.hangs_reading).await;
        self.store.read_stream(stream, read).await
    }

    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError> {
        self.queries.lock().unwrap().push(read.query.clone());
        self.store.read_log(read).await
    }

    async fn log_grown(&self, position: Position) -> Result<(), StoreError> {
        self.store.log_grown(position).await
    }

    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
        hang(&self.hangs_finding).await;
        self.store.find_event(id).await
    }

    async fn stream_info(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StoreError> {
        self.store.stream_info(stream).await
    }

    async fn list_streams(&self, list: ListStreams) -> Result<Vec<StreamInfo>, StoreError> {
        self.store.list_streams(list).await
    }
}

#[async_trait]
impl KeyValueStore for Watched {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.store.get(key).await
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        self.store.list(range).await
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        self.store.write(batch).await
    }
}
