//! A store behind an `Arc` is a store, such as one that is chosen at run time.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    Append, AppendError, Appended, Capabilities, Entry, Key, KeyRange, KeyValueStore, ListStreams,
    LogPage, ReadLog, ReadStream, Resumed, Revision, SqlStatement, StoreError, StreamInfo,
    StreamPage, StreamStore, Write, WriteError,
};
use crate::{EventId, Position, RecordedEvent, StreamId};

#[async_trait]
impl<S: StreamStore + ?Sized> StreamStore for Arc<S> {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        (**self).append(append).await
    }

    async fn append_all(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        (**self).append_all(appends).await
    }

    fn capabilities(&self) -> Capabilities {
        (**self).capabilities()
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        (**self).read_stream(stream, read).await
    }

    async fn resume_stream(
        &self,
        stream: &StreamId,
        key: &Key,
        read: ReadStream,
    ) -> Result<Option<Resumed>, StoreError> {
        (**self).resume_stream(stream, key, read).await
    }

    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError> {
        (**self).read_log(read).await
    }

    async fn log_grown(&self, position: Position) -> Result<(), StoreError> {
        (**self).log_grown(position).await
    }

    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
        (**self).find_event(id).await
    }

    async fn stream_info(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StoreError> {
        (**self).stream_info(stream).await
    }

    async fn list_streams(&self, list: ListStreams) -> Result<Vec<StreamInfo>, StoreError> {
        (**self).list_streams(list).await
    }
}

#[async_trait]
impl<S: KeyValueStore + ?Sized> KeyValueStore for Arc<S> {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        (**self).get(key).await
    }

    async fn get_all(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, StoreError> {
        (**self).get_all(keys).await
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        (**self).list(range).await
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        (**self).write(batch).await
    }

    async fn write_and_execute(
        &self,
        batch: Vec<Write>,
        statements: Vec<SqlStatement>,
    ) -> Result<Vec<Option<Revision>>, WriteError> {
        (**self).write_and_execute(batch, statements).await
    }
}

#[cfg(all(test, feature = "runtime"))]
mod tests {
    use std::sync::Arc;

    use crate::Ironflow;
    use crate::store::{MemoryStore, Store};

    #[tokio::test]
    async fn a_store_is_chosen_at_run_time() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        assert!(Ironflow::new(store).start().await.is_ok());
    }
}
