//! What becomes of a store whose file is removed or replaced under it.

use std::fs;
use std::path::Path;

use ironflow_domain::store::{
    AppendError, ExpectedVersion, Key, KeyValueStore, StoreError, StoreErrorKind, Write, WriteError,
};
use ironflow_sqlite::Sqlite;

use crate::given::{append, append_any, events, new_file, read};

/// Both ways to write are refused with a sentence that says what happened to which file.
async fn assert_refused(store: &Sqlite, path: &Path) {
    let assert = |error: StoreError, doing: &str| {
        assert_eq!(error.kind(), StoreErrorKind::Damaged, "{error}");
        let start = format!(
            "failed to {doing}: the file {} was removed or replaced while it was open: stop the process, ",
            path.canonicalize().unwrap_or(path.to_owned()).display()
        );
        assert!(error.to_string().starts_with(&start), "{error}");
    };
    match append(store, "order-1", ExpectedVersion::Any, events(1)).await {
        Err(AppendError::Store(error)) => assert(error, "append to stream order-1"),
        other => panic!("nobody would find it again: {other:?}"),
    }
    let key = Key::new("bucket", "a");
    match store.write(vec![Write::put(key.clone(), "one")]).await {
        Err(WriteError::Store(error)) => assert(error, &format!("write key {key}")),
        other => panic!("nobody would find it again: {other:?}"),
    }
    assert_eq!(read(store, "order-1").await.len(), 2, "readers go on");
}

#[tokio::test]
async fn nothing_is_written_to_a_file_that_was_removed() {
    let (directory, path) = new_file();
    let path = directory
        .path()
        .canonicalize()
        .unwrap()
        .join(path.file_name().unwrap());
    let store = Sqlite::open(&path).await.unwrap();
    append_any(&store, "order-1", 2).await;
    fs::remove_file(&path).unwrap();
    assert_refused(&store, &path).await;
    assert_refused(&store, &path).await;
    store.close().await;
}

#[tokio::test]
async fn nothing_is_written_to_a_file_that_was_replaced() {
    let (directory, path) = new_file();
    let (_other_directory, backup) = new_file();
    let other = Sqlite::open(&backup).await.unwrap();
    append_any(&other, "order-1", 5).await;
    other.close().await;

    let store = Sqlite::open(&path).await.unwrap();
    append_any(&store, "order-1", 2).await;
    let aside = directory.path().join("aside.db");
    fs::rename(&path, &aside).unwrap();
    fs::copy(&backup, &path).unwrap();
    assert_refused(&store, &path).await;

    // Where the old one comes back, its store goes on as before.
    fs::rename(&aside, &path).unwrap();
    assert_eq!(append_any(&store, "order-1", 1).await.version.get(), 3);
    store.close().await;
    assert_eq!(
        read(&Sqlite::open(&path).await.unwrap(), "order-1")
            .await
            .len(),
        3
    );
}

#[tokio::test]
async fn closing_leaves_the_file_alone_that_took_the_place() {
    let (_directory, path) = new_file();
    let (_other_directory, backup) = new_file();
    let other = Sqlite::open(&backup).await.unwrap();
    append_any(&other, "order-1", 5).await;
    other.close().await;

    let store = Sqlite::open(&path).await.unwrap();
    append_any(&store, "order-1", 2).await;
    // As it should be done, but for stopping first.
    fs::remove_file(&path).unwrap();
    fs::remove_file(path.with_extension("db-wal")).unwrap();
    fs::remove_file(path.with_extension("db-shm")).unwrap();
    fs::copy(&backup, &path).unwrap();
    let restored = Sqlite::open(&path).await.unwrap();
    append_any(&restored, "order-1", 1).await;
    assert_refused(&store, &path).await;
    store.close().await;
    append_any(&restored, "order-1", 1).await;
    restored.close().await;
    assert_eq!(
        read(&Sqlite::open(&path).await.unwrap(), "order-1")
            .await
            .len(),
        7
    );
}
