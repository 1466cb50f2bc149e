//! What becomes of the others where one fails.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ironflow_domain::store::{MemoryStore, StoreErrorKind};
use ironflow_domain::{CommandPolicy, ExecuteError, Ironflow};

use super::{bar, in_line, occupy, pay, raise, spawn_raise, start, sum};
use crate::bank::append_stray;
use crate::watched::Watched;

#[tokio::test]
async fn a_panic_is_that_of_its_own_command() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    let first = occupy(&store, &bar).await;
    let tasks: Vec<_> = [1, 666, 1, 13, 1]
        .into_iter()
        .map(|by| spawn_raise(&bar, by))
        .collect();
    in_line().await;
    store.open_gate();
    first.await.unwrap().unwrap();
    let mut panics = Vec::new();
    for task in tasks {
        match task.await {
            Ok(outcome) => drop(outcome.unwrap()),
            Err(error) => panics.push(*error.into_panic().downcast::<&str>().unwrap()),
        }
    }
    assert_eq!(panics, ["a beast", "an unlucky number"]);
    assert_eq!(sum(&bar).await, 4);
}

#[tokio::test]
async fn a_panic_while_the_stream_is_folded_is_that_of_whoever_asked() {
    let memory = MemoryStore::new();
    append_stray(&memory, "tab-1", "tab.raised", r#"{"by":13}"#).await;
    for queued in [true, false] {
        let policy = CommandPolicy::new().queued(queued);
        let bar = start(Ironflow::new(memory.clone()).policy(policy)).await;
        let tasks: Vec<_> = (0..3).map(|_| spawn_raise(&bar, 1)).collect();
        for task in tasks {
            let panic = task.await.unwrap_err().into_panic();
            assert_eq!(panic.downcast_ref(), Some(&"an unlucky number"));
        }
    }
}

#[tokio::test]
async fn a_failure_is_told_to_all_whom_it_concerns_and_the_next_ones_go_on() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    bar.execute(raise(1)).await.unwrap();
    let first = occupy(&store, &bar).await;
    let others: Vec<_> = (0..3).map(|_| spawn_raise(&bar, 1)).collect();
    let refused = {
        let bar = Arc::clone(&bar);
        tokio::spawn(async move { bar.execute(pay(3)).await })
    };
    in_line().await;
    store.let_through(1);
    first.await.unwrap().unwrap();
    store.arrived(3).await;
    store.refused_commits.store(1, Ordering::SeqCst);
    store.open_gate();
    for other in others {
        match other.await.unwrap().unwrap_err() {
            ExecuteError::Store(error) => assert_eq!(error.kind(), StoreErrorKind::Unavailable),
            error => panic!("{error}"),
        }
    }
    // It was accepted on what then did not happen.
    match refused.await.unwrap() {
        Err(ExecuteError::Store(_)) => {}
        other => panic!("it was to be recorded with the others: {other:?}"),
    }
    assert_eq!(bar.execute(raise(1)).await.unwrap().version.get(), 3);
    assert_eq!(sum(&bar).await, 3);
}

#[tokio::test]
async fn a_refusal_that_rests_on_what_did_not_happen_is_not_given() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    bar.execute(raise(5)).await.unwrap();
    let first = occupy(&store, &bar).await;
    let (all, rest) = {
        let (one, other) = (Arc::clone(&bar), Arc::clone(&bar));
        (
            tokio::spawn(async move { one.execute(pay(6)).await }),
            tokio::spawn(async move {
                // After the other one is in the queue.
                tokio::task::yield_now().await;
                other.execute(pay(1)).await
            }),
        )
    };
    in_line().await;
    store.let_through(1);
    first.await.unwrap().unwrap();
    // Both are decided, the second one refused since the first one pays all.
    store.arrived(3).await;
    store.refused_commits.store(1, Ordering::SeqCst);
    store.open_gate();
    assert!(matches!(
        all.await.unwrap().unwrap_err(),
        ExecuteError::Store(_)
    ));
    rest.await.unwrap().unwrap();
    assert_eq!(sum(&bar).await, 5);
}

#[tokio::test]
async fn commands_keep_their_order_when_they_are_decided_again() {
    let memory = MemoryStore::new();
    let store = Watched::new(&memory);
    let bar = bar(&store).await;
    bar.execute(raise(1)).await.unwrap();
    let first = occupy(&store, &bar).await;
    let raised = spawn_raise(&bar, 5);
    let paid = {
        let bar = Arc::clone(&bar);
        tokio::spawn(async move { bar.execute(pay(8)).await })
    };
    in_line().await;
    store.let_through(1);
    first.await.unwrap().unwrap();
    store.arrived(3).await;
    let there = start(Ironflow::new(memory)).await;
    there.execute(raise(1)).await.unwrap();
    store.open_gate();
    assert_eq!(raised.await.unwrap().unwrap().version.get(), 4);
    assert_eq!(paid.await.unwrap().unwrap().version.get(), 5);
}
