//! Reading, finding and listing streams.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "a rule's name says it all, and it panics when a store does not keep it"
)]

use ironflow_domain::store::{
    Entry, ExpectedVersion, Key, ListStreams, NewEvent, ReadStream, Resumed, Store, StreamInfo,
    StreamPage,
};
use ironflow_domain::{EventId, Metadata, SchemaVersion, StreamId, StreamVersion};

use super::Fixture;
use super::given::{
    append, append_any, event, events, get, id, ids, key, page_ids, put, read_in_pages,
    read_stream, recorded_ids, stream, version, versions,
};

/// A stream with five events, between those of others.
async fn five_events(store: &dyn Store) -> (StreamId, Vec<EventId>) {
    let order = stream("order-1");
    let mut all = Vec::new();
    for count in [1, 2, 2] {
        append_any(store, &stream("order-10"), 1).await;
        let some = events(count);
        all.extend(ids(&some));
        append(store, &order, ExpectedVersion::Any, some).await;
    }
    (order, all)
}

async fn read(store: &dyn Store, stream: &StreamId, read: ReadStream) -> (Vec<u64>, Option<u64>) {
    let page = store
        .read_stream(stream, read)
        .await
        .expect("a stream can be read");
    (versions(&page.events), page.next.map(StreamVersion::get))
}

pub async fn a_stream_is_read_from_its_beginning(store: Fixture) {
    let (order, all) = five_events(&*store).await;
    for from in [0, 1] {
        let page = store
            .read_stream(&order, ReadStream::forward(version(from)))
            .await
            .expect("a stream can be read");
        assert_eq!(page_ids(&page.events), all);
        assert_eq!(versions(&page.events), [1, 2, 3, 4, 5]);
        assert_eq!(page.next, None);
        assert!(
            page.events
                .iter()
                .all(|event| event.stream == order.as_str())
        );
    }
}

pub async fn a_stream_is_read_from_any_version(store: Fixture) {
    let (order, _) = five_events(&*store).await;
    assert_eq!(
        read(&*store, &order, ReadStream::forward(version(3))).await,
        (vec![3, 4, 5], None)
    );
    assert_eq!(
        read(&*store, &order, ReadStream::forward(version(5))).await,
        (vec![5], None)
    );
    assert_eq!(
        read(&*store, &order, ReadStream::backward(version(3))).await,
        (vec![3, 2, 1], None)
    );
    assert_eq!(
        read(&*store, &order, ReadStream::backward(version(1))).await,
        (vec![1], None)
    );
}

pub async fn a_stream_is_read_backward_from_its_end(store: Fixture) {
    let (order, mut all) = five_events(&*store).await;
    all.reverse();
    for from in [ReadStream::LAST, version(5), version(6), version(1 << 63)] {
        let page = store
            .read_stream(&order, ReadStream::backward(from))
            .await
            .expect("a stream can be read");
        assert_eq!(page_ids(&page.events), all);
        assert_eq!(page.next, None);
    }
}

pub async fn nothing_lies_beyond_the_ends_of_a_stream(store: Fixture) {
    let (order, _) = five_events(&*store).await;
    for beyond in [
        version(6),
        version(1_000),
        version(1 << 63),
        ReadStream::LAST,
    ] {
        assert_eq!(
            read(&*store, &order, ReadStream::forward(beyond)).await,
            (vec![], None)
        );
    }
    assert_eq!(
        read(&*store, &order, ReadStream::backward(version(0))).await,
        (vec![], None)
    );
}

pub async fn a_page_says_where_to_go_on(store: Fixture) {
    let (order, _) = five_events(&*store).await;
    let from = |from| ReadStream::forward(version(from)).limit(2);
    assert_eq!(read(&*store, &order, from(0)).await, (vec![1, 2], Some(3)));
    assert_eq!(read(&*store, &order, from(3)).await, (vec![3, 4], Some(5)));
    assert_eq!(read(&*store, &order, from(4)).await, (vec![4, 5], None));
    assert_eq!(read(&*store, &order, from(5)).await, (vec![5], None));
    let back = |from| ReadStream::backward(version(from)).limit(2);
    assert_eq!(read(&*store, &order, back(5)).await, (vec![5, 4], Some(3)));
    assert_eq!(read(&*store, &order, back(3)).await, (vec![3, 2], Some(1)));
    assert_eq!(read(&*store, &order, back(2)).await, (vec![2, 1], None));
    assert_eq!(read(&*store, &order, back(1)).await, (vec![1], None));
}

pub async fn pages_of_any_size_make_up_the_stream(store: Fixture) {
    let (order, all) = five_events(&*store).await;
    let reversed: Vec<_> = all.iter().rev().copied().collect();
    for limit in 1..=6 {
        let forward = read_in_pages(
            &*store,
            &order,
            ReadStream::forward(version(1)).limit(limit),
        )
        .await;
        assert_eq!(recorded_ids(&forward), all, "in pages of {limit}");
        let backward = read_in_pages(
            &*store,
            &order,
            ReadStream::backward(ReadStream::LAST).limit(limit),
        )
        .await;
        assert_eq!(
            recorded_ids(&backward),
            reversed,
            "backward in pages of {limit}"
        );
    }
}

pub async fn a_page_of_a_stream_has_at_least_one_event(store: Fixture) {
    let (order, _) = five_events(&*store).await;
    assert_eq!(
        read(&*store, &order, ReadStream::forward(version(1)).limit(0)).await,
        (vec![1], Some(2))
    );
    assert_eq!(
        read(&*store, &order, ReadStream::backward(version(5)).limit(0)).await,
        (vec![5], Some(4))
    );
}

pub async fn a_page_of_payloads_has_what_it_takes_to_decode_them(store: Fixture) {
    let order = stream("order-1");
    let names = ["order.placed", "order.paid", "it's \"odd\" 🦀"];
    for (name, schema_version) in names.iter().copied().zip([1, 7, u32::MAX]) {
        let mut metadata = Metadata::default();
        metadata.tenant_id = Some("shop".to_owned());
        let new = || NewEvent {
            schema_version: SchemaVersion::new(schema_version),
            data: format!("{{\"of\":{schema_version}}}"),
            metadata: metadata.clone(),
            ..event(name)
        };
        append(&*store, &order, ExpectedVersion::Any, vec![new(), new()]).await;
    }
    let reads = [
        ReadStream::forward(version(1)),
        ReadStream::forward(version(2)).limit(3),
        ReadStream::forward(version(9)),
        ReadStream::backward(ReadStream::LAST),
        ReadStream::backward(version(4)).limit(2),
    ];
    for read in reads {
        let whole = store.read_stream(&order, read).await;
        let payloads = store.read_stream(&order, read.payload_only()).await;
        let (whole, payloads) = (
            whole.expect("a stream can be read"),
            payloads.expect("payloads can be read"),
        );
        assert_eq!(payloads.next, whole.next, "{read:?}");
        let decodable = |page: &StreamPage| {
            let events = page.events.iter().map(|event| {
                (
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
    }
}

/// A stream as it is resumed from its third event, two at a time, where the store can do that: the
/// entry, the versions, and where to go on.
async fn resumed(
    store: &dyn Store,
    stream: &StreamId,
    key: &Key,
) -> Option<(Option<Entry>, Vec<u64>, Option<u64>)> {
    let read = ReadStream::forward(version(3)).limit(2);
    let resumed = store.resume_stream(stream, key, read).await;
    let Resumed { entry, page } = resumed.expect("a stream can be resumed")?;
    let next = page.next.map(StreamVersion::get);
    Some((entry, versions(&page.events), next))
}

pub async fn a_stream_is_resumed_where_a_key_says(store: Fixture) {
    let (order, _) = five_events(&*store).await;
    let key = key("a");
    for (value, is_read, next) in [
        ("{\"of\":1}\n{}", &[1, 2][..], Some(3)),
        (
            "{\"shape\":\"é\",\"of\":4,\"by\":2}\n\"of\":1",
            &[4, 5],
            None,
        ),
        ("\"of\":5", &[5], None),
        ("{\"of\":6}\n", &[], None),
        ("{\"of\":123456789012345678}\n", &[], None),
    ] {
        put(&*store, &key, value).await;
        let Some(resumed) = resumed(&*store, &order, &key).await else {
            return;
        };
        let entry = get(&*store, &key).await;
        assert_eq!(resumed, (entry, is_read.to_vec(), next), "{value:?}");
    }
    let large = format!("{{\"of\":2}}\n{}", "x".repeat(100_000));
    put(&*store, &key, &large).await;
    let Some((entry, is_read, next)) = resumed(&*store, &order, &key).await else {
        return;
    };
    assert_eq!(entry, get(&*store, &key).await);
    assert_eq!((is_read, next), (vec![2, 3], Some(4)));
    let Some((_, is_read, _)) = resumed(&*store, &stream("order-none"), &key).await else {
        return;
    };
    assert!(is_read.is_empty());
}

pub async fn a_stream_is_resumed_where_it_is_asked_unless_a_key_says(store: Fixture) {
    let (order, _) = five_events(&*store).await;
    let key = key("a");
    let Some(absent) = resumed(&*store, &order, &key).await else {
        return;
    };
    assert_eq!(absent, (None, vec![3, 4], Some(5)));
    for value in [
        "",
        "{}\n\"of\":1",
        "{\"of\":\"1\"}",
        "\n{\"of\":1}",
        "of:1",
        "{\"of\":}",
    ] {
        put(&*store, &key, value).await;
        let Some((entry, is_read, next)) = resumed(&*store, &order, &key).await else {
            return;
        };
        assert_eq!(entry, get(&*store, &key).await);
        assert_eq!((is_read, next), (vec![3, 4], Some(5)), "{value:?}");
    }
}

pub async fn a_limit_may_be_as_large_as_it_likes(store: Fixture) {
    let (order, _) = five_events(&*store).await;
    assert_eq!(
        read(
            &*store,
            &order,
            ReadStream::forward(version(2)).limit(usize::MAX)
        )
        .await,
        (vec![2, 3, 4, 5], None)
    );
    let list = ListStreams {
        limit: usize::MAX,
        ..ListStreams::default()
    };
    assert_eq!(listed(&*store, list).await, ["order-1", "order-10"]);
}

pub async fn a_stream_that_does_not_exist_has_no_events(store: Fixture) {
    five_events(&*store).await;
    let missing = stream("order-2");
    assert_eq!(
        read(&*store, &missing, ReadStream::forward(version(0))).await,
        (vec![], None)
    );
    assert_eq!(
        read(&*store, &missing, ReadStream::backward(ReadStream::LAST)).await,
        (vec![], None)
    );
    assert_eq!(
        store
            .stream_info(&missing)
            .await
            .expect("a stream can be looked up"),
        None
    );
}

pub async fn an_event_is_found_by_its_id(store: Fixture) {
    let (order, all) = five_events(&*store).await;
    let recorded = read_stream(&*store, &order).await;
    for (id, event) in all.into_iter().zip(recorded) {
        assert_eq!(
            store
                .find_event(id)
                .await
                .expect("an event can be looked up"),
            Some(event)
        );
    }
    assert_eq!(
        store
            .find_event(id())
            .await
            .expect("an event can be looked up"),
        None
    );
}

pub async fn what_is_known_about_a_stream_is_right(store: Fixture) {
    let (order, _) = five_events(&*store).await;
    let recorded = read_stream(&*store, &order).await;
    let info = store
        .stream_info(&order)
        .await
        .expect("a stream can be looked up");
    assert_eq!(
        info,
        Some(StreamInfo::new(
            order,
            version(5),
            recorded[0].time,
            recorded[4].time
        ))
    );
}

async fn listed(store: &dyn Store, list: ListStreams) -> Vec<String> {
    let streams = store
        .list_streams(list)
        .await
        .expect("streams can be listed");
    streams.into_iter().map(|info| info.stream.into()).collect()
}

/// Streams in an order that is not theirs.
async fn many_streams(store: &dyn Store) {
    for name in [
        "order-b",
        "orders-1",
        "order-a-1",
        "order-B",
        "invoice-1",
        "order.x-1",
        "order-ä",
        "orde-1",
        "order-a",
    ] {
        append_any(store, &stream(name), 1).await;
    }
}

pub async fn streams_are_listed_in_the_order_of_their_ids(store: Fixture) {
    assert_eq!(
        listed(&*store, ListStreams::default()).await,
        Vec::<String>::new()
    );
    many_streams(&*store).await;
    let all = listed(&*store, ListStreams::default()).await;
    assert_eq!(
        all,
        [
            "invoice-1",
            "orde-1",
            "order-B",
            "order-a",
            "order-a-1",
            "order-b",
            "order-ä",
            "order.x-1",
            "orders-1"
        ]
    );
}

pub async fn a_listed_stream_is_what_is_known_about_it(store: Fixture) {
    many_streams(&*store).await;
    append_any(&*store, &stream("order-a"), 2).await;
    for info in store
        .list_streams(ListStreams::default())
        .await
        .expect("streams can be listed")
    {
        let known = store
            .stream_info(&info.stream)
            .await
            .expect("a stream can be looked up");
        assert_eq!(known, Some(info));
    }
    let info = store
        .stream_info(&stream("order-a"))
        .await
        .expect("a stream can be looked up")
        .expect("it is there");
    assert_eq!(info.version, version(3));
}

pub async fn only_streams_of_a_category_are_listed(store: Fixture) {
    many_streams(&*store).await;
    let category = |name: &str| ListStreams {
        category: Some(name.to_owned()),
        ..ListStreams::default()
    };
    assert_eq!(
        listed(&*store, category("order")).await,
        ["order-B", "order-a", "order-a-1", "order-b", "order-ä"]
    );
    assert_eq!(listed(&*store, category("order.x")).await, ["order.x-1"]);
    for none in ["order-a", "ord", "Order", "order%", "order_", "", "order-"] {
        assert_eq!(
            listed(&*store, category(none)).await,
            Vec::<String>::new(),
            "category {none:?}"
        );
    }
}

pub async fn a_list_of_streams_goes_on_after_the_last_one(store: Fixture) {
    many_streams(&*store).await;
    for category in [None, Some("order".to_owned())] {
        let all = listed(
            &*store,
            ListStreams {
                category: category.clone(),
                ..ListStreams::default()
            },
        )
        .await;
        let mut paged = Vec::new();
        let mut after = None;
        loop {
            let page = listed(
                &*store,
                ListStreams {
                    category: category.clone(),
                    after,
                    limit: 2,
                },
            )
            .await;
            assert!(page.len() <= 2);
            let Some(last) = page.last() else { break };
            after = Some(stream(last));
            paged.extend(page);
        }
        assert_eq!(paged, all);
    }
    let after = |name: &str| ListStreams {
        after: Some(stream(name)),
        ..ListStreams::default()
    };
    assert_eq!(
        listed(&*store, after("order-c")).await,
        ["order-ä", "order.x-1", "orders-1"],
        "a stream need not be there"
    );
    let category = ListStreams {
        category: Some("order".to_owned()),
        ..after("invoice-9")
    };
    assert_eq!(
        listed(&*store, category).await.len(),
        5,
        "the streams of the category come after it"
    );
}

pub async fn a_list_of_no_streams_is_empty(store: Fixture) {
    many_streams(&*store).await;
    assert_eq!(
        listed(
            &*store,
            ListStreams {
                limit: 0,
                ..ListStreams::default()
            }
        )
        .await,
        Vec::<String>::new()
    );
}
