//! Being told of each new state of a view.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ironflow_domain::store::{MemoryStore, Store};
use ironflow_domain::{
    Aggregate, Decide, Decision, Fold, Ironflow, Partition, Position, Project, Projection, Rebuild,
    Receipt, Recorded, Subscription, SubscriptionError, ViewChange, command, event,
};
use serde::{Deserialize, Serialize};

use crate::faulty::Faulty;

const SOON: Duration = Duration::from_secs(10);

#[event("door")]
enum DoorEvent {
    Opened,
}

#[derive(Aggregate, Default)]
#[aggregate(event = DoorEvent, error = std::convert::Infallible)]
struct Door;

impl Fold for Door {
    fn fold(&mut self, _: &DoorEvent) {}
}

#[command(Door)]
struct Open;

impl Decide<Open> for Door {
    fn decide(&self, Open: Open) -> Decision<Self> {
        Ok(vec![DoorEvent::Opened].into())
    }
}

#[derive(Projection, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[projection("doors", partition = String, of(DoorEvent))]
struct Openings {
    times: u64,
}

impl Project<DoorEvent> for Openings {
    fn partition(event: &Recorded<DoorEvent>) -> Partition<String> {
        Partition::Key(event.stream.id().to_owned())
    }

    fn project(&mut self, _: &Recorded<DoorEvent>) {
        self.times += 1;
    }
}

async fn follow(store: &(impl Store + Clone)) -> Ironflow {
    Ironflow::new(store.clone())
        .projection::<Openings>()
        .poll_interval(Duration::from_millis(5))
        .take_over_after(Duration::from_hours(1))
        .start()
        .await
        .unwrap()
}

async fn open(ironflow: &Ironflow, door: &str) -> Receipt {
    ironflow.of::<Door>(door).execute(Open).await.unwrap()
}

type Told = Option<Result<ViewChange<Openings>, SubscriptionError>>;

async fn told(openings: &mut Subscription<Openings>) -> Told {
    tokio::time::timeout(SOON, openings.next()).await.unwrap()
}

/// The next view, and how often the door was opened by then.
async fn view(openings: &mut Subscription<Openings>) -> (String, u64, Option<u64>) {
    let change = told(openings).await.unwrap().unwrap();
    let ViewChange::View { key, view, .. } = change else {
        panic!("{change:?}")
    };
    let position = view.last_event_position.minor();
    (key, view.state.times, Some(position))
}

#[tokio::test]
async fn each_new_state_comes_with_the_event_that_made_it() {
    let store = MemoryStore::new();
    let follows = follow(&store).await;
    // Another process fills the views for this one.
    let stands_by = follow(&store).await;
    let mut last = open(&follows, "a").await;
    for ironflow in [&follows, &stands_by] {
        ironflow.wait_for::<Openings>(&last, SOON).await.unwrap();
        let mut all = ironflow.subscribe::<Openings>().unwrap();
        let mut only_b = ironflow
            .subscribe_view::<Openings>(&"b".to_owned())
            .unwrap();
        for round in 1..4 {
            for door in ["a", "b"] {
                let before = follows.query::<Openings>(&door.to_owned()).await.unwrap();
                let times = before.map_or(0, |view| view.times) + 1;
                last = open(&follows, door).await;
                let position = last.position.map(Position::minor);
                let expected = (door.to_owned(), times, position);
                assert_eq!(view(&mut all).await, expected, "{round}");
                if door == "b" {
                    assert_eq!(view(&mut only_b).await, expected, "{round}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_others_write_before_it_has_looked_is_told_too() {
    let faulty = Faulty::default();
    let follows = follow(&faulty.store).await;
    let stands_by = follow(&faulty).await;
    let mut openings = stands_by.subscribe::<Openings>().unwrap();
    faulty.refused_gets.store(usize::MAX, Ordering::SeqCst);
    let last = open(&follows, "a").await;
    follows.wait_for::<Openings>(&last, SOON).await.unwrap();
    faulty.refused_gets.store(0, Ordering::SeqCst);
    let position = last.position.map(Position::minor);
    assert_eq!(view(&mut openings).await, ("a".to_owned(), 1, position));
}

#[tokio::test]
async fn who_is_too_slow_is_told_and_goes_on() {
    let store = MemoryStore::new();
    let follows = follow(&store).await;
    let mut openings = follows.subscribe::<Openings>().unwrap();
    let mut last = open(&follows, "0").await;
    for door in 1..5_000 {
        last = open(&follows, &door.to_string()).await;
    }
    follows.wait_for::<Openings>(&last, SOON).await.unwrap();
    let error = told(&mut openings).await.unwrap().unwrap_err();
    let SubscriptionError::Lagged { missed, .. } = error else {
        panic!("{error}")
    };
    let mut changes = 0;
    while changes + missed < 5_000 {
        view(&mut openings).await;
        changes += 1;
    }
    open(&follows, "last").await;
    assert_eq!(view(&mut openings).await.0, "last");
}

#[tokio::test]
async fn a_rebuild_is_told_once_it_is_complete_and_not_on_its_way() {
    let store = MemoryStore::new();
    let follows = follow(&store).await;
    let last = open(&follows, "a").await;
    follows.wait_for::<Openings>(&last, SOON).await.unwrap();
    let mut openings = follows.subscribe::<Openings>().unwrap();
    let rebuild = Rebuild::new("to see what is told");
    follows.rebuild::<Openings>(rebuild).await.unwrap();
    let change = told(&mut openings).await.unwrap().unwrap();
    assert!(
        matches!(change, ViewChange::Rebuilt { generation: 2, .. }),
        "{change:?}"
    );
    open(&follows, "a").await;
    assert_eq!(view(&mut openings).await.1, 2);
    // Nobody tells of a projection that has stopped.
    follows.stop().await;
    assert!(told(&mut openings).await.is_none());
}

#[tokio::test]
async fn what_is_not_followed_cannot_be_subscribed_to() {
    let asks = Ironflow::new(MemoryStore::new()).start().await.unwrap();
    let error = asks.subscribe::<Openings>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "projection doors is not followed here: add `.projection::<…>()` to `Ironflow::new(…)`"
    );
}
