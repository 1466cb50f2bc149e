//! Many processes that share a store.
//!
//! A rule starts this program again, several times. What the processes do is the function below it.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "a rule's name says it all, and it panics when a store does not keep it"
)]

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ironflow_domain::store::{AppendError, Expected, ExpectedVersion, ReadLog, Write, WriteError};
use ironflow_domain::{EventId, Position, StreamId};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use super::Fixture;
use super::concurrency::tail;
use super::given::{
    append, event, events, exactly, get, ids, key, knows_conditions, put, read_stream,
    recorded_ids, stream, takes_several, try_append, value, version, whole_log,
};
use super::races::{
    TRANSFERS, Transfer, assert_transfers, assert_turns, follow_transfers, take_turns, transfer,
};
use super::workers::{self, Workers, tell};

/// The numbers of the processes that most rules start.
const PROCESSES: [u8; 4] = [1, 2, 3, 4];

/// What the processes that the rules start have to do; in any other process, nothing. `open_at`
/// opens what a fixture has that says [`Fixture::shared_at`] that place.
///
/// [`store_contract!`](crate::store_contract) makes a test of it.
///
/// # Panics
///
/// When the store does not keep what a rule says.
pub fn work<O, S>(open_at: impl FnOnce(String) -> O)
where
    O: Future<Output = S>,
    S: Into<Fixture>,
{
    workers::work(open_at, async |task, number, store| match task {
        "append" => append_to_own_and_shared(store, number).await,
        "race" => race_for_versions(store).await,
        "write" => write_to_many_streams(store, number).await,
        "repeat" => repeat(store, number).await,
        "count" => count(store).await,
        "follow" => follow(store, number).await,
        "turns" => tell(&take_turns(&**store, number.into()).await),
        "transfer" => tell(&transfer(&**store, number.into()).await),
        other => panic!("there is no task {other}"),
    });
}

/// An append that a process has made.
#[derive(Serialize, Deserialize)]
struct Made {
    stream: StreamId,
    /// Where the stream was after it.
    version: u64,
    ids: Vec<EventId>,
}

/// Appends so many events, wherever the stream is, and tells.
async fn append_and_tell(store: &Fixture, stream: StreamId, count: usize) {
    let new = events(count);
    let ids = ids(&new);
    let appended = append(&**store, &stream, ExpectedVersion::Any, new).await;
    tell(&Made {
        stream,
        version: appended.version.get(),
        ids,
    });
}

/// The store has exactly these appends, each of them whole: the ids in the order of the log.
async fn assert_made(store: &Fixture, made: &[Made]) -> Vec<EventId> {
    let mut streams: BTreeMap<&StreamId, BTreeMap<u64, EventId>> = BTreeMap::new();
    for Made {
        stream,
        version,
        ids,
    } in made
    {
        for (version, id) in (1..=*version).rev().zip(ids.iter().rev()) {
            let before = streams.entry(stream).or_default().insert(version, *id);
            assert_eq!(
                before, None,
                "version {version} of {stream} was given twice"
            );
        }
    }
    for (stream, told) in &streams {
        let recorded = read_stream(&**store, stream).await;
        let recorded: Vec<_> = recorded
            .iter()
            .map(|event| (event.version.get(), event.id))
            .collect();
        let told: Vec<_> = told.iter().map(|(version, id)| (*version, *id)).collect();
        assert_eq!(
            recorded, told,
            "{stream} has what processes were told it has"
        );
        let versions: Vec<_> = recorded.iter().map(|(version, _)| *version).collect();
        let without_gaps: Vec<_> = (1..).take(versions.len()).collect();
        assert_eq!(versions, without_gaps, "the versions of {stream}");
    }
    let log = log_with_what_is_left(store).await;
    let all: usize = made.iter().map(|made| made.ids.len()).sum();
    assert_eq!(log.len(), all, "events in the log");
    let places: BTreeMap<_, _> = (0..).zip(&log).map(|(at, (id, _))| (*id, at)).collect();
    for Made { stream, ids, .. } in made {
        let place = places.get(&ids[0]).copied().unwrap_or(log.len());
        let found: Vec<_> = log[place..].iter().copied().take(ids.len()).collect();
        let told: Vec<_> = ids.iter().copied().zip((0..ids.len()).rev()).collect();
        assert_eq!(
            found, told,
            "an append to {stream} in the log, and what is left of it"
        );
    }
    log.into_iter().map(|(id, _)| id).collect()
}

/// The ids of the log, and how many events of its append come after each.
async fn log_with_what_is_left(store: &Fixture) -> Vec<(EventId, usize)> {
    let mut log = Vec::new();
    let mut at = Position::START;
    loop {
        let page = store.read_log(ReadLog::after(at)).await;
        let page = page.expect("the log can be read");
        let events = page.events.iter();
        log.extend(events.map(|event| (event.id, event.left_in_commit as usize)));
        at = page.read_to;
        if page.at_end {
            return log;
        }
    }
}

pub async fn no_append_of_many_processes_is_lost(store: Fixture) {
    let workers = Workers::start(&store, "append", &PROCESSES).await;
    let made: Vec<Made> = workers.work().await.into_iter().flatten().collect();
    assert_eq!(made.len(), PROCESSES.len() * 2 * ROUNDS);
    assert_made(&store, &made).await;
}

const ROUNDS: usize = 20;

async fn append_to_own_and_shared(store: &Fixture, number: u8) {
    for round in 0..ROUNDS {
        append_and_tell(store, stream("order-shared"), 1 + round % 3).await;
        append_and_tell(store, stream(&format!("order-own{number}")), 1 + round % 2).await;
    }
}

pub async fn one_process_wins_every_version(store: Fixture) {
    let workers = Workers::start(&store, "race", &PROCESSES).await;
    let told: Vec<Vec<Try>> = workers.work().await;
    let mut conflicts = 0;
    let mut won = Vec::new();
    for tried in told {
        for tried in tried {
            match tried {
                Try::Won(made) => won.push(made),
                Try::Conflict => conflicts += 1,
            }
        }
    }
    assert_eq!(won.len(), PROCESSES.len() * WINS);
    assert_made(&store, &won).await;
    // All believe at first that the stream is new, and for one of them it is.
    assert!(
        conflicts >= PROCESSES.len() - 1,
        "{} processes have had {conflicts} conflicts",
        PROCESSES.len()
    );
}

const WINS: usize = 15;

#[derive(Serialize, Deserialize)]
enum Try {
    Won(Made),
    Conflict,
}

/// Appends to the one stream until it has won often enough.
async fn race_for_versions(store: &Fixture) {
    let contested = stream("order-1");
    let (mut at, mut wins) = (0, 0);
    while wins < WINS {
        let new = events(1);
        let ids = ids(&new);
        match try_append(&**store, &contested, exactly(at), new).await {
            Ok(appended) => {
                assert_eq!(appended.version, version(at + 1));
                at += 1;
                wins += 1;
                tell(&Try::Won(Made {
                    stream: contested.clone(),
                    version: at,
                    ids,
                }));
            }
            Err(AppendError::Conflict(conflict)) => {
                assert!(
                    conflict.actual > version(at),
                    "the stream has {} events, after it had {at}",
                    conflict.actual
                );
                at = conflict.actual.get();
                tell(&Try::Conflict);
            }
            Err(error) => panic!("an append failed: {error:?}"),
        }
    }
}

pub async fn one_process_wins_every_condition(store: Fixture) {
    if !knows_conditions(&*store).await {
        return;
    }
    let workers = Workers::start(&store, "turns", &PROCESSES).await;
    let won: Vec<Vec<Vec<u32>>> = workers.work().await;
    assert_turns(&*store, won.into_iter().flatten().flatten().collect()).await;
}

pub async fn no_transfer_of_many_processes_is_lost(store: Fixture) {
    if !takes_several(&*store).await {
        return;
    }
    let workers = Workers::start(&store, "transfer", &PROCESSES).await;
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn(follow_transfers(store.clone(), Arc::clone(&done)));
    let made: Vec<Vec<Vec<Transfer>>> = workers.work().await;
    done.store(true, Ordering::SeqCst);
    let made: Vec<_> = made.into_iter().flatten().flatten().collect();
    assert_eq!(made.len(), PROCESSES.len() * TRANSFERS);
    reader.await.expect("the reader was satisfied");
    assert_transfers(&*store, &made).await;
}

pub async fn a_reader_sees_every_event_of_other_processes_once_and_in_order(store: Fixture) {
    /// Small pages and large ones.
    const LIMITS: [usize; 3] = [1, 7, 1_000];
    let workers = Workers::start(&store, "write", &PROCESSES).await;
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for (handle, limit) in store.handles(LIMITS.len()).await.into_iter().zip(LIMITS) {
        readers.spawn(tail(handle, limit, Arc::clone(&done)));
    }
    let made: Vec<Made> = workers.work().await.into_iter().flatten().collect();
    done.store(true, Ordering::SeqCst);
    let settled = assert_made(&store, &made).await;
    for seen in readers.join_all().await {
        assert_eq!(
            seen, settled,
            "a reader that followed the log saw something else than one who comes later"
        );
    }
}

async fn write_to_many_streams(store: &Fixture, number: u8) {
    for round in 0..30 {
        let stream = stream(&format!("order-{}", (usize::from(number) * 3 + round) % 11));
        append_and_tell(store, stream, 1 + (usize::from(number) + round) % 4).await;
        // Where a store answers at once, the readers need a chance to come between.
        if round % 5 == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

pub async fn a_repeat_in_another_process_is_a_duplicate(store: Fixture) {
    let workers = Workers::start(&store, "repeat", &PROCESSES).await;
    let told: Vec<Vec<Option<EventId>>> = workers.work().await;
    let log = whole_log(&*store).await;
    let mut recorded = recorded_ids(&log);
    recorded.sort_unstable();
    let mut expected = Vec::new();
    for round in 0..REPEATS {
        let repeated = repeated_ids(round);
        let refused: Vec<_> = told.iter().filter_map(|told| told[round]).collect();
        assert_eq!(
            refused.len(),
            PROCESSES.len() - 1,
            "of {} processes that append the same, all but one are told that it is a repeat",
            PROCESSES.len()
        );
        for id in refused {
            assert!(repeated.contains(&id), "the repeat is not of {id}");
        }
        expected.extend(repeated);
    }
    expected.sort_unstable();
    assert_eq!(recorded, expected, "what is repeated is recorded once");
}

const REPEATS: usize = 12;

/// The same in every process.
fn repeated_ids(round: usize) -> [EventId; 2] {
    [1, 2].map(|index| {
        let mut id = [0x2e; 16];
        id[14] = u8::try_from(round).expect("there are few rounds");
        id[15] = index;
        EventId::from_bytes(id)
    })
}

/// Tells in every round which id was there already; nothing, when it was the first.
async fn repeat(store: &Fixture, number: u8) {
    for round in 0..REPEATS {
        // An id is unique in the store, not only in its stream.
        let name = match round % 2 {
            0 => "order-shared".to_owned(),
            _ => format!("order-own{number}"),
        };
        let repeated = repeated_ids(round).map(|id| {
            let mut event = event("thing.happened");
            event.id = id;
            event
        });
        let new = repeated.to_vec();
        match try_append(&**store, &stream(&name), ExpectedVersion::Any, new).await {
            Ok(_) => tell(&None::<EventId>),
            Err(AppendError::DuplicateEvent(id)) => tell(&Some(id)),
            Err(error) => panic!("an append failed: {error:?}"),
        }
    }
}

pub async fn counting_across_processes_loses_nothing(store: Fixture) {
    let workers = Workers::start(&store, "count", &PROCESSES).await;
    let revisions: Vec<Vec<u64>> = workers.work().await;
    let counted = PROCESSES.len() * COUNTS;
    assert_eq!(
        value(&*store, &key("count")).await,
        counted.to_string(),
        "what {} processes have counted to",
        PROCESSES.len()
    );
    for told in &revisions {
        assert!(told.is_sorted(), "revisions do not grow: {told:?}");
    }
    let revisions: HashSet<_> = revisions.into_iter().flatten().collect();
    assert_eq!(revisions.len(), counted, "a revision was given twice");
}

const COUNTS: usize = 20;

async fn count(store: &Fixture) {
    let mut counted = 0;
    while counted < COUNTS {
        let entry = get(&**store, &key("count")).await;
        let (count, seen) = match &entry {
            Some(entry) => {
                let text = String::from_utf8_lossy(&entry.value);
                let count: usize = text.parse().expect("it is a number");
                (count, Some(entry.revision))
            }
            None => (0, None),
        };
        let expected = seen.map_or(Expected::Absent, Expected::Revision);
        let count = Write::put(key("count"), (count + 1).to_string()).expecting(expected);
        match store.write(vec![count]).await {
            Ok(written) => {
                counted += 1;
                let revision = written[0].expect("a value has a revision");
                tell(&revision.get());
            }
            Err(WriteError::Revision { actual, .. }) => assert_ne!(actual, seen),
            Err(error) => panic!("a write failed: {error:?}"),
        }
    }
}

pub async fn what_one_process_has_appended_another_sees_at_once(store: Fixture) {
    let order = stream("order-1");
    let mut all = Vec::new();
    for number in PROCESSES {
        // It has opened the store when this is appended.
        let workers = Workers::start(&store, "follow", &[number]).await;
        all.extend(append_and_note(&store, &order).await);
        put(&*store, &key("last"), "parent").await;
        let told: Vec<Vec<Seen>> = workers.work().await;
        let seen = &told[0][0];
        assert_eq!(seen.stream, all, "what process {number} sees in the stream");
        assert_eq!(seen.log, all, "what process {number} sees in the log");
        assert_eq!(
            seen.value, "parent",
            "what process {number} sees under a key"
        );

        all.extend(&seen.appended);
        let recorded = read_stream(&*store, &order).await;
        assert_eq!(recorded_ids(&recorded), all, "what is seen in the stream");
        let page = store.read_log(ReadLog::after(Position::START)).await;
        let page = page.expect("the log can be read");
        assert!(page.at_end);
        let log = whole_log(&*store).await;
        assert_eq!(recorded_ids(&log), all, "what is seen in the log");
        let info = store.stream_info(&order).await;
        let info = info.expect("a stream can be asked for");
        assert_eq!(
            info.map(|info| info.version),
            Some(version(all.len() as u64))
        );
        for id in &seen.appended {
            let found = store
                .find_event(*id)
                .await
                .expect("an event can be looked up");
            assert!(found.is_some(), "event {id} is not found");
        }
        let own = format!("process {number}");
        assert_eq!(value(&*store, &key("last")).await, own);
    }
}

/// What a process has seen, and what it has then appended.
#[derive(Serialize, Deserialize)]
struct Seen {
    stream: Vec<EventId>,
    log: Vec<EventId>,
    value: String,
    appended: Vec<EventId>,
}

async fn append_and_note(store: &Fixture, stream: &StreamId) -> Vec<EventId> {
    let new = events(3);
    let ids = ids(&new);
    append(&**store, stream, ExpectedVersion::Any, new).await;
    ids
}

async fn follow(store: &Fixture, number: u8) {
    let order = stream("order-1");
    let mut seen = Seen {
        stream: recorded_ids(&read_stream(&**store, &order).await),
        log: recorded_ids(&whole_log(&**store).await),
        value: value(&**store, &key("last")).await,
        appended: Vec::new(),
    };
    seen.appended = append_and_note(store, &order).await;
    put(&**store, &key("last"), &format!("process {number}")).await;
    tell(&seen);
}
