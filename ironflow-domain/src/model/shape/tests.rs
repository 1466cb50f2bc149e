//! Which changes of a type make another fingerprint, and which do not.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::Fingerprint;
use super::fingerprint::hash;
use super::trace::trace;

/// The fingerprint of what can be traced of a type, which needs no `Default`.
fn traced<T: DeserializeOwned>() -> u64 {
    hash(&trace::<T>())
}

fn of<T: Default + Serialize + DeserializeOwned>() -> Fingerprint {
    Fingerprint::of::<T>()
}

/// Types of the same shape under other names, in modules of their own.
macro_rules! shapes {
    ($($module:ident { $($item:item)* })*) => {$(
        mod $module {
            #[allow(unused_imports, reason = "not every shape needs all of them")]
            use std::collections::BTreeMap;
            #[allow(unused_imports, reason = "not every shape needs all of them")]
            use serde::{Deserialize, Serialize};
            $(
                #[derive(Deserialize, Serialize)]
                #[allow(dead_code, reason = "only the shape is looked at")]
                $item
            )*
        }
    )*};
}

shapes! {
    order {
        pub(super) struct Order { id: String, lines: Vec<Line>, state: State, note: Option<String> }
        pub(super) struct Line { product: String, quantity: u32 }
        pub(super) enum State { Open, Paid { by: String }, Shipped(u64), Moved(u8, u8) }
    }
    renamed_types {
        pub(super) struct Purchase { id: Id, lines: Vec<Item>, state: Status, note: Option<String> }
        pub(super) struct Id(String);
        pub(super) struct Item { product: String, quantity: u32 }
        pub(super) enum Status { Open, Paid { by: String }, Shipped(u64), Moved(u8, u8) }
    }
    reordered {
        pub(super) struct Order { note: Option<String>, state: State, lines: Vec<Line>, id: String }
        pub(super) struct Line { quantity: u32, product: String }
        pub(super) enum State { Moved(u8, u8), Shipped(u64), Paid { by: String }, Open }
    }
    same_variants {
        pub(super) struct Order { id: String, lines: Vec<Line>, state: State, note: Option<String> }
        pub(super) struct Line { product: String, quantity: u32 }
        pub(super) enum State { Open, Paid(Paid), Shipped(u64), Moved((u8, u8)) }
        pub(super) struct Paid { by: String }
    }
    field_renamed {
        pub(super) struct Order { key: String, lines: Vec<Line>, state: State, note: Option<String> }
        pub(super) struct Line { product: String, quantity: u32 }
        pub(super) enum State { Open, Paid { by: String }, Shipped(u64), Moved(u8, u8) }
    }
    field_gone {
        pub(super) struct Order { id: String, lines: Vec<Line>, state: State }
        pub(super) struct Line { product: String, quantity: u32 }
        pub(super) enum State { Open, Paid { by: String }, Shipped(u64), Moved(u8, u8) }
    }
    field_defaulted {
        pub(super) struct Order {
            id: String, lines: Vec<Line>, state: State, note: Option<String>,
            #[serde(default)] tags: Vec<String>,
        }
        pub(super) struct Line { product: String, quantity: u32 }
        pub(super) enum State { Open, Paid { by: String }, Shipped(u64), Moved(u8, u8) }
    }
    may_be_absent {
        pub(super) struct Order {
            #[serde(default)] id: String, lines: Vec<Line>, state: State, note: Option<String>,
        }
        pub(super) struct Line { product: String, quantity: u32 }
        pub(super) enum State { Open, Paid { by: String }, Shipped(u64), Moved(u8, u8) }
    }
    nested_type_changed {
        pub(super) struct Order { id: String, lines: Vec<Line>, state: State, note: Option<String> }
        pub(super) struct Line { product: String, quantity: u64 }
        pub(super) enum State { Open, Paid { by: String }, Shipped(u64), Moved(u8, u8) }
    }
    variant_added {
        pub(super) struct Order { id: String, lines: Vec<Line>, state: State, note: Option<String> }
        pub(super) struct Line { product: String, quantity: u32 }
        pub(super) enum State { Open, Paid { by: String }, Shipped(u64), Moved(u8, u8), Lost }
    }
    variant_renamed {
        pub(super) struct Order { id: String, lines: Vec<Line>, state: State, note: Option<String> }
        pub(super) struct Line { product: String, quantity: u32 }
        pub(super) enum State { New, Paid { by: String }, Shipped(u64), Moved(u8, u8) }
    }
    variant_filled {
        pub(super) struct Order { id: String, lines: Vec<Line>, state: State, note: Option<String> }
        pub(super) struct Line { product: String, quantity: u32 }
        pub(super) enum State { Open(()), Paid { by: String }, Shipped(u64), Moved(u8, u8) }
    }
    variants_field_changed {
        pub(super) struct Order { id: String, lines: Vec<Line>, state: State, note: Option<String> }
        pub(super) struct Line { product: String, quantity: u32 }
        pub(super) enum State { Open, Paid { by: u64 }, Shipped(u64), Moved(u8, u8) }
    }
    variants_tuple_grown {
        pub(super) struct Order { id: String, lines: Vec<Line>, state: State, note: Option<String> }
        pub(super) struct Line { product: String, quantity: u32 }
        pub(super) enum State { Open, Paid { by: String }, Shipped(u64), Moved(u8, u8, u8) }
    }
    not_an_option {
        pub(super) struct Order { id: String, lines: Vec<Line>, state: State, note: String }
        pub(super) struct Line { product: String, quantity: u32 }
        pub(super) enum State { Open, Paid { by: String }, Shipped(u64), Moved(u8, u8) }
    }
    a_map_now {
        pub(super) struct Order {
            id: String, lines: BTreeMap<String, Line>, state: State, note: Option<String>,
        }
        pub(super) struct Line { product: String, quantity: u32 }
        pub(super) enum State { Open, Paid { by: String }, Shipped(u64), Moved(u8, u8) }
    }
}

#[test]
fn the_same_json_has_the_same_fingerprint() {
    let order = traced::<order::Order>();
    assert_eq!(traced::<renamed_types::Purchase>(), order);
    assert_eq!(traced::<reordered::Order>(), order);
    assert_eq!(traced::<same_variants::Order>(), order);

    assert_eq!(of::<Box<u8>>(), of::<u8>());
    assert_eq!(of::<VecDeque<u8>>(), of::<Vec<u8>>());
    assert_eq!(of::<HashSet<u8>>(), of::<BTreeSet<u8>>());
    assert_eq!(of::<HashMap<String, u8>>(), of::<BTreeMap<String, u8>>());
    assert_eq!(of::<std::path::PathBuf>(), of::<String>());
    assert_eq!(of::<u64>(), of::<usize>());
    assert_eq!(traced::<Box<str>>(), traced::<String>());
}

#[test]
fn every_change_of_the_json_makes_another_fingerprint() {
    let all = [
        traced::<order::Order>(),
        traced::<field_renamed::Order>(),
        traced::<field_gone::Order>(),
        traced::<field_defaulted::Order>(),
        traced::<may_be_absent::Order>(),
        traced::<nested_type_changed::Order>(),
        traced::<variant_added::Order>(),
        traced::<variant_renamed::Order>(),
        traced::<variant_filled::Order>(),
        traced::<variants_field_changed::Order>(),
        traced::<variants_tuple_grown::Order>(),
        traced::<not_an_option::Order>(),
        traced::<a_map_now::Order>(),
    ];
    assert_all_differ(&all);
}

fn assert_all_differ(all: &[u64]) {
    for (number, one) in all.iter().enumerate() {
        for (other_number, other) in all.iter().enumerate().skip(number + 1) {
            assert_ne!(one, other, "numbers {number} and {other_number}");
        }
    }
}

#[test]
fn every_leaf_and_every_way_to_put_some_together_is_another_shape() {
    let all = [
        traced::<bool>(),
        traced::<i8>(),
        traced::<i16>(),
        traced::<i32>(),
        traced::<i64>(),
        traced::<i128>(),
        traced::<u8>(),
        traced::<u16>(),
        traced::<u32>(),
        traced::<u64>(),
        traced::<u128>(),
        traced::<f32>(),
        traced::<f64>(),
        traced::<char>(),
        traced::<String>(),
        traced::<()>(),
        traced::<Value>(),
        traced::<Option<u8>>(),
        traced::<Vec<u8>>(),
        traced::<Vec<u16>>(),
        traced::<Vec<Vec<u8>>>(),
        traced::<Vec<Option<u8>>>(),
        traced::<Option<Vec<u8>>>(),
        traced::<(u8,)>(),
        traced::<(u8, u8)>(),
        traced::<(u8, u16)>(),
        traced::<(u16, u8)>(),
        traced::<[u8; 3]>(),
        traced::<BTreeMap<String, u8>>(),
        traced::<BTreeMap<u8, String>>(),
        traced::<BTreeMap<u8, u8>>(),
        traced::<Result<u8, u16>>(),
        traced::<Result<u16, u8>>(),
        traced::<Duration>(),
        traced::<IgnoredAny>(),
    ];
    assert_all_differ(&all);
}

#[derive(Deserialize, Serialize, Default)]
struct Page<T> {
    items: Vec<T>,
    next: Option<Box<T>>,
}

#[test]
fn a_generic_type_is_another_one_for_every_argument() {
    assert_ne!(of::<Page<u8>>(), of::<Page<u16>>());
    assert_ne!(of::<Page<Page<u8>>>(), of::<Page<Page<u16>>>());
    // Both are in one type, so that they must not be mixed up.
    assert_ne!(of::<(Page<u8>, Page<u16>)>(), of::<(Page<u16>, Page<u8>)>());
    assert_ne!(of::<(Page<u8>, Page<u16>)>(), of::<(Page<u8>, Page<u8>)>());
}

shapes! {
    tree {
        pub(super) struct Tree { value: u8, children: Vec<Tree> }
    }
    other_tree {
        pub(super) struct Tree { value: u16, children: Vec<Tree> }
    }
    // The same trees, by two types that take turns.
    turns {
        pub(super) struct Even { value: u8, children: Vec<Odd> }
        pub(super) struct Odd { value: u8, children: Vec<Even> }
    }
    other_turns {
        pub(super) struct Even { value: u8, children: Vec<Odd> }
        pub(super) struct Odd { value: u16, children: Vec<Even> }
    }
    expression {
        pub(super) enum Expression {
            Sum(Box<Expression>, Box<Expression>),
            All { of: Vec<Expression>, scale: Scale },
            Literal(i64),
            Not(Box<Expression>),
        }
        pub(super) enum Scale { Linear, Other(Box<Expression>) }
    }
    other_expression {
        pub(super) enum Expression {
            Sum(Box<Expression>, Box<Expression>),
            All { of: Vec<Expression>, scale: Scale },
            Literal(i64),
            Not(Box<Expression>),
        }
        pub(super) enum Scale { Linear, Other(Box<Expression>, u8) }
    }
    newtypes {
        pub(super) struct Nested(Vec<Nested>);
        pub(super) struct Wrapped(Box<Wrapped>);
        pub(super) struct Endless { next: Box<Endless>, value: u8 }
        pub(super) struct OtherEndless { next: Box<OtherEndless>, value: u16 }
        pub(super) enum NoWayOut { Again(Box<NoWayOut>), Twice(u8, Box<NoWayOut>, u8) }
        pub(super) enum Empty {}
        pub(super) struct HoldsEmpty { empty: Option<Empty>, value: u8 }
    }
}

#[test]
fn a_type_that_holds_itself_is_seen_to_the_end() {
    assert_ne!(traced::<tree::Tree>(), traced::<other_tree::Tree>());
    assert_eq!(traced::<turns::Even>(), traced::<tree::Tree>());
    assert_ne!(traced::<turns::Even>(), traced::<other_turns::Even>());
    assert_ne!(
        traced::<expression::Expression>(),
        traced::<other_expression::Expression>()
    );
    assert_ne!(
        traced::<newtypes::Endless>(),
        traced::<newtypes::OtherEndless>()
    );
    assert_ne!(traced::<newtypes::Nested>(), traced::<newtypes::Wrapped>());
    assert_ne!(traced::<newtypes::NoWayOut>(), traced::<newtypes::Empty>());
    assert_ne!(
        traced::<newtypes::HoldsEmpty>(),
        traced::<newtypes::Empty>()
    );
}

#[test]
fn all_of_a_type_with_many_choices_is_seen() {
    let graph = trace::<(expression::Expression, order::Order, tree::Tree)>();
    let places = graph.parts.iter().flat_map(|part| &part.places);
    let unseen: Vec<_> = places.filter(|place| place.seen.is_empty()).collect();
    assert!(unseen.is_empty(), "{unseen:#?}");
}

/// Takes only what begins with an `x`, which no dummy does.
#[derive(Deserialize, Serialize, Default)]
#[serde(try_from = "String", into = "String")]
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Picky(String);

impl From<Picky> for String {
    fn from(Picky(text): Picky) -> Self {
        text
    }
}

impl TryFrom<String> for Picky {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.starts_with('x') {
            Ok(Self(text))
        } else {
            Err("an x is missing")
        }
    }
}

/// Takes only a number that is not zero.
type Positive = std::num::NonZeroU32;

struct Panics;

impl<'de> Deserialize<'de> for Panics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(deserializer)?;
        assert!(number > 100, "a number that no dummy is");
        Ok(Self)
    }
}

shapes! {
    picky {
        pub(super) struct Holder { one: super::Picky, two: super::Positive, three: u8, four: Inner }
        pub(super) struct Inner { five: super::Picky, six: u8, seven: Option<super::Picky> }
    }
    other_picky {
        pub(super) struct Holder { one: super::Picky, two: super::Positive, three: u8, four: Inner }
        pub(super) struct Inner { five: super::Picky, six: u16, seven: Option<super::Picky> }
    }
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only the shape is looked at")]
struct AroundPanic<T> {
    panics: Panics,
    after: T,
}

#[test]
fn a_value_that_is_refused_hides_nothing_beside_it() {
    assert_ne!(traced::<picky::Holder>(), traced::<other_picky::Holder>());
    assert_ne!(traced::<AroundPanic<u8>>(), traced::<AroundPanic<u16>>());
    assert_ne!(traced::<Picky>(), traced::<u8>());
    // A key that is refused does not hide its value.
    assert_ne!(
        traced::<BTreeMap<Picky, u8>>(),
        traced::<BTreeMap<Picky, u16>>()
    );
    // Not even in a tuple, where a dummy is found that is taken.
    assert_ne!(traced::<(Positive, u8)>(), traced::<(Positive, u16)>());
    let uuids = traced::<(uuid::Uuid, u8)>();
    assert_ne!(uuids, traced::<(uuid::Uuid, u16)>());
}

shapes! {
    aliased {
        pub(super) struct Named { #[serde(alias = "a", alias = "z")] name: String, other: u8 }
        pub(super) struct Plain { name: String, other: u8 }
        pub(super) struct Other { #[serde(alias = "a", alias = "z")] name: String, other: u16 }
    }
    flattened {
        pub(super) struct Outer { one: u8, two: Two, #[serde(flatten)] inner: Inner }
        pub(super) struct Two { three: u8 }
        #[derive(Default)]
        pub(super) struct Inner { four: u8, five: String }
    }
    other_flattened {
        pub(super) struct Outer { one: u8, two: Two, #[serde(flatten)] inner: Inner }
        pub(super) struct Two { three: u16 }
        #[derive(Default)]
        pub(super) struct Inner { four: u8, five: String }
    }
    adjacent {
        #[serde(tag = "type", content = "value")]
        pub(super) enum Message { Text(String), Number(Number), Nothing }
        pub(super) struct Number { value: u8 }
    }
    other_adjacent {
        #[serde(tag = "type", content = "value")]
        pub(super) enum Message { Text(String), Number(Number), Nothing }
        pub(super) struct Number { value: u16 }
    }
}

#[test]
fn another_name_that_is_read_too_changes_nothing() {
    assert_eq!(traced::<aliased::Named>(), traced::<aliased::Plain>());
    assert_ne!(traced::<aliased::Named>(), traced::<aliased::Other>());
}

#[test]
fn what_serde_takes_apart_itself_is_seen_as_far_as_it_goes() {
    assert_ne!(
        traced::<flattened::Outer>(),
        traced::<other_flattened::Outer>()
    );
    assert_ne!(
        traced::<adjacent::Message>(),
        traced::<other_adjacent::Message>()
    );
}

/// The content of these is only known when it is there.
mod opaque {
    use super::{Deserialize, Serialize, Value};

    #[derive(Deserialize, Serialize)]
    #[serde(untagged)]
    pub(super) enum Either {
        One { count: u8 },
        Other(Vec<u8>),
    }

    impl Default for Either {
        fn default() -> Self {
            Self::One { count: 1 }
        }
    }

    #[derive(Deserialize, Serialize)]
    #[serde(untagged)]
    pub(super) enum Renamed {
        One { number: u8 },
        Other(Vec<u8>),
    }

    impl Default for Renamed {
        fn default() -> Self {
            Self::One { number: 1 }
        }
    }

    #[derive(Deserialize, Serialize, Default)]
    #[serde(tag = "kind")]
    pub(super) enum Tagged {
        #[default]
        One,
        Other {
            at: u8,
        },
    }

    #[derive(Deserialize, Serialize, Default)]
    pub(super) struct Outer<T: Default> {
        #[serde(flatten)]
        pub(super) inner: T,
    }

    #[derive(Deserialize, Serialize, Default)]
    pub(super) struct Inner {
        #[serde(default)]
        four: u8,
    }

    #[derive(Deserialize, Serialize, Default)]
    pub(super) struct OtherInner {
        #[serde(default)]
        four: String,
    }

    #[derive(Deserialize, Serialize)]
    pub(super) struct Json<const KIND: u8>(Value);

    impl<const KIND: u8> Default for Json<KIND> {
        fn default() -> Self {
            Self(match KIND {
                0 => serde_json::json!({"a": [1, 2]}),
                1 => serde_json::json!({"a": [3]}),
                2 => serde_json::json!({"a": ["b"]}),
                3 => serde_json::json!({"b": [1]}),
                _ => serde_json::json!({"a": [1.5]}),
            })
        }
    }
}

#[test]
fn where_nothing_can_be_traced_the_default_helps() {
    use opaque::{Either, Inner, Json, OtherInner, Outer, Renamed, Tagged};

    assert_eq!(traced::<Either>(), traced::<Value>());
    assert_ne!(of::<Either>(), of::<Value>());
    assert_ne!(of::<Either>(), of::<Renamed>());
    assert_ne!(of::<Tagged>(), of::<Either>());
    assert_ne!(of::<Outer<Inner>>(), of::<Outer<OtherInner>>());
    // Values say nothing; keys, and what kind of value there is, do.
    assert_eq!(of::<Json<0>>(), of::<Json<1>>());
    let kinds = [
        of::<Json<0>>(),
        of::<Json<2>>(),
        of::<Json<3>>(),
        of::<Json<4>>(),
    ];
    assert_all_differ(&kinds.map(|kind| u64::from_str_radix(&kind.to_string(), 16).unwrap()));
}

/// Whose `Default` is another one every time.
#[derive(Deserialize, Serialize)]
struct Restless(HashMap<uuid::Uuid, u8>);

impl Default for Restless {
    fn default() -> Self {
        Self(HashMap::from([(uuid::Uuid::now_v7(), 1)]))
    }
}

/// Whose `Default` panics, and cannot be stored.
#[derive(Deserialize, Debug)]
struct Unruly;

impl Default for Unruly {
    fn default() -> Self {
        panic!("there is none")
    }
}

impl Serialize for Unruly {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("never"))
    }
}

#[test]
fn a_default_that_says_nothing_does_no_harm() {
    assert_eq!(of::<Restless>(), of::<Restless>());
    assert_eq!(of::<Unruly>(), of::<Unruly>());
}

/// Goes on asking, whatever it is told.
struct Insatiable;

impl<'de> Deserialize<'de> for Insatiable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Asks;

        impl<'de> Visitor<'de> for Asks {
            type Value = Insatiable;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("more")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut more: A) -> Result<Self::Value, A::Error> {
                loop {
                    drop(more.next_element::<u8>());
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, mut more: A) -> Result<Self::Value, A::Error> {
                loop {
                    drop(more.next_value::<u8>());
                    drop(more.next_key::<String>());
                    drop(more.next_key::<String>());
                }
            }
        }

        if std::any::type_name::<D::Error>().is_empty() {
            return deserializer.deserialize_seq(Asks);
        }
        deserializer.deserialize_map(Asks)
    }
}

/// Skips what it cannot read.
struct Lossy;

impl<'de> Deserialize<'de> for Lossy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Skips;

        impl<'de> Visitor<'de> for Skips {
            type Value = Lossy;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a sequence")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Self::Value, A::Error> {
                while !matches!(from.next_element::<Picky>(), Ok(None)) {}
                Ok(Lossy)
            }
        }

        deserializer.deserialize_seq(Skips)
    }
}

#[derive(Deserialize)]
#[allow(dead_code, reason = "only the shape is looked at")]
struct Around<A, B> {
    around: A,
    after: B,
}

#[test]
fn a_type_that_never_ends_comes_to_an_end() {
    assert_eq!(traced::<Insatiable>(), traced::<Insatiable>());
    assert_eq!(
        traced::<Around<Insatiable, u8>>(),
        traced::<Around<Insatiable, u8>>()
    );
    assert_ne!(
        traced::<Around<Lossy, u8>>(),
        traced::<Around<Lossy, u16>>()
    );
}

/// Asks for something else every time it is read.
struct Moody;

impl<'de> Deserialize<'de> for Moody {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use std::sync::atomic::{AtomicU32, Ordering};
        static ASKED: AtomicU32 = AtomicU32::new(0);
        match ASKED.fetch_add(1, Ordering::Relaxed) % 3 {
            0 => u8::deserialize(deserializer).map(drop)?,
            1 => String::deserialize(deserializer).map(drop)?,
            _ => Vec::<Moody>::deserialize(deserializer).map(drop)?,
        }
        Ok(Self)
    }
}

#[test]
fn a_type_that_changes_its_mind_does_no_harm() {
    traced::<(Moody, Moody, Vec<Moody>)>();
}

macro_rules! huge {
    ($name:ident, $last:ty) => {
        huge!(@ $name, $last, [a b c d e f g h i j] [a b c d e f g h i j k l m n o p q r s t]);
    };
    (@ $name:ident, $last:ty, [$($tens:ident)*] $ones:tt) => {
        #[allow(
            non_camel_case_types,
            dead_code,
            clippy::enum_variant_names,
            reason = "only the shape is looked at"
        )]
        mod $name {
            use serde::Deserialize;
            $(huge!(@@ $tens, $ones);)*
            #[derive(Deserialize)]
            pub(super) enum Huge { $($tens($tens),)* last($last) }
        }
    };
    (@@ $ten:ident, [$($ones:ident)*]) => {
        #[derive(Deserialize)]
        pub(super) enum $ten {
            $($ones { one: u8, two: Option<String>, three: Vec<$ten>, four: (u8, Box<$ten>) },)*
            end,
        }
    };
}

huge!(huge, u8);
huge!(other_huge, u16);

/// Two hundred variants side by side.
mod wide {
    macro_rules! wide {
        ($name:ident, $last:ty: $($variant:ident)*) => {
            #[derive(serde::Deserialize)]
            #[allow(non_camel_case_types, dead_code, reason = "only the shape is looked at")]
            pub(super) enum $name {
                $($variant { a: u8, b: String, c: Option<u8>, d: Vec<u8>, e: $last },)*
            }
        };
    }
    macro_rules! of_two_hundred {
        ($name:ident, $last:ty) => {
            wide!($name, $last:
                a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0 b1 b2 b3 b4 b5 b6 b7 b8 b9
                c0 c1 c2 c3 c4 c5 c6 c7 c8 c9 d0 d1 d2 d3 d4 d5 d6 d7 d8 d9
                e0 e1 e2 e3 e4 e5 e6 e7 e8 e9 f0 f1 f2 f3 f4 f5 f6 f7 f8 f9
                g0 g1 g2 g3 g4 g5 g6 g7 g8 g9 h0 h1 h2 h3 h4 h5 h6 h7 h8 h9
                i0 i1 i2 i3 i4 i5 i6 i7 i8 i9 j0 j1 j2 j3 j4 j5 j6 j7 j8 j9
                k0 k1 k2 k3 k4 k5 k6 k7 k8 k9 l0 l1 l2 l3 l4 l5 l6 l7 l8 l9
                m0 m1 m2 m3 m4 m5 m6 m7 m8 m9 n0 n1 n2 n3 n4 n5 n6 n7 n8 n9
                o0 o1 o2 o3 o4 o5 o6 o7 o8 o9 p0 p1 p2 p3 p4 p5 p6 p7 p8 p9
                q0 q1 q2 q3 q4 q5 q6 q7 q8 q9 r0 r1 r2 r3 r4 r5 r6 r7 r8 r9
                s0 s1 s2 s3 s4 s5 s6 s7 s8 s9 t0 t1 t2 t3 t4 t5 t6 t7 t8 t9
            );
        };
    }
    of_two_hundred!(Wide, u8);
    of_two_hundred!(OtherWide, u16);
}

shapes! {
    variants {
        pub(super) enum Fields { One { value: u8 }, Two { value: String }, Three { value: u8 } }
        pub(super) enum Tuples { One(u8, u8), Two(String, String), Three(u8, u8) }
        pub(super) enum Flattened {
            One { value: u8, #[serde(flatten)] rest: BTreeMap<String, u8> },
            Two { value: String, #[serde(flatten)] rest: BTreeMap<String, u8> },
        }
    }
    swapped_variants {
        pub(super) enum Fields { One { value: String }, Two { value: u8 }, Three { value: u8 } }
        pub(super) enum Tuples { One(String, String), Two(u8, u8), Three(u8, u8) }
        pub(super) enum Flattened {
            One { value: String, #[serde(flatten)] rest: BTreeMap<String, u8> },
            Two { value: u8, #[serde(flatten)] rest: BTreeMap<String, u8> },
        }
    }
    changed_variants {
        pub(super) enum Fields { One { value: u8 }, Two { value: String }, Three { value: String } }
        pub(super) enum Tuples { One(u8, u8), Two(String, String), Three(String, u8) }
    }
}

#[test]
fn variants_that_look_alike_are_told_apart() {
    assert_all_differ(&[
        traced::<variants::Fields>(),
        traced::<swapped_variants::Fields>(),
        traced::<changed_variants::Fields>(),
        traced::<variants::Tuples>(),
        traced::<swapped_variants::Tuples>(),
        traced::<changed_variants::Tuples>(),
        traced::<variants::Flattened>(),
        traced::<swapped_variants::Flattened>(),
    ]);
}

/// Something that nobody reaches, and beside it something that may be absent.
#[derive(Deserialize)]
#[allow(dead_code, reason = "only the shape is looked at")]
struct Unreached<T> {
    never: Option<(Picky, Option<u8>)>,
    inner: T,
}

shapes! {
    needed {
        pub(super) struct Inner { one: u8 }
    }
    dispensable {
        pub(super) struct Inner { #[serde(default)] one: u8 }
    }
}

#[test]
fn what_may_be_absent_is_found_beside_what_is_never_reached() {
    assert_ne!(
        traced::<Unreached<needed::Inner>>(),
        traced::<Unreached<dispensable::Inner>>()
    );
}

/// Every level holds the next three times: a value has more parts than anybody could visit.
#[derive(Deserialize)]
#[allow(dead_code, reason = "only the shape is looked at")]
struct Thrice<T>(Box<T>, Box<T>, Box<T>);
type Nine<T> = Thrice<Thrice<T>>;
type Many<T> = Nine<Nine<Nine<Nine<Nine<Nine<Nine<Nine<T>>>>>>>>;

#[test]
fn a_huge_type_takes_bounded_time() {
    let start = Instant::now();
    assert_ne!(traced::<huge::Huge>(), traced::<other_huge::Huge>());
    assert_ne!(traced::<wide::Wide>(), traced::<wide::OtherWide>());
    assert_ne!(
        traced::<Vec<HashMap<String, wide::Wide>>>(),
        traced::<Vec<HashMap<String, wide::OtherWide>>>()
    );
    assert_eq!(traced::<Many<u8>>(), traced::<Many<u8>>());
    assert_ne!(traced::<Many<u8>>(), traced::<Many<u16>>());
    // Not a measurement: far more than it takes, and far less than for ever.
    assert!(
        start.elapsed() < Duration::from_mins(1),
        "{:?}",
        start.elapsed()
    );
}

/// The example the literals below are of.
#[derive(Deserialize, Serialize, Default)]
struct Pinned {
    id: String,
    lines: Vec<PinnedLine>,
    totals: BTreeMap<String, i64>,
    state: PinnedState,
    #[serde(default)]
    share: f64,
    parent: Option<Box<PinnedLine>>,
    rest: Value,
}

#[derive(Deserialize, Serialize)]
struct PinnedLine {
    product: String,
    quantity: u32,
    parts: Vec<PinnedLine>,
}

#[derive(Deserialize, Serialize, Default)]
enum PinnedState {
    #[default]
    Open,
    Paid {
        by: String,
    },
    Shipped(u64),
    Moved(u8, bool),
}

#[test]
fn fingerprints_are_for_ever() {
    let pinned = [of::<Pinned>(), of::<u8>()].map(|fingerprint| fingerprint.to_string());
    assert_eq!(pinned, ["20eaa2b4a2b22763", "df412f5d5d4e8989"]);
}
