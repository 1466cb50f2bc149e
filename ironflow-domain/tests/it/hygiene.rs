//! What stands around a macro is nobody's business but the user's: shadowed names, functions,
//! generics, lints, serde.

use ironflow_domain::{
    Addressed, Aggregate, Command, Decide, Decision, Event, EventRef, Events, Fold, SchemaVersion,
    command, event, events,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::stored;

/// The stored form, after a way there and back.
fn stored_form<E: Event + PartialEq + std::fmt::Debug>(event: &E) -> String {
    let kind = event.kind();
    let text = event.encode().expect("the event can be stored");
    let back = E::decode(&EventRef::unrecorded(kind.name, kind.version, &text))
        .expect("the event can be read back")
        .one()
        .expect("it is one event");
    assert_eq!(&back, event);
    text
}

/// Every name of the prelude that generated code might mean is something else here.
mod shadowed {
    #![allow(dead_code, unused_macros, reason = "the names are what is tested")]

    use ::ironflow_domain::{
        Aggregate, Fold, Partition, Project, Projection, Recorded, command, event,
    };
    use ::std::string::String as Text;

    struct Result;
    struct Option;
    struct String;
    struct Vec;
    struct Box;
    struct Ok;
    struct Err;
    struct Some;
    struct None;
    struct Stored;
    struct Serialize;
    struct Deserialize;
    struct Self_;
    trait Clone {}
    trait Debug {}
    trait PartialEq {}
    trait Default {}
    trait Into {}
    trait From {}
    trait Event {}
    trait Command {}
    trait Decide {}
    trait Addressed {}
    trait Delivery {}
    trait EventKind {}
    mod core {}
    mod std {}
    mod alloc {}
    mod serde {}
    mod ironflow_domain {}
    macro_rules! unreachable {
        () => {
            compile_error!("the wrong macro")
        };
    }
    macro_rules! matches {
        () => {
            compile_error!("the wrong macro")
        };
    }

    #[event("lamp")]
    pub(super) enum LampEvent {
        Named {
            name: Text,
            version: i64,
            data: i64,
            kind: i64,
        },
        Paid(i64),
        Broken,
    }

    /// A set that has changed in every way there is, and can tell its shapes.
    #[event(
        "bulb",
        replaced("bulb.bought", Bought),
        split("bulb.packed", Packed),
        merged(("bulb.named", Named), ("bulb.priced", Priced)),
        dropped("bulb.viewed"),
        retired("bulb.tested")
    )]
    #[cfg_attr(feature = "schema", derive(::schemars::JsonSchema))]
    pub(super) enum BulbEvent {
        #[event(version = 3, upcast(OldV1, OldV2))]
        Made(Made),
        #[event(version = 2, upcast(OldV1))]
        Sold { event: i64, old: i64 },
        #[event(also_named("bulb.burnt"), version = 2, upcast(_))]
        Broken,
    }

    #[derive(
        ::std::fmt::Debug,
        ::std::clone::Clone,
        ::std::cmp::PartialEq,
        ::serde::Serialize,
        ::serde::Deserialize,
    )]
    #[cfg_attr(feature = "schema", derive(::schemars::JsonSchema))]
    pub(super) struct Made {
        pub(super) watts: i64,
    }

    macro_rules! old_shapes {
        ($($old:ident),*) => {
            $(
                #[derive(::serde::Deserialize)]
                pub(super) struct $old {
                    watts: i64,
                }
            )*
        };
    }

    old_shapes!(OldV1, OldV2, Bought, Packed, Named, Priced);

    impl ::std::convert::From<OldV1> for OldV2 {
        fn from(old: OldV1) -> Self {
            Self { watts: old.watts }
        }
    }

    impl ::std::convert::From<OldV2> for Made {
        fn from(old: OldV2) -> Self {
            Self { watts: old.watts }
        }
    }

    impl ::std::convert::From<OldV1> for BulbEvent {
        fn from(old: OldV1) -> Self {
            Self::Sold {
                event: old.watts,
                old: 0,
            }
        }
    }

    impl ::std::convert::From<Bought> for BulbEvent {
        fn from(old: Bought) -> Self {
            Self::Made(Made { watts: old.watts })
        }
    }

    impl ::std::convert::From<Packed> for ::ironflow_domain::Events<BulbEvent> {
        fn from(old: Packed) -> Self {
            ::ironflow_domain::events![
                BulbEvent::Made(Made { watts: old.watts }),
                BulbEvent::Broken
            ]
        }
    }

    impl ::std::convert::From<(Named, Priced)> for BulbEvent {
        fn from((named, priced): (Named, Priced)) -> Self {
            Self::Sold {
                event: named.watts,
                old: priced.watts,
            }
        }
    }

    #[derive(Aggregate, ::std::default::Default)]
    #[aggregate(event = LampEvent, error = ::std::fmt::Error)]
    pub(super) struct Lamp(pub(super) i64);

    impl Fold for Lamp {
        fn fold(&mut self, _: &LampEvent) {
            self.0 += 1;
        }
    }

    #[command(Lamp)]
    pub(super) struct Name {
        #[id]
        pub(super) state: i64,
    }

    #[command(Lamp, context = i64, creates)]
    pub(super) enum Other {
        Pay {
            #[id]
            context: i64,
        },
        Break(#[id] i64),
    }

    impl ::ironflow_domain::Decide<Name> for Lamp {
        fn decide(&self, _: Name) -> ::ironflow_domain::Decision<Self> {
            ::std::result::Result::Ok(::ironflow_domain::events![])
        }
    }

    impl ::ironflow_domain::DecideWith<Other> for Lamp {
        fn decide(&self, _: Other, _: &i64) -> ::ironflow_domain::Decision<Self> {
            ::std::result::Result::Ok(::ironflow_domain::events![LampEvent::Broken])
        }
    }

    #[derive(Projection, ::std::default::Default, ::serde::Serialize, ::serde::Deserialize)]
    #[projection("lamps", of(LampEvent))]
    pub(super) struct Lamps {
        seen: i64,
    }

    impl Project<LampEvent> for Lamps {
        fn partition(_: &Recorded<LampEvent>) -> Partition<::ironflow_domain::Unpartitioned> {
            Partition::Key(::ironflow_domain::Unpartitioned)
        }

        fn project(&mut self, _: &Recorded<LampEvent>) {
            self.seen += 1;
        }
    }
}

#[test]
fn names_of_the_prelude_may_mean_something_else() {
    use shadowed::{Lamp, LampEvent, Lamps, Name, Other};

    let named = LampEvent::Named {
        name: "left".into(),
        version: 1,
        data: 2,
        kind: 3,
    };
    assert_eq!(
        stored_form(&named),
        r#"{"name":"left","version":1,"data":2,"kind":3}"#
    );
    assert_eq!(
        (
            stored_form(&LampEvent::Paid(5)),
            stored_form(&LampEvent::Broken)
        ),
        ("5".to_owned(), "{}".to_owned())
    );
    assert_eq!(Lamp::replay(&[LampEvent::Broken, LampEvent::Broken]).0, 2);
    assert_eq!(Name { state: 7 }.stream_id().unwrap().as_str(), "lamp-7");
    assert_eq!(
        Other::Pay { context: 7 }.stream_id().unwrap().as_str(),
        "lamp-7"
    );
    assert_eq!(Other::Break(7).name(), "break");
    assert_eq!(
        Command::decide(Name { state: 7 }, &Lamp(0), &())
            .unwrap()
            .len(),
        0
    );
    assert_eq!(
        Command::decide(Other::Break(7), &Lamp(0), &1)
            .unwrap()
            .len(),
        1
    );
    assert_eq!(<Lamps as ironflow_domain::Projection>::NAME, "lamps");
}

#[test]
fn a_set_that_has_changed_stands_shadowed_names_too() {
    use shadowed::{BulbEvent, Made};

    let read = |name, version, data| stored::read::<BulbEvent>(name, version, data).unwrap();
    let made = || BulbEvent::Made(Made { watts: 40 });
    let sold = BulbEvent::Sold { event: 40, old: 0 };
    for (name, version, event) in [
        ("bulb.made", 1, made()),
        ("bulb.made", 2, made()),
        ("bulb.bought", 1, made()),
        ("bulb.sold", 1, sold),
        ("bulb.burnt", 2, BulbEvent::Broken),
    ] {
        assert_eq!(read(name, version, r#"{"watts":40}"#), event);
    }
    let packed = EventRef::unrecorded("bulb.packed", SchemaVersion::new(1), r#"{"watts":40}"#);
    assert_eq!(
        BulbEvent::decode(&packed).unwrap().into_events(),
        events![made(), BulbEvent::Broken]
    );
    let parts = ["bulb.named", "bulb.priced"]
        .map(|name| EventRef::unrecorded(name, SchemaVersion::new(1), r#"{"watts":5}"#));
    assert_eq!(
        BulbEvent::merge(0, &parts).unwrap(),
        BulbEvent::Sold { event: 5, old: 5 }
    );
    #[cfg(feature = "schema")]
    assert_eq!(
        <BulbEvent as ironflow_domain::Described>::schemas().len(),
        3
    );
}

/// The same for primitive types, which serde's own derives do not stand; those are not used for
/// commands and aggregates.
mod shadowed_primitives {
    #![allow(
        dead_code,
        non_camel_case_types,
        reason = "the names are what is tested"
    )]

    use ironflow_domain::{Aggregate, Command, Decide, Decision, Fold, command, events};

    struct bool;
    struct str;
    struct u32;

    #[command(Counter, creates)]
    pub(super) enum Count {
        Once(#[id] &'static ::core::primitive::str),
    }

    #[derive(Aggregate, Default)]
    #[aggregate(event = super::r#Fn, error = std::fmt::Error)]
    pub(super) struct Counter;

    impl Fold for Counter {
        fn fold(&mut self, _: &super::r#Fn) {}
    }

    impl Decide<Count> for Counter {
        fn decide(&self, _: Count) -> Decision<Self> {
            Ok(events![])
        }
    }

    pub(super) const CREATES: ::core::primitive::bool = Count::CREATES;
}

#[test]
fn primitive_types_may_mean_something_else() {
    use shadowed_primitives::{CREATES, Count};

    let stream = Count::Once("a").stream_id().unwrap();
    assert_eq!((CREATES, stream.as_str()), (true, "keyword-a"));
}

#[test]
fn everything_can_be_declared_inside_a_function() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    struct Stored(u8);

    #[derive(Deserialize)]
    struct StoredV1 {
        number: u8,
    }

    impl From<StoredV1> for Stored {
        fn from(old: StoredV1) -> Self {
            Self(old.number)
        }
    }

    impl From<StoredV1> for Events<LocalEvent> {
        fn from(old: StoredV1) -> Self {
            (0..old.number)
                .map(|number| LocalEvent::Happened(Stored(number)))
                .collect()
        }
    }

    #[event("local", split("local.several", StoredV1))]
    #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
    enum LocalEvent {
        #[event(version = 2, upcast(StoredV1))]
        Happened(Stored),
    }

    #[derive(Aggregate, Default)]
    #[aggregate(event = LocalEvent, error = std::fmt::Error)]
    struct State(u8);

    impl Fold for State {
        fn fold(&mut self, LocalEvent::Happened(local): &LocalEvent) {
            self.0 += local.0;
        }
    }

    #[command(State)]
    struct Happen(#[id] u8);

    impl Decide<Happen> for State {
        fn decide(&self, command: Happen) -> Decision<Self> {
            Ok(events![LocalEvent::Happened(Stored(command.0))])
        }
    }

    let happened = Command::decide(Happen(3), &State::initial(), &()).unwrap();
    assert_eq!(stored_form(&happened[0]), "3");
    assert_eq!(State::replay(&happened).0, 3);
    assert_eq!(Happen(3).stream_id().unwrap().as_str(), "local-3");
    let one: LocalEvent = stored::read("local.happened", 1, r#"{"number":3}"#).unwrap();
    assert_eq!(one, LocalEvent::Happened(Stored(3)));
    let several = EventRef::unrecorded("local.several", SchemaVersion::new(1), r#"{"number":2}"#);
    assert_eq!(LocalEvent::decode(&several).unwrap().into_events().len(), 2);
}

#[test]
fn an_old_shape_may_have_a_lifetime_that_does_not_end() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Noted(String);

    impl From<std::borrow::Cow<'static, str>> for Noted {
        fn from(old: std::borrow::Cow<'static, str>) -> Self {
            Self(old.into_owned())
        }
    }

    #[event("note")]
    enum NoteEvent {
        #[event(version = 2, upcast(std::borrow::Cow<'static, str>))]
        Noted(Noted),
    }

    let noted: NoteEvent = stored::read("note.noted", 1, r#""milk""#).unwrap();
    assert_eq!(noted, NoteEvent::Noted(Noted("milk".into())));
}

#[event("keyword")]
enum r#Fn {
    r#Type {
        r#type: String,
        r#match: u8,
    },
    #[event(version = 3, upcast(_, r#While))]
    r#Async(u8),
}

#[derive(Deserialize)]
struct r#While {
    r#fn: u8,
}

impl From<r#While> for u8 {
    fn from(old: r#While) -> Self {
        old.r#fn
    }
}

#[command(Keywords)]
enum r#Struct {
    r#Loop {
        #[id]
        r#fn: u8,
    },
}

#[derive(Aggregate, Default)]
#[aggregate(event = r#Fn, error = std::fmt::Error)]
struct Keywords;

impl Fold for Keywords {
    fn fold(&mut self, _: &r#Fn) {}
}

impl Decide<r#Struct> for Keywords {
    fn decide(&self, _: r#Struct) -> Decision<Self> {
        Ok(events![])
    }
}

#[test]
fn a_raw_identifier_is_stored_without_its_prefix() {
    let event = r#Fn::r#Type {
        r#type: "x".into(),
        r#match: 1,
    };
    assert_eq!(event.kind().name, "keyword.type");
    assert_eq!(stored_form(&event), r#"{"type":"x","match":1}"#);
    assert_eq!(r#Fn::r#Async(1).kind().name, "keyword.async");
    let upcast: r#Fn = stored::read("keyword.async", 2, r#"{"fn":1}"#).unwrap();
    assert_eq!(upcast, r#Fn::r#Async(1));
    let command = r#Struct::r#Loop { r#fn: 7 };
    assert_eq!(
        (command.name(), command.stream_id().unwrap().as_str()),
        ("loop", "keyword-7")
    );
}

/// What a payload of any type must be able to do.
trait Payload:
    Clone + std::fmt::Debug + PartialEq + Default + Serialize + DeserializeOwned + Send + Sync + 'static
{
}

impl Payload for u16 {}

#[event("generic", split("generic.sampled", Sampled<T>))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
enum GenericEvent<T, const N: usize = 2>
where
    T: Payload,
{
    Measured {
        value: T,
        times: u8,
    },
    #[event(version = 3, upcast(WrappedV1<T>, WrappedV2<T, N>))]
    Wrapped(Wrapped<T>),
    Calibrated,
}

#[derive(Deserialize)]
#[serde(bound = "T: Payload")]
struct WrappedV1<T>((T,));

#[derive(Deserialize)]
#[serde(bound = "T: Payload")]
struct WrappedV2<T, const N: usize>(T);

impl<T, const N: usize> From<WrappedV1<T>> for WrappedV2<T, N> {
    fn from(old: WrappedV1<T>) -> Self {
        Self(old.0.0)
    }
}

impl<T, const N: usize> From<WrappedV2<T, N>> for Wrapped<T> {
    fn from(old: WrappedV2<T, N>) -> Self {
        Self(old.0)
    }
}

#[derive(Deserialize)]
#[serde(bound = "T: Payload")]
struct Sampled<T>(Vec<T>);

impl<T: Payload, const N: usize> From<Sampled<T>> for Events<GenericEvent<T, N>> {
    fn from(old: Sampled<T>) -> Self {
        old.0
            .into_iter()
            .map(|value| GenericEvent::Measured { value, times: 1 })
            .collect()
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(bound = "T: Payload")]
struct Wrapped<T>(T);

#[derive(Aggregate, Default)]
#[aggregate(event = GenericEvent<T>, error = std::fmt::Error)]
struct Instrument<T>
where
    T: Payload,
{
    last: T,
}

impl<T: Payload> Fold for Instrument<T> {
    fn fold(&mut self, event: &GenericEvent<T>) {
        if let GenericEvent::Measured { value, .. } | GenericEvent::Wrapped(Wrapped(value)) = event
        {
            self.last = value.clone();
        }
    }
}

#[command(Instrument<T>)]
#[derive(Eq)]
struct Measure<T: Payload> {
    #[id]
    instrument: &'static str,
    value: T,
}

impl<T: Payload> Decide<Measure<T>> for Instrument<T> {
    fn decide(&self, command: Measure<T>) -> Decision<Self> {
        Ok(events![GenericEvent::Measured {
            value: command.value,
            times: 1
        }])
    }
}

#[test]
fn generics_and_their_bounds_are_carried_over() {
    let measure = Measure {
        instrument: "clock",
        value: 7_u16,
    };
    assert_eq!(measure.stream_id().unwrap().as_str(), "generic-clock");
    let events = Command::decide(measure, &Instrument::initial(), &()).unwrap();
    assert_eq!(stored_form(&events[0]), r#"{"value":7,"times":1}"#);
    assert_eq!(Instrument::replay(&events).last, 7);
    assert_eq!(stored_form(&GenericEvent::<u16>::Wrapped(Wrapped(3))), "3");
    assert_eq!(stored_form(&GenericEvent::<u16>::Calibrated), "{}");
    let wrapped: GenericEvent<u16> = stored::read("generic.wrapped", 1, "[3]").unwrap();
    assert_eq!(wrapped, GenericEvent::Wrapped(Wrapped(3)));
    let sampled = EventRef::unrecorded("generic.sampled", SchemaVersion::new(1), "[3,4]");
    let sampled = GenericEvent::<u16>::decode(&sampled).unwrap().into_events();
    assert_eq!(sampled.len(), 2);
    #[cfg(feature = "schema")]
    assert_eq!(
        <GenericEvent<u16> as ironflow_domain::Described>::schemas().len(),
        3
    );
}

/// Items that a macro of the user's writes, partly with what it was given.
mod written_by_a_macro {
    use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};

    macro_rules! switch {
        ($category:literal, $event:ident { $variant:ident($payload:ty), once $old:ident }, $aggregate:ident, $command:ident by $by:ty) => {
            #[event($category, crate = $crate::hygiene::written_by_a_macro::reexported)]
            pub(super) enum $event {
                #[event(name = "switch.used", version = 3, upcast(_, $old))]
                $variant($payload),
            }

            #[derive(serde::Deserialize)]
            pub(super) struct $old {
                number: $payload,
            }

            impl From<$old> for $payload {
                fn from(old: $old) -> Self {
                    old.number
                }
            }

            #[derive(Aggregate, Default)]
            #[aggregate(event = $event, error = std::fmt::Error)]
            pub(super) struct $aggregate;

            impl Fold for $aggregate {
                fn fold(&mut self, _: &$event) {}
            }

            switch!(@command $aggregate, $command by $by, $event, $variant);
        };
        (@command $aggregate:ty, $command:ident by $by:ty, $event:ident, $variant:ident) => {
            #[command($aggregate)]
            pub(super) struct $command {
                #[id]
                pub(super) id: $by,
            }

            impl Decide<$command> for $aggregate {
                fn decide(&self, command: $command) -> Decision<Self> {
                    Ok(events![$event::$variant(command.id)])
                }
            }
        };
    }

    pub(crate) mod reexported {
        pub(crate) use ironflow_domain::*;
    }

    switch!("switch", Flipped { Flip(u8), once FlipV2 }, Switch, Flip by u8);
}

#[test]
fn a_macro_of_the_users_may_write_the_items() {
    use written_by_a_macro::{Flip, Flipped, Switch};

    let flipped = Command::decide(Flip { id: 3 }, &Switch::initial(), &()).unwrap();
    assert_eq!(flipped.as_slice(), [Flipped::Flip(3)]);
    assert_eq!(stored_form(&flipped[0]), "3");
    assert_eq!(
        (Flipped::CATEGORY, flipped[0].kind().name),
        ("switch", "switch.used")
    );
    let upcast: Flipped = stored::read("switch.used", 2, r#"{"number":3}"#).unwrap();
    assert_eq!(upcast, Flipped::Flip(3));
}

/// With all the derives a user might want of their own, some of which the macros would add.
#[event("own")]
#[derive(Debug, Clone, Eq, PartialEq, Hash, PartialOrd, Ord)]
enum OwnEvent {
    Happened { why: String },
}

#[event("own")]
#[derive(std::clone::Clone, Eq, Hash, core::fmt::Debug)]
enum OtherEvent {
    Happened,
}

#[test]
fn the_users_own_derives_are_left_alone() {
    let event = OwnEvent::Happened { why: "b".into() };
    assert!(event > OwnEvent::Happened { why: "a".into() });
    assert_eq!(stored_form(&event), r#"{"why":"b"}"#);
    assert_eq!(stored_form(&OtherEvent::Happened.clone()), "{}");
}

/// What it holds is not for the logs.
#[event("secret", by_hand(Debug))]
enum SecretEvent {
    PinSet { pin: String },
}

impl std::fmt::Debug for SecretEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PinSet { pin: … }")
    }
}

#[derive(Aggregate, Default)]
#[aggregate(event = SecretEvent, error = std::fmt::Error)]
struct Safe;

impl Fold for Safe {
    fn fold(&mut self, _: &SecretEvent) {}
}

#[command(Safe, by_hand(std::fmt::Debug, PartialEq))]
struct SetPin {
    pin: String,
}

impl std::fmt::Debug for SetPin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SetPin { pin: … }")
    }
}

impl PartialEq for SetPin {
    fn eq(&self, other: &Self) -> bool {
        self.pin.len() == other.pin.len()
    }
}

impl Decide<SetPin> for Safe {
    fn decide(&self, SetPin { pin }: SetPin) -> Decision<Self> {
        Ok(events![SecretEvent::PinSet { pin }])
    }
}

#[test]
fn what_is_implemented_by_hand_is_left_alone() {
    let set = SetPin { pin: "1234".into() };
    assert_eq!(format!("{set:?}"), "SetPin { pin: … }");
    assert_eq!(set, SetPin { pin: "4321".into() });
    let events = Command::decide(set, &Safe, &()).unwrap();
    assert_eq!(format!("{:?}", events[0]), "PinSet { pin: … }");
    assert_eq!(stored_form(&events[0]), r#"{"pin":"1234"}"#);
}

/// Holds what serde knows nothing of, and is told how to store it.
#[event("opaque")]
enum OpaqueEvent {
    Counted {
        #[serde(with = "as_number")]
        count: Opaque,
    },
    #[serde(with = "as_number")]
    Wrapped(Opaque),
    Forgotten {
        #[serde(skip)]
        count: Opaque,
        #[serde(default, rename = "reasons")]
        why: Vec<String>,
    },
}

#[derive(Debug, Clone, Default, PartialEq)]
struct Opaque(u8);

mod as_number {
    use super::Opaque;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(opaque: &Opaque, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(opaque.0)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Opaque, D::Error> {
        u8::deserialize(from).map(Opaque)
    }
}

#[test]
fn what_serde_is_told_how_to_store_need_not_know_serde() {
    let counted = OpaqueEvent::Counted { count: Opaque(3) };
    assert_eq!(stored_form(&counted), r#"{"count":3}"#);
    assert_eq!(stored_form(&OpaqueEvent::Wrapped(Opaque(3))), "3");
    let forgotten = OpaqueEvent::Forgotten {
        count: Opaque(0),
        why: vec!["old".into()],
    };
    assert_eq!(stored_form(&forgotten), r#"{"reasons":["old"]}"#);
}

/// Sent to browsers in a form of its own.
#[event("page")]
#[derive(Serialize, Deserialize)]
#[serde(
    tag = "type",
    rename_all = "UPPERCASE",
    rename_all_fields = "camelCase"
)]
enum PageEvent {
    Opened {
        by_whom: String,
    },
    #[serde(rename = "gone")]
    Closed,
    #[serde(skip)]
    Secret {
        how_many: u8,
    },
    #[serde(untagged)]
    Other(Untagged),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Untagged {
    free: u8,
}

#[test]
fn an_enum_may_derive_serde_for_a_purpose_of_its_own() {
    let opened = PageEvent::Opened {
        by_whom: "Ann".into(),
    };
    assert_eq!(
        serde_json::to_string(&opened).unwrap(),
        r#"{"type":"OPENED","byWhom":"Ann"}"#
    );
    assert_eq!(
        serde_json::from_str::<PageEvent>(r#"{"type":"gone"}"#).unwrap(),
        PageEvent::Closed
    );
    assert_eq!(
        (opened.kind().name, stored_form(&opened).as_str()),
        ("page.opened", r#"{"byWhom":"Ann"}"#)
    );
    assert_eq!(
        (
            PageEvent::Closed.kind().name,
            stored_form(&PageEvent::Closed).as_str()
        ),
        ("page.closed", "{}")
    );
    assert_eq!(
        stored_form(&PageEvent::Secret { how_many: 3 }),
        r#"{"howMany":3}"#
    );
    assert_eq!(
        stored_form(&PageEvent::Other(Untagged { free: 1 })),
        r#"{"free":1}"#
    );
}

/// Every attribute of serde's that shapes what is in a variant.
#[event("shaped")]
#[serde(rename_all_fields = "camelCase", deny_unknown_fields)]
enum ShapedEvent {
    Renamed {
        first_name: String,
        #[serde(rename = "surname", alias = "last_name")]
        last: String,
    },
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    Loud {
        first_name: String,
    },
    Optional {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
        #[serde(default = "seven")]
        days: u8,
        #[serde(skip)]
        cache: u8,
    },
    Money {
        #[serde(with = "as_text")]
        cents: i64,
    },
    #[serde(with = "as_text")]
    Bare(i64),
    Payload(#[serde(with = "as_text")] i64),
}

#[event("flat")]
enum FlatEvent {
    Flattened {
        id: u8,
        #[serde(flatten)]
        rest: Rest,
    },
    Open {
        #[serde(flatten)]
        anything: std::collections::BTreeMap<String, u8>,
    },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Rest {
    street: String,
    city: String,
}

fn seven() -> u8 {
    7
}

mod as_text {
    #![expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde passes fields by reference"
    )]

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(number: &i64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[test]
fn the_attributes_of_serde_shape_the_stored_form() {
    let decode = |name, text| stored::read::<ShapedEvent>(name, 1, text);

    let renamed = ShapedEvent::Renamed {
        first_name: "Ann".into(),
        last: "Lee".into(),
    };
    assert_eq!(
        stored_form(&renamed),
        r#"{"firstName":"Ann","surname":"Lee"}"#
    );
    assert_eq!(
        decode("shaped.renamed", r#"{"firstName":"Ann","last_name":"Lee"}"#).unwrap(),
        renamed
    );
    assert_eq!(
        stored_form(&ShapedEvent::Loud {
            first_name: "Ann".into()
        }),
        r#"{"FIRST_NAME":"Ann"}"#
    );

    let optional = ShapedEvent::Optional {
        note: None,
        days: 7,
        cache: 0,
    };
    assert_eq!(stored_form(&optional), r#"{"days":7}"#);
    assert_eq!(decode("shaped.optional", "{}").unwrap(), optional);
    let unknown = decode("shaped.optional", r#"{"cache":1}"#).unwrap_err();
    assert!(
        std::error::Error::source(&unknown)
            .unwrap()
            .to_string()
            .contains("unknown field `cache`")
    );

    assert_eq!(
        stored_form(&ShapedEvent::Money { cents: -5 }),
        r#"{"cents":"-5"}"#
    );
    assert_eq!(stored_form(&ShapedEvent::Bare(-5)), r#""-5""#);
    assert_eq!(stored_form(&ShapedEvent::Payload(-5)), r#""-5""#);

    let rest = Rest {
        street: "Main St".into(),
        city: "York".into(),
    };
    assert_eq!(
        stored_form(&FlatEvent::Flattened { id: 1, rest }),
        r#"{"id":1,"street":"Main St","city":"York"}"#
    );
    assert_eq!(
        stored_form(&FlatEvent::Open {
            anything: [("a".to_owned(), 1)].into()
        }),
        r#"{"a":1}"#
    );
}

/// A command may depend on how the program is built: it is not stored.
#[command(Keywords)]
enum Built {
    #[cfg(unix)]
    Always(#[id] u8),
    #[cfg(not(unix))]
    Always(#[id] u16),
    #[cfg(any())]
    Never(#[id] Missing),
}

impl Decide<Built> for Keywords {
    fn decide(&self, _: Built) -> Decision<Self> {
        Ok(events![])
    }
}

#[test]
fn a_command_may_depend_on_how_the_program_is_built() {
    assert_eq!(
        (
            Built::Always(7).name(),
            Built::Always(7).stream_id().unwrap().as_str()
        ),
        ("always", "keyword-7")
    );
}
