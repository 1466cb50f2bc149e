//! What stands around a macro is nobody's business but the user's: shadowed names, functions,
//! generics, lints, serde.

use ironflow_domain::{
    Addressed, Aggregate, Command, Decide, Decision, Event, EventRef, Fold, command, event, events,
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
    struct Stored(u8);

    #[event("local")]
    enum LocalEvent {
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
}

#[event("keyword")]
enum r#Fn {
    r#Type {
        r#type: String,
        r#match: u8,
    },
    #[event(version = 2, upcast(_))]
    r#Async(u8),
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

#[event("generic")]
enum GenericEvent<T, const N: usize = 2>
where
    T: Payload,
{
    Measured { value: T, times: u8 },
    Wrapped(Wrapped<T>),
    Calibrated,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
}

/// Items that a macro of the user's writes, partly with what it was given.
mod written_by_a_macro {
    use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};

    macro_rules! switch {
        ($category:literal, $event:ident { $variant:ident($payload:ty) }, $aggregate:ident, $command:ident by $by:ty) => {
            #[event($category, crate = $crate::hygiene::written_by_a_macro::reexported)]
            pub(super) enum $event {
                #[event(name = "switch.used", version = 3, upcast(_, _))]
                $variant($payload),
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

    switch!("switch", Flipped { Flip(u8) }, Switch, Flip by u8);
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
