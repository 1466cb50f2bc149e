//! A store as it is on a bad day: now and then it refuses, or an answer is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ironflow_domain::store::{
    Append, AppendError, Appended, Entry, Key, KeyRange, KeyValueStore, ListStreams, LogPage,
    MemoryStore, ReadLog, ReadStream, Revision, StoreError, StoreErrorKind, StreamInfo, StreamPage,
    StreamStore, Write, WriteError, async_trait,
};
use ironflow_domain::{EventId, Position, RecordedEvent, StreamId};

#[derive(Clone, Default)]
pub struct Lossy {
    store: MemoryStore,
    refused: Arc<AtomicUsize>,
    lost: Arc<AtomicUsize>,
}

fn is_due(count: &AtomicUsize) -> bool {
    let less = |left: usize| left.checked_sub(1);
    count
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
        .is_ok()
}

impl Lossy {
    /// The next appends do not happen.
    pub fn refuse(&self, appends: usize) {
        self.refused.store(appends, Ordering::SeqCst);
    }

    /// The next appends happen, and nobody is told.
    pub fn lose_answers(&self, appends: usize) {
        self.lost.store(appends, Ordering::SeqCst);
    }
}

#[async_trait]
impl StreamStore for Lossy {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        if is_due(&self.refused) {
            let refused = StoreError::new(StoreErrorKind::Unavailable, "failed to append");
            return Err(refused.into());
        }
        let appended = self.store.append(append).await?;
        if is_due(&self.lost) {
            let lost = StoreError::new(StoreErrorKind::InDoubt, "lost the answer to an append");
            return Err(lost.into());
        }
        Ok(appended)
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        self.store.read_stream(stream, read).await
    }

    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError> {
        self.store.read_log(read).await
    }

    async fn log_grown(&self, position: Position) -> Result<(), StoreError> {
        self.store.log_grown(position).await
    }

    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
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
impl KeyValueStore for Lossy {
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
