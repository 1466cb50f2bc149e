//! Stores that cannot do everything, and say so, keep every rule.

use std::panic::catch_unwind;

use ironflow_domain::store::{
    Append, AppendError, Appended, Capabilities, Entry, ExpectedVersion, Key, KeyRange,
    KeyValueStore, ListStreams, LogPage, MemoryStore, ReadLog, ReadStream, Revision, StoreError,
    StreamInfo, StreamPage, StreamStore, Write, WriteError, async_trait,
};
use ironflow_domain::{EventId, Position, RecordedEvent, StreamId};
use ironflow_testing::contract::{Fixture, rules};

/// A store in memory that can do no more than it is told.
struct Limited {
    can: Capabilities,
    inner: MemoryStore,
}

impl Limited {
    fn new(several_streams: bool, conditions: bool) -> Self {
        let mut can = Capabilities::default();
        can.several_streams = several_streams;
        can.conditions = conditions;
        let inner = MemoryStore::new();
        Self { can, inner }
    }
}

#[async_trait]
impl StreamStore for Limited {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let appended = self.append_all(vec![append]).await?;
        Ok(appended[0])
    }

    async fn append_all(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        if appends.len() > 1 && !self.can.several_streams {
            return Err(Capabilities::unsupported("append to several streams").into());
        }
        let is_conditional =
            |append: &Append| matches!(append.expected, ExpectedVersion::NothingSince { .. });
        if appends.iter().any(is_conditional) && !self.can.conditions {
            return Err(Capabilities::unsupported("append on a condition").into());
        }
        self.inner.append_all(appends).await
    }

    fn capabilities(&self) -> Capabilities {
        self.can
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        self.inner.read_stream(stream, read).await
    }

    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError> {
        self.inner.read_log(read).await
    }

    async fn log_grown(&self, position: Position) -> Result<(), StoreError> {
        self.inner.log_grown(position).await
    }

    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
        self.inner.find_event(id).await
    }

    async fn stream_info(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StoreError> {
        self.inner.stream_info(stream).await
    }

    async fn list_streams(&self, list: ListStreams) -> Result<Vec<StreamInfo>, StoreError> {
        self.inner.list_streams(list).await
    }
}

#[async_trait]
impl KeyValueStore for Limited {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.inner.get(key).await
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        self.inner.list(range).await
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        self.inner.write(batch).await
    }
}

#[test]
fn what_a_store_cannot_do_it_may_refuse() {
    let groups = ["together::", "conditions::", "concurrency::"];
    for (several_streams, conditions) in [(false, false), (true, false), (false, true)] {
        let open = || async move { Fixture::new(Limited::new(several_streams, conditions)) };
        let rules = rules().into_iter();
        let rules = rules.filter(|rule| groups.iter().any(|group| rule.name.starts_with(group)));
        let failed: Vec<_> = rules
            .filter(|rule| catch_unwind(|| rule.check(open)).is_err())
            .map(|rule| rule.name)
            .collect();
        let can = Limited::new(several_streams, conditions).can;
        assert_eq!(failed, Vec::<&str>::new(), "of a store with {can:?}");
    }
}
