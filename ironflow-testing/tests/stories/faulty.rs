//! What a store does wrong comes out in a story that is told on it.

use std::panic::AssertUnwindSafe;

use ironflow_domain::store::{
    Append, AppendError, Appended, Entry, Key, KeyRange, KeyValueStore, ListStreams, LogPage,
    MemoryStore, ReadLog, ReadStream, Revision, StoreError, StreamInfo, StreamPage, StreamStore,
    Write, WriteError, async_trait,
};
use ironflow_domain::{EventId, Metadata, Position, RecordedEvent, StreamId, events};
use ironflow_testing::__private::on_store;
use ironflow_testing::contract::Fixture;
use ironflow_testing::{given, stored};
use serde_json::json;

use crate::domain::{Open, Order, Ordered, Pay, Prices, Refused, Tab, TabEvent};

/// What a store does wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    LosesAnEvent,
    LosesMetadata,
    LosesTheIssuer,
    ForgetsIds,
    ReadsNothing,
}

struct Faulty(MemoryStore, Fault);

#[async_trait]
impl StreamStore for Faulty {
    async fn append(&self, mut append: Append) -> Result<Appended, AppendError> {
        match self.1 {
            Fault::LosesAnEvent => append.events.truncate(1),
            Fault::LosesMetadata => append
                .events
                .iter_mut()
                .for_each(|event| event.metadata = Metadata::default()),
            Fault::LosesTheIssuer => append
                .events
                .iter_mut()
                .for_each(|event| event.metadata.issued_by = None),
            Fault::ForgetsIds => append.events.iter_mut().for_each(|event| {
                event.id = EventId::from_bytes(rand_bytes());
            }),
            Fault::None | Fault::ReadsNothing => {}
        }
        self.0.append(append).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        let mut page = self.0.read_stream(stream, read).await?;
        if self.1 == Fault::ReadsNothing {
            page.events = ironflow_domain::store::EventPage::new();
        }
        Ok(page)
    }

    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError> {
        self.0.read_log(read).await
    }

    async fn log_grown(&self, position: Position) -> Result<(), StoreError> {
        self.0.log_grown(position).await
    }

    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
        self.0.find_event(id).await
    }

    async fn stream_info(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StoreError> {
        self.0.stream_info(stream).await
    }

    async fn list_streams(&self, list: ListStreams) -> Result<Vec<StreamInfo>, StoreError> {
        self.0.list_streams(list).await
    }
}

#[async_trait]
impl KeyValueStore for Faulty {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.0.get(key).await
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        self.0.list(range).await
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        self.0.write(batch).await
    }
}

fn rand_bytes() -> [u8; 16] {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut bytes = [0xee; 16];
    bytes[8..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    bytes
}

fn two_drinks() {
    let drink = || {
        TabEvent::Ordered(Ordered {
            cents: 350,
            drinks: 1,
        })
    };
    given::<Tab>(events![])
        .context(Prices { drink: 350 })
        .issued_by("ann")
        .when(Order { drinks: 2 })
        .then(events![drink(), drink()]);
}

fn opened_twice() {
    let open = || Open {
        tab: 7,
        guest: "Ann".into(),
    };
    given::<Tab>(events![TabEvent::Opened {
        guest: "Ann".into()
    }])
    .when(open())
    .then_error(Refused::AlreadyOpen);
}

/// How a story fails on a store with a fault.
fn failure_on(fault: Fault, story: fn()) -> String {
    let open = move || async move { Fixture::new(Faulty(MemoryStore::new(), fault)) };
    let panic = std::panic::catch_unwind(|| on_store("faulty", open, story));
    let panic = panic.expect_err("the store is faulty, and nobody noticed");
    *panic.downcast().expect("a failure is a text")
}

#[test]
fn a_store_without_a_fault_changes_nothing() {
    let open = || async { Fixture::new(Faulty(MemoryStore::new(), Fault::None)) };
    on_store("faultless", open, two_drinks);
    on_store("faultless", open, opened_twice);
}

#[test]
fn every_fault_is_named_with_the_store() {
    for (fault, story, headline) in [
        (
            Fault::LosesAnEvent,
            two_drinks as fn(),
            "on the store `faulty`, other events were recorded",
        ),
        (
            Fault::LosesMetadata,
            two_drinks,
            "on the store `faulty`, an event does not carry what is known about its command",
        ),
        (
            Fault::LosesTheIssuer,
            two_drinks,
            "on the store `faulty`, an event does not carry what is known about its command",
        ),
        (
            Fault::ForgetsIds,
            two_drinks,
            "on the store `faulty`, an event does not carry what is known about its command",
        ),
        (
            Fault::ReadsNothing,
            two_drinks,
            "on the store `faulty`, other events were recorded",
        ),
        (
            Fault::ReadsNothing,
            opened_twice,
            "on the store `faulty`, the command failed",
        ),
    ] {
        let text = failure_on(fault, story);
        assert!(text.contains(headline), "{fault:?}: {text}");
        assert!(text.contains("stories/faulty.rs"), "{fault:?}: {text}");
        assert!(text.contains("expected  "), "{fault:?}: {text}");
    }
}

#[test]
fn a_story_that_executes_nothing_says_nothing_about_a_store() {
    let text = failure_on(Fault::None, || {
        let told = std::thread::spawn(two_drinks).join();
        assert!(told.is_ok());
    });
    assert!(
        text.starts_with(
            "on the store `faulty`, no command was executed in the thread of the test"
        ),
        "{text}"
    );
}

#[test]
fn a_store_that_is_not_fresh_is_named_with_the_line() {
    let shared = MemoryStore::new();
    let open = move || {
        let shared = shared.clone();
        async move { Fixture::new(shared) }
    };
    let panic = std::panic::catch_unwind(AssertUnwindSafe(|| {
        on_store("shared", open, || {
            opened_twice();
            opened_twice();
        });
    }));
    let panic = panic.expect_err("the store is not fresh, and nobody noticed");
    let text: String = *panic.downcast().expect("a failure is a text");
    assert!(
        text.contains("on the store `shared`, what was given cannot be appended: each command needs a store that is fresh"),
        "{text}"
    );
    assert!(text.contains("stories/faulty.rs"), "{text}");
}

#[test]
fn an_event_with_a_time_of_its_own_is_told_without_a_store() {
    let text = failure_on(Fault::None, || {
        given::<Tab>(stored("tab.ordered", 1, json!({ "cents": 1 })).at("2026-04-17T14:22:01Z"))
            .when(Pay)
            .then(events![TabEvent::Paid { cents: 1 }]);
    });
    assert!(
        text.contains("an event cannot have a time of its own"),
        "{text}"
    );
}
