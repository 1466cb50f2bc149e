//! Which files are opened, and what becomes of those that are not.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use ironflow_domain::Position;
use ironflow_domain::store::{
    Key, KeyRange, KeyValueStore, ReadLog, StoreError, StoreErrorKind, StreamStore, Write,
};
use ironflow_sqlite::{Durability, Sqlite};
use rusqlite::Connection;

use crate::given::{append_any, new_file, read, stream};

/// Everything in a directory. Only for files that no connection of this process has open.
fn content(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect()
}

/// Opens what must be refused, and says what was said. Nothing may have changed.
async fn refused(directory: &Path, path: &Path) -> StoreError {
    let before = content(directory);
    let error = Sqlite::open(path)
        .await
        .expect_err("the file should have been refused");
    assert!(
        content(directory) == before,
        "a file that was refused has been changed"
    );
    assert!(
        error.to_string().contains(&path.display().to_string()),
        "{error}"
    );
    error
}

#[tokio::test]
async fn a_new_file_has_the_current_version() {
    let (_directory, path) = new_file();
    Sqlite::open(&path).await.unwrap().close().await;
    let file = Connection::open(&path).unwrap();
    let version: i64 = file
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    let application: i64 = file
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .unwrap();
    let journal: String = file
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .unwrap();
    assert_eq!(
        (version, application, journal.as_str()),
        (2, 0x4972_6e46, "wal")
    );
}

#[tokio::test]
async fn an_older_file_is_brought_up_to_date_with_its_events() {
    let (_directory, path) = new_file();
    Connection::open(&path)
        .unwrap()
        .execute_batch(include_str!("version_1.sql"))
        .unwrap();

    let store = Sqlite::open(&path).await.unwrap();
    let first = read(&store, "order-1").await;
    assert_eq!(
        first
            .iter()
            .map(|event| event.name.as_ref())
            .collect::<Vec<_>>(),
        ["order.placed", "order.paid"]
    );
    assert_eq!(first[1].data, r#"{"cents":1200}"#);
    assert_eq!(first[1].schema_version.get(), 2);
    assert_eq!(first[0].metadata.tenant_id.as_deref(), Some("acme"));
    assert_eq!(first[0].time.to_string(), "2026-04-17T14:22:01Z");
    let log = store
        .read_log(ReadLog::after(Position::START))
        .await
        .unwrap();
    assert_eq!((log.events.len(), log.read_to), (3, Position::new(0, 3)));
    let info = store
        .stream_info(&stream("order-2"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (info.version.get(), info.created_at.as_micros()),
        (1, 1_776_435_722_000_000)
    );

    // It goes on where it was, with what is new.
    assert_eq!(
        append_any(&store, "order-1", 1).await.position,
        Position::new(0, 4)
    );
    store
        .write(vec![Write::create(Key::new("bucket", "a"), "one")])
        .await
        .unwrap();
    store.close().await;
    let store = Sqlite::open(&path).await.unwrap();
    assert_eq!(read(&store, "order-1").await.len(), 3);
    assert_eq!(
        store.list(KeyRange::bucket("bucket")).await.unwrap().len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_file_is_brought_up_to_date_once_by_many() {
    let (_directory, path) = new_file();
    Connection::open(&path)
        .unwrap()
        .execute_batch(include_str!("version_1.sql"))
        .unwrap();
    let opening: Vec<_> = (0..8)
        .map(|_| tokio::spawn(Sqlite::open(path.clone())))
        .collect();
    for store in opening {
        assert_eq!(
            read(&store.await.unwrap().unwrap(), "order-1").await.len(),
            2
        );
    }
}

#[tokio::test]
async fn a_newer_file_is_refused() {
    let (directory, path) = new_file();
    let store = Sqlite::open(&path).await.unwrap();
    append_any(&store, "order-1", 1).await;
    store.close().await;
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 99)
        .unwrap();

    let error = refused(directory.path(), &path).await;
    assert_eq!(error.kind(), StoreErrorKind::Incompatible);
    assert!(
        error
            .to_string()
            .contains("schema version 99, and this program knows no later one than 2"),
        "{error}"
    );
    assert!(
        error.to_string().contains("use the newer program"),
        "{error}"
    );
}

#[tokio::test]
async fn the_database_of_another_application_is_refused() {
    for pragma in [
        "",
        "PRAGMA application_id = 7;",
        "PRAGMA journal_mode = WAL;",
        "PRAGMA user_version = 2;",
    ] {
        let (directory, path) = new_file();
        let other = format!(
            "{pragma} CREATE TABLE streams (name TEXT); INSERT INTO streams VALUES ('theirs');"
        );
        Connection::open(&path)
            .unwrap()
            .execute_batch(&other)
            .unwrap();
        let error = refused(directory.path(), &path).await;
        assert_eq!(error.kind(), StoreErrorKind::Incompatible, "{pragma}");
        assert!(
            error
                .to_string()
                .contains("the database of another application"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_log_of_another_application_is_left_alone() {
    let (_directory, path) = new_file();
    let (_other_directory, copy) = new_file();
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE theirs (name TEXT) STRICT;")
        .unwrap();
    // As after a crash: what was written lies in the log, and not yet in the file.
    let log = |path: &Path| path.with_extension("db-wal");
    fs::copy(&path, &copy).unwrap();
    fs::copy(log(&path), log(&copy)).unwrap();
    let before = (fs::read(&copy).unwrap(), fs::read(log(&copy)).unwrap());
    assert!(!before.1.is_empty());
    let error = Sqlite::open(&copy).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Incompatible);
    assert!((fs::read(&copy).unwrap(), fs::read(log(&copy)).unwrap()) == before);
}

#[cfg(unix)]
#[tokio::test]
async fn the_log_of_another_application_is_left_alone_behind_a_link() {
    let (_directory, path) = new_file();
    let (other_directory, copy) = new_file();
    let (_link_directory, link) = new_file();
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE theirs (name TEXT) STRICT;")
        .unwrap();
    let log = |path: &Path| path.with_extension("db-wal");
    fs::copy(&path, &copy).unwrap();
    fs::copy(log(&path), log(&copy)).unwrap();
    std::os::unix::fs::symlink(&copy, &link).unwrap();
    let before = (fs::read(&copy).unwrap(), fs::read(log(&copy)).unwrap());
    let error = Sqlite::open(&link).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Incompatible);
    let after = content(other_directory.path());
    let after = |path: &Path| after.get(&path.display().to_string());
    assert!(
        after(&copy) == Some(&before.0) && after(&log(&copy)) == Some(&before.1),
        "a file that was refused has been changed"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_a_store_is_that_store() {
    let (directory, path) = new_file();
    let (link_directory, link) = new_file();
    let store = Sqlite::open(&path).await.unwrap();
    append_any(&store, "order-1", 1).await;
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let linked = Sqlite::open(&link).await.unwrap();
    append_any(&linked, "order-1", 1).await;
    assert_eq!(read(&store, "order-1").await.len(), 2);
    linked.close().await;
    store.close().await;
    for directory in [directory, link_directory] {
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    for garbage in [
        &b"hello"[..],
        &[0; 10_000],
        b"SQLite format 4\0",
        &[b'x'; 4096],
    ] {
        let (directory, path) = new_file();
        fs::write(&path, garbage).unwrap();
        let error = refused(directory.path(), &path).await;
        assert_eq!(error.kind(), StoreErrorKind::Incompatible, "{error}");
        assert!(
            error.to_string().contains("is not a SQLite database"),
            "{error}"
        );
    }
}

/// Modes do not keep the superuser from writing, but these files do.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_file_that_may_not_be_written_is_refused() {
    let error = Sqlite::open("/proc/sys/kernel/ostype").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "failed to open /proc/sys/kernel/ostype: this process may read it but not write it; \
         give it the right to write, or open a copy"
    );
}

#[tokio::test]
async fn an_empty_file_becomes_a_store() {
    let (_directory, path) = new_file();
    fs::write(&path, "").unwrap();
    let store = Sqlite::open(&path).await.unwrap();
    append_any(&store, "order-1", 1).await;
}

#[tokio::test]
async fn a_directory_that_is_missing_is_named() {
    let (directory, _) = new_file();
    let missing = directory.path().join("missing");
    let error = refused(directory.path(), &missing.join("store.db")).await;
    assert!(
        error
            .to_string()
            .ends_with(&format!("there is no directory {}", missing.display())),
        "{error}"
    );
    let error = Sqlite::open(directory.path()).await.unwrap_err();
    assert!(
        error.to_string().ends_with("it is a directory, not a file"),
        "{error}"
    );
}

#[tokio::test]
async fn a_path_without_a_name_is_refused() {
    let error = Sqlite::open("").await.unwrap_err();
    assert!(error.to_string().contains("the path is empty"), "{error}");
}

#[tokio::test]
async fn a_path_is_taken_to_the_letter() {
    let (directory, _) = new_file();
    for name in ["file:x?mode=memory", "a b%20c.db", "ö'\".db"] {
        let path = directory.path().join(name);
        let store = Sqlite::open(&path).await.unwrap();
        append_any(&store, "order-1", 1).await;
        store.close().await;
        assert!(path.is_file(), "{name}");
    }
}

#[tokio::test]
async fn options_are_kept() {
    let (_directory, path) = new_file();
    let options = Sqlite::options().durability(Durability::Relaxed).readers(0);
    let store = options.open(&path).await.unwrap();
    append_any(&store, "order-1", 2).await;
    assert_eq!(
        read(&store, "order-1").await.len(),
        2,
        "there is always one reader"
    );
}

#[tokio::test]
async fn a_busy_timeout_can_be_as_long_as_one_likes() {
    for timeout in [
        Duration::from_hours(30 * 24),
        Duration::from_secs(u64::MAX / 2),
        Duration::MAX,
    ] {
        let (_directory, path) = new_file();
        for path in [path.as_path(), Path::new(":memory:")] {
            let options = Sqlite::options().busy_timeout(timeout);
            let store = options.open(path).await.unwrap();
            append_any(&store, "order-1", 1).await;
        }
    }
}

#[tokio::test]
async fn stores_in_memory_are_apart() {
    let (one, other) = (
        Sqlite::in_memory().await.unwrap(),
        Sqlite::open(":memory:").await.unwrap(),
    );
    append_any(&one, "order-1", 1).await;
    assert_eq!(
        read(&one.clone(), "order-1").await.len(),
        1,
        "a clone is the same store"
    );
    assert_eq!(read(&other, "order-1").await.len(), 0);
}

#[tokio::test]
async fn what_cannot_be_read_is_damaged() {
    let (_directory, path) = new_file();
    let store = Sqlite::open(&path).await.unwrap();
    append_any(&store, "order-1", 1).await;
    let other = Connection::open(&path).unwrap();
    for damage in [
        "id = x'0102'",
        "version = -1",
        "name = CAST(x'ff' AS TEXT)",
        "left_in_commit = -5",
    ] {
        other
            .execute_batch(&format!("UPDATE events SET {damage}"))
            .unwrap();
        let error = store
            .read_log(ReadLog::after(Position::START))
            .await
            .expect_err(damage);
        assert_eq!(error.kind(), StoreErrorKind::Damaged, "{damage}");
        assert!(
            error.to_string().contains("failed to read the log after 0"),
            "{error}"
        );
        other
            .execute_batch(
                "UPDATE events SET id = zeroblob(16), version = 1, name = 'a', left_in_commit = 0",
            )
            .unwrap();
    }
    assert_eq!(
        read(&store, "order-1").await.len(),
        1,
        "the reader has survived"
    );
}
