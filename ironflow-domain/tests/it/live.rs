//! Views that are folded when they are asked for, and not kept.

use std::time::Duration;

use ironflow_domain::store::{Key, KeyRange, KeyValueStore, MemoryStore, Write};
use ironflow_domain::{
    Aggregate, Decide, Decision, Fold, Ironflow, LiveError, Partition, Position, Project,
    Projection, Receipt, Recorded, command, event,
};
use serde::{Deserialize, Serialize};

const SOON: Duration = Duration::from_secs(10);

#[event("shelf")]
enum ShelfEvent {
    Assigned { room: String },
    Filled { books: u32 },
}

#[derive(Aggregate, Default)]
#[aggregate(event = ShelfEvent, error = std::convert::Infallible)]
struct Shelf;

impl Fold for Shelf {
    fn fold(&mut self, _: &ShelfEvent) {}
}

#[command(Shelf)]
struct Say(ShelfEvent);

impl Decide<Say> for Shelf {
    fn decide(&self, Say(event): Say) -> Decision<Self> {
        Ok(vec![event].into())
    }
}

/// How many books there are in a room.
#[derive(Projection, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[projection("rooms", partition = String, of(ShelfEvent))]
struct Room {
    books: u32,
}

impl Project<ShelfEvent> for Room {
    fn partition(event: &Recorded<ShelfEvent>) -> Partition<String> {
        match &event.data {
            ShelfEvent::Assigned { room } => Partition::Key(room.clone()),
            ShelfEvent::Filled { .. } => Partition::SameStream,
        }
    }

    fn project(&mut self, event: &Recorded<ShelfEvent>) {
        if let ShelfEvent::Filled { books } = event.data {
            assert!(books != 13, "an unlucky number");
            self.books += books;
        }
    }
}

async fn say(ironflow: &Ironflow, shelf: &str, event: ShelfEvent) -> Receipt {
    ironflow
        .of::<Shelf>(shelf)
        .execute(Say(event))
        .await
        .unwrap()
}

async fn assign(ironflow: &Ironflow, shelf: &str, room: &str) -> Receipt {
    let room = room.to_owned();
    say(ironflow, shelf, ShelfEvent::Assigned { room }).await
}

async fn fill(ironflow: &Ironflow, shelf: &str, books: u32) -> Receipt {
    say(ironflow, shelf, ShelfEvent::Filled { books }).await
}

async fn books(ironflow: &Ironflow, room: &str, until: Option<&Receipt>) -> Option<u32> {
    let mut live = ironflow.live::<Room>(&room.to_owned());
    if let Some(receipt) = until {
        live = live.until(receipt.position.unwrap());
    }
    live.await.unwrap().map(|view| view.state.books)
}

#[tokio::test]
async fn it_is_what_the_log_says_now_or_said_then_and_leaves_nothing_behind() {
    let store = MemoryStore::new();
    let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
    assert_eq!(books(&ironflow, "hall", None).await, None);
    let first = assign(&ironflow, "1", "hall").await;
    assign(&ironflow, "2", "attic").await;
    let second = fill(&ironflow, "1", 3).await;
    fill(&ironflow, "2", 5).await;
    // It is taken elsewhere.
    assign(&ironflow, "1", "attic").await;
    let last = fill(&ironflow, "1", 1).await;
    assert_eq!(books(&ironflow, "hall", None).await, Some(3));
    assert_eq!(books(&ironflow, "attic", None).await, Some(6));
    assert_eq!(books(&ironflow, "hall", Some(&first)).await, Some(0));
    assert_eq!(books(&ironflow, "attic", Some(&first)).await, None);
    assert_eq!(books(&ironflow, "hall", Some(&second)).await, Some(3));
    let attic = ironflow.live::<Room>(&"attic".to_owned()).await.unwrap();
    assert_eq!(attic.unwrap().last_event_id, last.event_ids[0]);
    let all = ironflow.live_views::<Room>();
    let all = all.until(second.position.unwrap()).await.unwrap();
    let all: Vec<_> = all
        .iter()
        .map(|(key, view)| (&**key, view.state.books))
        .collect();
    assert_eq!(all, [("attic", 0), ("hall", 3)]);
    let none = ironflow.live_views::<Room>().until(Position::START);
    assert!(none.await.unwrap().is_empty());
    for bucket in [
        "projections",
        "projection-checkpoints",
        "projection/rooms/1",
    ] {
        let stored = store.list(KeyRange::bucket(bucket)).await.unwrap();
        assert!(stored.is_empty(), "{stored:?}");
    }
}

#[tokio::test]
async fn what_is_stored_is_what_a_fresh_fold_says() {
    let store = MemoryStore::new();
    let ironflow = Ironflow::new(store.clone()).projection::<Room>();
    let ironflow = ironflow.start().await.unwrap();
    let mut last = None;
    for number in 0..200_u32 {
        let (shelf, room) = ((number % 7).to_string(), (number % 5).to_string());
        assign(&ironflow, &shelf, &room).await;
        last = Some(fill(&ironflow, &shelf, number % 11).await);
    }
    ironflow
        .wait_for::<Room>(&last.unwrap(), SOON)
        .await
        .unwrap();
    let fresh = ironflow.live_views::<Room>().await.unwrap();
    assert_eq!(fresh.len(), 5);
    for (key, view) in &fresh {
        assert_eq!(
            ironflow.view::<Room>(key).await.unwrap().as_ref(),
            Some(view)
        );
    }
    // Were it not, that would be seen.
    let key = Key::new("projection/rooms/1", "3");
    let mut view = store.get(&key).await.unwrap().unwrap().value;
    let books = view.windows(5).position(|text| text == b"books").unwrap();
    view[books + 7] = b'9';
    ironflow.stop().await;
    store.write(vec![Write::put(key, view)]).await.unwrap();
    let stored = ironflow.view::<Room>(&"3".to_owned()).await.unwrap();
    assert_ne!(stored.as_ref(), fresh.get("3"));
}

#[tokio::test]
async fn an_event_that_cannot_be_applied_to_the_view_is_an_error() {
    let ironflow = Ironflow::new(MemoryStore::new()).start().await.unwrap();
    assign(&ironflow, "1", "hall").await;
    assign(&ironflow, "2", "attic").await;
    let receipt = fill(&ironflow, "1", 13).await;
    let error = ironflow.live::<Room>(&"hall".to_owned()).await.unwrap_err();
    assert!(matches!(error, LiveError::Unfolded { .. }));
    let id = receipt.event_ids[0];
    assert_eq!(
        error.to_string(),
        format!(
            "projection rooms cannot be folded: event shelf.filled {id}, version 2 of stream \
             shelf-1, made the projection panic: an unlucky number"
        )
    );
    // The others do not know of it.
    assert_eq!(books(&ironflow, "attic", None).await, Some(0));
    ironflow.live_views::<Room>().await.unwrap_err();
}
