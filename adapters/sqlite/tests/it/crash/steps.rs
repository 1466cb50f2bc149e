//! A process that ends at one of its steps, and the store whose calls are those steps.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::{Arc, Mutex};

use ironflow_domain::store::{
    Append, AppendError, Appended, Capabilities, Entry, Key, KeyRange, KeyValueStore, ListStreams,
    LogPage, ReadLog, ReadStream, Revision, SqlStatement, StoreError, StreamInfo, StreamPage,
    StreamStore, Write, WriteError, async_trait,
};
use ironflow_domain::{EventId, Position, RecordedEvent, StreamId};
use ironflow_sqlite::Sqlite;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::processes::tell;

/// How a process ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Death {
    /// As the operating system knows it.
    Abort,
    /// No task gets any further, until its runtime is dropped with it, or it goes on.
    Freeze,
}

/// One step of a process: it may take the same one several times.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Step {
    pub(super) name: String,
    /// How often it was taken before.
    pub(super) time: usize,
}

/// Where a process is to end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum End {
    At(Step),
    /// Whatever step comes after so many.
    After(usize),
}

/// The life of one process: what steps it has taken, and the one at which it ends.
#[derive(Clone)]
pub(super) struct Life {
    /// How often each.
    steps: Arc<Mutex<BTreeMap<String, usize>>>,
    end: Option<End>,
    death: Death,
    ended: watch::Sender<Option<Step>>,
    /// Whether it goes on all the same.
    goes_on: watch::Sender<bool>,
}

impl Life {
    pub(super) fn new(end: Option<End>, death: Death) -> Self {
        Self {
            steps: Arc::default(),
            end,
            death,
            ended: watch::Sender::new(None),
            goes_on: watch::Sender::new(false),
        }
    }

    /// All that it has taken so far.
    pub(super) fn steps(&self) -> Vec<Step> {
        let steps = self.steps.lock().unwrap();
        let times = |(name, times): (&String, &usize)| {
            let name = name.clone();
            (0..*times).map(move |time| Step {
                name: name.clone(),
                time,
            })
        };
        steps.iter().flat_map(times).collect()
    }

    /// Waits for the end: at which step it was.
    pub(super) async fn ended(&self) -> Step {
        let mut ended = self.ended.subscribe();
        let ended = ended.wait_for(Option::is_some).await.unwrap();
        ended.clone().unwrap()
    }

    /// Goes on after the end, without another one.
    pub(super) fn go_on(&self) {
        self.ended.send_replace(None);
        self.goes_on.send_replace(true);
    }

    /// Whether it has stood still in between, so that its claims have lapsed.
    pub(super) fn has_stood_still(&self) -> bool {
        *self.goes_on.borrow()
    }

    /// Waits, for ever if it does not go on.
    async fn stand_still(&self) {
        let mut goes_on = self.goes_on.subscribe();
        goes_on.wait_for(|goes_on| *goes_on).await.unwrap();
    }

    /// Counts a step. Says whether it is the last one.
    fn count(&self, name: String) -> (Step, bool) {
        let mut steps = self.steps.lock().unwrap();
        let before = steps.values().sum::<usize>();
        let times = steps.entry(name.clone()).or_default();
        let step = Step { name, time: *times };
        *times += 1;
        let is_last = match &self.end {
            None => false,
            Some(End::At(end)) => *end == step,
            Some(End::After(steps)) => *steps == before,
        };
        (step, is_last)
    }

    async fn step(&self, name: String) {
        if self.has_stood_still() {
            return;
        }
        let has_ended = self.ended.borrow().is_some();
        if has_ended {
            return self.stand_still().await;
        }
        let (step, is_last) = self.count(name);
        if !is_last {
            return;
        }
        match self.death {
            Death::Abort => {
                let step = serde_json::to_string(&step).unwrap();
                tell(&format!("died {step}"));
                std::process::abort();
            }
            Death::Freeze => {
                self.ended.send_replace(Some(step));
                self.stand_still().await;
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

/// What the buckets of keys are for.
fn kinds<'k>(keys: impl IntoIterator<Item = &'k Key>) -> String {
    let kinds: BTreeSet<_> = keys.into_iter().map(|key| kind(&key.bucket)).collect();
    Vec::from_iter(kinds).join(" and ")
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

    async fn get_all(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, StoreError> {
        if keys.iter().all(|key| kind(&key.bucket) != "projection") {
            // Looking every now and then whether others have changed something is no step.
            return self.store.get_all(keys).await;
        }
        let what = format!("get_all of {}", kinds(keys));
        self.life.around(what, self.store.get_all(keys)).await
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        let what = format!("list of {}", kind(&range.bucket));
        self.life.around(what, self.store.list(range)).await
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        let kinds = kinds(batch.iter().map(|write| &write.key));
        let does = if batch.iter().any(|write| write.value.is_some()) {
            "write"
        } else {
            "deletion"
        };
        let what = format!("{does} of {kinds}");
        self.life.around(what, self.store.write(batch)).await
    }

    async fn write_and_execute(
        &self,
        batch: Vec<Write>,
        statements: Vec<SqlStatement>,
    ) -> Result<Vec<Option<Revision>>, WriteError> {
        if statements.is_empty() {
            return self.write(batch).await;
        }
        let kinds = kinds(batch.iter().map(|write| &write.key));
        let what = format!("write of {kinds} with statements");
        let writing = self.store.write_and_execute(batch, statements);
        self.life.around(what, writing).await
    }
}
