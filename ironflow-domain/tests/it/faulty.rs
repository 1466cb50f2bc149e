//! A store that fails when told to, before or after it did what it was asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ironflow_domain::store::{
    Append, AppendError, Appended, Entry, Key, KeyRange, KeyValueStore, ListStreams, LogPage,
    MemoryStore, ReadLog, ReadStream, Resumed, Revision, StoreError, StoreErrorKind, StreamInfo,
    StreamPage, StreamStore, Write, WriteError, async_trait,
};
use ironflow_domain::{EventId, Position, RecordedEvent, StreamId, StreamVersion};
use tokio::sync::{Barrier, Notify, watch};

#[derive(Clone)]
pub(crate) struct Faulty {
    pub(crate) store: MemoryStore,
    /// How many of the next batches of key-values are refused.
    pub(crate) refused_writes: Arc<AtomicUsize>,
    /// How many batches of key-values are written, where not all are; the others are refused.
    pub(crate) admitted_writes: Arc<Mutex<Option<usize>>>,
    /// The most deletions there were in one batch.
    pub(crate) most_deletions: Arc<AtomicUsize>,
    /// How many views were looked up together, every time some were.
    pub(crate) looked_up_together: Arc<Mutex<Vec<usize>>>,
    /// How many of the next look-ups of a key are refused.
    pub(crate) refused_gets: Arc<AtomicUsize>,
    /// Where reading a stream has begun, every time it was read.
    pub(crate) read_from: Arc<Mutex<Vec<StreamVersion>>>,
    /// How many of the next reads of the log are refused.
    pub(crate) refused_log_reads: Arc<AtomicUsize>,
    /// Whether reads of the log from its start do not end.
    pub(crate) hangs_at_start: watch::Sender<bool>,
    /// Whether a key and the stream are read at once, and how far beside what the key says the page
    /// begins then: as if another value had been written meanwhile.
    pub(crate) resumes: Arc<Mutex<Option<u64>>>,
    /// How many of the next changes of a projection's generations come after somebody else's.
    pub(crate) overtaken_heads: Arc<AtomicUsize>,
    /// How many of the next batches are written and the answer is lost.
    pub(crate) lost_writes: Arc<AtomicUsize>,
    /// How many of the next batches are written and not answered until they are let go.
    pub(crate) held_writes: Arc<AtomicUsize>,
    pub(crate) let_go: Arc<Notify>,
    /// How many of the next readers of a projection's generations wait until another one has read
    /// them, too.
    pub(crate) meeting_readers: Arc<AtomicUsize>,
    meeting: Arc<Barrier>,
    /// How many of the next appends happen and the answer is lost.
    pub(crate) lost_appends: Arc<AtomicUsize>,
}

fn is_due(count: &AtomicUsize) -> bool {
    let less = |left: usize| left.checked_sub(1);
    count
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
        .is_ok()
}

impl Default for Faulty {
    fn default() -> Self {
        Self {
            store: MemoryStore::default(),
            refused_writes: Arc::default(),
            admitted_writes: Arc::default(),
            most_deletions: Arc::default(),
            looked_up_together: Arc::default(),
            refused_gets: Arc::default(),
            read_from: Arc::default(),
            refused_log_reads: Arc::default(),
            hangs_at_start: watch::Sender::default(),
            resumes: Arc::default(),
            overtaken_heads: Arc::default(),
            lost_writes: Arc::default(),
            held_writes: Arc::default(),
            let_go: Arc::default(),
            meeting_readers: Arc::default(),
            meeting: Arc::new(Barrier::new(2)),
            lost_appends: Arc::default(),
        }
    }
}

impl Faulty {
    fn admits_a_write(&self) -> bool {
        match &mut *self.admitted_writes.lock().unwrap() {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                true
            }
        }
    }
}

fn is_view(key: &Key) -> bool {
    key.bucket.starts_with("projection/")
}

fn fault() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "failed as it was told to")
}

#[async_trait]
impl StreamStore for Faulty {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let appended = self.store.append(append).await;
        if is_due(&self.lost_appends) {
            return Err(fault().into());
        }
        appended
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        self.read_from.lock().unwrap().push(read.from);
        self.store.read_stream(stream, read).await
    }

    async fn resume_stream(
        &self,
        stream: &StreamId,
        key: &Key,
        read: ReadStream,
    ) -> Result<Option<Resumed>, StoreError> {
        let Some(beside) = *self.resumes.lock().unwrap() else {
            return Ok(None);
        };
        let entry = self.get(key).await?;
        let says = entry
            .as_ref()
            .and_then(|entry| Resumed::version_of(&entry.value));
        let from = says.unwrap_or(read.from).plus(beside);
        let page = self
            .store
            .read_stream(stream, ReadStream { from, ..read })
            .await?;
        Ok(Some(Resumed { entry, page }))
    }

    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError> {
        if is_due(&self.refused_log_reads) {
            return Err(fault());
        }
        if read.after == Position::START {
            let mut hangs = self.hangs_at_start.subscribe();
            hangs.wait_for(|hangs| !hangs).await.unwrap();
        }
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
impl KeyValueStore for Faulty {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        if is_due(&self.refused_gets) {
            return Err(fault());
        }
        let entry = self.store.get(key).await;
        if key.bucket == "projections" && is_due(&self.meeting_readers) {
            self.meeting.wait().await;
        }
        entry
    }

    async fn get_all(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, StoreError> {
        if !keys.iter().any(is_view) {
            // Somebody looks every now and then whether there is something new.
            return self.store.get_all(keys).await;
        }
        if is_due(&self.refused_gets) {
            return Err(fault());
        }
        self.looked_up_together.lock().unwrap().push(keys.len());
        self.store.get_all(keys).await
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        self.store.list(range).await
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        if is_due(&self.refused_writes) || !self.admits_a_write() {
            return Err(fault().into());
        }
        let head = batch.iter().find(|write| write.key.bucket == "projections");
        if let Some(head) = head
            && is_due(&self.overtaken_heads)
            && let Some(entry) = self.store.get(&head.key).await?
        {
            self.store
                .write(vec![Write::put(entry.key, entry.value)])
                .await?;
        }
        let deletions = batch.iter().filter(|write| write.value.is_none()).count();
        self.most_deletions.fetch_max(deletions, Ordering::SeqCst);
        let written = self.store.write(batch).await;
        if is_due(&self.lost_writes) {
            return Err(fault().into());
        }
        if is_due(&self.held_writes) {
            self.let_go.notified().await;
        }
        written
    }
}
