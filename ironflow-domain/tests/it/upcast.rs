//! What was stored by programs of before is read as events of today.

use std::time::Duration;

use ironflow_domain::store::{
    Append, ExpectedVersion, MemoryStore, NewEvent, ReadStream, StreamStore,
};
use ironflow_domain::{
    Aggregate, CommandId, Decide, Decision, DecodeError, Decoder, Event, EventId, EventRef, Events,
    Fold, Ironflow, Metadata, Partition, Project, Projection, Receipt, Recorded, SchemaVersion,
    StreamVersion, Timestamp, Upcast, UpcastResult, command, event, events,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::stored;

/// A set that has changed in every way there is.
#[event(
    "parcel",
    replaced("parcel.handed_over", HandedOver),
    split("parcel.relabelled", RelabelledV1, Relabelled),
    merged(("parcel.weight_set", WeightSet), ("parcel.size_set", SizeSetV1, SizeSet)),
    dropped("parcel.viewed", "parcel.printed"),
    retired("parcel.tried_out")
)]
enum ParcelEvent {
    /// Through old structs: twice by `From`.
    #[event(version = 3, upcast(SentV1, SentV2))]
    Sent(Sent),
    /// Without a payload struct: the last old shape becomes the event itself.
    #[event(version = 2, upcast(AddressedV1))]
    Addressed { street: String, city: String },
    /// As JSON.
    #[event(version = 2, upcast(Value))]
    Paid(Paid),
    /// Called something else before, in a version of which nothing is stored.
    #[event(also_named("parcel.arrived", "parcel.came"), version = 2, upcast(_))]
    Delivered {
        #[serde(default)]
        to: String,
    },
    /// What the upcaster needs stands beside the payload.
    #[event(version = 2, upcast(ScannedV1))]
    Scanned(Scanned),
    /// What two events are by now.
    Measured { grams: u32, litres: u32 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Sent {
    from: String,
    cents: u64,
    express: bool,
}

#[derive(Deserialize)]
struct SentV2 {
    from: String,
    cents: u64,
}

#[derive(Deserialize)]
struct SentV1 {
    from: String,
    euros: u64,
}

impl From<SentV1> for SentV2 {
    fn from(SentV1 { from, euros }: SentV1) -> Self {
        Self {
            from,
            cents: euros * 100,
        }
    }
}

impl From<SentV2> for Sent {
    fn from(SentV2 { from, cents }: SentV2) -> Self {
        Self {
            from,
            cents,
            express: false,
        }
    }
}

#[derive(Deserialize)]
struct AddressedV1 {
    address: String,
}

impl Upcast<AddressedV1> for ParcelEvent {
    fn upcast(old: AddressedV1, _: &EventRef<'_>) -> UpcastResult<Self> {
        let (street, city) = old.address.split_once(", ").ok_or("it has no comma")?;
        Ok(Self::Addressed {
            street: street.to_owned(),
            city: city.to_owned(),
        })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Paid {
    amount: u64,
}

impl Upcast<Value> for Paid {
    fn upcast(mut old: Value, _: &EventRef<'_>) -> UpcastResult<Self> {
        old["amount"] = old["amout"].take();
        Ok(serde_json::from_value(old)?)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Scanned {
    by: Option<String>,
    on_day: i64,
    stream: String,
}

#[derive(Deserialize)]
struct ScannedV1 {}

impl Upcast<ScannedV1> for Scanned {
    fn upcast(_: ScannedV1, event: &EventRef<'_>) -> UpcastResult<Self> {
        Ok(Self {
            by: event.read_metadata()?.issued_by,
            on_day: event.time.as_micros() / 86_400_000_000,
            stream: event.stream.to_owned(),
        })
    }
}

#[derive(Deserialize)]
struct HandedOver {
    to: String,
}

impl From<HandedOver> for ParcelEvent {
    fn from(HandedOver { to }: HandedOver) -> Self {
        Self::Delivered { to }
    }
}

#[derive(Deserialize)]
struct RelabelledV1 {
    to: String,
}

#[derive(Deserialize)]
struct Relabelled {
    to: Vec<String>,
}

impl From<RelabelledV1> for Relabelled {
    fn from(old: RelabelledV1) -> Self {
        Self { to: vec![old.to] }
    }
}

impl From<Relabelled> for Events<ParcelEvent> {
    fn from(Relabelled { to }: Relabelled) -> Self {
        to.into_iter()
            .map(|city| ParcelEvent::Addressed {
                street: "unknown".into(),
                city,
            })
            .collect()
    }
}

#[derive(Deserialize)]
struct WeightSet {
    grams: u32,
}

#[derive(Deserialize)]
struct SizeSetV1 {
    millilitres: u32,
}

#[derive(Deserialize)]
struct SizeSet {
    litres: u32,
}

impl From<SizeSetV1> for SizeSet {
    fn from(old: SizeSetV1) -> Self {
        Self {
            litres: old.millilitres / 1000,
        }
    }
}

impl From<(WeightSet, SizeSet)> for ParcelEvent {
    fn from((WeightSet { grams }, SizeSet { litres }): (WeightSet, SizeSet)) -> Self {
        Self::Measured { grams, litres }
    }
}

fn addressed(street: &str, city: &str) -> ParcelEvent {
    ParcelEvent::Addressed {
        street: street.into(),
        city: city.into(),
    }
}

fn read(name: &str, version: u32, data: &str) -> Result<ParcelEvent, DecodeError> {
    stored::read(name, version, data)
}

#[test]
fn every_version_is_read_through_the_steps_after_it() {
    let sent = |cents, express| {
        ParcelEvent::Sent(Sent {
            from: "Ann".into(),
            cents,
            express,
        })
    };
    for (version, data, expected) in [
        (1, r#"{"from":"Ann","euros":3}"#, sent(300, false)),
        (2, r#"{"from":"Ann","cents":333}"#, sent(333, false)),
        (
            3,
            r#"{"from":"Ann","cents":333,"express":true}"#,
            sent(333, true),
        ),
    ] {
        assert_eq!(read("parcel.sent", version, data).unwrap(), expected);
    }
}

#[test]
fn the_last_shape_of_a_variant_with_fields_becomes_the_event() {
    assert_eq!(
        read("parcel.addressed", 1, r#"{"address":"Mill Lane, Ely"}"#).unwrap(),
        addressed("Mill Lane", "Ely")
    );
}

#[test]
fn an_old_shape_may_be_any_json() {
    assert_eq!(
        read("parcel.paid", 1, r#"{"amout":5}"#).unwrap(),
        ParcelEvent::Paid(Paid { amount: 5 })
    );
}

#[test]
fn a_renamed_event_is_read_under_all_its_names() {
    for name in ["parcel.delivered", "parcel.arrived", "parcel.came"] {
        assert_eq!(
            read(name, 2, r#"{"to":"Bob"}"#).unwrap(),
            ParcelEvent::Delivered { to: "Bob".into() }
        );
    }
    // It is written under the new one.
    let delivered = ParcelEvent::Delivered { to: String::new() };
    assert_eq!(delivered.kind().name, "parcel.delivered");
}

#[test]
fn an_upcaster_sees_all_that_is_stored_beside_the_payload() {
    let event = EventRef {
        stream: "parcel-7",
        time: Timestamp::from_micros(2 * 86_400_000_000),
        metadata: r#"{"issuedBy":"scanner 3"}"#,
        ..EventRef::unrecorded("parcel.scanned", SchemaVersion::new(1), "{}")
    };
    let scanned = Scanned {
        by: Some("scanner 3".into()),
        on_day: 2,
        stream: "parcel-7".into(),
    };
    assert_eq!(
        ParcelEvent::decode(&event).unwrap().one(),
        Some(ParcelEvent::Scanned(scanned))
    );
}

#[test]
fn an_event_that_is_no_more_is_read_as_another() {
    assert_eq!(
        read("parcel.handed_over", 1, r#"{"to":"Bob"}"#).unwrap(),
        ParcelEvent::Delivered { to: "Bob".into() }
    );
}

#[test]
fn an_event_is_split_into_as_many_as_it_says() {
    let decode = |version, data| {
        let event = EventRef::unrecorded("parcel.relabelled", SchemaVersion::new(version), data);
        ParcelEvent::decode(&event).unwrap().into_events()
    };
    assert_eq!(
        decode(2, r#"{"to":["Ely","Rye"]}"#),
        events![addressed("unknown", "Ely"), addressed("unknown", "Rye")]
    );
    assert_eq!(
        decode(1, r#"{"to":"Ely"}"#),
        events![addressed("unknown", "Ely")]
    );
}

#[test]
fn what_cannot_be_read_names_the_version_and_the_way_out() {
    for (name, version, data, says) in [
        (
            "parcel.sent",
            4,
            "{}",
            "event parcel.sent is stored in version 4, and this program reads up to version 3: it was written by a newer \
             program, so run that one",
        ),
        (
            "parcel.sent",
            0,
            "{}",
            "event parcel.sent is stored in version 0, and this program reads up to version 3: versions count from 1, so \
             this is not one Ironflow wrote",
        ),
        (
            "parcel.relabelled",
            3,
            "{}",
            "event parcel.relabelled is stored in version 3, and this program reads up to version 2: it was written by a \
             newer program, so run that one",
        ),
        (
            "parcel.sent",
            2,
            "{}",
            "the payload of parcel.sent version 2 does not fit its type: missing field `from` at line 1 column 2",
        ),
        (
            "parcel.came",
            1,
            "{}",
            "event parcel.came version 1 is stored, and declared retired: take its shape from an earlier program and list \
             it where `upcast(…)` says `_`",
        ),
        (
            "parcel.tried_out",
            7,
            "{}",
            "event parcel.tried_out version 7 is stored, and declared retired: take its shape from an earlier program and \
             say what becomes of it, `replaced(…)`, or ignore it, `dropped(…)`",
        ),
        (
            "parcel.lost",
            1,
            "{}",
            "unknown event name parcel.lost: the set knows parcel.sent, parcel.addressed, parcel.paid, parcel.delivered, \
             parcel.scanned, parcel.measured, parcel.handed_over, parcel.relabelled, parcel.weight_set, parcel.size_set, \
             parcel.viewed, parcel.printed, parcel.tried_out; add the variant that was removed, give the renamed one \
             `#[event(also_named(\"parcel.lost\"))]`, or ignore such events with `dropped(\"parcel.lost\")` on the enum",
        ),
    ] {
        let error = read(name, version, data).unwrap_err();
        let cause = std::error::Error::source(&error)
            .map(|cause| format!(": {cause}"))
            .unwrap_or_default();
        assert_eq!(format!("{error}{cause}"), says);
    }
    let refused = read("parcel.addressed", 1, r#"{"address":"Ely"}"#).unwrap_err();
    let DecodeError::Upcast {
        name,
        version,
        source,
        ..
    } = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (name.as_str(), version.get(), source.to_string().as_str()),
        ("parcel.addressed", 1, "it has no comma")
    );
}

/// An aggregate that keeps its whole history.
#[derive(Aggregate, Default, Debug)]
#[aggregate(event = ParcelEvent, error = std::fmt::Error)]
struct Parcel {
    history: Vec<ParcelEvent>,
}

impl Fold for Parcel {
    fn fold(&mut self, event: &ParcelEvent) {
        self.history.push(event.clone());
    }
}

/// A store in which an old program has appended, once for each slice.
async fn store_with(stream: &str, appends: &[&[(&str, u32, Value)]]) -> MemoryStore {
    let store = MemoryStore::new();
    for (append, events) in appends.iter().enumerate() {
        let command = CommandId::new(format!("{stream}-{append}")).unwrap();
        let new = |(index, (name, version, data)): (usize, &(&str, u32, Value))| NewEvent {
            id: EventId::derive(&command, index),
            name: (*name).to_owned().into(),
            schema_version: SchemaVersion::new(*version),
            source: "api".into(),
            data: data.to_string(),
            metadata: Metadata::default(),
        };
        store
            .append(Append {
                stream: stream.parse().unwrap(),
                expected: ExpectedVersion::Any,
                events: events.iter().enumerate().map(new).collect(),
            })
            .await
            .unwrap();
    }
    store
}

#[tokio::test]
async fn a_stream_of_before_is_folded_as_if_written_today() {
    let store = store_with(
        "parcel-7",
        &[
            &[("parcel.sent", 1, json!({"from": "Ann", "euros": 3}))],
            &[
                ("parcel.viewed", 1, json!({})),
                ("parcel.weight_set", 1, json!({"grams": 500})),
                ("parcel.size_set", 1, json!({"millilitres": 2000})),
                ("parcel.relabelled", 2, json!({"to": ["Ely", "Rye"]})),
            ],
            &[
                ("parcel.weight_set", 1, json!({"grams": 600})),
                ("parcel.size_set", 2, json!({"litres": 3})),
            ],
            &[("parcel.arrived", 2, json!({"to": "Bob"}))],
        ],
    )
    .await;
    let ironflow = Ironflow::new(store).start().await.unwrap();
    let loaded = ironflow.of::<Parcel>(7).load().await.unwrap();
    assert_eq!(
        loaded.state.history,
        [
            ParcelEvent::Sent(Sent {
                from: "Ann".into(),
                cents: 300,
                express: false
            }),
            ParcelEvent::Measured {
                grams: 500,
                litres: 2
            },
            addressed("unknown", "Ely"),
            addressed("unknown", "Rye"),
            ParcelEvent::Measured {
                grams: 600,
                litres: 3
            },
            ParcelEvent::Delivered { to: "Bob".into() },
        ]
    );
    // Versions count what is stored, not what it is read as.
    assert_eq!((loaded.version.get(), loaded.dropped), (8, 1));
}

#[tokio::test]
async fn a_merge_goes_on_in_the_next_page() {
    let mut append = vec![("parcel.viewed", 1, json!({})); ReadStream::LIMIT - 1];
    append.push(("parcel.weight_set", 1, json!({"grams": 500})));
    append.push(("parcel.size_set", 2, json!({"litres": 3})));
    let store = store_with("parcel-7", &[&append]).await;
    let ironflow = Ironflow::new(store).start().await.unwrap();
    let loaded = ironflow.of::<Parcel>(7).load().await.unwrap();
    let measured = ParcelEvent::Measured {
        grams: 500,
        litres: 3,
    };
    assert_eq!(loaded.state.history, [measured]);
    assert_eq!(loaded.dropped, ReadStream::LIMIT as u64 - 1);
}

#[tokio::test]
async fn the_events_of_a_split_share_their_place_and_are_told_apart_by_their_part() {
    let store = store_with(
        "parcel-7",
        &[&[
            (
                "parcel.relabelled",
                2,
                json!({"to": ["Ely", "Rye", "Diss"]}),
            ),
            ("parcel.weight_set", 1, json!({"grams": 500})),
            ("parcel.size_set", 1, json!({"millilitres": 2000})),
        ]],
    )
    .await;
    let page = store
        .read_stream(
            &"parcel-7".parse().unwrap(),
            ReadStream::forward(StreamVersion::new(1)),
        )
        .await
        .unwrap();
    let mut decoder = Decoder::<ParcelEvent>::new();
    let mut seen = Vec::new();
    for stored in page.events.iter() {
        for event in decoder.recorded(&stored).unwrap() {
            assert_eq!(
                (event.id, event.position, event.version),
                (stored.id, stored.position, stored.version)
            );
            seen.push((event.version.get(), event.part, event.name));
        }
    }
    assert_eq!(
        seen,
        [
            (1, 0, "parcel.addressed".into()),
            (1, 1, "parcel.addressed".into()),
            (1, 2, "parcel.addressed".into()),
            // The merged event is where its last part is.
            (3, 0, "parcel.measured".into()),
        ]
    );
}

#[tokio::test]
async fn a_part_without_the_others_is_an_error_and_never_half_an_event() {
    let weight = ("parcel.weight_set", 1, json!({"grams": 500}));
    let size = ("parcel.size_set", 2, json!({"litres": 3}));
    let viewed = ("parcel.viewed", 1, json!({}));
    let after = "event parcel.weight_set is a part of `merged(…)`, and parcel.size_set does not come right after it";
    let before = "event parcel.size_set is a part of `merged(…)`, and parcel.weight_set does not come right before it";
    for (appends, version, says) in [
        // Alone, in an append of its own.
        (vec![vec![weight.clone()], vec![size.clone()]], 1, after),
        (vec![vec![size.clone()]], 1, before),
        // In the wrong order.
        (vec![vec![size.clone(), weight.clone()]], 1, before),
        // Something between them.
        (
            vec![vec![weight.clone(), viewed.clone(), size.clone()]],
            1,
            after,
        ),
        // Twice the same part.
        (
            vec![vec![
                viewed.clone(),
                weight.clone(),
                weight.clone(),
                size.clone(),
            ]],
            2,
            after,
        ),
    ] {
        let appends: Vec<&[_]> = appends.iter().map(Vec::as_slice).collect();
        let store = store_with("parcel-7", &appends).await;
        let ironflow = Ironflow::new(store).start().await.unwrap();
        let error = ironflow.of::<Parcel>(7).load().await.unwrap_err();
        let ironflow_domain::LoadError::Undecodable(error) = error else {
            panic!("{error:?}");
        };
        assert_eq!(error.version.get(), version, "{error}");
        let text = error.source.to_string();
        assert!(text.starts_with(says), "{text}");
    }
}

#[command(Parcel)]
struct Deliver;

impl Decide<Deliver> for Parcel {
    fn decide(&self, _: Deliver) -> Decision<Self> {
        Ok(events![ParcelEvent::Delivered { to: "Bob".into() }])
    }
}

/// How many events each city has seen: an address names a city, everything else happens where the
/// parcel was addressed to last.
#[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
#[projection("cities", partition = String, of(ParcelEvent))]
struct City {
    events: Vec<(u64, u32)>,
}

impl Project<ParcelEvent> for City {
    fn partition(event: &Recorded<ParcelEvent>) -> Partition<String> {
        match &event.data {
            ParcelEvent::Addressed { city, .. } => Partition::Key(city.clone()),
            ParcelEvent::Measured { grams: 0, .. } => Partition::Key("nowhere".into()),
            _ => Partition::SameStream,
        }
    }

    fn project(&mut self, event: &Recorded<ParcelEvent>) {
        self.events.push((event.version.get(), event.part));
    }
}

async fn following(store: &MemoryStore) -> Ironflow {
    Ironflow::new(store.clone())
        .projection::<City>()
        .start()
        .await
        .unwrap()
}

async fn city(ironflow: &Ironflow, name: &str) -> Option<Vec<(u64, u32)>> {
    let city = ironflow.query::<City>(&name.to_owned()).await.unwrap();
    city.map(|city| city.events)
}

/// Delivers it today, and waits until the cities know.
async fn deliver(ironflow: &Ironflow) -> Receipt {
    let receipt = ironflow.of::<Parcel>(7).execute(Deliver).await.unwrap();
    ironflow
        .wait_for::<City>(&receipt, Duration::from_secs(10))
        .await
        .unwrap();
    receipt
}

#[tokio::test]
async fn a_projection_sees_the_parts_of_a_split_and_counts_what_is_dropped() {
    let store = store_with(
        "parcel-7",
        &[
            &[("parcel.relabelled", 2, json!({"to": ["Ely", "Rye"]}))],
            &[
                ("parcel.viewed", 1, json!({})),
                ("parcel.viewed", 1, json!({})),
            ],
        ],
    )
    .await;
    let ironflow = following(&store).await;
    deliver(&ironflow).await;
    assert_eq!(city(&ironflow, "Ely").await, Some(vec![(1, 0)]));
    // The last part of the split is the last address.
    assert_eq!(city(&ironflow, "Rye").await, Some(vec![(1, 1), (4, 0)]));
    assert_eq!(ironflow.projection_statuses()[0].dropped, 2);
}

#[tokio::test]
async fn where_a_stream_went_is_found_again_through_splits_merges_and_drops() {
    let addressed = ("parcel.relabelled", 1, json!({"to": "Ely"}));
    let nowhere = [
        ("parcel.weight_set", 1, json!({"grams": 0})),
        ("parcel.size_set", 2, json!({"litres": 3})),
    ];
    let viewed = ("parcel.viewed", 1, json!({}));
    for (history, place) in [
        // A merge has the key, and its parts are met backward.
        (vec![vec![addressed.clone()], nowhere.to_vec()], "nowhere"),
        (
            vec![[vec![viewed.clone()], nowhere.to_vec(), vec![viewed.clone()]].concat()],
            "nowhere",
        ),
        // The last key in one append.
        (
            vec![[nowhere.to_vec(), vec![addressed.clone()]].concat()],
            "Ely",
        ),
        (
            vec![
                [vec![addressed.clone()], nowhere.to_vec()].concat(),
                vec![viewed.clone()],
            ],
            "nowhere",
        ),
    ] {
        let appends: Vec<&[_]> = history.iter().map(Vec::as_slice).collect();
        let store = store_with("parcel-7", &appends).await;
        let before = following(&store).await;
        deliver(&before).await;
        before.stop().await;
        // This one has not seen where the stream went.
        let after = following(&store).await;
        let receipt = deliver(&after).await;
        let version = receipt.version.get();
        let events = city(&after, place).await.unwrap();
        assert_eq!(
            events[events.len() - 2..],
            [(version - 1, 0), (version, 0)],
            "{place}"
        );
    }
}
