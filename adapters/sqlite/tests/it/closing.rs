//! What is left of a store that has been closed.

use std::fs;
use std::time::Duration;

use ironflow_domain::store::{
    AppendError, ExpectedVersion, Key, KeyRange, KeyValueStore, ListStreams, ReadLog, ReadStream,
    StoreError, StoreErrorKind, StreamStore, Write, WriteError,
};
use ironflow_domain::{EventId, Position};
use ironflow_sqlite::Sqlite;
use tokio::time::timeout;

use crate::given::{append, append_any, events, new_file, read, stream};

fn assert_closed<T: std::fmt::Debug>(answer: Result<T, StoreError>) {
    let error = answer.expect_err("the store has been closed");
    assert_eq!(error.kind(), StoreErrorKind::Closed, "{error}");
}

async fn assert_all_closed(store: &Sqlite) {
    match append(store, "order-1", ExpectedVersion::Any, events(1)).await {
        Err(AppendError::Store(error)) => {
            assert_eq!(
                error.to_string(),
                "failed to append to stream order-1: the store has been closed"
            );
            assert_eq!(error.kind(), StoreErrorKind::Closed);
        }
        other => panic!("the store has been closed: {other:?}"),
    }
    match store
        .write(vec![Write::put(Key::new("bucket", "a"), "one")])
        .await
    {
        Err(WriteError::Store(error)) => assert_eq!(error.kind(), StoreErrorKind::Closed),
        other => panic!("the store has been closed: {other:?}"),
    }
    assert_closed(
        store
            .read_stream(&stream("order-1"), ReadStream::backward(ReadStream::LAST))
            .await,
    );
    assert_closed(store.read_log(ReadLog::after(Position::START)).await);
    assert_closed(store.log_grown(Position::new(0, 100)).await);
    assert_closed(store.find_event(EventId::from_bytes([0; 16])).await);
    assert_closed(store.stream_info(&stream("order-1")).await);
    assert_closed(store.list_streams(ListStreams::default()).await);
    assert_closed(store.get(&Key::new("bucket", "a")).await);
    assert_closed(store.list(KeyRange::bucket("bucket")).await);
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let (_directory, path) = new_file();
    for store in [
        Sqlite::open(&path).await.unwrap(),
        Sqlite::in_memory().await.unwrap(),
    ] {
        append_any(&store, "order-1", 1).await;
        let clone = store.clone();
        store.close().await;
        assert_all_closed(&store).await;
        assert_all_closed(&clone).await;
        // Again does no harm.
        store.close().await;
    }
}

#[tokio::test]
async fn closing_ends_every_wait() {
    let (_directory, path) = new_file();
    for store in [
        Sqlite::open(&path).await.unwrap(),
        Sqlite::in_memory().await.unwrap(),
    ] {
        let waiting = store.clone();
        let waiting = tokio::spawn(async move { waiting.log_grown(Position::START).await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        store.close().await;
        let waited = timeout(Duration::from_secs(30), waiting)
            .await
            .expect("closing ends the wait");
        assert_closed(waited.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_waits_for_what_was_asked_before() {
    let (_directory, path) = new_file();
    let store = Sqlite::open(&path).await.unwrap();
    let mut appending = Vec::new();
    for number in 0..50 {
        let store = store.clone();
        appending.push(tokio::spawn(async move {
            append(
                &store,
                &format!("order-{number}"),
                ExpectedVersion::Any,
                events(3),
            )
            .await
        }));
    }
    store.close().await;
    let mut acknowledged = 0;
    for append in appending {
        match append.await.unwrap() {
            Ok(_) => acknowledged += 1,
            Err(AppendError::Store(error)) => assert_eq!(error.kind(), StoreErrorKind::Closed),
            Err(error) => panic!("{error:?}"),
        }
    }
    let store = Sqlite::open(&path).await.unwrap();
    let streams = store.list_streams(ListStreams::default()).await.unwrap();
    assert_eq!(
        streams.len(),
        acknowledged,
        "what was not acknowledged had not been begun"
    );
}

#[tokio::test]
async fn a_closed_store_is_one_file() {
    let (directory, path) = new_file();
    let store = Sqlite::open(&path).await.unwrap();
    append_any(&store, "order-1", 100).await;
    assert_eq!(read(&store, "order-1").await.len(), 100);
    store.close().await;
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        1,
        "there is nothing beside the file"
    );
    let copy = directory.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    assert_eq!(
        read(&Sqlite::open(&copy).await.unwrap(), "order-1")
            .await
            .len(),
        100
    );
}

#[tokio::test]
async fn a_dropped_store_tidies_up_in_the_background() {
    let (directory, path) = new_file();
    let store = Sqlite::open(&path).await.unwrap();
    append_any(&store, "order-1", 1).await;
    drop(store);
    for _ in 0..1_000 {
        if fs::read_dir(directory.path()).unwrap().count() == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the file should have been closed by now");
}
