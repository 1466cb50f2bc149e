//! Views that an event cannot be applied to: they wait, and the others go on.

use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ironflow_domain::store::{Key, KeyValueStore, MemoryStore, Store, Write};
use ironflow_domain::{
    Aggregate, Decide, Decision, Fold, Ironflow, OperationError, Partition, Project, Projection,
    ProjectionState, ProjectionStatus, Receipt, Recorded, Unpartitioned, ViewOperation, WaitError,
    command, event,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::faulty::Faulty;
use crate::standby::{are_left_behind, owner};

const SOON: Duration = Duration::from_secs(10);

#[event("jar")]
enum JarEvent {
    Filled { grams: u32 },
    Labelled,
}

#[derive(Aggregate, Default)]
#[aggregate(event = JarEvent, error = std::convert::Infallible)]
struct Jar;

impl Fold for Jar {
    fn fold(&mut self, _: &JarEvent) {}
}

#[command(Jar)]
struct Fill(Vec<u32>);

impl Decide<Fill> for Jar {
    fn decide(&self, Fill(grams): Fill) -> Decision<Self> {
        let filled = |grams| JarEvent::Filled { grams };
        let mut events: Vec<_> = grams.into_iter().map(filled).collect();
        events.push(JarEvent::Labelled);
        Ok(events.into())
    }
}

thread_local! {
    /// Whether thirteen grams are too much for the code.
    static IS_BROKEN: Cell<bool> = const { Cell::new(true) };
    /// How many events of jar `b` were applied.
    static APPLIED: Cell<u32> = const { Cell::new(0) };
}

/// What is in each jar.
#[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
#[projection("jars", partition = String, of(JarEvent))]
struct Contents {
    grams: Vec<u32>,
    labels: u32,
    #[serde(default)]
    weight: f64,
}

impl Project<JarEvent> for Contents {
    fn partition(event: &Recorded<JarEvent>) -> Partition<String> {
        match event.data {
            JarEvent::Filled { .. } => Partition::Key(event.stream.id().to_owned()),
            JarEvent::Labelled => Partition::SameStream,
        }
    }

    fn project(&mut self, event: &Recorded<JarEvent>) {
        if event.stream.id() == "b" {
            APPLIED.set(APPLIED.get() + 1);
        }
        match event.data {
            JarEvent::Labelled => self.labels += 1,
            JarEvent::Filled { grams } => {
                // Half of it is done when it panics.
                self.grams.push(grams);
                assert!(grams != 13 || !IS_BROKEN.get(), "an unlucky number");
                if grams == 14 && IS_BROKEN.get() {
                    self.weight = f64::NAN;
                }
            }
        }
    }
}

/// What is in all of them.
#[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
#[projection("pantry", of(JarEvent))]
struct Pantry {
    grams: u32,
}

impl Project<JarEvent> for Pantry {
    fn partition(_: &Recorded<JarEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, event: &Recorded<JarEvent>) {
        if let JarEvent::Filled { grams } = event.data {
            assert!(grams != 13 || !IS_BROKEN.get(), "an unlucky number");
            self.grams += grams;
        }
    }
}

async fn start<P: Projection>(store: &(impl Store + Clone)) -> Ironflow {
    Ironflow::new(store.clone())
        .projection::<P>()
        .poll_interval(Duration::from_millis(5))
        .take_over_after(Duration::from_millis(50))
        .start()
        .await
        .unwrap()
}

async fn fill(ironflow: &Ironflow, jar: &str, grams: &[u32]) -> Receipt {
    let jar = ironflow.of::<Jar>(jar);
    jar.execute(Fill(grams.to_vec())).await.unwrap()
}

/// What is in a jar, and how often that was said.
async fn contents(ironflow: &Ironflow, jar: &str) -> (Vec<u32>, u32) {
    let view = ironflow.query::<Contents>(&jar.to_owned()).await.unwrap();
    let view = view.unwrap_or_default();
    (view.grams, view.labels)
}

async fn shows(ironflow: &Ironflow, jar: &str, receipt: &Receipt) -> Result<(), WaitError> {
    ironflow
        .wait_for_view::<Contents>(&jar.to_owned(), receipt, SOON)
        .await
}

async fn until(ironflow: &Ironflow, is_so: impl Fn(&ProjectionStatus) -> bool) {
    let status = || ironflow.projection_statuses().remove(0);
    let wait = async {
        while !is_so(&status()) {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(SOON, wait).await;
    assert!(waited.is_ok(), "{:?}", status());
}

/// One jar is parked, and the other is not.
async fn parked(store: &MemoryStore) -> (Ironflow, Receipt) {
    IS_BROKEN.set(true);
    let follows = start::<Contents>(store).await;
    fill(&follows, "a", &[1]).await;
    let unlucky = fill(&follows, "a", &[2, 13, 3]).await;
    let last = fill(&follows, "b", &[4]).await;
    follows.wait_for::<Contents>(&last, SOON).await.unwrap();
    (follows, unlucky)
}

#[tokio::test]
async fn others_go_on_and_what_is_parked_takes_what_it_missed_once_it_can() {
    let store = MemoryStore::new();
    let (follows, unlucky) = parked(&store).await;
    fill(&follows, "a", &[5]).await;
    let last = fill(&follows, "b", &[6]).await;
    shows(&follows, "b", &last).await.unwrap();
    assert_eq!(contents(&follows, "b").await, (vec![4, 6], 2));
    // Nothing of the event at fault, and all that came before it.
    assert_eq!(contents(&follows, "a").await, (vec![1, 2], 1));
    let status = follows.projection_statuses().remove(0);
    assert_eq!((status.state, status.parked), (ProjectionState::Active, 1));
    let error = shows(&follows, "a", &unlucky).await.unwrap_err();
    let id = unlucky.event_ids[1];
    let told = format!(
        "the view a of projection jars is parked: event jar.filled {id}, version 4 of stream jar-a, \
         made the projection panic: an unlucky number"
    );
    assert_eq!(error.to_string(), told);

    let listed = follows.parked_views("jars").await.unwrap();
    let [view] = &listed[..] else {
        panic!("{listed:?}")
    };
    let event = view.event.as_ref().unwrap();
    assert_eq!(
        (&*view.key, view.attempts, view.is_retried),
        ("a", 3, false)
    );
    assert_eq!((event.id, &*event.stream), (id, "jar-a"));

    // Another process knows.
    follows.stop().await;
    let second = start::<Contents>(&store).await;
    let last = fill(&second, "b", &[7]).await;
    shows(&second, "b", &last).await.unwrap();
    assert_eq!(contents(&second, "a").await, (vec![1, 2], 1));
    let browsed = second.partitions("jars", None, 10).await.unwrap();
    let browsed: Vec<_> = browsed
        .iter()
        .map(|view| (&*view.key, view.is_parked))
        .collect();
    assert_eq!(browsed, [("a", true), ("b", false)]);
    assert_eq!(
        second
            .partitions("jars", Some("a"), 10)
            .await
            .unwrap()
            .len(),
        1
    );

    // It fails once more, and then it does not.
    second.retry_view("jars", "a").await.unwrap();
    let attempts = async {
        while second.parked_views("jars").await.unwrap()[0].attempts != 4 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, attempts).await.unwrap();
    assert_eq!(contents(&second, "a").await, (vec![1, 2], 1));
    IS_BROKEN.set(false);
    second.retry_view("jars", "a").await.unwrap();
    until(&second, |status| status.parked == 0).await;
    assert_eq!(contents(&second, "a").await, (vec![1, 2, 13, 3, 5], 3));
    assert_eq!(second.parked_views("jars").await.unwrap(), []);
    let last = fill(&second, "a", &[8]).await;
    shows(&second, "a", &last).await.unwrap();
    assert_eq!(contents(&second, "a").await, (vec![1, 2, 13, 3, 5, 8], 4));
    assert_eq!(contents(&second, "b").await, (vec![4, 6, 7], 3));
}

#[tokio::test]
async fn an_event_is_skipped_where_somebody_says_so_and_nowhere_else() {
    let store = MemoryStore::new();
    let (follows, unlucky) = parked(&store).await;
    let id = unlucky.event_ids[1];
    let skipped = follows.skip_event("jars", "a", id, "thirteen is too many");
    skipped.await.unwrap();
    until(&follows, |status| status.parked == 0).await;
    assert_eq!(contents(&follows, "a").await, (vec![1, 2, 3], 2));
    let last = fill(&follows, "a", &[9]).await;
    shows(&follows, "a", &last).await.unwrap();
    assert_eq!(contents(&follows, "a").await, (vec![1, 2, 3, 9], 3));

    follows.rebuild_view("jars", "b").await.unwrap();
    let done = follows.projection_operations("jars").await.unwrap();
    let done = done.into_iter().map(|it| (it.generation, it.key, it.what));
    let done: Vec<_> = done.collect();
    let [(1, of_a, skipped), (1, of_b, ViewOperation::Rebuilt)] = &done[..] else {
        panic!("{done:?}");
    };
    assert_eq!((of_a.as_str(), of_b.as_str()), ("a", "b"));
    let ViewOperation::Skipped { event, reason, .. } = skipped else {
        panic!("{skipped:?}");
    };
    assert_eq!((*event, reason.as_str()), (id, "thirteen is too many"));
    until(&follows, |status| status.parked == 0).await;

    let error = follows
        .skip_event("jars", "a", id, "again")
        .await
        .unwrap_err();
    let told = "the view a of projection jars is not parked";
    assert_eq!(error.to_string(), told);
    let error = follows.retry_view("rings", "a").await.unwrap_err();
    assert!(matches!(error, OperationError::Unknown { .. }), "{error}");
}

#[tokio::test]
async fn a_view_that_cannot_be_written_is_parked_too() {
    IS_BROKEN.set(true);
    let store = MemoryStore::new();
    let follows = start::<Contents>(&store).await;
    let before = fill(&follows, "a", &[1]).await;
    shows(&follows, "a", &before).await.unwrap();
    fill(&follows, "a", &[14]).await;
    let last = fill(&follows, "b", &[2]).await;
    shows(&follows, "b", &last).await.unwrap();
    assert_eq!(contents(&follows, "a").await, (vec![1], 1));
    let listed = follows.parked_views("jars").await.unwrap();
    let event = listed[0].event.as_ref().unwrap();
    assert!(
        event.error.contains("cannot be stored as JSON"),
        "{event:?}"
    );
    IS_BROKEN.set(false);
    follows.retry_view("jars", "a").await.unwrap();
    until(&follows, |status| status.parked == 0).await;
    assert_eq!(contents(&follows, "a").await, (vec![1, 14], 2));
}

#[tokio::test]
async fn much_that_came_before_it_in_the_same_batch_is_kept() {
    IS_BROKEN.set(true);
    let store = MemoryStore::new();
    let nobody = Ironflow::new(store.clone()).start().await.unwrap();
    // Several pages, which are written at once.
    for round in 0..10 {
        fill(&nobody, "a", &vec![1; 999]).await;
        fill(&nobody, "b", &vec![2; 999]).await;
        if round == 7 {
            fill(&nobody, "a", &[13]).await;
        }
    }
    let follows = start::<Contents>(&store).await;
    let last = fill(&follows, "b", &[2]).await;
    shows(&follows, "b", &last).await.unwrap();
    let (grams, labels) = contents(&follows, "a").await;
    assert_eq!((grams.len(), labels), (8 * 999, 8));
    assert_eq!(contents(&follows, "b").await.1, 11);
    IS_BROKEN.set(false);
    follows.retry_view("jars", "a").await.unwrap();
    until(&follows, |status| status.parked == 0).await;
    let (grams, labels) = contents(&follows, "a").await;
    assert_eq!((grams.len(), labels), (10 * 999 + 1, 11));
}

#[tokio::test]
async fn one_view_is_filled_again_and_the_others_are_not() {
    IS_BROKEN.set(false);
    let store = MemoryStore::new();
    let follows = start::<Contents>(&store).await;
    fill(&follows, "a", &[1, 13]).await;
    let last = fill(&follows, "b", &[2]).await;
    shows(&follows, "b", &last).await.unwrap();
    follows.stop().await;
    for jar in ["a", "b"] {
        let key = Key::new("projection/jars/1", jar);
        let entry = store.get(&key).await.unwrap().unwrap();
        let mut view: Value = serde_json::from_slice(&entry.value).unwrap();
        view["state"]["grams"] = [99].into();
        let wrong = Write::put(key, view.to_string());
        store.write(vec![wrong]).await.unwrap();
    }
    let follows = start::<Contents>(&store).await;
    let last = fill(&follows, "a", &[3]).await;
    shows(&follows, "a", &last).await.unwrap();
    assert_eq!(contents(&follows, "a").await, (vec![99, 3], 2));
    APPLIED.set(0);
    follows.rebuild_view("jars", "a").await.unwrap();
    let last = fill(&follows, "a", &[4]).await;
    let filled = async {
        while contents(&follows, "a").await.0[0] == 99 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, filled).await.unwrap();
    until(&follows, |status| status.parked == 0).await;
    shows(&follows, "a", &last).await.unwrap();
    assert_eq!(contents(&follows, "a").await, (vec![1, 13, 3, 4], 3));
    assert_eq!(contents(&follows, "b").await, (vec![99], 1));
    assert_eq!(APPLIED.get(), 0);
    // What no event has reached is not there afterwards.
    follows.rebuild_view("jars", "c").await.unwrap();
    let gone = async {
        while !follows.parked_views("jars").await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, gone).await.unwrap();
    assert_eq!(contents(&follows, "c").await, (vec![], 0));
}

#[tokio::test]
async fn where_there_is_only_one_view_the_projection_has_failed() {
    IS_BROKEN.set(true);
    let store = MemoryStore::new();
    let follows = start::<Pantry>(&store).await;
    fill(&follows, "a", &[1]).await;
    let last = fill(&follows, "a", &[13]).await;
    let error = follows.wait_for::<Pantry>(&last, SOON).await.unwrap_err();
    let told = "made the projection panic: an unlucky number";
    assert!(error.to_string().ends_with(told), "{error}");
    until(&follows, |status| {
        matches!(&status.state, ProjectionState::Failed { error } if error.ends_with(told))
    })
    .await;
    IS_BROKEN.set(false);
    follows.retry_view("pantry", "__global__").await.unwrap();
    until(&follows, |status| status.state == ProjectionState::Active).await;
    follows.wait_for::<Pantry>(&last, SOON).await.unwrap();
    let pantry = follows.query::<Pantry>(&Unpartitioned);
    assert_eq!(pantry.await.unwrap().unwrap().grams, 14);
}

#[tokio::test]
async fn and_so_it_has_where_another_process_fills_it() {
    IS_BROKEN.set(true);
    let store = MemoryStore::new();
    let follows = start::<Pantry>(&store).await;
    let stands_by = start::<Pantry>(&store).await;
    fill(&follows, "a", &[1]).await;
    let last = fill(&follows, "a", &[13]).await;
    for ironflow in [&follows, &stands_by] {
        let error = ironflow.wait_for::<Pantry>(&last, SOON).await.unwrap_err();
        let told = "made the projection panic: an unlucky number";
        assert!(error.to_string().ends_with(told), "{error}");
    }
    IS_BROKEN.set(false);
    stands_by.retry_view("pantry", "__global__").await.unwrap();
    for ironflow in [&follows, &stands_by] {
        until(ironflow, |status| status.state == ProjectionState::Active).await;
        ironflow.wait_for::<Pantry>(&last, SOON).await.unwrap();
    }
}

#[tokio::test]
async fn a_parked_view_is_stale_for_whoever_wants_a_fresh_one() {
    let store = MemoryStore::new();
    let (follows, _) = parked(&store).await;
    let [a, b] = ["a", "b"].map(str::to_owned);
    let error = follows.fresh::<Contents>(&a).await.unwrap_err();
    assert!(error.to_string().contains("is parked: "), "{error}");
    let shown = follows.fresh::<Contents>(&a).or_stale().await.unwrap();
    assert_eq!(shown.view.unwrap().state.grams, [1, 2]);
    let why = shown.stale.unwrap();
    assert!(matches!(why, WaitError::Parked { .. }), "{why}");
    let other = follows.fresh::<Contents>(&b).await.unwrap().unwrap();
    assert_eq!(other.state.grams, [4]);
}

#[tokio::test]
async fn a_retry_is_done_though_whoever_filled_the_views_is_gone() {
    let store = MemoryStore::new();
    let (follows, _) = parked(&store).await;
    follows.stop().await;
    are_left_behind(&store, "jars/1").await;
    let stands_by = Ironflow::new(store)
        .projection::<Contents>()
        .poll_interval(Duration::from_millis(5))
        // Not because of the events that come.
        .take_over_after(Duration::from_hours(1));
    let stands_by = stands_by.start().await.unwrap();
    IS_BROKEN.set(false);
    stands_by.retry_view("jars", "a").await.unwrap();
    until(&stands_by, |status| {
        status.parked == 0 && status.state == ProjectionState::Active
    })
    .await;
    assert_eq!(contents(&stands_by, "a").await, (vec![1, 2, 13, 3], 2));
}

#[tokio::test]
async fn and_so_it_is_where_they_were_gone_before_it_was_done() {
    let store = MemoryStore::new();
    let (follows, _) = parked(&store).await;
    follows.stop().await;
    IS_BROKEN.set(false);
    follows.retry_view("jars", "a").await.unwrap();
    // It has begun with it, and no event comes after that.
    are_left_behind(&store, "jars/1").await;
    let stands_by = start::<Contents>(&store).await;
    until(&stands_by, |status| {
        status.parked == 0 && status.state == ProjectionState::Active
    })
    .await;
    assert_eq!(contents(&stands_by, "a").await, (vec![1, 2, 13, 3], 2));
}

#[tokio::test]
async fn one_that_fills_a_view_again_for_long_is_not_taken_for_gone() {
    let store = Faulty::default();
    let follows = start::<Contents>(&store).await;
    let last = fill(&follows, "a", &[1]).await;
    shows(&follows, "a", &last).await.unwrap();
    let other = start::<Contents>(&store).await;
    store.hangs_at_start.send_replace(true);
    follows.rebuild_view("jars", "a").await.unwrap();
    // One of them does it.
    let begun = async {
        while owner(&store.store, "jars/1").await == Value::Null {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, begun).await.unwrap();
    let before = owner(&store.store, "jars/1").await;
    // Ten times as long as it takes until another one takes over.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(owner(&store.store, "jars/1").await, before);
    store.hangs_at_start.send_replace(false);
    for ironflow in [&follows, &other] {
        until(ironflow, |status| status.parked == 0).await;
    }
}

#[tokio::test]
async fn what_is_parked_is_known_whatever_is_said_late_by_one_that_was_told_to_stop() {
    let store = Faulty::default();
    let follows = start::<Contents>(&store).await;
    let outside = Ironflow::new(store.store.clone()).start().await.unwrap();
    let last = fill(&outside, "a", &[1]).await;
    shows(&follows, "a", &last).await.unwrap();
    // It has written what it is at, and does not know it when it is told to stop.
    store.held_writes.store(1, Ordering::SeqCst);
    fill(&outside, "a", &[2]).await;
    let is_held = async {
        while store.held_writes.load(Ordering::SeqCst) > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, is_held).await.unwrap();
    outside.pause("jars").await.unwrap();
    until(&follows, |status| status.state == ProjectionState::Paused).await;
    outside.resume("jars").await.unwrap();
    // It goes on, and a view does not.
    store.hangs_at_start.send_replace(true);
    outside.rebuild_view("jars", "a").await.unwrap();
    until(&follows, |status| status.parked == 1).await;
    let last = fill(&outside, "a", &[3]).await;
    let other = fill(&outside, "b", &[4]).await;
    shows(&follows, "b", &other).await.unwrap();
    store.let_go.notify_one();
    let waited = follows
        .wait_for_view::<Contents>(&"a".to_owned(), &last, Duration::from_millis(100))
        .await;
    assert!(
        matches!(waited, Err(WaitError::Timeout { .. })),
        "{waited:?}"
    );
    assert_eq!(follows.projection_statuses()[0].parked, 1);
    store.hangs_at_start.send_replace(false);
    shows(&follows, "a", &last).await.unwrap();
    assert_eq!(contents(&follows, "a").await, (vec![1, 2, 3], 3));
}
