//! Many at once, through one handle and through several.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "a rule's name says it all, and it panics when a store does not keep it"
)]

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ironflow_domain::store::{
    Append, AppendError, Expected, ExpectedVersion, Key, ReadLog, Write, WriteError,
};
use ironflow_domain::{EventId, Position, StreamVersion};
use tokio::task::{JoinSet, yield_now};
use tokio::time::timeout;

use super::Fixture;
use super::given::{
    append_any, assert_appends_are_whole, events, get, id, ids, key, knows_conditions, put,
    read_stream, recorded_ids, stream, takes_several, to_append, try_append, value, version,
    whole_log,
};
use super::races::{assert_transfers, assert_turns, follow_transfers, take_turns, transfer};

const WRITERS: usize = 32;

pub async fn one_writer_wins_every_version(store: Fixture) {
    race_for_versions(vec![store]).await;
}

pub async fn one_writer_wins_every_version_through_several_handles(store: Fixture) {
    race_for_versions(store.handles(4).await).await;
}

/// Many writers append to one stream, each at the version it believes the stream to be at.
async fn race_for_versions(handles: Vec<Fixture>) {
    const ROUNDS: u64 = 8;
    let contested = stream("order-1");
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let (store, contested) = (handles[number % handles.len()].clone(), contested.clone());
        writers.spawn(async move {
            let mut won = Vec::new();
            // Each writer tries every version; whoever is late learns where the stream is from the
            // conflict.
            let mut at = 0;
            while at < ROUNDS {
                let new = events(1);
                let id = new[0].id;
                match try_append(
                    &*store,
                    &contested,
                    ExpectedVersion::Exact(version(at)),
                    new,
                )
                .await
                {
                    Ok(appended) => {
                        assert_eq!(appended.version, version(at + 1));
                        won.push((at + 1, id));
                        at += 1;
                    }
                    Err(AppendError::Conflict(conflict)) => {
                        assert!(
                            conflict.actual > version(at),
                            "the stream is at {}, as expected",
                            conflict.actual
                        );
                        at = conflict.actual.get();
                    }
                    Err(error) => panic!("a writer failed: {error:?}"),
                }
            }
            won
        });
    }
    let mut winners: BTreeMap<u64, Vec<EventId>> = BTreeMap::new();
    for (version, id) in writers.join_all().await.into_iter().flatten() {
        winners.entry(version).or_default().push(id);
    }
    assert_eq!(
        winners.keys().copied().collect::<Vec<_>>(),
        (1..=ROUNDS).collect::<Vec<_>>()
    );
    for (version, ids) in &winners {
        assert_eq!(ids.len(), 1, "version {version} has {} winners", ids.len());
    }
    let recorded = read_stream(&*handles[0], &contested).await;
    assert_eq!(
        recorded_ids(&recorded),
        winners.into_values().flatten().collect::<Vec<_>>()
    );
    assert_eq!(
        recorded
            .iter()
            .map(|event| event.version.get())
            .collect::<Vec<_>>(),
        (1..=ROUNDS).collect::<Vec<_>>()
    );
}

pub async fn one_of_many_writers_makes_a_stream(store: Fixture) {
    let contested = stream("order-1");
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let (store, contested) = (store.clone(), contested.clone());
        writers.spawn(async move {
            try_append(&*store, &contested, ExpectedVersion::NoStream, events(2)).await
        });
    }
    let results = writers.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for result in results {
        assert!(
            matches!(result, Ok(_) | Err(AppendError::Conflict(_))),
            "{result:?}"
        );
    }
    assert_eq!(read_stream(&*store, &contested).await.len(), 2);
}

pub async fn one_of_many_repeats_is_recorded(store: Fixture) {
    let repeated = events(2);
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let (store, repeated) = (store.clone(), repeated.clone());
        let stream = stream(&format!("order-{}", number % 4));
        writers.spawn(
            async move { try_append(&*store, &stream, ExpectedVersion::Any, repeated).await },
        );
    }
    let results = writers.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    for result in results {
        assert!(
            matches!(result, Ok(_) | Err(AppendError::DuplicateEvent(_))),
            "{result:?}"
        );
    }
    assert_eq!(recorded_ids(&whole_log(&*store).await), ids(&repeated));
}

pub async fn no_append_of_many_is_lost(store: Fixture) {
    let contested = stream("order-1");
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let (store, contested) = (store.clone(), contested.clone());
        writers.spawn(async move {
            let mut last = StreamVersion::EMPTY;
            for _ in 0..5 {
                let appended = append_any(&*store, &contested, 2).await;
                assert!(
                    appended.version > last,
                    "an append comes after those before it"
                );
                last = appended.version;
            }
        });
    }
    writers.join_all().await;
    let recorded = read_stream(&*store, &contested).await;
    let versions: Vec<_> = recorded.iter().map(|event| event.version.get()).collect();
    assert_eq!(versions, (1..=WRITERS as u64 * 10).collect::<Vec<_>>());
}

pub async fn a_reader_sees_every_event_once_and_in_order(store: Fixture) {
    tail_while_others_write(vec![store]).await;
}

pub async fn a_reader_sees_every_event_once_through_several_handles(store: Fixture) {
    tail_while_others_write(store.handles(4).await).await;
}

/// Some readers follow the log while many write to many streams.
async fn tail_while_others_write(handles: Vec<Fixture>) {
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for (handle, limit) in handles.iter().cycle().zip([1, 10, 1_000, 7]) {
        readers.spawn(tail(handle.clone(), limit, Arc::clone(&done)));
    }
    let mut writers = JoinSet::new();
    for number in 0..8 {
        let store = handles[number % handles.len()].clone();
        writers.spawn(async move {
            let mut appended = Vec::new();
            for round in 0..30 {
                let new = events(1 + (number + round) % 4);
                let stream = stream(&format!("order-{}", (number * 3 + round) % 11));
                appended.extend(ids(&new));
                try_append(&*store, &stream, ExpectedVersion::Any, new)
                    .await
                    .expect("an append succeeds");
                // Where a store answers at once, the readers need a chance to come between.
                if round % 5 == 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            appended
        });
    }
    let mut appended: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    done.store(true, Ordering::SeqCst);

    let settled = recorded_ids(&whole_log(&*handles[0]).await);
    for seen in readers.join_all().await {
        assert_eq!(
            seen, settled,
            "a reader that followed the log saw something else than one who comes later"
        );
    }
    let mut settled = settled;
    settled.sort_unstable();
    appended.sort_unstable();
    assert_eq!(settled, appended);
}

/// Follows the log until it is `done` and read to the end; holds every page to its promises.
pub(super) async fn tail(store: Fixture, limit: usize, done: Arc<AtomicBool>) -> Vec<EventId> {
    let mut seen = Vec::new();
    let mut at = Position::START;
    loop {
        let was_done = done.load(Ordering::SeqCst);
        let page = store
            .read_log(ReadLog::after(at).limit(limit))
            .await
            .expect("the log can be read");
        assert_appends_are_whole(&page.events);
        for event in page.events.iter() {
            assert!(
                event.position > at,
                "position {} was seen after {at}",
                event.position
            );
            at = event.position;
            seen.push(event.id);
        }
        assert!(page.read_to >= at);
        at = page.read_to;
        if page.at_end {
            if was_done {
                return seen;
            }
            // A hint only: another handle's appends may not be heard of.
            let _ = timeout(Duration::from_millis(20), store.log_grown(at)).await;
        }
    }
}

pub async fn a_stream_that_others_append_to_is_read_without_gaps(store: Fixture) {
    let order = stream("order-1");
    let done = Arc::new(AtomicBool::new(false));
    let reader = {
        let (store, order, done) = (store.clone(), order.clone(), Arc::clone(&done));
        tokio::spawn(async move {
            let mut last = 0;
            while !done.load(Ordering::SeqCst) {
                let versions: Vec<_> = read_stream(&*store, &order)
                    .await
                    .iter()
                    .map(|event| event.version.get())
                    .collect();
                assert_eq!(
                    versions,
                    (1..=versions.len())
                        .map(|version| version as u64)
                        .collect::<Vec<_>>()
                );
                assert!(versions.len() >= last, "the stream has become shorter");
                assert_eq!(
                    versions.len() % 3,
                    0,
                    "an append of three events is seen in part"
                );
                last = versions.len();
                yield_now().await;
            }
        })
    };
    for _ in 0..50 {
        append_any(&*store, &order, 3).await;
    }
    done.store(true, Ordering::SeqCst);
    reader.await.expect("the reader was satisfied");
    assert_eq!(read_stream(&*store, &order).await.len(), 150);
}

pub async fn an_append_that_returned_is_seen_by_everyone(store: Fixture) {
    let handles = store.handles(3).await;
    let order = stream("order-1");
    for number in 0..30 {
        let writer = &handles[number % 3];
        let appended = append_any(&**writer, &order, 1).await;
        for reader in &handles {
            assert_eq!(read_stream(&**reader, &order).await.len(), number + 1);
            let end = reader
                .read_log(ReadLog::after(Position::START))
                .await
                .expect("the log can be read");
            assert_eq!((end.read_to, end.at_end), (appended.position, true));
        }
        let name = format!("{number}");
        let revision = put(&**writer, &key(&name), &name).await;
        for reader in &handles {
            assert_eq!(
                get(&**reader, &key(&name))
                    .await
                    .map(|entry| entry.revision),
                Some(revision)
            );
        }
    }
}

pub async fn an_append_that_is_dropped_is_whole_or_not_there(store: Fixture) {
    const EVENTS: usize = 5;
    for number in 0..60_usize {
        let order = stream(&format!("order-{number}"));
        let append = Append {
            stream: order.clone(),
            expected: ExpectedVersion::NoStream,
            events: events(EVENTS),
        };
        drop_after(number, store.append(append)).await;
        let seen = read_stream(&*store, &order).await.len();
        assert!(
            seen == 0 || seen == EVENTS,
            "a dropped append left {seen} of its {EVENTS} events"
        );
    }
    // Whatever was still under way is so no more when a later append has returned.
    append_any(&*store, &stream("order-last"), 1).await;
    let log = whole_log(&*store).await;
    for number in 0..60 {
        let order = stream(&format!("order-{number}"));
        let seen = read_stream(&*store, &order).await.len();
        assert!(
            seen == 0 || seen == EVENTS,
            "a dropped append left {seen} of its {EVENTS} events"
        );
        assert_eq!(
            log.iter().filter(|event| event.stream == order).count(),
            seen,
            "the log has what the stream has"
        );
    }
}

pub async fn several_appends_that_are_dropped_are_whole_or_not_there(store: Fixture) {
    const STREAMS: usize = 4;
    if !takes_several(&*store).await {
        return;
    }
    let name = |number: usize, part: usize| format!("order-{number}-{part}");
    for number in 0..60_usize {
        let appends = (0..STREAMS)
            .map(|part| {
                let expected = ExpectedVersion::NoStream;
                to_append(&name(number, part), expected, events(2))
            })
            .collect();
        drop_after(number, store.append_all(appends)).await;
    }
    append_any(&*store, &stream("order-last"), 1).await;
    let log = whole_log(&*store).await;
    for number in 0..60 {
        let mut seen = 0;
        for part in 0..STREAMS {
            let order = stream(&name(number, part));
            let of_stream = read_stream(&*store, &order).await.len();
            assert_eq!(
                log.iter().filter(|event| event.stream == order).count(),
                of_stream,
                "the log has what the stream has"
            );
            seen += of_stream;
        }
        assert!(
            seen == 0 || seen == STREAMS * 2,
            "appends that were dropped left {seen} of their {} events",
            STREAMS * 2
        );
    }
}

/// Drops what is under way, another time for every number, unless it is faster.
async fn drop_after<T, E: std::fmt::Debug>(
    number: usize,
    appending: impl Future<Output = Result<T, E>>,
) {
    let pause = async {
        match number % 3 {
            // Dropped after being asked a few times, or after a short while.
            0 => {
                for _ in 0..number / 3 {
                    yield_now().await;
                }
            }
            _ => tokio::time::sleep(Duration::from_micros(number as u64 * 20)).await,
        }
    };
    tokio::select! {
        biased;
        appended = appending => { appended.expect("an append succeeds"); }
        () = pause => {}
    }
}

pub async fn one_writer_wins_every_condition(store: Fixture) {
    race_for_turns(vec![store]).await;
}

pub async fn one_writer_wins_every_condition_through_several_handles(store: Fixture) {
    race_for_turns(store.handles(4).await).await;
}

/// Many writers append to streams of their own, each on condition that no other has.
async fn race_for_turns(handles: Vec<Fixture>) {
    if !knows_conditions(&*handles[0]).await {
        return;
    }
    let mut writers = JoinSet::new();
    for number in 0..8 {
        let store = handles[number % handles.len()].clone();
        writers.spawn(async move { take_turns(&*store, number).await });
    }
    let won = writers.join_all().await.concat();
    assert_turns(&*handles[0], won).await;
}

pub async fn no_transfer_of_many_is_lost(store: Fixture) {
    transfer_at_once(vec![store]).await;
}

pub async fn no_transfer_of_many_is_lost_through_several_handles(store: Fixture) {
    transfer_at_once(store.handles(4).await).await;
}

/// Many writers append to two of a few streams, in any order, while others read.
async fn transfer_at_once(handles: Vec<Fixture>) {
    if !takes_several(&*handles[0]).await {
        return;
    }
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for handle in handles.iter().cycle().take(2) {
        readers.spawn(follow_transfers(handle.clone(), Arc::clone(&done)));
    }
    let mut writers = JoinSet::new();
    for number in 0..8 {
        let store = handles[number % handles.len()].clone();
        writers.spawn(async move { transfer(&*store, number).await });
    }
    let made: Vec<_> = writers.join_all().await.into_iter().flatten().collect();
    done.store(true, Ordering::SeqCst);
    readers.join_all().await;
    assert_transfers(&*handles[0], &made).await;
}

pub async fn one_of_many_creates_a_key(store: Fixture) {
    let handles = store.handles(3).await;
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let store = handles[number % handles.len()].clone();
        writers.spawn(async move {
            let created = store
                .write(vec![Write::create(key("lease"), format!("{number}"))])
                .await;
            (number, created)
        });
    }
    let mut winners = Vec::new();
    for (number, created) in writers.join_all().await {
        match created {
            Ok(_) => winners.push(number),
            Err(WriteError::Revision { actual, .. }) => assert!(actual.is_some()),
            Err(error) => panic!("a writer failed: {error:?}"),
        }
    }
    assert_eq!(
        winners.len(),
        1,
        "{winners:?} all believe to have created the key"
    );
    assert_eq!(value(&*store, &key("lease")).await, winners[0].to_string());
}

pub async fn counting_by_compare_and_set_loses_nothing(store: Fixture) {
    const TASKS: usize = 8;
    const EACH: usize = 10;
    let handles = store.handles(2).await;
    put(&*store, &key("count"), "0").await;
    let mut counting = JoinSet::new();
    for number in 0..TASKS {
        let store = handles[number % handles.len()].clone();
        counting.spawn(async move {
            let mut revisions = Vec::new();
            while revisions.len() < EACH {
                let entry = get(&*store, &key("count"))
                    .await
                    .expect("the count is there");
                let count: usize = String::from_utf8(entry.value)
                    .expect("it is text")
                    .parse()
                    .expect("it is a number");
                let expected = Expected::Revision(entry.revision);
                // Where a store answers at once, others need a chance to come between.
                yield_now().await;
                match store
                    .write(vec![
                        Write::put(key("count"), (count + 1).to_string()).expecting(expected),
                    ])
                    .await
                {
                    Ok(written) => revisions.extend(written),
                    Err(WriteError::Revision { actual, .. }) => {
                        assert_ne!(actual, Some(entry.revision));
                    }
                    Err(error) => panic!("a writer failed: {error:?}"),
                }
            }
            revisions
        });
    }
    let revisions: Vec<_> = counting.join_all().await.into_iter().flatten().collect();
    assert_eq!(
        value(&*store, &key("count")).await,
        (TASKS * EACH).to_string()
    );
    assert_eq!(
        revisions.iter().collect::<HashSet<_>>().len(),
        TASKS * EACH,
        "a revision was given twice"
    );
}

pub async fn of_many_batches_with_a_key_in_common_one_is_written(store: Fixture) {
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            let own = Key::new("own", format!("{number}"));
            let batch = vec![
                Write::put(own.clone(), "mine"),
                Write::create(key("common"), format!("{number}")),
            ];
            (own, store.write(batch).await.is_ok())
        });
    }
    let mut won = Vec::new();
    for (own, is_written) in writers.join_all().await {
        assert_eq!(
            get(&*store, &own).await.is_some(),
            is_written,
            "half of the batch with {own} was written"
        );
        if is_written {
            won.push(own.name);
        }
    }
    assert_eq!(won, [value(&*store, &key("common")).await]);
}

pub async fn events_and_keys_are_written_side_by_side(store: Fixture) {
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            let order = stream(&format!("order-{number}"));
            for round in 0..5 {
                append_any(&*store, &order, 1).await;
                put(&*store, &key(&format!("{number}")), &round.to_string()).await;
                assert!(
                    store
                        .find_event(id())
                        .await
                        .expect("an event can be looked up")
                        .is_none()
                );
            }
        });
    }
    writers.join_all().await;
    assert_eq!(whole_log(&*store).await.len(), WRITERS * 5);
    for number in 0..WRITERS {
        assert_eq!(value(&*store, &key(&format!("{number}"))).await, "4");
    }
}
