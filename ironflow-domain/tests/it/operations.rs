//! What operators do with projections: rebuild, pause, delete.

use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ironflow_domain::store::{Key, KeyRange, KeyValueStore, MemoryStore, Store, Write};
use ironflow_domain::{
    Aggregate, Decide, Decision, Fold, FreshError, Ironflow, OperationError, Partition, Project,
    Projection, ProjectionState, ProjectionStatus, Rebuild, RebuildOutcome, Receipt, Recorded,
    WaitError, command, event,
};
use serde::{Deserialize, Serialize};

use crate::bank::append_stray;
use crate::faulty::Faulty;
use crate::standby::are_left_behind;

const SOON: Duration = Duration::from_secs(10);

#[event("lamp")]
enum LampEvent {
    Switched,
}

#[derive(Aggregate, Default)]
#[aggregate(event = LampEvent, error = std::convert::Infallible)]
struct Lamp;

impl Fold for Lamp {
    fn fold(&mut self, _: &LampEvent) {}
}

#[command(Lamp)]
struct Switch(usize);

impl Decide<Switch> for Lamp {
    fn decide(&self, Switch(times): Switch) -> Decision<Self> {
        Ok(vec![LampEvent::Switched; times].into())
    }
}

thread_local! {
    /// What an event counts in this test: a fold with a bug in it.
    static COUNTS: Cell<u64> = const { Cell::new(1) };
}

#[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
#[projection("switches", partition = String, of(LampEvent))]
struct Switches {
    times: u64,
}

impl Project<LampEvent> for Switches {
    fn partition(event: &Recorded<LampEvent>) -> Partition<String> {
        Partition::Key(event.stream.id().to_owned())
    }

    fn project(&mut self, _: &Recorded<LampEvent>) {
        self.times += COUNTS.get();
    }
}

async fn follow(store: &(impl Store + Clone)) -> Ironflow {
    Ironflow::new(store.clone())
        .projection::<Switches>()
        .poll_interval(Duration::from_millis(5))
        .take_over_after(Duration::from_millis(50))
        .start()
        .await
        .unwrap()
}

async fn switch(ironflow: &Ironflow, lamp: &str, times: usize) -> Receipt {
    ironflow
        .of::<Lamp>(lamp)
        .execute(Switch(times))
        .await
        .unwrap()
}

async fn times(ironflow: &Ironflow, lamp: &str) -> u64 {
    let view = ironflow.query::<Switches>(&lamp.to_owned()).await.unwrap();
    view.map_or(0, |view| view.times)
}

fn status(ironflow: &Ironflow) -> ProjectionStatus {
    ironflow.projection_statuses().remove(0)
}

/// Lets others run until it is so.
async fn until(ironflow: &Ironflow, is_so: impl Fn(&ProjectionStatus) -> bool) {
    let wait = async {
        while !is_so(&status(ironflow)) {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(SOON, wait).await;
    assert!(waited.is_ok(), "{:?}", status(ironflow));
}

/// Views of two lamps that a fold with a bug has filled, which is mended now.
async fn wrong(store: &MemoryStore) -> Ironflow {
    COUNTS.set(2);
    let follows = follow(store).await;
    switch(&follows, "a", 3).await;
    let last = switch(&follows, "b", 1).await;
    follows.wait_for::<Switches>(&last, SOON).await.unwrap();
    until(&follows, |status| status.state == ProjectionState::Active).await;
    COUNTS.set(1);
    follows
}

#[tokio::test]
async fn a_rebuild_fills_new_views_and_what_serves_goes_on_until_then() {
    let store = MemoryStore::new();
    let follows = wrong(&store).await;
    // A second process that stands by, and one that only asks.
    let stands_by = follow(&store).await;
    let asks = Ironflow::new(store.clone()).start().await.unwrap();
    assert_eq!(times(&follows, "a").await, 6);

    let held = Rebuild::new("it counted twice").hold();
    assert_eq!(asks.rebuild::<Switches>(held).await.unwrap(), 2);
    until(&follows, |status| {
        let rebuild = status.rebuild.as_ref();
        rebuild.is_some_and(|rebuild| rebuild.events == 4)
    })
    .await;
    // The old ones serve meanwhile, and follow.
    let last = switch(&follows, "a", 1).await;
    for ironflow in [&follows, &stands_by] {
        ironflow.wait_for::<Switches>(&last, SOON).await.unwrap();
        assert_eq!(times(ironflow, "a").await, 7);
        assert_eq!(status(ironflow).generation, 1);
        assert_eq!(status(ironflow).state, ProjectionState::Active);
    }
    assert_eq!(times(&asks, "a").await, 7);
    let rebuild = status(&follows).rebuild.unwrap();
    assert_eq!((rebuild.generation, rebuild.error), (2, None));
    assert_eq!(rebuild.target, last.position);
    until(&follows, |status| {
        let rebuild = status.rebuild.as_ref();
        rebuild.is_some_and(|rebuild| rebuild.time_left == Some(Duration::ZERO))
    })
    .await;
    let check = asks.check_rebuild::<Switches>().await.unwrap();
    assert_eq!((check.same, check.moving, check.different), (0, 0, 2));
    assert_eq!(check.keys, ["a", "b"]);

    asks.release::<Switches>().await.unwrap();
    for ironflow in [&follows, &stands_by] {
        until(ironflow, |status| status.generation == 2).await;
        until(ironflow, |status| status.rebuild.is_none()).await;
        assert_eq!(times(ironflow, "a").await, 4);
    }
    assert_eq!(times(&asks, "a").await, 4);
    let last = switch(&stands_by, "b", 1).await;
    follows.wait_for::<Switches>(&last, SOON).await.unwrap();
    assert_eq!(times(&follows, "b").await, 2);

    let history = asks.rebuilds("switches").await.unwrap();
    let told: Vec<_> = history
        .iter()
        .map(|past| (past.generation, &*past.reason, past.outcome))
        .collect();
    let completed = RebuildOutcome::Completed;
    let expected = [
        (1, "it is new", completed),
        (2, "it counted twice", completed),
    ];
    assert_eq!(told, expected);
}

#[tokio::test]
async fn the_views_before_serve_again_once_they_have_caught_up() {
    let store = MemoryStore::new();
    let follows = wrong(&store).await;
    let error = follows.undo_rebuild::<Switches>().await.unwrap_err();
    let told = "projection switches has no views from before the last rebuild";
    assert_eq!(error.to_string(), told);
    follows
        .rebuild::<Switches>(Rebuild::new("mended"))
        .await
        .unwrap();
    until(&follows, |status| status.generation == 2).await;
    let last = switch(&follows, "a", 10).await;
    follows.wait_for::<Switches>(&last, SOON).await.unwrap();
    assert_eq!(times(&follows, "a").await, 13);

    assert_eq!(follows.undo_rebuild::<Switches>().await.unwrap(), 1);
    until(&follows, |status| status.generation == 1).await;
    // What was wrong still is; what came later is not.
    assert_eq!(times(&follows, "a").await, 6 + 10);
    let last = switch(&follows, "a", 1).await;
    follows.wait_for::<Switches>(&last, SOON).await.unwrap();
    assert_eq!(times(&follows, "a").await, 17);
    // And there again.
    assert_eq!(follows.undo_rebuild::<Switches>().await.unwrap(), 2);
    until(&follows, |status| status.generation == 2).await;
    assert_eq!(times(&follows, "a").await, 14);
    let outcomes = follows.rebuilds("switches").await.unwrap();
    assert_eq!(outcomes.len(), 4, "{outcomes:?}");
}

#[tokio::test]
async fn a_rebuild_can_be_slowed_down_and_cancelled() {
    let store = MemoryStore::new();
    let follows = wrong(&store).await;
    for _ in 0..100 {
        switch(&follows, "c", 10).await;
    }
    let slow = || Rebuild::new("slowly").events_per_second(8);
    follows.rebuild::<Switches>(slow()).await.unwrap();
    until(&follows, |status| {
        let rebuild = status.rebuild.as_ref();
        rebuild.is_some_and(|rebuild| rebuild.time_left.is_some_and(|left| !left.is_zero()))
    })
    .await;
    let error = follows.rebuild::<Switches>(slow()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "projection switches is being rebuilt, generation 2: wait for that, or cancel it"
    );
    assert!(matches!(
        follows.undo_rebuild::<Switches>().await,
        Err(OperationError::Rebuilding { generation: 2, .. })
    ));
    follows.cancel_rebuild::<Switches>().await.unwrap();
    until(&follows, |status| status.rebuild.is_none()).await;
    let error = follows.cancel_rebuild::<Switches>().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "projection switches is not being rebuilt"
    );
    // What was filled is deleted, and the others go on.
    let last = switch(&follows, "a", 1).await;
    follows.wait_for::<Switches>(&last, SOON).await.unwrap();
    assert_eq!(times(&follows, "a").await, 7);
    let deleted = async {
        let views = KeyRange::bucket("projection/switches/2");
        while !store.list(views.clone()).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, deleted).await.unwrap();
    let history = follows.rebuilds("switches").await.unwrap();
    assert_eq!(history[1].outcome, RebuildOutcome::Cancelled);
    let number = follows.rebuild::<Switches>(Rebuild::new("at last")).await;
    let rebuilt = follows.wait_for_rebuild::<Switches>(number.unwrap(), SOON);
    rebuilt.await.unwrap();
    assert_eq!(status(&follows).generation, 3);
    let never = follows.wait_for_rebuild::<Switches>(9, Duration::from_millis(1));
    assert_eq!(
        never.await.unwrap_err().to_string(),
        "generation 9 of projection switches was not complete within 1ms"
    );
    assert_eq!(times(&follows, "a").await, 4);
}

#[tokio::test(start_paused = true)]
async fn a_rebuild_is_completed_though_others_change_the_generations_meanwhile() {
    let faulty = Faulty::default();
    let ironflow = follow(&faulty).await;
    let last = switch(&ironflow, "a", 3).await;
    ironflow.wait_for::<Switches>(&last, SOON).await.unwrap();
    let rebuild = ironflow.rebuild::<Switches>(Rebuild::new("a test"));
    let generation = rebuild.await.unwrap();
    faulty.overtaken_heads.store(10, Ordering::SeqCst);
    let begun = tokio::time::Instant::now();
    let waiting = ironflow.wait_for_rebuild::<Switches>(generation, SOON);
    waiting.await.unwrap();
    assert_eq!(faulty.overtaken_heads.load(Ordering::SeqCst), 0);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn a_rebuild_is_completed_though_whoever_did_it_is_gone_and_nothing_happens_any_more() {
    let store = MemoryStore::new();
    let first = follow(&store).await;
    let last = switch(&first, "a", 3).await;
    first.wait_for::<Switches>(&last, SOON).await.unwrap();
    let rebuild = first.rebuild::<Switches>(Rebuild::new("a test").hold());
    let generation = rebuild.await.unwrap();
    let waiting = first.wait_for_rebuild::<Switches>(generation, SOON);
    waiting.await.unwrap();
    first.stop().await;
    for views in ["switches/1", "switches/2"] {
        are_left_behind(&store, views).await;
    }
    let outside = Ironflow::new(store.clone()).start().await.unwrap();
    outside.release::<Switches>().await.unwrap();
    let second = follow(&store).await;
    let serving = second.wait_until_serving::<Switches>(generation, SOON);
    serving.await.unwrap();
    assert_eq!(times(&second, "a").await, 3);
}

#[tokio::test]
async fn a_paused_projection_stands_still_and_goes_on() {
    let store = MemoryStore::new();
    let follows = wrong(&store).await;
    let asks = Ironflow::new(store.clone()).start().await.unwrap();
    asks.pause("switches").await.unwrap();
    until(&follows, |status| status.state == ProjectionState::Paused).await;
    let last = switch(&follows, "a", 1).await;
    let waited = follows
        .wait_for::<Switches>(&last, Duration::from_millis(30))
        .await;
    let error = waited.unwrap_err();
    assert!(matches!(error, WaitError::Timeout { .. }), "{error}");
    assert!(error.to_string().ends_with(": it is paused"), "{error}");
    assert_eq!(times(&follows, "a").await, 6);
    let lag = asks.projection_lag("switches").await.unwrap();
    assert_eq!(lag.events, 1);
    assert!(lag.time >= Duration::from_millis(30), "{lag:?}");
    assert!(Some(lag.position) < last.position, "{lag:?}");
    assert_eq!(asks.projection_names().await.unwrap(), ["switches"]);
    // One that is started meanwhile does not follow either.
    let second = follow(&store).await;
    until(&second, |status| status.state == ProjectionState::Paused).await;

    asks.resume("switches").await.unwrap();
    for ironflow in [&follows, &second] {
        ironflow.wait_for::<Switches>(&last, SOON).await.unwrap();
        assert_eq!(times(ironflow, "a").await, 7);
        let lag = ironflow.projection_lag("switches").await.unwrap();
        assert_eq!((lag.events, lag.time), (0, Duration::ZERO));
    }
}

#[tokio::test]
async fn one_that_has_failed_is_tried_again_when_it_is_resumed() {
    let store = MemoryStore::new();
    let follows = wrong(&store).await;
    append_stray(&store, "lamp-a", "lamp.exploded", "{}").await;
    let failed = |status: &ProjectionStatus| matches!(status.state, ProjectionState::Failed { .. });
    until(&follows, failed).await;
    let before = status(&follows).updated_at;
    follows.resume("switches").await.unwrap();
    until(&follows, |status| {
        failed(status) && status.updated_at > before
    })
    .await;
}

#[tokio::test]
async fn a_deleted_projection_is_gone_with_all_its_views() {
    let store = MemoryStore::new();
    let follows = wrong(&store).await;
    let asks = Ironflow::new(store.clone()).start().await.unwrap();
    asks.delete_projection("switches").await.unwrap();
    until(&follows, |status| {
        matches!(&status.state, ProjectionState::Failed { error }
            if error == "it was deleted: start the program again")
    })
    .await;
    assert_eq!(times(&asks, "a").await, 0);
    for bucket in [
        "projection/switches/1",
        "projections",
        "projection-checkpoints",
    ] {
        let left = store.list(KeyRange::bucket(bucket)).await.unwrap();
        assert_eq!(left, [], "{bucket}");
    }
    let error = asks.delete_projection("switches").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no projection switches: it is there once a process has followed it"
    );
    let again = follow(&store).await;
    let last = switch(&again, "a", 1).await;
    again.wait_for::<Switches>(&last, SOON).await.unwrap();
    assert_eq!(times(&again, "a").await, 4);
}

#[tokio::test]
async fn what_a_fresh_fold_agrees_with_is_the_same_and_what_is_missing_is_not() {
    let store = MemoryStore::new();
    let follows = wrong(&store).await;
    follows
        .rebuild::<Switches>(Rebuild::new("mended"))
        .await
        .unwrap();
    until(&follows, |status| status.generation == 2).await;
    follows
        .rebuild::<Switches>(Rebuild::new("once more").hold())
        .await
        .unwrap();
    until(&follows, |status| {
        let rebuild = status.rebuild.as_ref();
        rebuild.is_some_and(|rebuild| rebuild.time_left == Some(Duration::ZERO))
    })
    .await;
    let check = follows.check_rebuild::<Switches>().await.unwrap();
    assert_eq!((check.same, check.moving, check.different), (2, 0, 0));
    for (generation, lamp) in [(2, "a"), (3, "b")] {
        let view = Key::new(format!("projection/switches/{generation}"), lamp);
        store.write(vec![Write::delete(view)]).await.unwrap();
    }
    let check = follows.check_rebuild::<Switches>().await.unwrap();
    assert_eq!((check.same, check.moving, check.different), (0, 0, 2));
}

#[tokio::test]
async fn a_fresh_view_has_all_that_was_recorded_before_it_was_asked_for() {
    let store = MemoryStore::new();
    let follows = follow(&store).await;
    let writes = Ironflow::new(store.clone()).start().await.unwrap();
    let lamp = "a".to_owned();
    assert_eq!(follows.fresh::<Switches>(&lamp).await.unwrap(), None);
    for round in 1..=20 {
        // Events that it does not read are no reason to wait.
        append_stray(&store, "other-1", "other.happened", "null").await;
        switch(&writes, "a", 1).await;
        let view = follows.fresh::<Switches>(&lamp).await.unwrap().unwrap();
        assert_eq!(view.state.times, round);
    }
    let before = switch(&writes, "a", 1).await;
    follows.wait_for::<Switches>(&before, SOON).await.unwrap();
    writes.pause("switches").await.unwrap();
    until(&follows, |status| status.state == ProjectionState::Paused).await;
    switch(&writes, "a", 1).await;
    // It cannot become any fresher, and for the one before it need not.
    let time = Duration::from_millis(30);
    let fresh = || follows.fresh::<Switches>(&lamp).within(time);
    let error = fresh().await.unwrap_err();
    assert!(error.to_string().ends_with(": it is paused"), "{error}");
    let view = fresh().after(&before).await.unwrap().unwrap();
    assert_eq!(view.state.times, 21);
    let shown = fresh().or_stale().await.unwrap();
    assert_eq!(shown.view.unwrap().state.times, 21);
    let why = shown.stale.unwrap();
    assert!(matches!(why, WaitError::Timeout { .. }), "{why}");
    let shown = fresh().after(&before).or_stale().await.unwrap();
    assert!(shown.stale.is_none());
    // Nor is an error a stale view that waiting does not mend.
    let error = writes.fresh::<Switches>(&lamp).or_stale().await;
    let error = error.unwrap_err();
    assert!(
        matches!(error, FreshError::Wait(WaitError::NotFollowed { .. })),
        "{error}"
    );
}
