//! Runtimes that stop, rest, or are not there.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use ironflow_domain::store::{MemoryStore, StoreErrorKind};
use ironflow_domain::{CommandPolicy, ExecuteError, Ironflow};
use tokio::runtime::Runtime;

use super::{bar, pay, poll_once, raise, runtime, sum};
use crate::watched::Watched;

#[test]
fn a_runtime_that_stops_leaves_nobody_waiting() {
    let (one, other) = (Runtime::new().unwrap(), runtime());
    let store = Watched::new(&MemoryStore::new());
    let bar = one.block_on(bar(&store));
    store.close_gate();
    let first = {
        let bar = Arc::clone(&bar);
        one.spawn(async move { bar.execute(raise(1)).await })
    };
    one.block_on(store.arrived(1));
    let mut waiting = {
        let bar = Arc::clone(&bar);
        Box::pin(async move { bar.execute(raise(10)).await })
    };
    let is_done = other.block_on(async { poll_once(&mut waiting).is_ready() });
    assert!(!is_done, "it is in line");
    drop(one);
    store.open_gate();
    let receipt = other.block_on(waiting).unwrap();
    assert!(!receipt.duplicate);
    assert!(other.block_on(first).unwrap_err().is_cancelled());
    assert_eq!(other.block_on(sum(&bar)), 10);
}

#[test]
fn a_runtime_that_stops_in_the_middle_leaves_a_doubt() {
    let (one, other) = (runtime(), runtime());
    let store = Watched::new(&MemoryStore::new());
    let bar = one.block_on(bar(&store));
    store.close_gate();
    let policy = CommandPolicy::new().attempts(1);
    let mut raising = bar.execute(raise(1)).policy(policy).into_future();
    one.block_on(async {
        assert!(poll_once(&mut raising).is_pending());
        store.arrived(1).await;
    });
    drop(one);
    match other.block_on(raising).unwrap_err() {
        ExecuteError::Store(error) => assert_eq!(error.kind(), StoreErrorKind::InDoubt),
        error => panic!("{error}"),
    }
}

#[test]
fn a_runtime_that_stops_when_all_was_done_leaves_a_receipt() {
    let (one, other) = (runtime(), runtime());
    let store = Watched::new(&MemoryStore::new());
    let bar = one.block_on(bar(&store));
    one.block_on(bar.execute(raise(10)).into_future()).unwrap();
    store.close_gate_for_answers();
    let mut paying = bar.execute(pay(10)).into_future();
    let is_done = one.block_on(async {
        let is_done = poll_once(&mut paying).is_ready();
        store.arrived(2).await;
        is_done
    });
    assert!(!is_done, "its answer has to come yet");
    drop(one);
    store.open_gate();
    let receipt = other.block_on(paying).unwrap();
    assert_eq!(receipt.version.get(), 2);
    assert_eq!(other.block_on(sum(&bar)), 0);
}

/// Such a runtime does nothing while nobody waits for something in it.
#[test]
fn nobody_waits_for_a_runtime_that_rests() {
    let (one, other) = (runtime(), runtime());
    let store = Watched::new(&MemoryStore::new());
    let bar = one.block_on(bar(&store));
    store.close_gate();
    let mut raising = bar.execute(raise(1)).into_future();
    one.block_on(async {
        assert!(poll_once(&mut raising).is_pending());
        store.arrived(1).await;
    });
    store.open_gate();
    let paying = async {
        let paying = bar.execute(raise(10)).into_future();
        tokio::time::timeout(Duration::from_secs(10), paying).await
    };
    let receipt = other.block_on(paying).expect("nobody waits for ever");
    assert_eq!(receipt.unwrap().version.get(), 1);
    assert_eq!(one.block_on(raising).unwrap().version.get(), 2);
}

/// Nobody has to wait for anything where nothing has to be waited for.
#[test]
fn no_runtime_is_needed_for_what_does_not_wait() {
    let mut starting = Box::pin(Ironflow::new(MemoryStore::new()).start());
    let Poll::Ready(Ok(bar)) = poll_once(&mut starting) else {
        panic!("there is nothing to wait for")
    };
    let mut raising = bar.execute(raise(1)).into_future();
    let Poll::Ready(Ok(receipt)) = poll_once(&mut raising) else {
        panic!("there is nothing to wait for")
    };
    assert_eq!(receipt.version.get(), 1);
}
