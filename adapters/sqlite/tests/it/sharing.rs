//! One file, several connections.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ironflow_domain::Position;
use ironflow_domain::store::{
    AppendError, ExpectedVersion, Key, KeyValueStore, ReadLog, StoreErrorKind, StreamStore, Write,
    WriteError,
};
use ironflow_sqlite::{Durability, Sqlite};
use rusqlite::Connection;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::given::{append, append_any, events, new_file, read, stream};

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_elsewhere_stops_writers_and_not_readers() {
    let (_directory, path) = new_file();
    let store = Sqlite::options()
        .busy_timeout(Duration::from_secs(1))
        .open(&path)
        .await
        .unwrap();
    append_any(&store, "order-1", 2).await;
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch("BEGIN IMMEDIATE; UPDATE streams SET version = 77; DELETE FROM events")
        .unwrap();

    let late = events(1);
    let appending = {
        let (store, late) = (store.clone(), late.clone());
        tokio::spawn(async move { append(&store, "order-1", ExpectedVersion::Any, late).await })
    };
    // While that waits, readers read what was committed.
    assert_eq!(read(&store, "order-1").await.len(), 2);
    let log = store
        .read_log(ReadLog::after(Position::START))
        .await
        .unwrap();
    assert_eq!((log.events.len(), log.at_end), (2, true));
    assert_eq!(
        store
            .stream_info(&stream("order-1"))
            .await
            .unwrap()
            .unwrap()
            .version
            .get(),
        2
    );
    assert_eq!(store.get(&Key::new("bucket", "a")).await.unwrap(), None);
    assert!(
        !appending.is_finished(),
        "the readers have waited for the writer"
    );

    match appending.await.unwrap() {
        Err(AppendError::Store(error)) => {
            assert_eq!(error.kind(), StoreErrorKind::Unavailable);
            assert_eq!(error.to_string(), "failed to append to stream order-1");
        }
        other => panic!("someone else is writing: {other:?}"),
    }
    match store
        .write(vec![Write::put(Key::new("bucket", "a"), "one")])
        .await
    {
        Err(WriteError::Store(error)) => assert_eq!(error.kind(), StoreErrorKind::Unavailable),
        other => panic!("someone else is writing: {other:?}"),
    }
    other.execute_batch("ROLLBACK").unwrap();
    // The writer has survived, and nothing of what it refused is there.
    assert_eq!(
        append(&store, "order-1", ExpectedVersion::Any, late)
            .await
            .unwrap()
            .version
            .get(),
        3
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_who_waited_in_vain_is_told_so() {
    let (_directory, path) = new_file();
    let store = Sqlite::options()
        .busy_timeout(Duration::from_millis(50))
        .open(&path)
        .await
        .unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut appending = Vec::new();
    for number in 0..40 {
        let store = store.clone();
        appending.push(tokio::spawn(async move {
            append(
                &store,
                &format!("order-{number}"),
                ExpectedVersion::Any,
                events(1),
            )
            .await
        }));
    }
    for (number, answer) in appending.into_iter().enumerate() {
        match timeout(Duration::from_secs(30), answer)
            .await
            .expect("nobody waits for ever")
            .unwrap()
        {
            Err(AppendError::Store(error)) => {
                assert_eq!(error.kind(), StoreErrorKind::Unavailable);
                assert_eq!(
                    error.to_string(),
                    format!("failed to append to stream order-{number}")
                );
            }
            other => panic!("someone else is writing: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_reader_elsewhere_stops_nobody() {
    let (_directory, path) = new_file();
    let store = Sqlite::open(&path).await.unwrap();
    append_any(&store, "order-1", 1).await;
    let other = Connection::open(&path).unwrap();
    let count = || {
        other
            .query_row("SELECT count(*) FROM events", [], |row| {
                row.get::<_, i64>(0)
            })
            .unwrap()
    };
    other.execute_batch("BEGIN").unwrap();
    assert_eq!(count(), 1);
    for _ in 0..50 {
        append_any(&store, "order-1", 10).await;
    }
    assert_eq!(count(), 1, "its snapshot stays as it is");
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(count(), 501);
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_that_never_pause_do_not_make_the_log_grow() {
    const MIB: u64 = 1024 * 1024;

    let (_directory, path) = new_file();
    let store = Sqlite::options()
        .durability(Durability::Relaxed)
        .open(&path)
        .await
        .unwrap();
    // Each reads for some milliseconds at a time, and before one ends another has begun.
    let done = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..4)
        .map(|number| {
            let (done, path) = (Arc::clone(&done), path.clone());
            thread::spawn(move || {
                let reader = Connection::open(path).unwrap();
                thread::sleep(Duration::from_millis(2 * number));
                while !done.load(Ordering::Relaxed) {
                    reader
                        .execute_batch("BEGIN; SELECT count(*) FROM streams")
                        .unwrap();
                    thread::sleep(Duration::from_millis(8));
                    reader.execute_batch("COMMIT").unwrap();
                }
            })
        })
        .collect();
    let mut longest = 0;
    for _ in 0..160 {
        let mut large = events(16);
        for event in &mut large {
            event.data = "x".repeat(64 * 1024);
        }
        append(&store, "order-1", ExpectedVersion::Any, large)
            .await
            .unwrap();
        let log = fs::metadata(path.with_extension("db-wal")).unwrap();
        longest = longest.max(log.len());
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.join().unwrap();
    }
    assert!(
        longest < 48 * MIB,
        "160 MiB were written, and the log had {} MiB",
        longest / MIB
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_goes_on_holds_the_log_back_and_nobody_else() {
    const MIB: u64 = 1024 * 1024;

    let (_directory, path) = new_file();
    let store = Sqlite::options()
        .durability(Durability::Relaxed)
        .busy_timeout(Duration::from_mins(1))
        .open(&path)
        .await
        .unwrap();
    append_any(&store, "order-1", 1).await;
    let log_bytes = || fs::metadata(path.with_extension("db-wal")).unwrap().len();
    let reader = Connection::open(&path).unwrap();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM streams")
        .unwrap();
    for _ in 0..40 {
        let mut large = events(16);
        for event in &mut large {
            event.data = "x".repeat(64 * 1024);
        }
        let appended = append(&store, "order-1", ExpectedVersion::Any, large);
        timeout(Duration::from_secs(10), appended)
            .await
            .expect("the log can wait for the reader, and appends do not")
            .unwrap();
    }
    assert!(log_bytes() > 40 * MIB);
    reader.execute_batch("COMMIT").unwrap();

    let shortened = async {
        while log_bytes() > 16 * MIB {
            append_any(&store, "order-1", 1).await;
        }
    };
    timeout(Duration::from_secs(10), shortened)
        .await
        .expect("the log becomes short when the reader has gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_in_a_group_is_alone() {
    let (_directory, path) = new_file();
    let store = Sqlite::open(&path).await.unwrap();
    let taken = events(1);
    append(&store, "order-taken", ExpectedVersion::Any, taken.clone())
        .await
        .unwrap();
    // While someone else writes, all of these come to wait together.
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut appending = Vec::new();
    for number in 0..60 {
        let store = store.clone();
        let repeated = taken.clone();
        appending.push(tokio::spawn(async move {
            let name = format!("order-{number}");
            match number % 3 {
                0 => append(&store, &name, ExpectedVersion::NoStream, events(2))
                    .await
                    .map(drop)
                    .map_err(|_| "failed"),
                1 => match append(&store, &name, ExpectedVersion::StreamExists, events(2)).await {
                    Err(AppendError::Conflict(conflict)) if conflict.stream == stream(&name) => {
                        Ok(())
                    }
                    _ => Err("should have been a conflict"),
                },
                _ => {
                    let mut events = events(1);
                    events.extend(repeated);
                    match append(&store, &name, ExpectedVersion::Any, events).await {
                        Err(AppendError::DuplicateEvent(_)) => Ok(()),
                        _ => Err("should have been a repeat"),
                    }
                }
            }
        }));
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    other.execute_batch("ROLLBACK").unwrap();
    for answer in appending {
        assert_eq!(answer.await.unwrap(), Ok(()));
    }
    for number in 0..60 {
        let expected = if number % 3 == 0 { 2 } else { 0 };
        assert_eq!(
            read(&store, &format!("order-{number}")).await.len(),
            expected,
            "order-{number}"
        );
    }
    let log = store
        .read_log(ReadLog::after(Position::START))
        .await
        .unwrap();
    assert_eq!(
        log.read_to,
        Position::new(0, 41),
        "what was undone leaves no gap"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_hears_of_what_others_appended_before_it_began() {
    let (_directory, path) = new_file();
    let (one, other) = (
        Sqlite::open(&path).await.unwrap(),
        Sqlite::open(&path).await.unwrap(),
    );
    append_any(&other, "order-1", 1).await;
    timeout(Duration::from_secs(30), one.log_grown(Position::START))
        .await
        .expect("it is over at once")
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_open_a_new_file_at_once() {
    for _ in 0..10 {
        let (_directory, path) = new_file();
        let opening: Vec<_> = (0..12)
            .map(|number| {
                let path = path.clone();
                tokio::spawn(async move {
                    let store = Sqlite::open(path).await.expect("the file can be opened");
                    append_any(&store, &format!("order-{number}"), 1).await;
                })
            })
            .collect();
        for opened in opening {
            opened.await.unwrap();
        }
        let store = Sqlite::open(&path).await.unwrap();
        assert_eq!(
            store
                .read_log(ReadLog::after(Position::START))
                .await
                .unwrap()
                .events
                .len(),
            12
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_writer_starves_nobody() {
    let (_directory, path) = new_file();
    let busy = Sqlite::open(&path).await.unwrap();
    let modest = Sqlite::open(&path).await.unwrap();
    let mut appending: JoinSet<()> = JoinSet::new();
    for number in 0..32 {
        let busy = busy.clone();
        appending.spawn(async move {
            // When the other one holds the file, this one may wait as well.
            while append(
                &busy,
                &format!("busy-{number}"),
                ExpectedVersion::Any,
                events(1),
            )
            .await
            .is_ok()
            {}
        });
    }
    for number in 1..=30 {
        let appended = append_any(&modest, "modest-1", 1).await;
        assert_eq!(appended.version.get(), number);
    }
    assert_eq!(appending.len(), 32);
    assert!(
        appending.try_join_next().is_none(),
        "the busy one has been starved"
    );
}
