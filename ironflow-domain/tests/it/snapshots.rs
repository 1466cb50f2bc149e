//! Snapshots: whatever becomes of them, what is loaded is what folding the whole stream makes.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ironflow_domain::store::{
    Append, ExpectedVersion, Key, KeyRange, KeyValueStore, MemoryStore, NewEvent, Store,
    StreamStore, Write,
};
use ironflow_domain::{
    Aggregate, Decide, Decision, EventId, Events, Fold, Ironflow, LoadError, Loaded, Metadata,
    SchemaVersion, SnapshotPolicy, StreamVersion, command, event, events,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::faulty::Faulty;

/// A set in which a stored event may be none, one, two or half an event of today.
#[event(
    "ledger",
    split("ledger.moved", Moved),
    merged(("ledger.debited", Debited), ("ledger.noted", Noted)),
    dropped("ledger.viewed")
)]
enum LedgerEvent {
    Booked {
        cents: i64,
        /// Known when it is decided, and never stored.
        #[serde(skip)]
        unstored: i64,
    },
    Described {
        text: String,
    },
}

#[derive(Deserialize)]
struct Moved {
    cents: i64,
}

impl From<Moved> for Events<LedgerEvent> {
    fn from(Moved { cents }: Moved) -> Self {
        let one = |cents| LedgerEvent::Booked { cents, unstored: 0 };
        events![one(-cents), one(cents)]
    }
}

#[derive(Deserialize)]
struct Debited {
    cents: i64,
}

#[derive(Deserialize)]
struct Noted {
    text: String,
}

impl From<(Debited, Noted)> for LedgerEvent {
    fn from((debited, noted): (Debited, Noted)) -> Self {
        let text = format!("{} {}", debited.cents, noted.text);
        Self::Described { text }
    }
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("refused")]
struct Refused;

/// Books each amount.
#[command(Ledger)]
struct Book(Vec<i64>);

/// Another program's view of the same ledger, in a module of its own: its name is the same.
macro_rules! ledger {
    ($module:ident, $events:ty, snapshot($($snapshot:tt)*) $(, $field:ident)?) => {
        mod $module {
            use super::*;

            #[derive(Aggregate, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
            #[aggregate(event = $events, error = Refused, snapshot($($snapshot)*))]
            pub(super) struct Ledger {
                pub(super) balance: i64,
                pub(super) bookings: Vec<i64>,
                pub(super) texts: Vec<String>,
                $(
                    // What was kept without it can be read all the same, and would be wrong.
                    #[serde(default)]
                    pub(super) $field: u64,
                )?
            }

            impl Fold for Ledger {
                fn fold(&mut self, event: &$events) {
                    type E = $events;
                    $(self.$field += 1;)?
                    match event {
                        E::Booked { cents, unstored } => {
                            self.balance += cents + unstored;
                            self.bookings.push(*cents);
                        }
                        E::Described { text } => self.texts.push(text.clone()),
                    }
                }
            }
        }
    };
}

ledger!(each, LedgerEvent, snapshot(every = 1));
ledger!(each_v2, LedgerEvent, snapshot(every = 1, version = 2));
ledger!(wider, LedgerEvent, snapshot(every = 1), events);
ledger!(newer, newer_events::LedgerEvent, snapshot(every = 1));
ledger!(timed, LedgerEvent, snapshot(after = "1us"));

/// The same events, and a text has a new version.
mod newer_events {
    use super::{Debited, Events, Moved, Noted, event, events};

    #[event(
        "ledger",
        split("ledger.moved", Moved),
        merged(("ledger.debited", Debited), ("ledger.noted", Noted)),
        dropped("ledger.viewed")
    )]
    pub(super) enum LedgerEvent {
        Booked {
            cents: i64,
            #[serde(skip)]
            unstored: i64,
        },
        #[event(version = 2, upcast(DescribedV1))]
        Described { text: String },
    }

    #[derive(serde::Deserialize)]
    pub(super) struct DescribedV1 {
        text: String,
    }

    impl From<DescribedV1> for LedgerEvent {
        fn from(DescribedV1 { text }: DescribedV1) -> Self {
            let text = text.to_uppercase();
            Self::Described { text }
        }
    }

    impl From<Moved> for Events<LedgerEvent> {
        fn from(Moved { cents }: Moved) -> Self {
            let one = |cents| LedgerEvent::Booked { cents, unstored: 0 };
            events![one(-cents), one(cents)]
        }
    }

    impl From<(Debited, Noted)> for LedgerEvent {
        fn from((_, noted): (Debited, Noted)) -> Self {
            Self::Described { text: noted.text }
        }
    }
}

/// The one that commands are decided on.
#[derive(Aggregate, Default, Debug, PartialEq, Serialize, Deserialize)]
#[aggregate(event = LedgerEvent, error = Refused, snapshot(every = 3))]
struct Ledger {
    balance: i64,
}

impl Fold for Ledger {
    fn fold(&mut self, event: &LedgerEvent) {
        if let LedgerEvent::Booked { cents, unstored } = event {
            self.balance += cents + unstored;
        }
    }
}

impl Decide<Book> for Ledger {
    fn decide(&self, Book(amounts): Book) -> Decision<Self> {
        if amounts.contains(&0) {
            return Err(Refused);
        }
        let unstored = 1_000_000;
        let booked = |cents| LedgerEvent::Booked { cents, unstored };
        Ok(amounts.into_iter().map(booked).collect())
    }
}

/// Has no snapshots, and needs no serde for that.
#[derive(Aggregate, Default, Debug, PartialEq)]
#[aggregate(event = LedgerEvent, error = Refused)]
struct Plain {
    balance: i64,
}

impl Fold for Plain {
    fn fold(&mut self, event: &LedgerEvent) {
        if let LedgerEvent::Booked { cents, unstored } = event {
            self.balance += cents + unstored;
        }
    }
}

/// One append: what is stored under a name.
type Stored = Vec<(&'static str, Value)>;

/// Appends with events of every kind.
fn history() -> Vec<Stored> {
    vec![
        vec![("ledger.booked", json!({"cents": 1}))],
        vec![("ledger.viewed", json!({}))],
        vec![
            ("ledger.debited", json!({"cents": 2})),
            ("ledger.noted", json!({"text": "two"})),
        ],
        vec![("ledger.moved", json!({"cents": 3}))],
        vec![
            ("ledger.booked", json!({"cents": 4})),
            ("ledger.viewed", json!({})),
            ("ledger.described", json!({"text": "four"})),
        ],
        vec![("ledger.viewed", json!({}))],
        vec![("ledger.booked", json!({"cents": 5}))],
    ]
}

async fn append(store: &impl StreamStore, stream: &str, history: &[Stored]) {
    for events in history {
        let events = events.iter().map(|(name, data)| NewEvent {
            id: EventId::from(uuid::Uuid::now_v7()),
            name: (*name).into(),
            schema_version: SchemaVersion::new(1),
            source: "api".into(),
            data: data.to_string(),
            metadata: Metadata::default(),
        });
        let append = Append {
            stream: stream.parse().unwrap(),
            expected: ExpectedVersion::Any,
            events: events.collect(),
        };
        store.append(append).await.unwrap();
    }
}

async fn load<A: Aggregate>(store: &(impl Store + Clone)) -> Result<Loaded<A>, LoadError> {
    let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
    ironflow.of::<A>("7").load().await
}

fn key() -> Key {
    Key::new("snapshots", "Ledger/ledger-7")
}

/// What the snapshot says it is of, and the state in it; nothing where it is none.
async fn snapshot(store: &impl KeyValueStore) -> Option<(Value, Value)> {
    let entry = store.get(&key()).await.unwrap()?;
    let text = String::from_utf8(entry.value).ok()?;
    let (header, state) = text.split_once('\n')?;
    let [header, state] = [header, state].map(|json| serde_json::from_str(json).ok());
    header.zip(state)
}

async fn put(store: &impl KeyValueStore, (header, state): &(Value, Value)) {
    let value = format!("{header}\n{state}");
    store.write(vec![Write::put(key(), value)]).await.unwrap();
}

/// The snapshot is of that version, if not now, then soon.
async fn snapshot_at(store: &impl KeyValueStore, version: u64) -> (Value, Value) {
    let mut last = None;
    for _ in 0..2_000 {
        last = snapshot(store).await;
        if let Some(snapshot) = last.take_if(|(header, _)| header["of"] == version) {
            return snapshot;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("there is no snapshot of version {version}: {last:?}");
}

/// Whatever is written in the background has been written.
async fn settled() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

#[test]
fn the_attribute_says_when_a_snapshot_is_due() {
    fn policy<A: Aggregate>() -> Option<SnapshotPolicy> {
        A::snapshots().map(|snapshots| snapshots.policy())
    }
    let after = SnapshotPolicy::After(Duration::from_micros(1));
    assert_eq!(policy::<Ledger>(), Some(SnapshotPolicy::Every(3)));
    assert_eq!(policy::<timed::Ledger>(), Some(after));
    assert_eq!(policy::<Plain>(), None);
}

#[tokio::test]
async fn a_snapshot_is_taken_every_so_many_events() {
    let store = MemoryStore::new();
    let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
    let book = async |amounts: &[i64]| {
        let ledger = ironflow.of::<Ledger>("7");
        ledger.execute(Book(amounts.to_vec())).await.unwrap();
        settled().await;
        snapshot(&store)
            .await
            .map(|(header, _)| header["of"].as_u64().unwrap())
    };
    assert_eq!(book(&[1]).await, None);
    assert_eq!(book(&[2]).await, None);
    assert_eq!(book(&[3]).await, Some(3));
    assert_eq!(book(&[4, 5]).await, Some(3));
    assert_eq!(book(&[6, 7]).await, Some(7));
    assert_eq!(book(&[8]).await, Some(7));
    let loaded = ironflow.of::<Ledger>("7").load().await.unwrap();
    assert_eq!((loaded.state.balance, loaded.version.get()), (36, 8));
}

#[tokio::test]
async fn a_snapshot_and_what_came_after_it_are_the_whole() {
    let history = history();
    let whole = {
        let store = MemoryStore::new();
        append(&store, "ledger-7", &history).await;
        load::<each::Ledger>(&store).await.unwrap()
    };
    assert_eq!(whole.state.bookings, [1, -3, 3, 4, 5]);
    assert_eq!(whole.state.texts, ["2 two", "four"]);
    assert_eq!((whole.version.get(), whole.dropped), (10, 3));
    for taken_after in 0..=history.len() {
        let (before, after) = history.split_at(taken_after);
        let store = Faulty::default();
        append(&store, "ledger-7", before).await;
        let version = before.iter().flatten().count() as u64;
        let loaded = load::<each::Ledger>(&store).await.unwrap();
        assert_eq!(loaded.version.get(), version);
        if version > 0 {
            snapshot_at(&store, version).await;
        }
        append(&store, "ledger-7", after).await;
        store.read_from.lock().unwrap().clear();
        assert_eq!(load::<each::Ledger>(&store).await.unwrap(), whole);
        let read_from = store.read_from.lock().unwrap().clone();
        let read_from: Vec<_> = read_from.iter().map(|from| from.get()).collect();
        assert_eq!(read_from, [version.max(1)], "taken after {version} events");
    }
}

/// Where a stream with a snapshot after its third event is read from, by a store that reads both at
/// once, so far beside.
async fn read_beside(beside: u64) -> Vec<u64> {
    let store = Faulty::default();
    let booked = |cents| vec![("ledger.booked", json!({"cents": cents}))];
    append(&store, "ledger-7", &[1, 2, 3].map(booked)).await;
    load::<each::Ledger>(&store).await.unwrap();
    snapshot_at(&store, 3).await;
    append(&store, "ledger-7", &[4, 5].map(booked)).await;
    *store.resumes.lock().unwrap() = Some(beside);
    store.read_from.lock().unwrap().clear();
    let loaded = load::<each::Ledger>(&store).await.unwrap();
    assert_eq!((loaded.state.balance, loaded.version.get()), (15, 5));
    let read_from = store.read_from.lock().unwrap();
    read_from.iter().map(|from| from.get()).collect()
}

#[tokio::test]
async fn a_snapshot_and_what_came_after_it_may_be_read_at_once() {
    assert!(read_beside(0).await.is_empty(), "nothing else is asked for");
    // Another snapshot was written between the two.
    assert_eq!(read_beside(1).await, [3]);
    assert_eq!(read_beside(9).await, [3]);
}

#[tokio::test]
async fn a_stream_without_a_snapshot_may_be_read_at_once() {
    let store = Faulty::default();
    *store.resumes.lock().unwrap() = Some(0);
    let loaded = load::<each::Ledger>(&store).await.unwrap();
    assert_eq!(loaded.version.get(), 0);
    append(&store, "ledger-7", &history()).await;
    let loaded = load::<each::Ledger>(&store).await.unwrap();
    assert_eq!((loaded.state.balance, loaded.version.get()), (10, 10));
    assert!(store.read_from.lock().unwrap().is_empty());
    // The key says something, but not what it is of.
    settled().await;
    put(&store, &(json!({"of": 4}), json!({}))).await;
    let loaded = load::<each::Ledger>(&store).await.unwrap();
    assert_eq!((loaded.state.balance, loaded.version.get()), (10, 10));
    let read_from = store.read_from.lock().unwrap().clone();
    assert_eq!(read_from, [StreamVersion::new(1)], "the whole of it");
}

#[tokio::test]
async fn a_long_tail_is_read_page_by_page() {
    let store = MemoryStore::new();
    append(&store, "ledger-7", &history()[..1]).await;
    load::<each::Ledger>(&store).await.unwrap();
    snapshot_at(&store, 1).await;
    let many = vec![("ledger.booked", json!({"cents": 1})); 500];
    append(&store, "ledger-7", &[many.clone(), many.clone(), many]).await;
    let loaded = load::<each::Ledger>(&store).await.unwrap();
    assert_eq!((loaded.state.balance, loaded.version.get()), (1_501, 1_501));
}

/// What is in a snapshot that is read is what is loaded, so a wrong one shows that it was read.
async fn with_a_wrong_snapshot() -> MemoryStore {
    let store = MemoryStore::new();
    append(&store, "ledger-7", &history()).await;
    load::<each::Ledger>(&store).await.unwrap();
    let (header, mut state) = snapshot_at(&store, 10).await;
    state["balance"] = json!(99);
    put(&store, &(header, state)).await;
    store
}

/// It is not read, and the next one replaces it.
async fn is_replaced<A: Aggregate>(store: MemoryStore, balance: fn(&A) -> i64) {
    let wrong = snapshot(&store).await;
    assert_eq!(balance(&load::<A>(&store).await.unwrap().state), 10);
    for _ in 0..2_000 {
        if snapshot(&store).await != wrong {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("it is not replaced: {wrong:?}");
}

#[tokio::test]
async fn a_snapshot_that_fits_is_read() {
    let store = with_a_wrong_snapshot().await;
    let loaded = load::<each::Ledger>(&store).await.unwrap();
    assert_eq!(loaded.state.balance, 99);
}

#[tokio::test]
async fn a_snapshot_of_another_shape_is_not_read() {
    let store = with_a_wrong_snapshot().await;
    is_replaced::<wider::Ledger>(store.clone(), |ledger| ledger.balance).await;
    let loaded = load::<wider::Ledger>(&store).await.unwrap();
    assert_eq!(loaded.state.events, 7);
}

#[tokio::test]
async fn a_snapshot_of_another_version_is_not_read() {
    let store = with_a_wrong_snapshot().await;
    is_replaced::<each_v2::Ledger>(store, |ledger| ledger.balance).await;
}

#[tokio::test]
async fn a_snapshot_of_other_events_is_not_read() {
    let store = with_a_wrong_snapshot().await;
    is_replaced::<newer::Ledger>(store.clone(), |ledger| ledger.balance).await;
    let loaded = load::<newer::Ledger>(&store).await.unwrap();
    assert_eq!(loaded.state.texts, ["two", "FOUR"]);
}

#[tokio::test]
async fn what_is_damaged_is_not_read() {
    let whole = with_a_wrong_snapshot()
        .await
        .get(&key())
        .await
        .unwrap()
        .unwrap();
    let cut = |at: usize| whole.value[..at].to_vec();
    let other_state = {
        let header = whole.value.split(|byte| *byte == b'\n').next().unwrap();
        [header, b"\n{\"balance\":\"ten\"}"].concat()
    };
    let damaged = [
        Vec::new(),
        b"\xff\xfe\n{}".to_vec(),
        b"{}\n{}".to_vec(),
        cut(20),
        cut(whole.value.len() - 1),
        other_state,
    ];
    for value in damaged {
        let store = MemoryStore::new();
        append(&store, "ledger-7", &history()).await;
        store
            .write(vec![Write::put(key(), value.clone())])
            .await
            .unwrap();
        let loaded = load::<each::Ledger>(&store).await.unwrap();
        assert_eq!(
            loaded.state.balance,
            10,
            "{}",
            String::from_utf8_lossy(&value)
        );
        snapshot_at(&store, 10).await;
        assert_eq!(load::<each::Ledger>(&store).await.unwrap(), loaded);
    }
}

/// The store holds another stream under the same name, and the snapshot of the one before.
async fn with_another_stream(events: &[i64]) -> MemoryStore {
    let old = with_a_wrong_snapshot().await;
    let store = MemoryStore::new();
    put(&store, &snapshot(&old).await.unwrap()).await;
    let history = events
        .iter()
        .map(|cents| vec![("ledger.booked", json!({"cents": cents}))]);
    append(&store, "ledger-7", &history.collect::<Vec<_>>()).await;
    store
}

#[tokio::test]
async fn a_snapshot_of_another_stream_is_not_read() {
    // As long as the one before, and longer.
    for events in [[1; 10].as_slice(), &[1; 12]] {
        let store = with_another_stream(events).await;
        let loaded = load::<each::Ledger>(&store).await.unwrap();
        assert_eq!(loaded.state.balance, events.iter().sum::<i64>());
        assert_eq!(loaded.dropped, 0);
        settled().await;
        assert_eq!(snapshot(&store).await.unwrap().1["balance"], events.len());
    }
}

#[tokio::test]
async fn a_snapshot_that_is_newer_than_the_stream_is_not_read() {
    let store = with_another_stream(&[1, 2, 3]).await;
    let loaded = load::<each::Ledger>(&store).await.unwrap();
    assert_eq!((loaded.state.balance, loaded.version.get()), (6, 3));
    snapshot_at(&store, 3).await;
    let store = with_another_stream(&[]).await;
    let loaded = load::<each::Ledger>(&store).await.unwrap();
    assert_eq!(
        (loaded.state, loaded.version.get()),
        (each::Ledger::default(), 0)
    );
}

#[tokio::test]
async fn a_newer_snapshot_stays() {
    let store = Faulty::default();
    append(&store, "ledger-7", &history()[..1]).await;
    load::<each::Ledger>(&store).await.unwrap();
    let old = snapshot_at(&store, 1).await;
    append(&store, "ledger-7", &history()[1..]).await;
    load::<each::Ledger>(&store).await.unwrap();
    let (header, mut state) = snapshot_at(&store, 10).await;
    state["balance"] = json!(77);
    let new = (header, state);

    // One that is taken now, and written when a newer one is there.
    put(&store, &old).await;
    let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
    ironflow.of::<each::Ledger>("7").load().await.unwrap();
    put(&store, &new).await;
    settled().await;
    assert_eq!(snapshot(&store).await, Some(new));
}

#[tokio::test]
async fn what_is_kept_is_what_will_be_read_back() {
    let store = MemoryStore::new();
    let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
    let ledger = ironflow.of::<Ledger>("7");
    ledger.execute(Book(vec![1, 2, 3])).await.unwrap();
    let (_, state) = snapshot_at(&store, 3).await;
    assert_eq!(state, json!({"balance": 6}));
}

#[tokio::test]
async fn a_refused_command_leaves_a_snapshot_that_was_due() {
    let store = MemoryStore::new();
    append(&store, "ledger-7", &history()).await;
    let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
    let refused = ironflow.of::<Ledger>("7").execute(Book(vec![0])).await;
    assert!(refused.is_err());
    let (header, state) = snapshot_at(&store, 10).await;
    assert_eq!(
        (header["dropped"].as_u64(), &state["balance"]),
        (Some(3), &json!(10))
    );
}

#[tokio::test]
async fn what_was_not_recorded_is_not_kept() {
    let store = Faulty::default();
    append(&store, "ledger-7", &history()).await;
    let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
    store.lost_appends.store(1, Ordering::SeqCst);
    let in_doubt = ironflow.of::<Ledger>("7").execute(Book(vec![5])).await;
    assert!(in_doubt.is_err());
    settled().await;
    let loaded = ironflow.of::<Ledger>("7").load().await.unwrap();
    assert_eq!((loaded.state.balance, loaded.version.get()), (15, 11));
}

#[tokio::test]
async fn a_snapshot_is_taken_when_loading_took_too_long() {
    let book = |events: usize| vec![vec![("ledger.booked", json!({"cents": 1}))]; events];
    let store = MemoryStore::new();
    append(&store, "ledger-7", &book(9)).await;
    load::<timed::Ledger>(&store).await.unwrap();
    settled().await;
    assert_eq!(snapshot(&store).await, None, "so few events are no reason");
    append(&store, "ledger-7", &book(31)).await;
    load::<timed::Ledger>(&store).await.unwrap();
    snapshot_at(&store, 40).await;
    append(&store, "ledger-7", &book(2)).await;
    let loaded = load::<timed::Ledger>(&store).await.unwrap();
    assert_eq!(loaded.state.balance, 42);
    settled().await;
    snapshot_at(&store, 40).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_commands_leave_a_state_that_is_right() {
    let store = MemoryStore::new();
    let ironflow = Ironflow::new(store.clone())
        .policy(ironflow_domain::CommandPolicy::new().attempts(1_000))
        .start()
        .await
        .unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let ironflow = ironflow.clone();
            tokio::spawn(async move {
                for _ in 0..25 {
                    let ledger = ironflow.of::<Ledger>("7");
                    ledger.execute(Book(vec![1, 2])).await.unwrap();
                    let loaded = ironflow.of::<Ledger>("7").load().await.unwrap();
                    let expected = loaded.version.get().cast_signed() / 2 * 3;
                    assert_eq!(loaded.state.balance, expected);
                    // What is written in the background gets its turn.
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    settled().await;
    let (header, state) = snapshot(&store).await.unwrap();
    let version = header["of"].as_i64().unwrap();
    assert!(version > 300, "{version}");
    assert_eq!(state["balance"], version / 2 * 3);
    let loaded = ironflow.of::<Ledger>("7").load().await.unwrap();
    assert_eq!((loaded.state.balance, loaded.version.get()), (600, 400));
}

#[tokio::test]
async fn a_store_that_fails_with_snapshots_costs_time_only() {
    let store = Faulty::default();
    append(&store, "ledger-7", &history()).await;
    load::<each::Ledger>(&store).await.unwrap();
    let (header, mut state) = snapshot_at(&store, 10).await;
    state["balance"] = json!(99);
    put(&store, &(header, state)).await;

    store.refused_gets.store(1, Ordering::SeqCst);
    let loaded = load::<each::Ledger>(&store).await.unwrap();
    assert_eq!(loaded.state.balance, 10, "the whole stream was folded");
    settled().await;

    store.refused_writes.store(usize::MAX, Ordering::SeqCst);
    let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
    let ledger = ironflow.of::<Ledger>("8");
    let receipt = ledger.execute(Book(vec![1, 2, 3])).await.unwrap();
    assert_eq!(receipt.version.get(), 3);
    settled().await;
    let ledger = ironflow.of::<Ledger>("8").load().await.unwrap();
    assert_eq!(ledger.state.balance, 6);
}

#[tokio::test]
async fn nothing_is_written_unless_it_is_asked_for() {
    let store = MemoryStore::new();
    append(&store, "ledger-7", &history()).await;
    let loaded = load::<Plain>(&store).await.unwrap();
    assert_eq!(loaded.state.balance, 10);
    settled().await;
    let kept = store.list(KeyRange::bucket("snapshots")).await.unwrap();
    assert!(kept.is_empty(), "{kept:?}");
}

#[tokio::test]
async fn a_state_that_is_too_large_is_not_kept() {
    let store = MemoryStore::new();
    let text = "x".repeat(5 * 1024 * 1024);
    append(
        &store,
        "ledger-7",
        &[vec![("ledger.described", json!({"text": text}))]],
    )
    .await;
    let loaded = load::<each::Ledger>(&store).await.unwrap();
    assert_eq!(loaded.state.texts, [text]);
    settled().await;
    assert_eq!(snapshot(&store).await, None);
}

#[tokio::test]
async fn loading_is_measured_on_the_longest_streams() {
    let store = MemoryStore::new();
    for (id, appends) in [(1, 3), (2, 7), (3, 1), (4, 7)] {
        append(&store, &format!("ledger-{id}"), &history()[..appends]).await;
    }
    append(&store, "other-1", &[vec![("other.viewed", json!({}))]]).await;
    let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
    let report = ironflow.measure_loading::<each::Ledger>(3).await.unwrap();
    let streams: Vec<_> = report
        .longest
        .iter()
        .map(|loading| (loading.stream.as_str(), loading.events))
        .collect();
    assert_eq!(
        streams,
        [("ledger-2", 10), ("ledger-4", 10), ("ledger-1", 4)]
    );
    assert_eq!((report.streams, report.aggregate), (4, "Ledger"));
    assert!(
        report
            .longest
            .iter()
            .all(|loading| loading.snapshot.is_some())
    );
    assert!(
        report.to_string().contains("No snapshots are needed"),
        "{report}"
    );
    assert_eq!(snapshot(&store).await, None, "nothing is written");

    let report = ironflow.measure_loading::<Plain>(1).await.unwrap();
    assert_eq!(report.longest[0].snapshot, None);
    assert_eq!(
        ironflow.measure_loading::<Plain>(0).await.unwrap().longest,
        []
    );
}
