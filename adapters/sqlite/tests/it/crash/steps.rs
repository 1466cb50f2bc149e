//! A process that ends at one of its steps, and the store whose calls are those steps.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ironflow_domain::store::{
    Append, AppendError, Appended, Capabilities, Entry, Key, KeyRange, KeyValueStore, ListStreams,
    LogPage, ReadLog, ReadStream, Revision, StoreError, StreamInfo, StreamPage, StreamStore, Write,
    WriteError, async_trait,
};
use ironflow_domain::{EventId, Position, RecordedEvent, StreamId};
use ironflow_sqlite::Sqlite;
use tokio::sync::watch;

/// How a process ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Death {
    /// As the operating system knows it.
    Abort,
    /// No task gets any further, until the runtime is dropped with all of them.
    Freeze,
}

/// The life of one process: how many steps it has made, and the one at which it ends.
#[derive(Clone)]
pub(super) struct Life {
    steps: Arc<AtomicUsize>,
    /// The number of its last step; it ends there, before anything else.
    ends_at: Option<usize>,
    death: Death,
    ended: watch::Sender<Option<String>>,
}

impl Life {
    pub(super) fn new(ends_at: Option<usize>, death: Death) -> Self {
        Self {
            steps: Arc::default(),
            ends_at,
            death,
            ended: watch::Sender::new(None),
        }
    }

    /// How many it has made so far.
    pub(super) fn steps(&self) -> usize {
        self.steps.load(Ordering::SeqCst)
    }

    /// Waits for the end: at which step it was.
    pub(super) async fn ended(&self) -> String {
        let mut ended = self.ended.subscribe();
        let ended = ended.wait_for(Option::is_some).await.unwrap();
        ended.clone().unwrap()
    }

    pub(super) async fn step(&self, name: String) {
        let number = self.steps.fetch_add(1, Ordering::SeqCst);
        let Some(end) = self.ends_at.filter(|end| *end <= number) else {
            return;
        };
        match self.death {
            Death::Abort => {
                crate::processes::tell(&format!("died {name}"));
                std::process::abort();
            }
            Death::Freeze => {
                if number == end {
                    self.ended.send_replace(Some(name));
                }
                std::future::pending().await
            }
        }
    }

    /// A call, with the steps before and after it.
    pub(super) async fn around<T>(&self, what: impl Display, call: impl Future<Output = T>) -> T {
        self.step(format!("before {what}")).await;
        let answer = call.await;
        self.step(format!("after {what}")).await;
        answer
    }
}

/// A store in which every call is a step.
#[derive(Clone)]
pub(super) struct Stepped {
    pub(super) store: Sqlite,
    pub(super) life: Life,
}

/// What a bucket is for: those of views are numbered.
fn kind(bucket: &str) -> &str {
    bucket.split('/').next().unwrap_or(bucket)
}

#[async_trait]
impl StreamStore for Stepped {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let mut appended = self.append_all(vec![append]).await?;
        Ok(appended.remove(0))
    }

    async fn append_all(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        let appending = self.store.append_all(appends);
        self.life.around("append_all", appending).await
    }

    fn capabilities(&self) -> Capabilities {
        self.store.capabilities()
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        let reading = self.store.read_stream(stream, read);
        self.life.around("read_stream", reading).await
    }

    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError> {
        let reading = self.store.read_log(read);
        self.life.around("read_log", reading).await
    }

    async fn log_grown(&self, position: Position) -> Result<(), StoreError> {
        // It changes nothing and tells nothing: there is no step in waiting.
        self.store.log_grown(position).await
    }

    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
        let finding = self.store.find_event(id);
        self.life.around("find_event", finding).await
    }

    async fn stream_info(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StoreError> {
        let looking = self.store.stream_info(stream);
        self.life.around("stream_info", looking).await
    }

    async fn list_streams(&self, list: ListStreams) -> Result<Vec<StreamInfo>, StoreError> {
        let listing = self.store.list_streams(list);
        self.life.around("list_streams", listing).await
    }
}

#[async_trait]
impl KeyValueStore for Stepped {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        let what = format!("get of {}", kind(&key.bucket));
        self.life.around(what, self.store.get(key)).await
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        let what = format!("list of {}", kind(&range.bucket));
        self.life.around(what, self.store.list(range)).await
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        let mut kinds: Vec<_> = batch.iter().map(|write| kind(&write.key.bucket)).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let does = if batch.iter().any(|write| write.value.is_some()) {
            "write"
        } else {
            "deletion"
        };
        let what = format!("{does} of {}", kinds.join(" and "));
        self.life.around(what, self.store.write(batch)).await
    }
}
