//! Commands that are not waited for any longer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ironflow_domain::store::MemoryStore;
use ironflow_domain::{CommandPolicy, ExecuteError};

use super::{Raise, bar, in_line, occupy, pay, raise, soon, spawn_raise, sum};
use crate::watched::Watched;

#[tokio::test]
async fn what_waits_behind_others_is_not_begun_when_it_is_too_late() {
    let store = Watched::new(&MemoryStore::new()).plain();
    let bar = bar(&store).await;
    let first = occupy(&store, &bar).await;
    let second = spawn_raise(&bar, 1);
    let late = {
        let bar = Arc::clone(&bar);
        tokio::spawn(async move { bar.execute(raise(10)).policy(soon()).await })
    };
    in_line().await;
    store.let_through(1);
    first.await.unwrap().unwrap();
    store.arrived(2).await;
    // The second one is being recorded; the third one has not been begun.
    let late = tokio::time::timeout(Duration::from_secs(10), late).await;
    let error = late.expect("nobody waits longer").unwrap().unwrap_err();
    assert!(matches!(error, ExecuteError::DeadlineExceeded { .. }));
    store.open_gate();
    second.await.unwrap().unwrap();
    assert_eq!(sum(&bar).await, 2);
}

#[tokio::test]
async fn a_command_that_nobody_waits_for_any_more_is_not_decided() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    let first = occupy(&store, &bar).await;
    let gone = spawn_raise(&bar, 100);
    in_line().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let last = spawn_raise(&bar, 1);
    store.open_gate();
    first.await.unwrap().unwrap();
    last.await.unwrap().unwrap();
    assert_eq!(sum(&bar).await, 2);
}

#[tokio::test]
async fn what_is_being_appended_is_appended_though_nobody_waits_for_it() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    store.close_gate();
    let gone = spawn_raise(&bar, 100);
    store.arrived(1).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let last = spawn_raise(&bar, 1);
    store.open_gate();
    assert_eq!(last.await.unwrap().unwrap().version.get(), 2);
    assert_eq!(sum(&bar).await, 101);
}

#[tokio::test]
async fn a_command_that_waits_too_long_is_not_executed() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    let first = occupy(&store, &bar).await;
    let late = bar.execute(raise(100)).policy(soon()).await.unwrap_err();
    assert_eq!(late.to_string(), "raise was not executed within 20ms");
    store.open_gate();
    first.await.unwrap().unwrap();
    bar.execute(raise(1)).await.unwrap();
    assert_eq!(sum(&bar).await, 2);
}

#[tokio::test]
async fn what_is_being_appended_when_it_is_too_late_is_waited_for() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    store.close_gate();
    let slow = {
        let bar = Arc::clone(&bar);
        tokio::spawn(async move { bar.execute(raise(1)).policy(soon()).await })
    };
    store.arrived(1).await;
    // Another one comes too late meanwhile, so this one does as well.
    assert!(bar.execute(raise(1)).policy(soon()).await.is_err());
    assert!(bar.execute(raise(1)).policy(soon()).await.is_err());
    store.open_gate();
    assert_eq!(slow.await.unwrap().unwrap().version.get(), 1);
}

#[tokio::test]
async fn a_store_that_never_answers_is_not_waited_for_longer() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    let late = async |policy: CommandPolicy, id: Option<&str>| {
        let mut raising = bar.execute(raise(1)).policy(policy);
        if let Some(id) = id {
            raising = raising.command_id(id);
        }
        let error = raising.await.unwrap_err();
        assert!(
            matches!(error, ExecuteError::DeadlineExceeded { .. }),
            "{error}"
        );
    };
    store.hangs_reading.store(true, Ordering::SeqCst);
    late(soon(), None).await;
    late(soon().queued(false), None).await;
    let transactions = bar.transactions().unwrap();
    let transaction = transactions.execute(raise(1)).policy(soon()).await;
    assert_eq!(
        transaction.unwrap_err().to_string(),
        "transaction was not executed within 20ms"
    );
    store.hangs_reading.store(false, Ordering::SeqCst);
    store.hangs_finding.store(true, Ordering::SeqCst);
    late(soon(), Some("id")).await;
    let transaction = transactions.execute(raise(1)).policy(soon());
    assert!(transaction.command_id("id").await.is_err());
    store.hangs_finding.store(false, Ordering::SeqCst);
    // A queue that hangs keeps its stream, and nothing else.
    assert_eq!(
        bar.execute(Raise { tab: "2", by: 1 })
            .await
            .unwrap()
            .version
            .get(),
        1
    );
    assert_eq!(store.counts().1, 1);
}

#[tokio::test]
async fn an_answer_that_is_not_certain_is_not_waited_for_longer() {
    let memory = MemoryStore::new();
    let store = Watched::new(&memory);
    let bar = bar(&store).await;
    bar.execute(raise(1)).await.unwrap();
    // Whether it is still refused has to be read.
    store.hangs_reading.store(true, Ordering::SeqCst);
    let refused = bar.execute(pay(5)).policy(soon()).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::DeadlineExceeded { .. }));
}
