//! Reading the log of all streams.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "a rule's name says it all, and it panics when a store does not keep it"
)]

use std::time::Duration;

use ironflow_domain::store::{Append, ExpectedVersion, LogPage, NewEvent, ReadLog, Store};
use ironflow_domain::{EventId, Position, SchemaVersion};

use super::Fixture;
use super::given::{
    append, append_any, assert_appends_are_whole, event, events, ids, page_ids, read_log,
    recorded_ids, stream, whole_log,
};

const START: Position = Position::START;

async fn page(store: &dyn Store, read: ReadLog) -> LogPage {
    store.read_log(read).await.expect("the log can be read")
}

/// Appends to several streams; the ids of each append, and where it ended.
async fn appends(
    store: &dyn Store,
    appends: &[(&str, &[&'static str])],
) -> Vec<(Vec<EventId>, Position)> {
    let mut done = Vec::new();
    for (name, names) in appends {
        let events: Vec<NewEvent> = names.iter().copied().map(event).collect();
        let ids = ids(&events);
        let append = Append {
            stream: stream(name),
            expected: ExpectedVersion::Any,
            events,
        };
        done.push((
            ids,
            store
                .append(append)
                .await
                .expect("an append succeeds")
                .position,
        ));
    }
    done
}

/// Three appends of one, three and two events.
async fn three_appends(store: &dyn Store) -> Vec<(Vec<EventId>, Position)> {
    appends(
        store,
        &[
            ("order-1", &["a"]),
            ("order-2", &["a", "b", "c"]),
            ("order-1", &["b", "a"]),
        ],
    )
    .await
}

pub async fn an_empty_log_is_at_its_end(store: Fixture) {
    let page = page(&*store, ReadLog::after(START)).await;
    assert_eq!(
        (page.events.len(), page.read_to, page.at_end),
        (0, START, true)
    );
}

pub async fn the_log_has_every_append_in_order(store: Fixture) {
    let appended = three_appends(&*store).await;
    let page = page(&*store, ReadLog::after(START)).await;
    let all: Vec<_> = appended.iter().flat_map(|(ids, _)| ids.clone()).collect();
    assert_eq!(page_ids(&page.events), all);
    assert_appends_are_whole(&page.events);
    assert!(
        page.events
            .iter()
            .map(|event| event.position)
            .is_sorted_by(|a, b| a < b)
    );
    assert_eq!(
        page.events.first().map(|event| event.position > START),
        Some(true)
    );
    assert!(page.at_end);
    assert_eq!(page.read_to, appended[2].1);
    let streams: Vec<_> = page.events.iter().map(|event| event.stream).collect();
    assert_eq!(
        streams,
        [
            "order-1", "order-2", "order-2", "order-2", "order-1", "order-1"
        ]
    );
}

pub async fn the_log_goes_on_after_any_append(store: Fixture) {
    let appended = three_appends(&*store).await;
    let rest = page(&*store, ReadLog::after(appended[0].1)).await;
    assert_eq!(
        page_ids(&rest.events),
        [&appended[1].0[..], &appended[2].0[..]].concat()
    );
    let rest = page(&*store, ReadLog::after(appended[1].1)).await;
    assert_eq!(page_ids(&rest.events), appended[2].0);
}

pub async fn nothing_lies_beyond_the_end_of_the_log(store: Fixture) {
    let end = three_appends(&*store).await[2].1;
    let beyond = page(&*store, ReadLog::after(end)).await;
    assert_eq!(
        (beyond.events.len(), beyond.read_to, beyond.at_end),
        (0, end, true)
    );
}

pub async fn a_page_ends_with_a_whole_append(store: Fixture) {
    let appended = three_appends(&*store).await;
    for (limit, count) in [
        (0, 1),
        (1, 1),
        (2, 4),
        (3, 4),
        (4, 4),
        (5, 6),
        (6, 6),
        (7, 6),
    ] {
        let page = page(&*store, ReadLog::after(START).limit(limit)).await;
        assert_eq!(page.events.len(), count, "with a limit of {limit}");
        assert_appends_are_whole(&page.events);
        let end = appended[match count {
            1 => 0,
            4 => 1,
            _ => 2,
        }]
        .1;
        assert_eq!(page.read_to, end, "with a limit of {limit}");
        assert_eq!(page.at_end, count == 6, "with a limit of {limit}");
    }
}

pub async fn a_page_ends_when_it_has_enough_bytes(store: Fixture) {
    let large = || NewEvent {
        data: format!("\"{}\"", "x".repeat(10_000)),
        ..event("large")
    };
    for number in 0..6 {
        append(
            &*store,
            &stream(&format!("order-{number}")),
            ExpectedVersion::Any,
            vec![large(), large()],
        )
        .await;
    }
    let read = ReadLog {
        max_bytes: 30_000,
        ..ReadLog::after(START)
    };
    let first = page(&*store, read.clone()).await;
    assert_eq!(
        (first.events.len(), first.at_end),
        (4, false),
        "four events of 10 kB are the first whole appends with 30 kB"
    );
    assert_eq!(
        page(
            &*store,
            ReadLog {
                max_bytes: 0,
                ..read.clone()
            }
        )
        .await
        .events
        .len(),
        2,
        "one append is always read"
    );
    assert_eq!(read_log(&*store, read).await.len(), 12);
}

pub async fn pages_of_any_size_make_up_the_log(store: Fixture) {
    let mut all = Vec::new();
    for number in 0..30 {
        let some = events(1 + number % 4);
        all.extend(ids(&some));
        append(
            &*store,
            &stream(&format!("order-{}", number % 7)),
            ExpectedVersion::Any,
            some,
        )
        .await;
    }
    for limit in [1, 2, 3, 5, 10, 1_000] {
        assert_eq!(
            recorded_ids(&read_log(&*store, ReadLog::after(START).limit(limit)).await),
            all,
            "in pages of {limit}"
        );
    }
}

pub async fn a_page_of_the_log_s_payloads_has_what_it_takes_to_decode_them(store: Fixture) {
    for number in 0_u32..12 {
        let of = |event: NewEvent| NewEvent {
            schema_version: SchemaVersion::new(number * 7 + 1),
            data: format!("{{\"of\":{number}}}"),
            ..event
        };
        let name = stream(&format!("order-{}", number % 3));
        let some = events(1 + number as usize % 3).into_iter().map(of);
        append(&*store, &name, ExpectedVersion::Any, some.collect()).await;
    }
    let reads = [
        ReadLog::after(START),
        ReadLog::after(START).limit(5),
        ReadLog::after(START).names(["b"]),
        ReadLog::after(START).categories(["order"]).limit(7),
        ReadLog::after(START).streams([stream("order-0"), stream("order-2")]),
    ];
    for mut read in reads {
        loop {
            let whole = page(&*store, read.clone()).await;
            let payloads = page(&*store, read.clone().payload_only()).await;
            assert_eq!(payloads.read_to, whole.read_to, "{read:?}");
            assert_eq!(payloads.at_end, whole.at_end, "{read:?}");
            let decodable = |page: &LogPage| {
                let events = page.events.iter().map(|event| {
                    (
                        event.position,
                        event.stream.to_owned(),
                        event.version,
                        event.name.to_owned(),
                        event.schema_version,
                        event.data.to_owned(),
                    )
                });
                events.collect::<Vec<_>>()
            };
            assert_eq!(decodable(&payloads), decodable(&whole), "{read:?}");
            if whole.at_end {
                break;
            }
            read.after = whole.read_to;
        }
    }
}

pub async fn only_events_with_wanted_names_are_read(store: Fixture) {
    let appended = three_appends(&*store).await;
    let wanted = read_log(&*store, ReadLog::after(START).names(["b"])).await;
    assert_eq!(recorded_ids(&wanted), [appended[1].0[1], appended[2].0[0]]);
    let wanted = read_log(&*store, ReadLog::after(START).names(["c", "b", "none"])).await;
    assert_eq!(
        recorded_ids(&wanted),
        [appended[1].0[1], appended[1].0[2], appended[2].0[0]]
    );
    assert_eq!(
        read_log(&*store, ReadLog::after(START).names(["none"])).await,
        []
    );
}

pub async fn a_name_is_wanted_to_the_letter(store: Fixture) {
    let names = [
        "order.placed",
        "order.placed ",
        "Order.placed",
        "order.place",
        "order_placed",
        "%",
        "'",
        "\"",
        "[\"order.placed\"]",
        "ö",
    ];
    for name in names {
        append(
            &*store,
            &stream("order-1"),
            ExpectedVersion::Any,
            vec![event(name)],
        )
        .await;
    }
    for name in names {
        let wanted = read_log(&*store, ReadLog::after(START).names([name])).await;
        let found: Vec<_> = wanted.iter().map(|event| event.name.as_ref()).collect();
        assert_eq!(found, [name]);
    }
    let many: Vec<_> = (0..500)
        .map(|number| format!("none-{number}"))
        .chain(["ö".to_owned()])
        .collect();
    assert_eq!(
        read_log(&*store, ReadLog::after(START).names(many))
            .await
            .len(),
        1,
        "there may be many names"
    );
    for (names, found) in [
        (&["order\0placed"][..], 0),
        (&["order\0placed", "ö"], 1),
        (&["", "\n"], 0),
    ] {
        let odd = ReadLog::after(START).names(names.iter().copied());
        let page = page(&*store, odd.clone()).await;
        assert_eq!((page.events.len(), page.at_end), (found, true), "{odd:?}");
        let odd = odd.categories(names.iter().copied());
        assert_eq!(read_log(&*store, odd.clone()).await.len(), 0, "{odd:?}");
    }
}

pub async fn only_events_of_wanted_categories_are_read(store: Fixture) {
    let names = [
        "order-1",
        "order-2-b",
        "orders-1",
        "orde-r",
        "Order-1",
        "order.x-1",
        "ö-1",
        "o%-1",
    ];
    for name in names {
        append(
            &*store,
            &stream(name),
            ExpectedVersion::Any,
            vec![event("a"), event("b")],
        )
        .await;
    }
    let found = async |read: ReadLog| {
        let mut events = read_log(&*store, read).await;
        events.dedup_by(|next, event| next.stream == event.stream && next.name != event.name);
        let streams = events.iter().map(|event| event.stream.to_string());
        streams.collect::<Vec<_>>()
    };
    let read = ReadLog::after(START);
    assert_eq!(
        found(read.clone().categories(["order"])).await,
        ["order-1", "order-2-b"]
    );
    for (category, stream) in [
        ("orders", "orders-1"),
        ("orde", "orde-r"),
        ("Order", "Order-1"),
        ("order.x", "order.x-1"),
        ("ö", "ö-1"),
        ("o%", "o%-1"),
    ] {
        assert_eq!(found(read.clone().categories([category])).await, [stream]);
    }
    assert_eq!(
        found(read.clone().categories(["ö", "none", "orders"])).await,
        ["orders-1", "ö-1"]
    );
    let none = page(&*store, read.clone().categories(["none"])).await;
    let end = whole_log(&*store).await.last().map(|last| last.position);
    assert_eq!(
        (none.events.len(), Some(none.read_to), none.at_end),
        (0, end, true)
    );
}

pub async fn an_event_is_wanted_by_its_category_and_its_name(store: Fixture) {
    let appended = three_appends(&*store).await;
    append(
        &*store,
        &stream("other-1"),
        ExpectedVersion::Any,
        vec![event("b")],
    )
    .await;
    let read = ReadLog::after(START).categories(["order"]).names(["b"]);
    let wanted = read_log(&*store, read).await;
    assert_eq!(recorded_ids(&wanted), [appended[1].0[1], appended[2].0[0]]);
}

pub async fn only_events_of_wanted_streams_are_read(store: Fixture) {
    let names = [
        "order-1", "order-10", "order-1 ", "Order-1", "order-%", "order-'", "ö-\"1\"",
    ];
    for name in names {
        append_any(&*store, &stream(name), 2).await;
    }
    let found = async |wanted: &[&str]| {
        let read = ReadLog::after(START).streams(wanted.iter().copied().map(stream));
        let events = read_log(&*store, read).await;
        let streams = events.iter().map(|event| event.stream.to_string());
        streams.collect::<Vec<_>>()
    };
    for name in names {
        assert_eq!(found(&[name]).await, [name, name]);
    }
    assert_eq!(
        found(&["ö-\"1\"", "order-none", "order-1"]).await,
        ["order-1", "order-1", "ö-\"1\"", "ö-\"1\""]
    );
    let none = page(&*store, ReadLog::after(START).streams([stream("order-2")])).await;
    let end = whole_log(&*store).await.last().map(|last| last.position);
    assert_eq!(
        (none.events.len(), Some(none.read_to), none.at_end),
        (0, end, true)
    );
    let many = (0..500).map(|number| stream(&format!("none-{number}")));
    let read = ReadLog::after(START).streams(many.chain([stream("order-1")]));
    assert_eq!(
        read_log(&*store, read).await.len(),
        2,
        "there may be many streams"
    );
}

pub async fn an_event_is_wanted_by_its_stream_its_category_and_its_name(store: Fixture) {
    let appended = three_appends(&*store).await;
    let read = || ReadLog::after(START).streams([stream("order-1")]);
    let wanted = read_log(&*store, read().names(["a"])).await;
    assert_eq!(recorded_ids(&wanted), [appended[0].0[0], appended[2].0[1]]);
    let wanted = read_log(&*store, read().categories(["order"]).names(["b"])).await;
    assert_eq!(recorded_ids(&wanted), [appended[2].0[0]]);
    assert_eq!(read_log(&*store, read().names(["c"])).await, []);
    assert_eq!(read_log(&*store, read().categories(["other"])).await, []);
}

pub async fn a_read_gets_past_events_that_are_not_wanted(store: Fixture) {
    let appended = three_appends(&*store).await;
    let end = appended[2].1;
    let none = page(&*store, ReadLog::after(START).names(["none"])).await;
    assert_eq!(
        (none.events.len(), none.read_to, none.at_end),
        (0, end, true)
    );
    let early = page(&*store, ReadLog::after(START).names(["c"])).await;
    assert_eq!(
        (early.events.len(), early.read_to, early.at_end),
        (1, end, true)
    );
}

pub async fn a_full_page_is_read_to_the_end_of_its_append(store: Fixture) {
    let appended = three_appends(&*store).await;
    // The first `a` of the second append fills the page; `b` and `c` after it are not wanted, and
    // yet are behind us.
    let full = page(&*store, ReadLog::after(START).names(["a"]).limit(2)).await;
    assert_eq!(page_ids(&full.events), [appended[0].0[0], appended[1].0[0]]);
    assert_eq!((full.read_to, full.at_end), (appended[1].1, false));
    // Where the page is full with the last append, this is the end of the log.
    let last = page(&*store, ReadLog::after(appended[1].1).names(["b"]).limit(1)).await;
    assert_eq!(
        (last.events.len(), last.read_to, last.at_end),
        (1, appended[2].1, true)
    );
    // All that is wanted of an append comes with it, however little would do.
    let whole = page(
        &*store,
        ReadLog::after(appended[0].1).names(["b", "c"]).limit(1),
    )
    .await;
    assert_eq!(page_ids(&whole.events), appended[1].0[1..]);
    assert_eq!((whole.read_to, whole.at_end), (appended[1].1, false));
}

pub async fn filtered_pages_make_up_the_filtered_log(store: Fixture) {
    let mut wanted = Vec::new();
    for number in 0..40_usize {
        let some: Vec<_> = (0..=number % 3)
            .map(|index| event(["a", "b", "c"][(number + index) % 3]))
            .collect();
        wanted.extend(
            some.iter()
                .filter(|event| event.name == "a")
                .map(|event| event.id),
        );
        append(
            &*store,
            &stream(&format!("order-{}", number % 5)),
            ExpectedVersion::Any,
            some,
        )
        .await;
    }
    for limit in [1, 2, 7, 1_000] {
        let read = read_log(&*store, ReadLog::after(START).names(["a"]).limit(limit)).await;
        assert_eq!(recorded_ids(&read), wanted, "in pages of {limit}");
    }
}

pub async fn the_log_has_what_the_streams_have(store: Fixture) {
    three_appends(&*store).await;
    let log = whole_log(&*store).await;
    for name in ["order-1", "order-2"] {
        let stream = stream(name);
        let of_stream: Vec<_> = log
            .iter()
            .filter(|event| event.stream == stream)
            .cloned()
            .collect();
        assert_eq!(super::given::read_stream(&*store, &stream).await, of_stream);
    }
}

pub async fn a_wait_is_over_at_once_where_the_log_has_grown_already(store: Fixture) {
    let appended = three_appends(&*store).await;
    for position in [START, appended[0].1, appended[1].1] {
        let waited = store
            .wait_for("the end of a wait", store.log_grown(position))
            .await;
        waited.expect("one can wait for the log");
    }
}

pub async fn an_append_ends_a_wait_for_the_log(store: Fixture) {
    for number in 0..20 {
        let end = append_any(&*store, &stream("order-1"), 1).await.position;
        let waiting = store.clone();
        let waiting = tokio::spawn(async move { waiting.log_grown(end).await });
        if number % 2 == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        append_any(&*store, &stream("order-2"), 1).await;
        let waited = store.wait_for("the end of a wait", waiting).await;
        waited
            .expect("waiting does not panic")
            .expect("one can wait for the log");
    }
}

pub async fn an_append_ends_every_wait_for_the_log(store: Fixture) {
    let end = append_any(&*store, &stream("order-1"), 1).await.position;
    let waiting: Vec<_> = (0..32)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.log_grown(end).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(5)).await;
    append_any(&*store, &stream("order-2"), 1).await;
    for waiting in waiting {
        let waited = store.wait_for("the end of a wait", waiting).await;
        waited
            .expect("waiting does not panic")
            .expect("one can wait for the log");
    }
}
