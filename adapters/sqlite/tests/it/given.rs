//! What the tests have in common.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use ironflow_domain::store::{
    Append, AppendError, Appended, ExpectedVersion, NewEvent, ReadStream, StreamStore,
};
use ironflow_domain::{EventId, Metadata, RecordedEvent, SchemaVersion, StreamId, StreamVersion};
use ironflow_sqlite::Sqlite;
use tempfile::TempDir;

/// A directory of its own, and the path of a file in it that is not there yet.
pub(crate) fn new_file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("there is a place for temporary files");
    let path = directory.path().join("store.db");
    (directory, path)
}

pub(crate) fn stream(name: &str) -> StreamId {
    name.parse().expect("the tests name their streams well")
}

/// An event with an id that none has in this process. `process` keeps those of several apart.
pub(crate) fn event_of(process: u8) -> NewEvent {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let mut id = [process; 16];
    id[8..].copy_from_slice(&(LAST.fetch_add(1, Ordering::Relaxed) + 1).to_be_bytes());
    NewEvent {
        id: EventId::from_bytes(id),
        name: "thing.happened".into(),
        schema_version: SchemaVersion::new(1),
        source: "test".into(),
        data: r#"{"some":"thing"}"#.to_owned(),
        metadata: Metadata::default(),
    }
}

pub(crate) fn events(count: usize) -> Vec<NewEvent> {
    (0..count).map(|_| event_of(0xff)).collect()
}

pub(crate) async fn append(
    store: &Sqlite,
    name: &str,
    expected: ExpectedVersion,
    events: Vec<NewEvent>,
) -> Result<Appended, AppendError> {
    store
        .append(Append {
            stream: stream(name),
            expected,
            events,
        })
        .await
}

/// Appends so many events, which must succeed.
pub(crate) async fn append_any(store: &Sqlite, name: &str, count: usize) -> Appended {
    append(store, name, ExpectedVersion::Any, events(count))
        .await
        .expect("an append succeeds")
}

pub(crate) async fn read(store: &Sqlite, name: &str) -> Vec<RecordedEvent> {
    let read = ReadStream::forward(StreamVersion::EMPTY).limit(usize::MAX);
    let page = store
        .read_stream(&stream(name), read)
        .await
        .expect("a stream can be read");
    page.events
        .iter()
        .map(|event| event.untyped().expect("an event can be read"))
        .collect()
}
