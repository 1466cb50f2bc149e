//! What a store still has after it was closed and opened again.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "a rule's name says it all, and it panics when a store does not keep it"
)]

use std::time::Duration;

use ironflow_domain::Position;
use ironflow_domain::store::{Expected, ExpectedVersion, KeyRange, ListStreams, Write};

use super::Fixture;
use super::given::{
    append, append_any, conflict, duplicate, events, exactly, get, key, put, read_stream, refused,
    stream, value, version, whole_log, write,
};

pub async fn a_reopened_store_has_its_events(store: Fixture) {
    let order = stream("order-1");
    for number in 0..10 {
        append_any(&*store, &stream(&format!("order-{number}")), 3).await;
    }
    let log = whole_log(&*store).await;
    let of_stream = read_stream(&*store, &order).await;
    let listed = store
        .list_streams(ListStreams::default())
        .await
        .expect("streams can be listed");

    let store = store.reopen().await;
    assert_eq!(log.len(), 30);
    assert_eq!(whole_log(&*store).await, log);
    assert_eq!(read_stream(&*store, &order).await, of_stream);
    assert_eq!(
        store
            .list_streams(ListStreams::default())
            .await
            .expect("streams can be listed"),
        listed
    );
    assert_eq!(
        store
            .find_event(log[7].id)
            .await
            .expect("an event can be looked up")
            .as_ref(),
        Some(&log[7])
    );
}

pub async fn a_reopened_store_goes_on_where_it_was(store: Fixture) {
    let order = stream("order-1");
    let first = append_any(&*store, &order, 2).await;
    let store = store.reopen().await;
    assert_eq!(
        conflict(&*store, &order, exactly(0), events(1))
            .await
            .actual,
        version(2)
    );
    let second = append(&*store, &order, exactly(2), events(1)).await;
    assert_eq!(second.version, version(3));
    assert!(second.position > first.position);
}

pub async fn a_reopened_store_still_knows_a_repeat(store: Fixture) {
    let first = events(1);
    append(
        &*store,
        &stream("order-1"),
        ExpectedVersion::Any,
        first.clone(),
    )
    .await;
    let store = store.reopen().await;
    assert_eq!(
        duplicate(
            &*store,
            &stream("order-1"),
            ExpectedVersion::NoStream,
            first.clone()
        )
        .await,
        first[0].id
    );
}

pub async fn a_wait_in_a_reopened_store_is_over_for_old_events(store: Fixture) {
    append_any(&*store, &stream("order-1"), 1).await;
    let store = store.reopen().await;
    let waited = store
        .wait_for("the end of a wait", store.log_grown(Position::START))
        .await;
    waited.expect("one can wait for the log");
}

pub async fn a_reopened_store_has_its_keys(store: Fixture) {
    put(&*store, &key("a"), "one").await;
    put(&*store, &key("b"), "gone").await;
    write(&*store, Write::delete(key("b"))).await;
    write(
        &*store,
        Write::put(key("c"), "long").expiring_after(Duration::from_hours(1)),
    )
    .await;
    let before = store
        .list(KeyRange::bucket("bucket"))
        .await
        .expect("a bucket can be listed");
    let store = store.reopen().await;
    assert_eq!(
        store
            .list(KeyRange::bucket("bucket"))
            .await
            .expect("a bucket can be listed"),
        before
    );
    assert_eq!(before.len(), 2);
    assert_eq!(value(&*store, &key("a")).await, "one");
}

pub async fn a_reopened_store_gives_no_revision_again(store: Fixture) {
    put(&*store, &key("a"), "one").await;
    let last = put(&*store, &key("a"), "two").await;
    write(&*store, Write::delete(key("a"))).await;
    let store = store.reopen().await;
    let again = put(&*store, &key("a"), "three").await;
    assert!(again > last, "revision {again} after {last}");
    let stale = Write::put(key("a"), "stale").expecting(Expected::Revision(last));
    assert_eq!(refused(&*store, vec![stale]).await, (key("a"), Some(again)));
}

pub async fn what_expires_does_so_while_the_store_is_closed(store: Fixture) {
    write(
        &*store,
        Write::put(key("a"), "short").expiring_after(Duration::from_millis(100)),
    )
    .await;
    let store = store.reopen().await;
    store
        .until("the end of the value", || async {
            get(&*store, &key("a")).await.is_none()
        })
        .await;
    write(&*store, Write::create(key("a"), "new")).await;
}
