//! Several appends, all or nothing.
//!
//! A store without [`Capabilities::several_streams`](ironflow_domain::store::Capabilities) is held
//! to refusing them instead.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "a rule's name says it all, and it panics when a store does not keep it"
)]

use std::time::Duration;

use ironflow_domain::store::{
    Append, AppendError, Appended, Conflict, EventQuery, ExpectedVersion, ListStreams, ReadLog,
    ReadStream, Store,
};
use ironflow_domain::{EventId, Position, StreamVersion};

use super::Fixture;
use super::given::{
    append, append_all, append_any, assert_appends_are_whole, conflict_of_all, duplicate_of_all,
    event, events, exactly, guard, ids, page_ids, read_stream, recorded_ids, refusal_of_all,
    stream, takes_several, to_append, version, whole_log,
};

const ANY: ExpectedVersion = ExpectedVersion::Any;

/// So many events for each of the streams, wherever they are.
fn to_each(counts: &[(&str, usize)]) -> Vec<Append> {
    let one = |(name, count): &(&str, usize)| to_append(name, ANY, events(*count));
    counts.iter().map(one).collect()
}

fn ids_of(appends: &[Append]) -> Vec<EventId> {
    appends
        .iter()
        .flat_map(|append| ids(&append.events))
        .collect()
}

fn versions(appended: &[Appended]) -> Vec<u64> {
    appended
        .iter()
        .map(|appended| appended.version.get())
        .collect()
}

/// The appends with `one` in every place among them.
fn with_in_every_place(appends: &[Append], one: &Append) -> Vec<Vec<Append>> {
    let with_at = |place| {
        let mut all = appends.to_vec();
        all.insert(place, one.clone());
        all
    };
    (0..=appends.len()).map(with_at).collect()
}

async fn position_of(store: &dyn Store, id: EventId) -> Position {
    let found = store.find_event(id).await.expect("an event can be found");
    found.expect("the event is there").position
}

pub async fn every_append_is_recorded(store: Fixture) {
    if !takes_several(&*store).await {
        return;
    }
    append_any(&*store, &stream("order-2"), 2).await;
    let all = to_each(&[("order-1", 1), ("order-2", 3), ("other-1", 2)]);
    append_all(&*store, all.clone()).await;

    for append in &all {
        let recorded = recorded_ids(&read_stream(&*store, &append.stream).await);
        assert!(
            recorded.ends_with(&ids(&append.events)),
            "what was appended to {}",
            append.stream
        );
    }
    let log = whole_log(&*store).await;
    assert_eq!(recorded_ids(&log)[2..], ids_of(&all));
    let listed = store.list_streams(ListStreams::default()).await;
    let listed: Vec<_> = listed
        .expect("streams can be listed")
        .into_iter()
        .map(|info| (info.stream.to_string(), info.version.get()))
        .collect();
    let told = [("order-1", 1), ("order-2", 5), ("other-1", 2)];
    assert_eq!(listed, told.map(|(name, count)| (name.to_owned(), count)));
}

pub async fn the_answers_come_in_the_order_of_the_appends(store: Fixture) {
    if !takes_several(&*store).await {
        return;
    }
    append_any(&*store, &stream("order-2"), 2).await;
    let all = to_each(&[
        ("order-2", 3),
        ("order-1", 1),
        ("order-3", 2),
        ("order-1", 2),
    ]);
    let appended = append_all(&*store, all.clone()).await;
    assert_eq!(versions(&appended), [5, 1, 2, 3]);
    let mut last = Position::START;
    for (append, appended) in all.iter().zip(&appended) {
        let own = append.events.last().expect("it has events").id;
        assert_eq!(
            appended.position,
            position_of(&*store, own).await,
            "it is told the position of its own last event"
        );
        assert!(appended.position > last, "positions grow from one to next");
        last = appended.position;
    }
}

pub async fn an_append_sees_the_ones_before_it(store: Fixture) {
    if !takes_several(&*store).await {
        return;
    }
    let all = vec![
        to_append("order-1", exactly(0), events(2)),
        to_append("order-2", ExpectedVersion::NoStream, events(1)),
        to_append("order-1", exactly(2), events(3)),
        to_append("order-2", ExpectedVersion::StreamExists, events(1)),
        to_append("order-1", exactly(5), events(1)),
    ];
    let appended = append_all(&*store, all.clone()).await;
    assert_eq!(versions(&appended), [2, 1, 5, 2, 6]);
    let order = [&all[0], &all[2], &all[4]].map(|append| ids(&append.events));
    let recorded = read_stream(&*store, &stream("order-1")).await;
    assert_eq!(recorded_ids(&recorded), order.concat());
    assert!(
        recorded
            .iter()
            .map(|event| event.version.get())
            .eq(1..=6_u64)
    );
}

pub async fn a_conflict_says_where_the_ones_before_it_have_left_the_stream(store: Fixture) {
    if !takes_several(&*store).await {
        return;
    }
    append_any(&*store, &stream("order-1"), 1).await;
    for (name, expected, actual) in [
        ("order-1", ExpectedVersion::NoStream, 3),
        ("order-1", exactly(1), 3),
        ("order-1", exactly(4), 3),
        ("order-2", ExpectedVersion::NoStream, 1),
        ("order-2", exactly(0), 1),
        ("order-3", ExpectedVersion::StreamExists, 0),
    ] {
        let mut all = to_each(&[("order-1", 2), ("order-2", 1)]);
        all.push(to_append(name, expected.clone(), events(1)));
        let told = Conflict {
            stream: stream(name),
            expected,
            actual: version(actual),
        };
        assert_eq!(conflict_of_all(&*store, all).await, told);
    }
}

pub async fn a_conflict_of_one_leaves_nothing_of_the_others(store: Fixture) {
    if !takes_several(&*store).await {
        return;
    }
    append_any(&*store, &stream("order-1"), 3).await;
    let others = to_each(&[("order-2", 2), ("order-3", 1)]);
    for expected in [
        ExpectedVersion::NoStream,
        exactly(0),
        exactly(2),
        exactly(4),
    ] {
        let stale = to_append("order-1", expected.clone(), events(2));
        for all in with_in_every_place(&others, &stale) {
            let told = Conflict {
                stream: stream("order-1"),
                expected: expected.clone(),
                actual: version(3),
            };
            assert_eq!(conflict_of_all(&*store, all).await, told);
        }
    }
}

pub async fn an_event_id_that_is_taken_leaves_nothing_of_the_others(store: Fixture) {
    if !takes_several(&*store).await {
        return;
    }
    let taken = event("thing.happened");
    append(&*store, &stream("order-1"), ANY, vec![taken.clone()]).await;
    let others = to_each(&[("order-2", 2), ("order-3", 1)]);
    for name in ["order-1", "order-2", "order-4"] {
        let repeated = vec![event("thing.happened"), taken.clone()];
        let repeated = to_append(name, ANY, repeated);
        for all in with_in_every_place(&others, &repeated) {
            assert_eq!(duplicate_of_all(&*store, all).await, taken.id);
        }
    }
}

pub async fn a_repeat_among_several_is_told_from_a_conflict(store: Fixture) {
    if !takes_several(&*store).await {
        return;
    }
    let taken = event("thing.happened");
    append(&*store, &stream("order-1"), ANY, vec![taken.clone()]).await;
    let repeat = |expected| to_append("order-1", expected, vec![taken.clone()]);
    let stale = || to_append("order-1", ExpectedVersion::NoStream, events(1));
    for expected in [ANY, ExpectedVersion::NoStream, exactly(0), exactly(9)] {
        let other = || to_append("order-2", ANY, events(1));
        for all in [
            vec![other(), repeat(expected.clone())],
            vec![repeat(expected.clone()), other()],
            // Whichever of them comes first.
            vec![stale(), repeat(expected.clone())],
            vec![repeat(expected.clone()), stale()],
            vec![guard("order-1", exactly(7)), repeat(expected.clone())],
        ] {
            assert_eq!(duplicate_of_all(&*store, all).await, taken.id);
        }
    }
}

pub async fn an_event_id_twice_among_several_is_refused(store: Fixture) {
    if !takes_several(&*store).await {
        return;
    }
    append_any(&*store, &stream("order-1"), 1).await;
    for name in ["order-1", "order-2"] {
        for expected in [ANY, ExpectedVersion::NoStream, exactly(9)] {
            let twice = event("thing.happened");
            let first = vec![event("thing.happened"), twice.clone()];
            let all = vec![
                to_append("order-2", ANY, first),
                to_append("order-3", ANY, events(1)),
                to_append(name, expected, vec![twice.clone()]),
            ];
            assert_eq!(duplicate_of_all(&*store, all).await, twice.id);
        }
    }
}

pub async fn what_was_refused_can_be_appended_later(store: Fixture) {
    if !takes_several(&*store).await {
        return;
    }
    append_any(&*store, &stream("order-1"), 1).await;
    let mut all = to_each(&[("order-2", 2), ("order-1", 1)]);
    all[1].expected = exactly(0);
    conflict_of_all(&*store, all.clone()).await;
    all[1].expected = exactly(1);
    let appended = append_all(&*store, all.clone()).await;
    assert_eq!(versions(&appended), [2, 2]);
    assert_eq!(recorded_ids(&whole_log(&*store).await)[1..], ids_of(&all));
}

pub async fn a_guard_is_answered_with_where_its_stream_is(store: Fixture) {
    if !takes_several(&*store).await {
        return;
    }
    append_any(&*store, &stream("order-1"), 3).await;
    let all = vec![
        guard("order-1", exactly(3)),
        guard("order-2", ExpectedVersion::NoStream),
        to_append("order-2", exactly(0), events(2)),
        guard("order-2", ExpectedVersion::StreamExists),
        to_append("order-2", exactly(2), events(1)),
        guard("order-3", ANY),
    ];
    let appended = append_all(&*store, all).await;
    assert_eq!(versions(&appended), [3, 0, 2, 2, 3, 0]);
    let log = whole_log(&*store).await;
    let end = log.last().map(|last| last.position);
    for guard in [0, 1, 3, 5] {
        assert_eq!(
            Some(appended[guard].position),
            end,
            "a guard is told the position of the last event of all"
        );
    }
    assert_eq!(appended[2].position, log[4].position);
    assert_eq!(Some(appended[4].position), end);
}

pub async fn a_guard_that_does_not_hold_leaves_nothing(store: Fixture) {
    if !takes_several(&*store).await {
        return;
    }
    append_any(&*store, &stream("order-1"), 3).await;
    let others = to_each(&[("order-2", 2), ("order-3", 1)]);
    for (name, expected, actual) in [
        ("order-1", ExpectedVersion::NoStream, 3),
        ("order-1", exactly(2), 3),
        ("order-4", ExpectedVersion::StreamExists, 0),
        ("order-4", exactly(1), 0),
    ] {
        for all in with_in_every_place(&others, &guard(name, expected.clone())) {
            let told = Conflict {
                stream: stream(name),
                expected: expected.clone(),
                actual: version(actual),
            };
            assert_eq!(conflict_of_all(&*store, all).await, told);
        }
    }
}

pub async fn a_guard_makes_no_stream(store: Fixture) {
    if !takes_several(&*store).await {
        return;
    }
    let mut all = to_each(&[("order-1", 1)]);
    for expected in [ANY, ExpectedVersion::NoStream, exactly(0)] {
        all.push(guard("order-2", expected));
    }
    append_all(&*store, all).await;
    let info = store.stream_info(&stream("order-2")).await;
    assert_eq!(info.expect("a stream can be looked up"), None);
    let listed = store.list_streams(ListStreams::default()).await;
    let listed = listed.expect("streams can be listed");
    assert_eq!(listed.len(), 1, "only what has events is there: {listed:?}");
    let appended = append(
        &*store,
        &stream("order-2"),
        ExpectedVersion::NoStream,
        events(1),
    )
    .await;
    assert_eq!(appended.version, version(1));
}

pub async fn guards_alone_are_refused(store: Fixture) {
    append_any(&*store, &stream("order-1"), 1).await;
    let guards = [
        guard("order-1", exactly(1)),
        guard("order-2", ExpectedVersion::NoStream),
        guard("order-3", ANY),
    ];
    let counts = if takes_several(&*store).await {
        1..=guards.len()
    } else {
        1..=1
    };
    for count in counts {
        match refusal_of_all(&*store, guards[..count].to_vec()).await {
            AppendError::NoEvents(named) => assert_eq!(named, stream("order-1")),
            other => panic!("appends without events should have been refused: {other:?}"),
        }
    }
}

pub async fn no_appends_at_all_are_nothing_to_do(store: Fixture) {
    append_any(&*store, &stream("order-1"), 1).await;
    let before = whole_log(&*store).await;
    assert_eq!(append_all(&*store, Vec::new()).await, []);
    assert_eq!(whole_log(&*store).await, before);
}

pub async fn one_append_alone_is_an_append(store: Fixture) {
    let first = to_append("order-1", ExpectedVersion::NoStream, events(2));
    let appended = append_all(&*store, vec![first.clone()]).await;
    assert_eq!(versions(&appended), [2]);
    let log = whole_log(&*store).await;
    assert_eq!(recorded_ids(&log), ids(&first.events));
    assert_eq!(appended[0].position, log[1].position);

    let told = Conflict {
        stream: stream("order-1"),
        expected: exactly(1),
        actual: version(2),
    };
    let stale = to_append("order-1", exactly(1), events(1));
    assert_eq!(conflict_of_all(&*store, vec![stale]).await, told);
    let repeated = duplicate_of_all(&*store, vec![first.clone()]).await;
    assert!(ids(&first.events).contains(&repeated));
}

/// Four appends with seven events and two guards, between one append before and one after: the
/// events of all but the first and the last, and where they end.
async fn seven_together(store: &dyn Store) -> (Vec<EventId>, Position) {
    append_any(store, &stream("order-1"), 1).await;
    let named = |names: &[&'static str]| names.iter().copied().map(event).collect();
    let all = vec![
        guard("order-9", ANY),
        to_append("order-1", ANY, named(&["a", "b"])),
        to_append("order-2", ANY, named(&["a"])),
        guard("order-1", ANY),
        to_append("other-1", ANY, named(&["c", "a", "b"])),
        to_append("order-1", ANY, named(&["c"])),
    ];
    let appended = append_all(store, all.clone()).await;
    append_any(store, &stream("order-2"), 1).await;
    (ids_of(&all), appended[5].position)
}

pub async fn readers_get_all_appends_as_one(store: Fixture) {
    if !takes_several(&*store).await {
        return;
    }
    let (ids, _) = seven_together(&*store).await;
    let left = |id| ids.iter().rev().position(|other| *other == id).unwrap_or(0);
    let page = store.read_log(ReadLog::after(Position::START)).await;
    let page = page.expect("the log can be read");
    assert_eq!(page_ids(&page.events)[1..=ids.len()], ids);
    for name in ["order-1", "order-2", "other-1"] {
        let from = ReadStream::forward(StreamVersion::EMPTY);
        let of_stream = store.read_stream(&stream(name), from).await;
        let of_stream = of_stream.expect("a stream can be read").events;
        for event in page.events.iter().filter(|event| event.stream == name) {
            let in_stream = of_stream.iter().find(|other| other.id == event.id);
            let in_stream = in_stream.map(|event| event.left_in_commit as usize);
            let wanted = left(event.id);
            assert_eq!(
                (event.left_in_commit as usize, in_stream),
                (wanted, Some(wanted)),
                "what is left of all the appends after the event at {}",
                event.position
            );
        }
    }
}

pub async fn a_page_ends_with_all_of_the_appends(store: Fixture) {
    if !takes_several(&*store).await {
        return;
    }
    let (ids, end) = seven_together(&*store).await;
    let page = async |read: ReadLog| store.read_log(read).await.expect("the log can be read");
    let start = ReadLog::after(Position::START);
    for (limit, count) in [(1, 1), (2, 8), (3, 8), (5, 8), (8, 8), (9, 9)] {
        let page = page(start.clone().limit(limit)).await;
        assert_eq!(page.events.len(), count, "with a limit of {limit}");
        assert_appends_are_whole(&page.events);
        if count == 8 {
            assert_eq!((page.read_to, page.at_end), (end, false));
        }
    }
    let first = page(start.limit(1)).await.read_to;
    let few_bytes = ReadLog {
        max_bytes: 1,
        ..ReadLog::after(first)
    };
    let whole = page(few_bytes).await;
    assert_eq!(page_ids(&whole.events), ids);

    // What is wanted of them comes together, and the rest is behind us.
    let query = EventQuery::all;
    for (query, wanted) in [
        (query().names(["a"]), &[0, 2, 4][..]),
        (query().names(["b"]), &[1, 5]),
        (query().categories(["other"]), &[3, 4, 5]),
        (query().categories(["order"]), &[0, 1, 2, 6]),
        (query().streams([stream("order-1")]), &[0, 1, 6]),
        (query().streams([stream("order-2")]), &[2]),
        (
            query().categories(["order"]).names(["c", "a"]),
            &[0, 2, 6][..],
        ),
    ] {
        let described = query.to_string();
        let read = ReadLog {
            query,
            ..ReadLog::after(first)
        };
        let page = page(read.limit(1)).await;
        let wanted: Vec<_> = wanted.iter().map(|index| ids[*index]).collect();
        assert_eq!(page_ids(&page.events), wanted, "{described}");
        assert_eq!((page.read_to, page.at_end), (end, false), "{described}");
    }
}

pub async fn a_thousand_appends_are_one(store: Fixture) {
    const MANY: usize = 1_000;
    if !takes_several(&*store).await {
        return;
    }
    let all: Vec<_> = (0..MANY)
        .map(|number| to_append(&format!("order-{number}"), exactly(0), events(2)))
        .collect();
    let appended = append_all(&*store, all.clone()).await;
    assert!(appended.iter().all(|appended| appended.version.get() == 2));
    append_any(&*store, &stream("order-1"), 1).await;
    let page = store
        .read_log(ReadLog::after(Position::START).limit(1))
        .await;
    let page = page.expect("the log can be read");
    assert_eq!(page.events.len(), 2 * MANY);
    assert_appends_are_whole(&page.events);
    assert!(
        page_ids(&page.events) == ids_of(&all),
        "the log has other events"
    );
    assert_eq!(
        Some(page.read_to),
        appended.last().map(|last| last.position)
    );
}

pub async fn several_appends_end_a_wait_for_the_log(store: Fixture) {
    if !takes_several(&*store).await {
        return;
    }
    let end = append_any(&*store, &stream("order-1"), 1).await.position;
    let waiting = store.clone();
    let waiting = tokio::spawn(async move { waiting.log_grown(end).await });
    tokio::time::sleep(Duration::from_millis(2)).await;
    let mut all = to_each(&[("order-1", 1), ("order-2", 1)]);
    all.push(guard("order-3", ANY));
    append_all(&*store, all).await;
    let waited = store.wait_for("the end of a wait", waiting).await;
    waited
        .expect("waiting does not panic")
        .expect("one can wait for the log");
}
