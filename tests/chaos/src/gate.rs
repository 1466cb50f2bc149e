//! A store whose calls can be made to stand still, before they happen or before they are answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ironflow_domain::store::{
    Append, AppendError, Appended, Capabilities, Entry, Key, KeyRange, KeyValueStore, ListStreams,
    LogPage, ReadLog, ReadStream, Revision, SqlStatement, Store, StoreError, StreamInfo,
    StreamPage, StreamStore, Write, WriteError, async_trait,
};
use ironflow_domain::{EventId, Position, RecordedEvent, StreamId};
use tokio::sync::watch;

#[derive(Clone)]
pub(crate) struct Gate {
    is_closed: watch::Sender<bool>,
    /// After so many steps it closes by itself; never where that is negative.
    steps_left: Arc<AtomicI64>,
}

impl Gate {
    pub(crate) fn open() -> Self {
        Self {
            is_closed: watch::Sender::new(false),
            steps_left: Arc::new(AtomicI64::new(-1)),
        }
    }

    /// Nothing gets through after so many steps more.
    pub(crate) fn close_after(&self, steps: u8) {
        self.steps_left.store(steps.into(), Ordering::SeqCst);
    }

    pub(crate) fn reopen(&self) {
        self.steps_left.store(-1, Ordering::SeqCst);
        self.is_closed.send_replace(false);
    }

    pub(crate) fn is_closed(&self) -> bool {
        *self.is_closed.borrow()
    }

    async fn pass(&self) {
        let left = &self.steps_left;
        if left.load(Ordering::SeqCst) >= 0 && left.fetch_sub(1, Ordering::SeqCst) == 0 {
            self.is_closed.send_replace(true);
        }
        let mut is_closed = self.is_closed.subscribe();
        is_closed.wait_for(|is_closed| !is_closed).await.unwrap();
    }

    async fn around<T>(&self, call: impl Future<Output = T>) -> T {
        self.pass().await;
        let answer = call.await;
        self.pass().await;
        answer
    }
}

/// A store behind a gate.
#[derive(Clone)]
pub(crate) struct Gated {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) gate: Gate,
}

#[async_trait]
impl StreamStore for Gated {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.gate.around(self.store.append(append)).await
    }

    async fn append_all(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        self.gate.around(self.store.append_all(appends)).await
    }

    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        self.gate.around(self.store.read_stream(stream, read)).await
    }

    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError> {
        self.gate.around(self.store.read_log(read)).await
    }

    async fn log_grown(&self, position: Position) -> Result<(), StoreError> {
        self.gate.around(self.store.log_grown(position)).await
    }

    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
        self.gate.around(self.store.find_event(id)).await
    }

    async fn stream_info(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StoreError> {
        self.gate.around(self.store.stream_info(stream)).await
    }

    async fn list_streams(&self, list: ListStreams) -> Result<Vec<StreamInfo>, StoreError> {
        self.gate.around(self.store.list_streams(list)).await
    }
}

#[async_trait]
impl KeyValueStore for Gated {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.gate.around(self.store.get(key)).await
    }

    async fn get_all(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, StoreError> {
        self.gate.around(self.store.get_all(keys)).await
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        self.gate.around(self.store.list(range)).await
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        self.gate.around(self.store.write(batch)).await
    }

    async fn write_and_execute(
        &self,
        batch: Vec<Write>,
        statements: Vec<SqlStatement>,
    ) -> Result<Vec<Option<Revision>>, WriteError> {
        let writing = self.store.write_and_execute(batch, statements);
        self.gate.around(writing).await
    }
}
