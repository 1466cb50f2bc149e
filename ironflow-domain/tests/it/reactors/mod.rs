//! Side effects: each event at least once, in the order of its stream, by one process at a time.

mod operations;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ironflow_domain::store::{
    Append, ExpectedVersion, Key, KeyValueStore, MemoryStore, NewEvent, Store, StreamStore,
};
use ironflow_domain::{
    Aggregate, Builder, Decide, Decision, EventId, Fold, Ironflow, Metadata, Position, React,
    Reactor, ReactorError, ReactorOperation, ReactorState, ReactorStatus, Receipt, Recorded,
    SchemaVersion, StartError, StreamId, command, event,
};
use serde_json::Value;
use tokio::sync::{Semaphore, mpsc};

use crate::faulty::Faulty;

const SOON: Duration = Duration::from_secs(10);
/// Longer than any of these tests takes.
const NEVER: Duration = Duration::from_hours(1);

#[event("letter", merged(("letter.begun", Value), ("letter.ended", Value)))]
enum LetterEvent {
    Written { text: String },
}

impl From<(Value, Value)> for LetterEvent {
    fn from((begun, ended): (Value, Value)) -> Self {
        let text = |part: &Value| part.as_str().unwrap_or_default().to_owned();
        Self::Written {
            text: text(&begun) + &text(&ended),
        }
    }
}

#[event("stamp")]
enum StampEvent {
    Printed,
}

#[derive(Aggregate, Default)]
#[aggregate(event = LetterEvent, error = std::convert::Infallible)]
struct Letter;

impl Fold for Letter {
    fn fold(&mut self, _: &LetterEvent) {}
}

#[command(Letter)]
struct Say(Vec<String>);

impl Decide<Say> for Letter {
    fn decide(&self, Say(texts): Say) -> Decision<Self> {
        let written = |text| LetterEvent::Written { text };
        let events: Vec<_> = texts.into_iter().map(written).collect();
        Ok(events.into())
    }
}

/// What has been done: the text and the event's id.
type Done = (String, EventId);

/// What side effects are seen by.
#[derive(Clone)]
struct Desk {
    done: mpsc::UnboundedSender<Done>,
    /// How many letters with `fail` in them, or `panic`, are still going to.
    failures: Arc<AtomicUsize>,
    /// Letters with `wait` in them wait for one each.
    permits: Arc<Semaphore>,
    /// How many have begun.
    begun: Arc<AtomicUsize>,
}

#[derive(Debug, thiserror::Error)]
#[error("the post office is closed")]
struct Closed;

impl Desk {
    async fn act(&self, text: &str, id: EventId) -> Result<(), Closed> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let less = |left: usize| left.checked_sub(1);
        let is_due = || {
            let failures = &self.failures;
            failures
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less)
                .is_ok()
        };
        if text.contains("wait") {
            self.permits.acquire().await.unwrap().forget();
        }
        if text.contains("fail") && is_due() {
            return Err(Closed);
        }
        assert!(!(text.contains("panic") && is_due()), "no ink");
        self.done.send((text.to_owned(), id)).unwrap();
        Ok(())
    }
}

/// Reacts to all that ever was.
#[derive(Reactor)]
#[reactor(
    "post",
    of(LetterEvent, StampEvent),
    from_start,
    repeatable,
    retries = 1,
    most_parked = 1
)]
struct Post(Desk);

impl React<LetterEvent> for Post {
    type Error = Closed;

    async fn react(&self, event: &Recorded<LetterEvent>) -> Result<(), Closed> {
        let LetterEvent::Written { text } = &event.data;
        self.0.act(text, event.id).await
    }
}

impl React<StampEvent> for Post {
    type Error = String;

    async fn react(&self, event: &Recorded<StampEvent>) -> Result<(), String> {
        let StampEvent::Printed = event.data;
        let acted = self.0.act("a stamp", event.id).await;
        acted.map_err(|error| error.to_string())
    }
}

/// Reacts to what is new.
#[derive(Reactor)]
#[reactor("courier", of(LetterEvent))]
struct Courier(Desk);

impl React<LetterEvent> for Courier {
    type Error = Closed;

    async fn react(&self, event: &Recorded<LetterEvent>) -> Result<(), Closed> {
        let LetterEvent::Written { text } = &event.data;
        self.0.act(text, event.id).await
    }
}

struct Seen {
    done: mpsc::UnboundedReceiver<Done>,
}

fn desk() -> (Desk, Seen) {
    let (sender, done) = mpsc::unbounded_channel();
    let desk = Desk {
        done: sender,
        failures: Arc::default(),
        permits: Arc::new(Semaphore::new(0)),
        begun: Arc::default(),
    };
    (desk, Seen { done })
}

impl Seen {
    async fn next(&mut self) -> Done {
        let next = tokio::time::timeout(SOON, self.done.recv()).await;
        next.unwrap().unwrap()
    }

    async fn texts(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::new();
        for _ in 0..count {
            texts.push(self.next().await.0);
        }
        texts
    }

    fn nothing_more(&mut self) {
        assert_eq!(self.done.try_recv().ok(), None);
    }
}

fn builder(store: impl Store, take_over_after: Duration) -> Builder {
    Ironflow::new(store)
        .poll_interval(Duration::from_millis(5))
        .take_over_after(take_over_after)
}

async fn post(store: impl Store, desk: &Desk, take_over_after: Duration) -> Ironflow {
    let builder = builder(store, take_over_after);
    builder.reactor(Post(desk.clone())).start().await.unwrap()
}

async fn write(ironflow: &Ironflow, letter: &str, texts: &[&str]) -> Receipt {
    let texts = texts.iter().map(ToString::to_string).collect();
    ironflow
        .of::<Letter>(letter)
        .execute(Say(texts))
        .await
        .unwrap()
}

async fn append(
    store: &MemoryStore,
    stream: &str,
    events: &[(&'static str, &str)],
) -> Vec<EventId> {
    let new = |(name, data): &(&'static str, &str)| NewEvent {
        id: uuid::Uuid::now_v7().into(),
        name: (*name).into(),
        schema_version: SchemaVersion::new(1),
        source: "test".into(),
        data: (*data).to_owned(),
        metadata: Metadata::default(),
    };
    let events: Vec<_> = events.iter().map(new).collect();
    let ids = events.iter().map(|event| event.id).collect();
    let append = Append {
        stream: stream.parse::<StreamId>().unwrap(),
        expected: ExpectedVersion::Any,
        events,
    };
    store.append(append).await.unwrap();
    ids
}

async fn until(ironflow: &Ironflow, is_so: impl Fn(&ReactorStatus) -> bool) -> ReactorStatus {
    let status = || ironflow.reactor_statuses().remove(0);
    let wait = async {
        while !is_so(&status()) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    let waited = tokio::time::timeout(SOON, wait).await;
    assert!(waited.is_ok(), "{:?}", status());
    status()
}

async fn is_in(ironflow: &Ironflow, state: ReactorState) {
    until(ironflow, |status| status.state == state).await;
}

async fn checkpoint(store: &MemoryStore) -> Value {
    let entry = store.get(&Key::new("reactors", "post")).await.unwrap();
    serde_json::from_slice(&entry.unwrap().value).unwrap()
}

#[tokio::test(start_paused = true)]
async fn every_event_of_all_its_sets_is_reacted_to_once_and_in_order() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    let writer = builder(store.clone(), NEVER).start().await.unwrap();
    let first = write(&writer, "a", &["1", "2"]).await;
    let second = write(&writer, "b", &["3"]).await;
    append(&store, "stamp-x", &[("stamp.printed", "null")]).await;
    append(&store, "other-x", &[("other.thing", "null")]).await;
    let post = post(store.clone(), &desk, NEVER).await;
    let third = write(&post, "a", &["4"]).await;
    let ids = [first.event_ids, second.event_ids].concat();
    let mut done = Vec::new();
    for _ in 0..5 {
        done.push(seen.next().await);
    }
    let texts: Vec<_> = done.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(texts, ["1", "2", "3", "a stamp", "4"]);
    assert_eq!(done[..3].iter().map(|it| it.1).collect::<Vec<_>>(), ids);
    assert_eq!(done[4].1, third.event_ids[0]);
    let status = until(&post, |status| status.position == third.position.unwrap()).await;
    assert_eq!((status.reacted, status.parked), (5, 0));
    post.stop().await;
    seen.nothing_more();
    assert_eq!(post.reactor_statuses()[0].state, ReactorState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_started_again_goes_on_where_it_was() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    let first = post(store.clone(), &desk, NEVER).await;
    write(&first, "a", &["1", "2"]).await;
    assert_eq!(seen.texts(2).await, ["1", "2"]);
    first.stop().await;
    write(&first, "a", &["3"]).await;
    let second = post(store.clone(), &desk, NEVER).await;
    write(&second, "a", &["4"]).await;
    assert_eq!(seen.texts(2).await, ["3", "4"]);
    second.stop().await;
    seen.nothing_more();
    assert_eq!(checkpoint(&store).await["owner"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn unless_its_type_says_otherwise_it_begins_with_what_is_new() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    let writer = builder(store.clone(), NEVER).start().await.unwrap();
    write(&writer, "a", &["old"]).await;
    let courier = builder(store.clone(), NEVER).reactor(Courier(desk.clone()));
    let courier = courier.start().await.unwrap();
    // Before it has done anything.
    write(&writer, "a", &["new"]).await;
    assert_eq!(seen.texts(1).await, ["new"]);
    courier.stop().await;
    write(&writer, "a", &["while it was stopped"]).await;
    let courier = builder(store, NEVER).reactor(Courier(desk));
    let courier = courier.start().await.unwrap();
    assert_eq!(seen.texts(1).await, ["while it was stopped"]);
    courier.stop().await;
    seen.nothing_more();
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_lost_makes_it_do_nothing_twice() {
    let store = Faulty::default();
    let (desk, mut seen) = desk();
    let post = post(store.clone(), &desk, NEVER).await;
    is_in(&post, ReactorState::Active).await;
    for round in 0..10 {
        store.lost_writes.store(1, Ordering::SeqCst);
        store.refused_writes.store(round % 2, Ordering::SeqCst);
        write(&post, "a", &["1", "2"]).await;
        assert_eq!(seen.texts(2).await, ["1", "2"]);
        is_in(&post, ReactorState::Active).await;
    }
    until(&post, |status| status.reacted == 20).await;
    post.stop().await;
    seen.nothing_more();
}

#[tokio::test(start_paused = true)]
async fn nor_does_one_that_is_lost_while_an_event_takes_long() {
    let store = Faulty::default();
    let (desk, mut seen) = desk();
    let patience = Duration::from_millis(400);
    let post = post(store.clone(), &desk, patience).await;
    write(&post, "a", &["1", "wait", "3"]).await;
    assert_eq!(seen.texts(1).await, ["1"]);
    store.lost_writes.store(1, Ordering::SeqCst);
    let is_lost = async {
        while store.lost_writes.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(SOON, is_lost).await.unwrap();
    desk.permits.add_permits(1);
    assert_eq!(seen.texts(2).await, ["wait", "3"]);
    is_in(&post, ReactorState::Active).await;
    post.stop().await;
    seen.nothing_more();
    assert_eq!(checkpoint(&store.store).await["reacted"], 3);
}

/// A process of its own, as far as tokio knows.
fn process() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn another_takes_over_from_one_that_is_gone_in_the_middle_of_an_append() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    let died = process();
    let patience = Duration::from_millis(200);
    let (first, ids) = died.block_on(async {
        let first = post(store.clone(), &desk, patience).await;
        let receipt = write(&first, "a", &["1", "wait", "3"]).await;
        assert_eq!(seen.texts(1).await, ["1"]);
        // It is written while the next one takes long.
        let is_written = async {
            while checkpoint(&store).await["reacted"] != 1 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(SOON, is_written).await.unwrap();
        (first, receipt.event_ids)
    });
    process().block_on(async {
        let second = post(store.clone(), &desk, patience).await;
        is_in(&second, ReactorState::StandingBy).await;
        let before = checkpoint(&store).await["owner"].clone();
        let begun = desk.begun.load(Ordering::SeqCst);
        // Nothing of it goes any further.
        died.shutdown_background();
        let acts = async {
            while desk.begun.load(Ordering::SeqCst) == begun {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(SOON, acts).await.unwrap();
        // Before it acted it has said so.
        let after = checkpoint(&store).await["owner"].clone();
        assert!(after.is_string() && after != before, "{before}, {after}");
        desk.permits.add_permits(1);
        assert_eq!(seen.next().await, ("wait".to_owned(), ids[1]));
        assert_eq!(seen.next().await, ("3".to_owned(), ids[2]));
        second.stop().await;
        seen.nothing_more();
        drop(first);
    });
}

#[tokio::test(start_paused = true)]
async fn one_that_works_on_one_event_for_long_is_not_taken_for_gone() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    let patience = Duration::from_millis(400);
    let first = post(store.clone(), &desk, patience).await;
    is_in(&first, ReactorState::Active).await;
    let second = post(store.clone(), &desk, patience).await;
    is_in(&second, ReactorState::StandingBy).await;
    write(&first, "a", &["wait"]).await;
    tokio::time::sleep(5 * patience).await;
    assert_eq!(desk.begun.load(Ordering::SeqCst), 1);
    desk.permits.add_permits(1);
    assert_eq!(seen.texts(1).await, ["wait"]);
    is_in(&second, ReactorState::StandingBy).await;
    // One that stops leaves it to the other at once.
    first.stop().await;
    write(&second, "a", &["2"]).await;
    assert_eq!(seen.texts(1).await, ["2"]);
}

#[tokio::test(start_paused = true)]
async fn one_that_has_nothing_to_do_with_what_comes_is_not_taken_for_gone() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    desk.failures.store(usize::MAX, Ordering::SeqCst);
    let patience = Duration::from_millis(400);
    let first = post(store.clone(), &desk, patience).await;
    write(&first, "a", &["fail"]).await;
    until(&first, |status| status.parked == 1).await;
    let second = post(store.clone(), &desk, patience).await;
    is_in(&second, ReactorState::StandingBy).await;
    let before = checkpoint(&store).await["owner"].clone();
    for _ in 0..10 {
        write(&second, "a", &["waits for the one that failed"]).await;
        tokio::time::sleep(patience / 2).await;
        assert_eq!(checkpoint(&store).await["owner"], before);
    }
    seen.nothing_more();
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_tried_again() {
    let (desk, mut seen) = desk();
    let post = post(MemoryStore::new(), &desk, NEVER).await;
    desk.failures.store(1, Ordering::SeqCst);
    let receipt = write(&post, "a", &["fail", "2"]).await;
    let id = receipt.event_ids[0];
    let status = until(&post, |status| {
        matches!(status.state, ReactorState::Retrying { .. })
    });
    let told = format!(
        "event letter.written {id}, version 1 of stream letter-a, failed: the post office is closed"
    );
    assert_eq!(status.await.state, ReactorState::Retrying { error: told });
    assert_eq!(seen.texts(2).await, ["fail", "2"]);
    is_in(&post, ReactorState::Active).await;
    assert_eq!(post.parked_reactions("post").await.unwrap(), []);
}

/// One stream is parked at the first of three events.
async fn parked(store: &MemoryStore, desk: &Desk, seen: &mut Seen) -> (Ironflow, Receipt) {
    desk.failures.store(usize::MAX, Ordering::SeqCst);
    let post = post(store.clone(), desk, NEVER).await;
    write(&post, "a", &["1"]).await;
    let receipt = write(&post, "a", &["fail", "3"]).await;
    write(&post, "b", &["4"]).await;
    write(&post, "a", &["5"]).await;
    let last = write(&post, "b", &["6"]).await;
    assert_eq!(seen.texts(3).await, ["1", "4", "6"]);
    until(&post, |status| status.position == last.position.unwrap()).await;
    (post, receipt)
}

#[tokio::test(start_paused = true)]
async fn later_events_of_the_stream_wait_until_the_one_that_fails_is_retried() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    let (post, receipt) = parked(&store, &desk, &mut seen).await;
    let id = receipt.event_ids[0];
    let listed = post.parked_reactions("post").await.unwrap();
    let [reaction] = &listed[..] else {
        panic!("{listed:?}")
    };
    assert_eq!((reaction.event.id, reaction.attempts), (id, 2));
    assert_eq!(&*reaction.event.stream, "letter-a");
    let told = format!(
        "event letter.written {id}, version 2 of stream letter-a, failed: the post office is closed"
    );
    assert_eq!(reaction.event.error, told);
    // It fails again.
    post.retry_reaction("post", id).await.unwrap();
    let again = async {
        while post.parked_reactions("post").await.unwrap()[0].attempts != 4 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(SOON, again).await.unwrap();
    seen.nothing_more();
    // Another process knows.
    post.stop().await;
    let post = self::post(store.clone(), &desk, NEVER).await;
    is_in(&post, ReactorState::Active).await;
    assert_eq!(post.reactor_statuses()[0].parked, 1);
    desk.failures.store(0, Ordering::SeqCst);
    post.retry_reaction("post", id).await.unwrap();
    assert_eq!(seen.texts(3).await, ["fail", "3", "5"]);
    until(&post, |status| status.parked == 0).await;
    write(&post, "a", &["7"]).await;
    assert_eq!(seen.texts(1).await, ["7"]);
    let operations = post.reactor_operations("post").await.unwrap();
    let is_retry = |it: &ReactorOperation| matches!(it, ReactorOperation::Retried { event, .. } if event.id == id);
    assert_eq!(operations.iter().filter(|it| is_retry(it)).count(), 2);
    let error = post.retry_reaction("post", id).await.unwrap_err();
    assert!(matches!(error, ReactorError::NotParked { .. }), "{error}");
    post.stop().await;
    seen.nothing_more();
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_skipped_is_never_reacted_to_and_that_is_recorded() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    let (post, receipt) = parked(&store, &desk, &mut seen).await;
    let id = receipt.event_ids[0];
    // Any process may say so.
    let other = builder(store.clone(), NEVER).start().await.unwrap();
    let skipped = other.skip_reaction("post", id, "the customer has left");
    skipped.await.unwrap();
    assert_eq!(seen.texts(2).await, ["3", "5"]);
    until(&post, |status| status.parked == 0).await;
    let operations = other.reactor_operations("post").await.unwrap();
    let [ReactorOperation::Skipped { event, reason, .. }] = &operations[..] else {
        panic!("{operations:?}")
    };
    assert_eq!((event.id, &**reason), (id, "the customer has left"));
    post.stop().await;
    seen.nothing_more();
}

#[tokio::test(start_paused = true)]
async fn a_parked_merge_is_read_from_its_first_part() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    desk.failures.store(2, Ordering::SeqCst);
    let parts = [
        ("letter.written", r#"{"text":"1"}"#),
        ("letter.begun", r#""fa""#),
        ("letter.ended", r#""il""#),
        ("letter.written", r#"{"text":"2"}"#),
    ];
    let ids = append(&store, "letter-a", &parts).await;
    let post = post(store, &desk, NEVER).await;
    until(&post, |status| status.parked == 1).await;
    assert_eq!(seen.texts(1).await, ["1"]);
    post.retry_reaction("post", ids[2]).await.unwrap();
    assert_eq!(seen.next().await, ("fail".to_owned(), ids[2]));
    assert_eq!(seen.texts(1).await, ["2"]);
}

#[tokio::test(start_paused = true)]
async fn beyond_the_bound_it_stops_until_somebody_does_something() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    let (post, receipt) = parked(&store, &desk, &mut seen).await;
    let second = write(&post, "b", &["fail", "8"]).await.event_ids[0];
    let status = until(&post, |status| {
        matches!(status.state, ReactorState::Failed { .. })
    });
    let told = format!(
        "1 streams are parked, and one more would be: event letter.written {second}, version 3 of \
         stream letter-b, failed: the post office is closed; see what is wrong, then retry them or \
         skip the events (`Ironflow::parked_reactions`)"
    );
    assert_eq!(status.await.state, ReactorState::Failed { error: told });
    let skipped = post.skip_reaction("post", receipt.event_ids[0], "too late");
    skipped.await.unwrap();
    assert_eq!(seen.texts(2).await, ["3", "5"]);
    // There is a place again.
    is_in(&post, ReactorState::Active).await;
    let listed = post.parked_reactions("post").await.unwrap();
    assert_eq!(listed[0].event.id, second);
    assert_eq!(listed.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_an_error_like_others() {
    let (desk, mut seen) = desk();
    desk.failures.store(2, Ordering::SeqCst);
    let post = post(MemoryStore::new(), &desk, NEVER).await;
    write(&post, "a", &["panic"]).await;
    write(&post, "b", &["2"]).await;
    assert_eq!(seen.texts(1).await, ["2"]);
    let listed = post.parked_reactions("post").await.unwrap();
    let error = &listed[0].event.error;
    assert!(error.ends_with("failed: it panicked: no ink"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn an_event_that_cannot_be_read_stops_it_there() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    let post = post(store.clone(), &desk, NEVER).await;
    write(&post, "a", &["1"]).await;
    let id = append(&store, "letter-b", &[("letter.burnt", "null")]).await[0];
    write(&post, "a", &["3"]).await;
    let status = until(&post, |status| {
        matches!(status.state, ReactorState::Failed { .. })
    });
    let ReactorState::Failed { error } = status.await.state else {
        return;
    };
    let told = format!("event {id}, version 1 of stream letter-b, cannot be read: ");
    assert!(error.starts_with(&told), "{error}");
    assert_eq!(seen.texts(1).await, ["1"]);
    post.stop().await;
    seen.nothing_more();
    let state = post.reactor_statuses().remove(0).state;
    assert!(matches!(state, ReactorState::Failed { .. }), "{state:?}");
    assert_eq!(checkpoint(&store).await["reacted"], 1);
}

#[tokio::test(start_paused = true)]
async fn only_one_that_may_do_it_again_does() {
    let store = MemoryStore::new();
    let (desk, mut seen) = desk();
    let builder = builder(store, NEVER).reactor(Post(desk.clone()));
    let both = builder
        .reactor(Courier(desk.clone()))
        .start()
        .await
        .unwrap();
    let first = write(&both, "a", &["1"]).await;
    let second = write(&both, "a", &["2", "3"]).await;
    assert_eq!(seen.texts(6).await.len(), 6);
    both.repeat_reactions::<Post>(first.position.unwrap(), "the mail server was down")
        .await
        .unwrap();
    assert_eq!(seen.next().await, ("2".to_owned(), second.event_ids[0]));
    assert_eq!(seen.next().await, ("3".to_owned(), second.event_ids[1]));
    let operations = both.reactor_operations("post").await.unwrap();
    let [ReactorOperation::Repeated { reason, .. }] = &operations[..] else {
        panic!("{operations:?}")
    };
    assert_eq!(reason, "the mail server was down");
    let refused = both.repeat_reactions::<Courier>(Position::START, "why not");
    let error = refused.await.unwrap_err();
    assert!(matches!(error, ReactorError::NotRepeatable { .. }));
    assert_eq!(
        error.to_string(),
        "reactor courier may not do it all again; where that is harmless, say so: \
         `#[reactor(\"courier\", repeatable, …)]`"
    );
    both.stop().await;
    seen.nothing_more();
}

#[tokio::test]
async fn two_of_the_same_name_are_refused() {
    let (desk, _seen) = desk();
    let builder = builder(MemoryStore::new(), NEVER).reactor(Post(desk.clone()));
    let error = builder.reactor(Post(desk)).start().await.unwrap_err();
    assert!(matches!(error, StartError::DuplicateReactor("post")));
    let unknown = self::builder(MemoryStore::new(), NEVER)
        .start()
        .await
        .unwrap();
    let error = unknown.parked_reactions("post").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no reactor post: it is there once a process has started it"
    );
}
