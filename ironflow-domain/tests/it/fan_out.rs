//! Events that go to several views.

use std::convert::Infallible;
use std::time::Duration;

use ironflow_domain::store::MemoryStore;
use ironflow_domain::{
    Aggregate, Decide, Decision, Fold, Ironflow, Partition, Project, Projection, Receipt, Recorded,
    command, event, events,
};
use serde::{Deserialize, Serialize};

const SOON: Duration = Duration::from_secs(10);

#[event("transfer")]
enum TransferEvent {
    Sent { from: String, to: Vec<String> },
    Noted,
    Settled,
}

#[derive(Aggregate, Default)]
#[aggregate(event = TransferEvent, error = Infallible)]
struct Transfer;

impl Fold for Transfer {
    fn fold(&mut self, _: &TransferEvent) {}
}

#[command(Transfer)]
enum Tell {
    Send { from: String, to: Vec<String> },
    Note,
    Settle,
}

impl Decide<Tell> for Transfer {
    fn decide(&self, tell: Tell) -> Decision<Self> {
        Ok(match tell {
            Tell::Send { from, to } => events![TransferEvent::Sent { from, to }],
            Tell::Note => events![TransferEvent::Noted],
            Tell::Settle => events![TransferEvent::Settled],
        })
    }
}

/// What one person has seen of transfers.
#[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
#[projection("statement", partition = String, of(TransferEvent))]
struct Statement {
    sent: u32,
    settled: u32,
}

impl Project<TransferEvent> for Statement {
    fn partition(event: &Recorded<TransferEvent>) -> Partition<String> {
        match &event.data {
            TransferEvent::Sent { from, to } => {
                Partition::Keys(std::iter::once(from).chain(to).cloned().collect())
            }
            TransferEvent::Noted => Partition::Keys(Vec::new()),
            TransferEvent::Settled => Partition::SameStream,
        }
    }

    fn project(&mut self, event: &Recorded<TransferEvent>) {
        match &event.data {
            TransferEvent::Sent { .. } => self.sent += 1,
            TransferEvent::Noted => unreachable!("it goes nowhere"),
            TransferEvent::Settled => self.settled += 1,
        }
    }
}

async fn start(store: &MemoryStore) -> Ironflow {
    let ironflow = Ironflow::new(store.clone()).projection::<Statement>();
    ironflow.start().await.unwrap()
}

async fn tell(ironflow: &Ironflow, transfer: &str, tell: Tell) -> Receipt {
    ironflow
        .of::<Transfer>(transfer)
        .execute(tell)
        .await
        .unwrap()
}

fn send(from: &str, to: &[&str]) -> Tell {
    Tell::Send {
        from: from.to_owned(),
        to: to.iter().map(ToString::to_string).collect(),
    }
}

async fn counts(ironflow: &Ironflow, person: &str) -> Option<(u32, u32)> {
    let view = ironflow.query::<Statement>(&person.to_owned()).await;
    view.unwrap().map(|view| (view.sent, view.settled))
}

#[tokio::test]
async fn an_event_goes_to_each_of_its_views_once() {
    let ironflow = start(&MemoryStore::new()).await;
    let last = tell(&ironflow, "1", send("ann", &["bob", "cid", "bob", "ann"])).await;
    ironflow.wait_for::<Statement>(&last, SOON).await.unwrap();
    for person in ["ann", "bob", "cid"] {
        assert_eq!(counts(&ironflow, person).await, Some((1, 0)), "{person}");
    }
    assert_eq!(counts(&ironflow, "dan").await, None);
}

#[tokio::test]
async fn what_follows_goes_to_all_of_them_in_the_same_batch_and_in_later_ones() {
    let store = MemoryStore::new();
    let first = start(&store).await;
    tell(&first, "1", send("ann", &["bob"])).await;
    // An event that goes nowhere is not where the others go.
    tell(&first, "1", Tell::Note).await;
    let last = tell(&first, "1", Tell::Settle).await;
    first.wait_for::<Statement>(&last, SOON).await.unwrap();
    let last = tell(&first, "1", Tell::Settle).await;
    first.wait_for::<Statement>(&last, SOON).await.unwrap();
    first.stop().await;

    // Two streams that have to be looked up, and one that goes elsewhere in between.
    let second = Ironflow::new(store.clone()).start().await.unwrap();
    tell(&second, "2", send("bob", &["cid"])).await;
    tell(&second, "1", Tell::Settle).await;
    tell(&second, "1", send("dan", &["eve"])).await;
    tell(&second, "2", Tell::Settle).await;
    tell(&second, "1", Tell::Settle).await;
    let third = start(&store).await;
    let last = tell(&third, "1", Tell::Settle).await;
    third.wait_for::<Statement>(&last, SOON).await.unwrap();
    for (person, expected) in [
        ("ann", (1, 3)),
        ("bob", (2, 4)),
        ("cid", (1, 1)),
        ("dan", (1, 2)),
        ("eve", (1, 2)),
    ] {
        assert_eq!(counts(&third, person).await, Some(expected), "{person}");
    }
}
