//! Projections against a store that fails, and against events and views that do not survive being
//! stored.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ironflow_domain::store::{MemoryStore, Store};
use ironflow_domain::{
    Aggregate, Decide, Decision, Events, ExecuteError, Fold, Ironflow, Partition, Project,
    Projection, ProjectionState, Receipt, Recorded, Timestamp, Unpartitioned, command, event,
};
use serde::{Deserialize, Serialize};

use crate::faulty::Faulty;

const SOON: Duration = Duration::from_secs(10);

#[event("parcel")]
enum ParcelEvent {
    Assigned { driver: String },
    Scanned,
    Weighed { kilos: f64, at: Timestamp },
    Lost,
}

#[event("van")]
enum VanEvent {
    Started,
}

#[derive(Aggregate, Default)]
#[aggregate(event = ParcelEvent, error = std::fmt::Error)]
struct Parcel {
    is_lost: bool,
}

impl Fold for Parcel {
    fn fold(&mut self, event: &ParcelEvent) {
        self.is_lost |= *event == ParcelEvent::Lost;
    }
}

/// Decides upon whatever it is told to.
#[command(Parcel)]
struct Say(Vec<ParcelEvent>);

impl Decide<Say> for Parcel {
    fn decide(&self, Say(events): Say) -> Decision<Self> {
        Ok(events.into())
    }
}

#[derive(Aggregate, Default)]
#[aggregate(event = VanEvent, error = std::fmt::Error)]
struct Van;

impl Fold for Van {
    fn fold(&mut self, _: &VanEvent) {}
}

#[command(Van)]
struct Start;

impl Decide<Start> for Van {
    fn decide(&self, _: Start) -> Decision<Self> {
        Ok(Events::from([VanEvent::Started]))
    }
}

/// Idempotent by its own rule.
#[command(Parcel)]
struct Lose;

impl Decide<Lose> for Parcel {
    fn decide(&self, _: Lose) -> Decision<Self> {
        if self.is_lost {
            return Ok(Events::none());
        }
        Ok(Events::from([ParcelEvent::Lost]))
    }
}

/// One view for each driver; insists that it sees every event once.
#[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
#[projection("driver", partition = String, of(ParcelEvent))]
struct Driver {
    seen: Vec<String>,
}

impl Project<ParcelEvent> for Driver {
    fn partition(event: &Recorded<ParcelEvent>) -> Partition<String> {
        match &event.data {
            ParcelEvent::Assigned { driver } => Partition::Key(driver.clone()),
            ParcelEvent::Scanned | ParcelEvent::Lost => Partition::SameStream,
            ParcelEvent::Weighed { .. } => Partition::Nowhere,
        }
    }

    fn project(&mut self, event: &Recorded<ParcelEvent>) {
        let seen = format!("{} {}", event.stream.id(), event.version);
        assert!(!self.seen.contains(&seen), "{seen} comes twice");
        self.seen.push(seen);
    }
}

/// A view that cannot always be stored.
#[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
#[projection("average", of(ParcelEvent))]
struct Average {
    kilos: f64,
}

impl Project<ParcelEvent> for Average {
    fn partition(_: &Recorded<ParcelEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, event: &Recorded<ParcelEvent>) {
        match event.data {
            ParcelEvent::Weighed { kilos, .. } => self.kilos = kilos,
            _ => self.kilos /= self.kilos,
        }
    }
}

async fn follow(store: impl Store) -> Ironflow {
    Ironflow::new(store)
        .projection::<Driver>()
        .poll_interval(Duration::from_millis(5))
        .start()
        .await
        .unwrap()
}

async fn say(ironflow: &Ironflow, parcel: &str, events: Vec<ParcelEvent>) -> Receipt {
    ironflow
        .of::<Parcel>(parcel)
        .execute(Say(events))
        .await
        .unwrap()
}

async fn seen(ironflow: &Ironflow, driver: &str) -> Vec<String> {
    let view = ironflow.query::<Driver>(&driver.to_owned()).await.unwrap();
    view.map(|view| view.seen).unwrap_or_default()
}

fn assigned(driver: &str) -> ParcelEvent {
    ParcelEvent::Assigned {
        driver: driver.to_owned(),
    }
}

#[tokio::test]
async fn a_batch_that_failed_leaves_no_route_behind() {
    let faulty = Faulty::default();
    let ironflow = follow(faulty.clone()).await;
    let first = say(&ironflow, "1", vec![assigned("ann")]).await;
    ironflow.wait_for::<Driver>(&first, SOON).await.unwrap();

    faulty.refused_writes.store(1, Ordering::SeqCst);
    let last = say(&ironflow, "1", vec![ParcelEvent::Scanned, assigned("bob")]).await;
    ironflow.wait_for::<Driver>(&last, SOON).await.unwrap();
    assert_eq!(faulty.refused_writes.load(Ordering::SeqCst), 0);
    assert_eq!(seen(&ironflow, "ann").await, ["1 1", "1 2"]);
    assert_eq!(seen(&ironflow, "bob").await, ["1 3"]);
}

#[tokio::test]
async fn a_batch_that_was_written_unnoticed_is_not_applied_again() {
    let faulty = Faulty::default();
    let ironflow = follow(faulty.clone()).await;
    for round in 1..=20_u64 {
        faulty.lost_writes.store(1, Ordering::SeqCst);
        let last = say(&ironflow, "1", vec![assigned("ann")]).await;
        ironflow.wait_for::<Driver>(&last, SOON).await.unwrap();
        let expected: Vec<_> = (1..=round).map(|version| format!("1 {version}")).collect();
        assert_eq!(seen(&ironflow, "ann").await, expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_follower_that_is_overtaken_does_not_give_up() {
    let store = MemoryStore::new();
    let followers = [follow(store.clone()).await, follow(store.clone()).await];
    let mut last = None;
    for round in 0..500 {
        let follower = &followers[round % 2];
        last = Some(say(follower, &(round % 7).to_string(), vec![assigned("ann")]).await);
    }
    let last = last.unwrap();
    for follower in &followers {
        follower.wait_for::<Driver>(&last, SOON).await.unwrap();
    }
    assert_eq!(seen(&followers[0], "ann").await.len(), 500);
}

#[tokio::test]
async fn what_comes_before_an_event_at_fault_is_shown() {
    let store = MemoryStore::new();
    let before = Ironflow::new(store.clone()).start().await.unwrap();
    for parcel in ["1", "2", "3"] {
        say(&before, parcel, vec![assigned("ann")]).await;
    }
    // Nobody was assigned before.
    let last = say(&before, "4", vec![ParcelEvent::Scanned]).await;
    let ironflow = follow(store).await;
    let error = ironflow.wait_for::<Driver>(&last, SOON).await.unwrap_err();
    assert!(
        error.to_string().contains("version 1 of stream parcel-4"),
        "{error}"
    );
    assert_eq!(seen(&ironflow, "ann").await, ["1 1", "2 1", "3 1"]);
}

#[tokio::test]
async fn an_event_that_could_not_be_read_back_is_not_recorded() {
    let ironflow = Ironflow::new(MemoryStore::new()).start().await.unwrap();
    let weighed = |kilos| {
        Say(vec![ParcelEvent::Weighed {
            kilos,
            at: Timestamp::from_micros(0) + Duration::MAX,
        }])
    };
    let error = ironflow
        .of::<Parcel>("1")
        .execute(weighed(f64::NAN))
        .await
        .unwrap_err();
    assert!(matches!(error, ExecuteError::Unreadable { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "event parcel.weighed could not be read back from its stored form, so it was not recorded"
    );
    let receipt = ironflow
        .of::<Parcel>("1")
        .execute(weighed(1.5))
        .await
        .unwrap();
    assert_eq!(receipt.version.get(), 1);
    ironflow.of::<Parcel>("1").load().await.unwrap();
}

#[tokio::test]
async fn a_view_that_could_not_be_read_back_is_not_written() {
    let ironflow = Ironflow::new(MemoryStore::new())
        .projection::<Average>()
        .start()
        .await
        .unwrap();
    let weighed = ParcelEvent::Weighed {
        kilos: 0.0,
        at: Timestamp::from_micros(0),
    };
    let first = say(&ironflow, "1", vec![weighed]).await;
    ironflow.wait_for::<Average>(&first, SOON).await.unwrap();
    // 0 / 0
    let last = say(&ironflow, "1", vec![ParcelEvent::Scanned]).await;
    let error = ironflow.wait_for::<Average>(&last, SOON).await.unwrap_err();
    assert!(
        error.to_string().contains("cannot be stored as JSON"),
        "{error}"
    );
    let view = ironflow.query::<Average>(&Unpartitioned).await.unwrap();
    assert_eq!(view, Some(Average { kilos: 0.0 }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_repeat_of_a_command_that_would_record_nothing_gets_the_first_receipt() {
    let ironflow = Ironflow::new(MemoryStore::new()).start().await.unwrap();
    for round in 0..200 {
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let ironflow = ironflow.clone();
                let id = format!("lose-{round}");
                tokio::spawn(async move {
                    let parcel = ironflow.of::<Parcel>(round);
                    parcel.execute(Lose).command_id(id).await.unwrap()
                })
            })
            .collect();
        for task in tasks {
            let receipt = task.await.unwrap();
            assert_eq!((receipt.event_ids.len(), receipt.version.get()), (1, 1));
        }
    }
}

#[tokio::test]
async fn a_lost_answer_is_found_again_by_the_commands_id() {
    let faulty = Faulty::default();
    let ironflow = Ironflow::new(faulty.clone()).start().await.unwrap();
    let scan = || {
        let parcel = ironflow.of::<Parcel>("1");
        parcel
            .execute(Say(vec![ParcelEvent::Scanned]))
            .command_id("scan-1")
    };
    faulty.lost_appends.store(1, Ordering::SeqCst);
    assert!(matches!(scan().await, Err(ExecuteError::Store(_))));
    let receipt = scan().await.unwrap();
    assert_eq!((receipt.version.get(), receipt.duplicate), (1, true));
}

#[tokio::test]
async fn a_set_that_is_added_to_a_projection_is_read_from_its_first_event() {
    mod more {
        use super::{ParcelEvent, VanEvent};
        use ironflow_domain::{Partition, Project, Projection, Recorded};
        use serde::{Deserialize, Serialize};

        /// Nothing but the sets it reads is another.
        #[derive(Projection, Default, Serialize, Deserialize)]
        #[projection("driver", partition = String, of(ParcelEvent, VanEvent))]
        pub(super) struct Driver {
            pub(super) seen: Vec<String>,
        }

        impl Project<ParcelEvent> for Driver {
            fn partition(event: &Recorded<ParcelEvent>) -> Partition<String> {
                <super::Driver as Project<ParcelEvent>>::partition(event)
            }
            fn project(&mut self, event: &Recorded<ParcelEvent>) {
                self.seen.push(format!("parcel {}", event.stream.id()));
            }
        }

        impl Project<VanEvent> for Driver {
            fn partition(_: &Recorded<VanEvent>) -> Partition<String> {
                Partition::Key("ann".to_owned())
            }
            fn project(&mut self, event: &Recorded<VanEvent>) {
                self.seen.push(format!("van {}", event.stream.id()));
            }
        }
    }

    let store = MemoryStore::new();
    let before = follow(store.clone()).await;
    before.of::<Van>("7").execute(Start).await.unwrap();
    let last = say(&before, "1", vec![assigned("ann")]).await;
    before.wait_for::<Driver>(&last, SOON).await.unwrap();
    assert_eq!(seen(&before, "ann").await, ["1 1"]);
    before.stop().await;

    let after = Ironflow::new(store)
        .projection::<more::Driver>()
        .start()
        .await
        .unwrap();
    after.wait_for::<more::Driver>(&last, SOON).await.unwrap();
    let ann = after
        .query::<more::Driver>(&"ann".to_owned())
        .await
        .unwrap();
    assert_eq!(ann.unwrap().seen, ["van 7", "parcel 1"]);
}

#[tokio::test]
async fn nothing_is_written_after_a_stop() {
    for _ in 0..100 {
        let store = MemoryStore::new();
        let ironflow = follow(store.clone()).await;
        say(&ironflow, "1", vec![assigned("ann")]).await;
        ironflow.stop().await;
        let then = seen(&ironflow, "ann").await;
        say(&ironflow, "1", vec![assigned("ann")]).await;
        tokio::task::yield_now().await;
        assert_eq!(seen(&ironflow, "ann").await, then);
    }
}

#[test]
fn a_projection_whose_runtime_is_gone_says_that_it_stopped() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
    };
    let (first, second) = (runtime(), runtime());
    let ironflow = first.block_on(follow(MemoryStore::new()));
    drop(first);
    let statuses = second.block_on(async { ironflow.projection_statuses() });
    assert_eq!(statuses[0].state, ProjectionState::Stopped);
}
