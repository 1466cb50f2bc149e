//! Several processes that follow the same projection: one at a time does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ironflow_domain::store::{Key, KeyValueStore, MemoryStore, ReadLog, Write};
use ironflow_domain::{
    Aggregate, Decide, Decision, EventId, Fold, Ironflow, Partition, Position, Project, Projection,
    ProjectionState, Receipt, Recorded, WaitError, command, event,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

const SOON: Duration = Duration::from_secs(10);
/// Longer than any of these tests takes.
const NEVER: Duration = Duration::from_hours(1);

#[event("bell")]
enum BellEvent {
    Rung { loud: bool },
}

#[derive(Aggregate, Default)]
#[aggregate(event = BellEvent, error = std::convert::Infallible)]
struct Bell;

impl Fold for Bell {
    fn fold(&mut self, _: &BellEvent) {}
}

#[command(Bell)]
struct Ring {
    loud: bool,
}

impl Decide<Ring> for Bell {
    fn decide(&self, Ring { loud }: Ring) -> Decision<Self> {
        Ok(vec![BellEvent::Rung { loud }].into())
    }
}

/// How many events were applied, by all.
static APPLIED: AtomicU64 = AtomicU64::new(0);

/// Counts those that are loud.
#[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
#[projection("rings", partition = String, of(BellEvent))]
struct Rings {
    times: u64,
}

impl Project<BellEvent> for Rings {
    fn partition(event: &Recorded<BellEvent>) -> Partition<String> {
        let BellEvent::Rung { loud } = event.data;
        if loud {
            Partition::Key(event.stream.id().to_owned())
        } else {
            Partition::Nowhere
        }
    }

    fn project(&mut self, event: &Recorded<BellEvent>) {
        if event.stream.id() == "counted" {
            APPLIED.fetch_add(1, Ordering::SeqCst);
        }
        self.times += 1;
    }
}

async fn follow(store: &MemoryStore, take_over_after: Duration) -> Ironflow {
    Ironflow::new(store.clone())
        .projection::<Rings>()
        .poll_interval(Duration::from_millis(5))
        .take_over_after(take_over_after)
        .most_waiters(2)
        .start()
        .await
        .unwrap()
}

async fn ring(ironflow: &Ironflow, bell: &str, loud: bool) -> Receipt {
    ironflow
        .of::<Bell>(bell)
        .execute(Ring { loud })
        .await
        .unwrap()
}

async fn times(ironflow: &Ironflow, bell: &str) -> u64 {
    let view = ironflow.query::<Rings>(&bell.to_owned()).await.unwrap();
    view.map_or(0, |view| view.times)
}

async fn active(ironflow: &Ironflow) {
    let is_active = async {
        while ironflow.projection_statuses()[0].state != ProjectionState::Active {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, is_active).await.unwrap();
}

pub(crate) async fn owner(store: &MemoryStore, views: &str) -> Value {
    let (_, checkpoint) = checkpoint(store, views).await;
    checkpoint["owner"].clone()
}

async fn checkpoint(store: &MemoryStore, views: &str) -> (Key, Value) {
    let key = Key::new("projection-checkpoints", views);
    let entry = store.get(&key).await.unwrap().unwrap();
    (key, serde_json::from_slice(&entry.value).unwrap())
}

/// As it is where the process that filled the views of a generation has been killed.
pub(crate) async fn are_left_behind(store: &MemoryStore, views: &str) {
    let (key, mut checkpoint) = checkpoint(store, views).await;
    checkpoint["owner"] = "somebody who is gone".into();
    let write = Write::put(key, checkpoint.to_string());
    store.write(vec![write]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_applied_by_one_of_them() {
    let store = MemoryStore::new();
    let first = follow(&store, NEVER).await;
    active(&first).await;
    let second = follow(&store, NEVER).await;
    for round in 1..=100 {
        let rings = if round % 2 == 0 { &first } else { &second };
        let last = ring(rings, "counted", true).await;
        for ironflow in [&first, &second] {
            ironflow.wait_for::<Rings>(&last, SOON).await.unwrap();
            assert_eq!(times(ironflow, "counted").await, round);
        }
    }
    assert_eq!(APPLIED.load(Ordering::SeqCst), 100);
}

#[tokio::test]
async fn one_that_stops_leaves_it_to_the_other_at_once() {
    let store = MemoryStore::new();
    let first = follow(&store, NEVER).await;
    let last = ring(&first, "a", true).await;
    first.wait_for::<Rings>(&last, SOON).await.unwrap();
    let second = follow(&store, NEVER).await;
    let before = owner(&store, "rings/1").await;
    assert!(before.is_string(), "{before}");
    first.stop().await;
    let last = ring(&second, "a", true).await;
    second.wait_for::<Rings>(&last, SOON).await.unwrap();
    assert_eq!(times(&second, "a").await, 2);
    let after = owner(&store, "rings/1").await;
    assert!(after.is_string() && after != before, "{before}, {after}");
    second.stop().await;
    assert_eq!(owner(&store, "rings/1").await, Value::Null);
}

/// A process of its own, as far as tokio knows.
fn process() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn another_takes_over_from_one_that_is_gone() {
    let store = MemoryStore::new();
    let died = process();
    let patience = Duration::from_millis(300);
    let first = died.block_on(async {
        let first = follow(&store, patience).await;
        let last = ring(&first, "a", true).await;
        first.wait_for::<Rings>(&last, SOON).await.unwrap();
        first
    });
    process().block_on(async {
        let second = follow(&store, patience).await;
        // Nothing of it goes any further.
        died.shutdown_background();
        let begun = Instant::now();
        let last = ring(&second, "a", true).await;
        second.wait_for::<Rings>(&last, SOON).await.unwrap();
        let waited = begun.elapsed();
        assert!(waited >= patience, "{waited:?}");
        assert_eq!(times(&second, "a").await, 2);
        drop(first);
        // From then on it follows at once.
        let last = ring(&second, "a", true).await;
        second.wait_for::<Rings>(&last, patience / 2).await.unwrap();
    });
}

#[tokio::test]
async fn one_that_stands_by_knows_that_there_is_nothing_to_apply() {
    let store = MemoryStore::new();
    let first = follow(&store, NEVER).await;
    let last = ring(&first, "a", true).await;
    first.wait_for::<Rings>(&last, SOON).await.unwrap();
    let second = follow(&store, NEVER).await;
    // No event of the category.
    let position = last.position.unwrap();
    second.wait_for::<Rings>(position, SOON).await.unwrap();
    assert_eq!(
        second.projection_statuses()[0].state,
        ProjectionState::Active
    );
}

#[tokio::test]
async fn one_that_applies_nothing_of_what_it_reads_is_not_taken_for_gone() {
    let store = MemoryStore::new();
    let patience = Duration::from_millis(400);
    let first = follow(&store, patience).await;
    let last = ring(&first, "a", true).await;
    first.wait_for::<Rings>(&last, SOON).await.unwrap();
    let second = follow(&store, patience).await;
    let before = owner(&store, "rings/1").await;
    let begun = Instant::now();
    while begun.elapsed() < 2 * patience {
        let last = ring(&second, "a", false).await;
        second.wait_for::<Rings>(&last, SOON).await.unwrap();
    }
    assert_eq!(owner(&store, "rings/1").await, before);
}

#[tokio::test]
async fn it_can_be_waited_for_by_position_and_by_event() {
    let store = MemoryStore::new();
    let follows = follow(&store, NEVER).await;
    let last = ring(&follows, "a", true).await;
    let position = last.position.unwrap();
    follows
        .wait_for::<Rings>(last.event_ids[0], SOON)
        .await
        .unwrap();
    assert_eq!(times(&follows, "a").await, 1);
    follows.wait_for::<Rings>(position, SOON).await.unwrap();
    let unknown: EventId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
    let error = follows.wait_for::<Rings>(unknown, SOON).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("event {unknown} is not recorded, so projection rings never comes to it")
    );
    let read = ironflow_domain::store::StreamStore::read_log(&store, ReadLog::after(position));
    assert!(read.await.unwrap().at_end);
}

#[tokio::test]
async fn no_more_wait_than_may() {
    let store = MemoryStore::new();
    let follows = Arc::new(follow(&store, NEVER).await);
    let far = Position::new(0, 1_000);
    let wait = |time| {
        let follows = Arc::clone(&follows);
        async move { follows.wait_for::<Rings>(far, time).await }
    };
    let two = [tokio::spawn(wait(NEVER)), tokio::spawn(wait(NEVER))];
    // Both have begun to wait when this goes on.
    tokio::task::yield_now().await;
    let error = wait(NEVER).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "2 wait already: see whether they move, or raise `.most_waiters(…)` of \
         `Ironflow::new(…)`"
    );
    for task in two {
        task.abort();
        task.await.unwrap_err();
    }
    let error = wait(Duration::from_millis(1)).await.unwrap_err();
    assert!(matches!(error, WaitError::Timeout { .. }), "{error}");
}
