//! What operators do with reactors, and waiting for them.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ironflow_domain::store::{Key, KeyValueStore, MemoryStore, Write};
use ironflow_domain::{
    Follower, Ironflow, Position, ReactorError, ReactorOperation, ReactorState, WaitError,
};
use serde_json::Value;

use super::{
    Courier, Desk, NEVER, Post, SOON, append, builder, checkpoint, desk, is_in, parked, post,
    until, write,
};

/// Longer than it takes to poll a hundred times.
const A_WHILE: Duration = Duration::from_millis(500);

/// As it is where the process that reacted has been killed.
async fn is_left_behind(store: &MemoryStore) {
    let mut checkpoint = checkpoint(store).await;
    checkpoint["owner"] = "somebody who is gone".into();
    let key = Key::new("reactors", "post");
    let write = Write::put(key, checkpoint.to_string());
    store.write(vec![write]).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_that_is_paused_does_nothing_until_it_is_resumed() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    let first = post(store.clone(), &desk, NEVER).await;
    let second = post(store.clone(), &desk, NEVER).await;
    write(&first, "a", &["1"]).await;
    assert_eq!(seen.texts(1).await, ["1"]);
    // Any process may say so.
    let outside = builder(store.clone(), NEVER).start().await.unwrap();
    let paused = outside.pause_reactor("post", "the post office moves");
    paused.await.unwrap();
    for ironflow in [&first, &second] {
        is_in(ironflow, ReactorState::Paused).await;
    }
    assert_eq!(checkpoint(&store).await["owner"], Value::Null);
    let receipt = write(&first, "a", &["2"]).await;
    // Nor does one that is started meanwhile.
    let third = post(store.clone(), &desk, NEVER).await;
    is_in(&third, ReactorState::Paused).await;
    tokio::time::sleep(A_WHILE).await;
    seen.nothing_more();
    let lag = outside.reactor_lag::<Post>().await.unwrap();
    assert_eq!(lag.events, 1);
    let waited = second.wait_for_reactor::<Post>(&receipt, A_WHILE).await;
    let error = waited.unwrap_err().to_string();
    assert!(error.starts_with("reactor post is at position "), "{error}");
    assert!(error.ends_with(" within 500ms: it is paused"), "{error}");
    outside.resume_reactor("post").await.unwrap();
    for ironflow in [&first, &second, &third] {
        let waited = ironflow.wait_for_reactor::<Post>(&receipt, SOON).await;
        waited.unwrap();
    }
    assert_eq!(seen.texts(1).await, ["2"]);
    let operations = outside.reactor_operations("post").await.unwrap();
    let [
        ReactorOperation::Paused { reason, .. },
        ReactorOperation::Resumed { .. },
    ] = &operations[..]
    else {
        panic!("{operations:?}")
    };
    assert_eq!(reason, "the post office moves");
    for ironflow in [&first, &second, &third] {
        ironflow.stop().await;
    }
    seen.nothing_more();
}

#[tokio::test(start_paused = true)]
async fn what_is_being_tried_again_and_again_is_not_while_it_is_paused() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    desk.failures.store(1, Ordering::SeqCst);
    let post = post(store.clone(), &desk, NEVER).await;
    write(&post, "a", &["1", "fail", "3"]).await;
    until(&post, |status| {
        matches!(status.state, ReactorState::Retrying { .. })
    })
    .await;
    post.pause_reactor("post", "the post office is closed")
        .await
        .unwrap();
    is_in(&post, ReactorState::Paused).await;
    assert_eq!(seen.texts(1).await, ["1"]);
    tokio::time::sleep(A_WHILE).await;
    seen.nothing_more();
    post.resume_reactor("post").await.unwrap();
    assert_eq!(seen.texts(2).await, ["fail", "3"]);
    assert_eq!(post.parked_reactions("post").await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn one_that_has_stopped_goes_on_when_it_is_resumed() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    let post = post(store.clone(), &desk, NEVER).await;
    append(&store, "letter-b", &[("letter.burnt", "null")]).await;
    let failed = |state: &ReactorState| matches!(state, ReactorState::Failed { .. });
    let before = until(&post, |status| failed(&status.state)).await;
    // Another one can read it, and has gone past it.
    let key = Key::new("reactors", "post");
    let mut place = checkpoint(&store).await;
    let end = write(&post, "a", &["2"]).await.position.unwrap();
    let waited = post.wait_for_reactor::<Post>(end, SOON).await;
    let told = matches!(waited, Err(WaitError::Stopped { .. }));
    assert!(told && before.position < end, "{waited:?}");
    place["position"] = serde_json::to_value(end).unwrap();
    let write_place = Write::put(key, place.to_string());
    store.write(vec![write_place]).await.unwrap();
    post.resume_reactor("post").await.unwrap();
    is_in(&post, ReactorState::Active).await;
    write(&post, "a", &["3"]).await;
    assert_eq!(seen.texts(1).await, ["3"]);
}

#[tokio::test(start_paused = true)]
async fn a_retry_is_done_though_whoever_reacted_is_gone() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    let (first, receipt) = parked(&store, &desk, &mut seen).await;
    first.stop().await;
    desk.failures.store(0, Ordering::SeqCst);
    // No event comes that shows that it is gone.
    is_left_behind(&store).await;
    let second = post(store.clone(), &desk, Duration::from_millis(50)).await;
    is_in(&second, ReactorState::StandingBy).await;
    tokio::time::sleep(A_WHILE).await;
    let reaction = receipt.event_ids[0];
    second.retry_reaction("post", reaction).await.unwrap();
    assert_eq!(seen.texts(3).await, ["fail", "3", "5"]);
    is_in(&second, ReactorState::Active).await;
    second.stop().await;
    seen.nothing_more();
}

#[tokio::test(start_paused = true)]
async fn it_can_be_waited_for_from_every_process_that_has_it() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    let first = post(store.clone(), &desk, NEVER).await;
    is_in(&first, ReactorState::Active).await;
    let second = post(store.clone(), &desk, NEVER).await;
    is_in(&second, ReactorState::StandingBy).await;
    let receipt = write(&second, "a", &["1", "wait", "3"]).await;
    let ids = &receipt.event_ids;
    for ironflow in [&first, &second] {
        // The first of them is done as soon as it is, though the second takes long.
        let waited = first.wait_for_reactor::<Post>(ids[0], SOON).await;
        waited.unwrap();
        let waited = ironflow.wait_for_reactor::<Post>(&receipt, A_WHILE).await;
        let is_late = matches!(waited, Err(WaitError::Timeout { why: None, .. }));
        assert!(is_late, "{waited:?}");
    }
    desk.permits.add_permits(1);
    for ironflow in [&first, &second] {
        let waited = ironflow.wait_for_reactor::<Post>(ids[2], SOON).await;
        waited.unwrap();
        let waited = ironflow.wait_for_reactor::<Post>(&receipt, SOON).await;
        waited.unwrap();
    }
    assert_eq!(seen.texts(3).await, ["1", "wait", "3"]);
    // What it does not react to is done.
    append(&store, "other-x", &[("other.thing", "null")]).await;
    let outside = builder(store, NEVER).start().await.unwrap();
    let mut log = outside.log(ironflow_domain::store::ReadLog::after(Position::START));
    let mut end = Position::START;
    while let Some(page) = log.next().await.unwrap() {
        end = page.read_to;
    }
    for ironflow in [&first, &second] {
        let waited = ironflow.wait_for_reactor::<Post>(end, SOON).await;
        waited.unwrap();
    }
    let waited = outside.wait_for_reactor::<Post>(end, SOON).await;
    let error = waited.unwrap_err();
    assert_eq!(
        error.to_string(),
        "reactor post does not run in this process: add `.reactor(…)` to `Ironflow::new(…)`"
    );
    let post = Follower::Reactor("post");
    assert!(matches!(error, WaitError::NotFollowed { follower, .. } if follower == post));
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_told_that_the_stream_is_parked() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    let (post, receipt) = parked(&store, &desk, &mut seen).await;
    let id = receipt.event_ids[0];
    let told = format!(
        "stream letter-a is parked by reactor post: event letter.written {id}, version 2 of stream \
         letter-a, failed: the post office is closed"
    );
    let waits = async |post: &Ironflow| post.wait_for_reactor::<Post>(&receipt, SOON).await;
    assert_eq!(waits(&post).await.unwrap_err().to_string(), told);
    let all = post.wait_for_reactor::<Post>(receipt.position.unwrap(), SOON);
    assert_eq!(all.await.unwrap_err().to_string(), told);
    // The others are not.
    let other = write(&post, "b", &["7"]).await;
    let waited = post.wait_for_reactor::<Post>(&other, SOON).await;
    waited.unwrap();
    // One that is being retried is waited for.
    desk.failures.store(0, Ordering::SeqCst);
    post.retry_reaction("post", id).await.unwrap();
    waits(&post).await.unwrap();
    assert_eq!(seen.texts(4).await, ["7", "fail", "3", "5"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_deleted_begins_like_a_new_one() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    let courier = async |desk: &Desk| {
        let builder = builder(store.clone(), NEVER).reactor(Courier(desk.clone()));
        builder.start().await.unwrap()
    };
    desk.failures.store(usize::MAX, Ordering::SeqCst);
    let first = courier(&desk).await;
    let id = write(&first, "a", &["fail"]).await.event_ids[0];
    until(&first, |status| status.parked == 1).await;
    first.retry_reaction("courier", id).await.unwrap();
    assert_eq!(first.reactor_names().await.unwrap(), ["courier"]);
    first.delete_reactor("courier").await.unwrap();
    let gone = "its checkpoint was deleted: start the program again".to_owned();
    is_in(&first, ReactorState::Failed { error: gone }).await;
    assert_eq!(first.reactor_names().await.unwrap(), [""; 0]);
    let again = first.delete_reactor("courier").await.unwrap_err();
    assert!(matches!(again, ReactorError::Unknown { .. }), "{again}");
    desk.failures.store(0, Ordering::SeqCst);
    let second = courier(&desk).await;
    let receipt = write(&second, "a", &["2"]).await;
    let waited = second.wait_for_reactor::<Courier>(&receipt, SOON).await;
    waited.unwrap();
    assert_eq!(seen.texts(1).await, ["2"]);
    assert_eq!(second.reactor_operations("courier").await.unwrap(), []);
    assert_eq!(second.parked_reactions("courier").await.unwrap(), []);
    for ironflow in [&first, &second] {
        ironflow.stop().await;
    }
    seen.nothing_more();
}
