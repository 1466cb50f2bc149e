//! Appending to one stream.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "a rule's name says it all, and it panics when a store does not keep it"
)]

use std::time::{Duration, SystemTime};

use ironflow_domain::store::{
    Append, AppendError, Conflict, ExpectedVersion, ListStreams, NewEvent, ReadLog, ReadStream,
};
use ironflow_domain::{Metadata, Position, SchemaVersion, Timestamp};

use super::Fixture;
use super::given::{
    append, append_any, assert_appends_are_whole, conflict, duplicate, event, events, exactly, id,
    ids, read_stream, recorded_ids, stream, version, whole_log,
};

pub async fn the_first_append_makes_the_stream(store: Fixture) {
    let order = stream("order-1");
    let event = event("order.placed");
    let appended = append(
        &*store,
        &order,
        ExpectedVersion::NoStream,
        vec![event.clone()],
    )
    .await;
    assert_eq!(appended.version, version(1));
    assert!(appended.position > Position::START);
    assert_eq!(
        recorded_ids(&read_stream(&*store, &order).await),
        [event.id]
    );
}

pub async fn any_version_appends_wherever_the_stream_is(store: Fixture) {
    let order = stream("order-1");
    for already in 0..3 {
        let appended = append(&*store, &order, ExpectedVersion::Any, events(1)).await;
        assert_eq!(appended.version, version(already + 1));
    }
    assert_eq!(read_stream(&*store, &order).await.len(), 3);
}

pub async fn no_stream_conflicts_with_an_existing_stream(store: Fixture) {
    let order = stream("order-1");
    append_any(&*store, &order, 2).await;
    let found = conflict(&*store, &order, ExpectedVersion::NoStream, events(1)).await;
    assert_eq!(found.actual, version(2));
    append(
        &*store,
        &stream("order-2"),
        ExpectedVersion::NoStream,
        events(1),
    )
    .await;
}

pub async fn stream_exists_conflicts_with_a_new_stream(store: Fixture) {
    let order = stream("order-1");
    let found = conflict(&*store, &order, ExpectedVersion::StreamExists, events(1)).await;
    assert_eq!(found.actual, version(0));
    append_any(&*store, &order, 1).await;
    let appended = append(&*store, &order, ExpectedVersion::StreamExists, events(1)).await;
    assert_eq!(appended.version, version(2));
}

pub async fn an_exact_version_appends_where_the_stream_is(store: Fixture) {
    let order = stream("order-1");
    append(&*store, &order, exactly(0), events(2)).await;
    append(&*store, &order, exactly(2), events(3)).await;
    let appended = append(&*store, &order, exactly(5), events(1)).await;
    assert_eq!(appended.version, version(6));
    assert_eq!(read_stream(&*store, &order).await.len(), 6);
}

pub async fn an_exact_version_that_is_stale_conflicts(store: Fixture) {
    let order = stream("order-1");
    append_any(&*store, &order, 3).await;
    for stale in 0..3 {
        assert_eq!(
            conflict(&*store, &order, exactly(stale), events(1))
                .await
                .actual,
            version(3)
        );
    }
}

pub async fn an_exact_version_that_is_ahead_conflicts(store: Fixture) {
    let order = stream("order-1");
    assert_eq!(
        conflict(&*store, &order, exactly(1), events(1))
            .await
            .actual,
        version(0)
    );
    append_any(&*store, &order, 3).await;
    for ahead in [4, 5, u64::MAX] {
        assert_eq!(
            conflict(&*store, &order, exactly(ahead), events(1))
                .await
                .actual,
            version(3)
        );
    }
}

pub async fn a_conflict_says_where_the_stream_is(store: Fixture) {
    let order = stream("order-1");
    append_any(&*store, &order, 3).await;
    append_any(&*store, &stream("order-2"), 1).await;
    let found = conflict(&*store, &order, exactly(2), events(1)).await;
    assert_eq!(
        found,
        Conflict {
            stream: order,
            expected: exactly(2),
            actual: version(3)
        }
    );
}

pub async fn an_append_that_conflicts_writes_nothing(store: Fixture) {
    let order = stream("order-1");
    append_any(&*store, &order, 1).await;
    let before = whole_log(&*store).await;
    let refused = events(3);
    conflict(&*store, &order, exactly(0), refused.clone()).await;
    conflict(
        &*store,
        &stream("order-2"),
        ExpectedVersion::StreamExists,
        events(1),
    )
    .await;

    assert_eq!(whole_log(&*store).await, before);
    assert_eq!(read_stream(&*store, &order).await, before);
    for event in refused {
        assert_eq!(
            store
                .find_event(event.id)
                .await
                .expect("an event can be looked up"),
            None
        );
    }
    let info = store
        .stream_info(&order)
        .await
        .expect("a stream can be looked up")
        .expect("the stream is there");
    assert_eq!(info.version, version(1));
    let listed = store
        .list_streams(ListStreams::default())
        .await
        .expect("streams can be listed");
    assert_eq!(
        listed,
        [info],
        "a stream that was never written is not there"
    );
}

pub async fn an_append_that_was_refused_can_be_made_later(store: Fixture) {
    let order = stream("order-1");
    append_any(&*store, &order, 1).await;
    let late = events(2);
    conflict(&*store, &order, exactly(0), late.clone()).await;
    append(&*store, &order, exactly(1), late.clone()).await;
    assert_eq!(
        recorded_ids(&read_stream(&*store, &order).await)[1..],
        ids(&late)
    );
}

pub async fn several_events_follow_each_other(store: Fixture) {
    let order = stream("order-1");
    append_any(&*store, &order, 1).await;
    let three = events(3);
    let appended = append(&*store, &order, ExpectedVersion::Any, three.clone()).await;
    assert_eq!(appended.version, version(4));

    let page = store
        .read_stream(&order, ReadStream::forward(version(2)))
        .await
        .expect("a stream can be read")
        .events;
    let seen: Vec<_> = page
        .iter()
        .map(|event| (event.id, event.version.get(), event.left_in_commit))
        .collect();
    assert_eq!(
        seen,
        [
            (three[0].id, 2, 2),
            (three[1].id, 3, 1),
            (three[2].id, 4, 0)
        ]
    );
    assert!(
        page.iter()
            .map(|event| event.position)
            .is_sorted_by(|a, b| a < b)
    );
    assert_eq!(
        page.last().map(|event| event.position),
        Some(appended.position),
        "it is told the last event's position"
    );
}

pub async fn an_append_without_events_is_refused(store: Fixture) {
    let order = stream("order-1");
    for expected in [
        ExpectedVersion::Any,
        ExpectedVersion::NoStream,
        ExpectedVersion::StreamExists,
    ] {
        let empty = Append {
            stream: order.clone(),
            expected,
            events: Vec::new(),
        };
        match store.append(empty).await {
            Err(AppendError::NoEvents(named)) => assert_eq!(named, order),
            other => panic!("an append without events should have been refused: {other:?}"),
        }
    }
    assert_eq!(
        store
            .stream_info(&order)
            .await
            .expect("a stream can be looked up"),
        None
    );
}

pub async fn an_event_id_twice_in_one_append_is_refused(store: Fixture) {
    let order = stream("order-1");
    let mut three = events(3);
    three[2].id = three[0].id;
    assert_eq!(
        duplicate(&*store, &order, ExpectedVersion::Any, three.clone()).await,
        three[0].id
    );
    assert_eq!(whole_log(&*store).await, []);
}

pub async fn an_event_id_of_an_earlier_append_is_refused(store: Fixture) {
    let order = stream("order-1");
    let first = events(2);
    append(&*store, &order, ExpectedVersion::Any, first.clone()).await;
    // The one that is taken is the last of the new ones, so that the others are undone.
    let mut again = events(3);
    again[2].id = first[1].id;
    assert_eq!(
        duplicate(&*store, &order, ExpectedVersion::Any, again.clone()).await,
        first[1].id
    );

    assert_eq!(
        recorded_ids(&read_stream(&*store, &order).await),
        ids(&first)
    );
    assert_eq!(
        store
            .find_event(again[0].id)
            .await
            .expect("an event can be looked up"),
        None
    );
    assert_eq!(append_any(&*store, &order, 1).await.version, version(3));
}

pub async fn an_event_id_of_another_stream_is_refused(store: Fixture) {
    let first = events(1);
    append(
        &*store,
        &stream("order-1"),
        ExpectedVersion::Any,
        first.clone(),
    )
    .await;
    let other = stream("order-2");
    assert_eq!(
        duplicate(&*store, &other, ExpectedVersion::NoStream, first.clone()).await,
        first[0].id
    );
    assert_eq!(
        store
            .stream_info(&other)
            .await
            .expect("a stream can be looked up"),
        None
    );
    assert_eq!(recorded_ids(&whole_log(&*store).await), ids(&first));
}

pub async fn a_repeat_is_told_from_a_conflict(store: Fixture) {
    let order = stream("order-1");
    let first = events(2);
    append(&*store, &order, ExpectedVersion::NoStream, first.clone()).await;
    for expected in [
        ExpectedVersion::NoStream,
        exactly(0),
        exactly(1),
        exactly(9),
    ] {
        assert_eq!(
            duplicate(&*store, &order, expected, first.clone()).await,
            first[0].id
        );
    }
    let mut partly_new = events(2);
    partly_new[1].id = first[0].id;
    assert_eq!(
        duplicate(&*store, &order, exactly(0), partly_new).await,
        first[0].id
    );
}

pub async fn an_event_has_all_its_fields_back(store: Fixture) {
    let order = stream("order-1");
    let mut metadata = Metadata::default();
    metadata.causation_id = Some("command-1".to_owned());
    metadata.correlation_id = Some("conversation \"1\"".to_owned());
    metadata.tenant_id = Some("Zoë & Söhne".to_owned());
    metadata.issued_at = Some(Timestamp::from_micros(1_776_435_721_123_456));
    metadata
        .extra
        .insert("a key".to_owned(), "日本\n\\".to_owned());
    let full = NewEvent {
        id: id(),
        name: "order.placed".into(),
        schema_version: SchemaVersion::new(u32::MAX),
        source: "api".into(),
        data: r#"{"items":[1,2,3]}"#.to_owned(),
        metadata,
    };
    let appended = append(
        &*store,
        &order,
        ExpectedVersion::Any,
        vec![full.clone(), event("order.paid")],
    )
    .await;

    let recorded = read_stream(&*store, &order).await;
    let found = store
        .find_event(full.id)
        .await
        .expect("an event can be looked up")
        .expect("the event is there");
    let logged = whole_log(&*store).await;
    for seen in [&recorded[0], &found, &logged[0]] {
        assert_eq!(seen.id, full.id);
        assert_eq!(seen.name, full.name);
        assert_eq!(seen.stream, order);
        assert_eq!(seen.version, version(1));
        assert_eq!(seen.schema_version, full.schema_version);
        assert!(seen.position > Position::START && seen.position < appended.position);
        assert_eq!(seen.source, full.source);
        assert_eq!(seen.data, full.data);
        assert_eq!(seen.metadata, full.metadata);
        assert_eq!(seen.time, recorded[0].time);
    }
    assert_eq!(recorded[1].metadata, Metadata::default());
    assert_eq!(recorded[1].position, appended.position);
}

pub async fn an_event_has_the_time_at_which_it_was_recorded(store: Fixture) {
    // A store may have another clock, but not one that is an hour off.
    let hour = Duration::from_hours(1);
    let before = Timestamp::from(SystemTime::now() - hour);
    append_any(&*store, &stream("order-1"), 1).await;
    let after = Timestamp::from(SystemTime::now() + hour);
    let time = whole_log(&*store).await[0].time;
    assert!(
        before < time && time < after,
        "{time} is not between {before} and {after}"
    );
}

pub async fn a_payload_comes_back_byte_for_byte(store: Fixture) {
    let order = stream("order-1");
    let payloads = [
        "{}",
        " { \"b\" : 1.0 ,\n\t\"a\" : 1e2 , \"a\" : \"twice\" } ",
        r#"{"text":"quotes ' \" \\ ; DROP TABLE events; -- % _ $1 ?1 :name"}"#,
        r#"{"text":"\u0000 \u00e4 ä 日本 🦀 e\u0301"}"#,
        r#"{"number":123456789012345678901234567890.10}"#,
        "null",
        r#""""#,
    ];
    let all = payloads.map(|data| NewEvent {
        data: data.to_owned(),
        ..event("odd.payload")
    });
    append(&*store, &order, ExpectedVersion::Any, all.to_vec()).await;
    let back: Vec<_> = read_stream(&*store, &order)
        .await
        .into_iter()
        .map(|event| event.data)
        .collect();
    assert_eq!(back, payloads);
}

pub async fn a_payload_may_be_a_mebibyte(store: Fixture) {
    let order = stream("order-1");
    let large = format!("{{\"text\":\"{}\"}}", "0123456789abcdef".repeat(65_536));
    assert!(large.len() > 1024 * 1024);
    let large = NewEvent {
        data: large,
        ..event("large.payload")
    };
    append(
        &*store,
        &order,
        ExpectedVersion::Any,
        vec![event("small.payload"), large.clone()],
    )
    .await;
    // Not assert_eq, which would print both.
    assert!(
        read_stream(&*store, &order).await[1].data == large.data,
        "the payload in the stream is another one"
    );
    assert!(
        whole_log(&*store).await[1].data == large.data,
        "the payload in the log is another one"
    );
}

pub async fn texts_may_be_odd_or_empty(store: Fixture) {
    let order = stream("order-1");
    let odd = NewEvent {
        name: "it's \"odd\" % _ 🦀".into(),
        source: "".into(),
        metadata: {
            let mut metadata = Metadata::default();
            metadata.tenant_id = Some(String::new());
            metadata
        },
        ..event("")
    };
    append(&*store, &order, ExpectedVersion::Any, vec![odd.clone()]).await;
    let back = &read_stream(&*store, &order).await[0];
    assert_eq!(
        (&back.name, back.source.as_str(), &*back.metadata),
        (&odd.name, "", &odd.metadata)
    );
}

pub async fn streams_with_odd_names_are_kept_apart(store: Fixture) {
    let long = format!("order-{}", "x".repeat(506));
    let names = [
        "order-1",
        "order-1 ",
        "order- 1",
        "order-01",
        "Order-1",
        "order-1-1",
        "order-%",
        "order-_",
        "order-*",
        "order-'",
        "order-\"",
        "order-O'Brien\"; DROP TABLE events; --",
        "order-\\",
        "order-/../x",
        "order-a.b>c",
        "order-\u{e9}",
        "order-e\u{301}",
        "order-日本",
        "order-🦀",
        "ordér-1",
        long.as_str(),
    ];
    for (name, count) in names.iter().zip(1..) {
        append(
            &*store,
            &stream(name),
            ExpectedVersion::NoStream,
            events(count),
        )
        .await;
    }
    for (name, count) in names.iter().zip(1..) {
        let stream = stream(name);
        let events = read_stream(&*store, &stream).await;
        assert_eq!(events.len(), count, "stream {name}");
        assert!(
            events.iter().all(|event| event.stream == stream),
            "stream {name} has an event of another one"
        );
    }
    let listed = store
        .list_streams(ListStreams::default())
        .await
        .expect("streams can be listed");
    assert_eq!(listed.len(), names.len());
}

pub async fn ten_thousand_events_are_one_append(store: Fixture) {
    const MANY: usize = 10_000;
    let order = stream("order-1");
    append_any(&*store, &stream("order-2"), 1).await;
    let many = events(MANY);
    let appended = append(&*store, &order, exactly(0), many.clone()).await;
    assert_eq!(appended.version, version(MANY as u64));
    append_any(&*store, &stream("order-2"), 1).await;

    assert!(
        recorded_ids(&read_stream(&*store, &order).await) == ids(&many),
        "the stream has other events"
    );
    let first = store
        .read_log(ReadLog::after(Position::START).limit(2))
        .await
        .expect("the log can be read");
    assert_eq!(
        first.events.len(),
        MANY + 1,
        "the page goes on to the end of the append"
    );
    assert_appends_are_whole(&first.events);
    assert_eq!(first.read_to, appended.position);
    assert!(!first.at_end);
}

pub async fn an_append_leaves_the_keys_alone(store: Fixture) {
    append_any(&*store, &stream("order-1"), 1).await;
    let listed = store
        .list(ironflow_domain::store::KeyRange::bucket("order"))
        .await
        .expect("keys can be listed");
    assert_eq!(listed, []);
}
