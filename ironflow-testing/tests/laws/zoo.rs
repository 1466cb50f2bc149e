//! What can be made up: types of all kinds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Debug;
use std::net::Ipv4Addr;
use std::num::{NonZeroU8, NonZeroU32};

use ironflow_domain::Timestamp;
use ironflow_testing::laws::{MakeUp, made_up};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde::Deserialize;

fn runner() -> TestRunner {
    TestRunner::new(Config {
        rng_seed: RngSeed::Fixed(1),
        failure_persistence: None,
        ..Config::default()
    })
}

/// A thousand values, as they are printed.
fn thousand<T: MakeUp + Debug>() -> Vec<T> {
    let (strategy, mut runner) = (made_up::<T>(), runner());
    (0..1_000)
        .map(|_| match strategy.new_tree(&mut runner) {
            Ok(tree) => tree.current(),
            Err(reason) => panic!("{reason}"),
        })
        .collect()
}

/// The simplest value of which `shows` is true.
#[track_caller]
fn simplest<T: MakeUp + Debug>(shows: impl Fn(&T) -> bool) -> T {
    let (strategy, mut runner) = (made_up::<T>(), runner());
    let trees = (0..1_000).filter_map(|_| strategy.new_tree(&mut runner).ok());
    let mut tree = trees
        .into_iter()
        .find(|tree| shows(&tree.current()))
        .expect("one of a thousand shows it");
    let mut more = tree.simplify();
    while more {
        more = if shows(&tree.current()) {
            tree.simplify()
        } else {
            tree.complicate()
        };
    }
    tree.current()
}

#[test]
fn numbers_reach_their_bounds_and_are_mostly_small() {
    let numbers = thousand::<(u8, i16, u32, i64, u64, u128, i128)>();
    assert!(numbers.iter().any(|n| n.0 == u8::MAX));
    assert!(numbers.iter().any(|n| n.1 == i16::MIN));
    assert!(numbers.iter().any(|n| n.1 == i16::MAX));
    assert!(numbers.iter().any(|n| n.2 == u32::MAX));
    assert!(numbers.iter().any(|n| n.3 == i64::MIN));
    assert!(numbers.iter().any(|n| n.4 == u64::MAX));
    assert!(numbers.iter().any(|n| n.5 == u128::MAX));
    assert!(numbers.iter().any(|n| n.6 == i128::MIN));
    assert!(numbers.iter().any(|n| n.4 == 0) && numbers.iter().any(|n| n.4 == 1));
    assert!(numbers.iter().filter(|n| n.4 < 10).count() > 400);
}

#[test]
fn texts_collide_and_are_also_empty_long_and_unusual() {
    let texts = thousand::<String>();
    let count = |text: &str| texts.iter().filter(|other| *other == text).count();
    assert!(count("") > 20 && count("a") > 20 && count("b") > 20);
    assert!(texts.iter().any(|text| text.len() == 300));
    assert!(texts.iter().any(|text| text.contains('😀')));
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Everything {
    flag: bool,
    letter: char,
    float: f64,
    small: f32,
    maybe: Option<u8>,
    list: Vec<Option<String>>,
    pair: (i8, String),
    array: [u16; 3],
    map: BTreeMap<String, u8>,
    numbered: HashMap<u8, Vec<bool>>,
    set: BTreeSet<Size>,
    #[serde(alias = "nickname")]
    name: Newtype,
    unit: (),
    boxed: Box<Newtype>,
    #[serde(default)]
    defaulted: u8,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
struct Newtype(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Size {
    Small,
    VeryBig,
}

#[test]
fn a_struct_gets_a_value_in_every_field() {
    let values = thousand::<Everything>();
    assert!(values.iter().any(|v| v.maybe.is_some()) && values.iter().any(|v| v.maybe.is_none()));
    assert!(values.iter().any(|v| v.list.is_empty()));
    assert!(values.iter().any(|v| v.list.len() > 2));
    assert!(values.iter().any(|v| v.map.len() > 1));
    assert!(values.iter().any(|v| v.numbered.len() > 1));
    assert!(values.iter().any(|v| v.set.len() == 2));
    assert!(values.iter().any(|v| v.defaulted > 0));
    assert!(values.iter().any(|v| !v.name.0.is_empty()));
}

#[test]
fn the_simplest_value_is_found() {
    let value =
        simplest::<Everything>(|v| v.list.iter().flatten().any(|text| text.chars().count() > 1));
    assert_eq!(
        format!("{value:?}"),
        "Everything { flag: false, letter: 'a', float: 0.0, small: 0.0, maybe: None, \
         list: [Some(\"aa\")], pair: (0, \"\"), array: [0, 0, 0], map: {}, numbered: {}, \
         set: {}, name: Newtype(\"\"), unit: (), boxed: Newtype(\"\"), defaulted: 0 }"
    );
    assert_eq!(simplest::<u64>(|n| *n > 1_000), 1_001);
    assert_eq!(simplest::<i32>(|n| *n < -20), -21);
    assert_eq!(simplest::<Vec<u8>>(|list| list.len() > 1), [0, 0]);
}

#[derive(Debug, Deserialize)]
enum Shape {
    Empty,
    Circle(u32),
    Line(u8, u8),
    Group { shapes: Vec<Shape> },
}

#[test]
fn an_enum_gets_each_of_its_variants_and_a_recursive_one_comes_to_an_end() {
    fn depth(shape: &Shape) -> usize {
        match shape {
            Shape::Group { shapes } => 1 + shapes.iter().map(depth).max().unwrap_or(0),
            Shape::Circle(_) | Shape::Line(..) | Shape::Empty => 0,
        }
    }
    let shapes = thousand::<Shape>();
    assert!(shapes.iter().any(|shape| matches!(shape, Shape::Empty)));
    assert!(
        shapes
            .iter()
            .any(|shape| matches!(shape, Shape::Circle(n) if *n > 0))
    );
    assert!(
        shapes
            .iter()
            .any(|shape| matches!(shape, Shape::Line(a, b) if a != b))
    );
    assert!(shapes.iter().any(|shape| depth(shape) > 2));
}

#[derive(Debug, Deserialize)]
enum Endless {
    More(Box<Endless>, Box<Endless>),
    End,
}

#[test]
fn the_first_variant_may_be_the_recursive_one() {
    let endless = thousand::<Endless>();
    assert!(endless.iter().any(|e| matches!(e, Endless::End)));
    let is_two = |e: &Endless| matches!(e, Endless::More(a, b) if matches!((&**a, &**b), (Endless::End, Endless::End)));
    assert!(endless.iter().any(is_two));
}

#[derive(Debug, Deserialize)]
struct Checked {
    email: Email,
    count: NonZeroU32,
    at: Timestamp,
    from: Ipv4Addr,
    short: Short,
    range: Range,
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Email(String);

impl TryFrom<String> for Email {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.split_once('@') {
            Some((_, host)) if host.contains('.') => Ok(Self(text)),
            _ => Err(format!("{text} is no address")),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Short(String);

impl TryFrom<String> for Short {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_short = (1..=3).contains(&text.chars().count());
        is_short
            .then_some(Self(text))
            .ok_or_else(|| "too long".to_owned())
    }
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "(u16, u16)")]
struct Range(u16, u16);

impl TryFrom<(u16, u16)> for Range {
    type Error = String;

    fn try_from((from, to): (u16, u16)) -> Result<Self, String> {
        (from < to)
            .then_some(Self(from, to))
            .ok_or_else(|| "upside down".to_owned())
    }
}

#[test]
fn what_is_checked_is_made_up_so_that_it_is_taken() {
    let values = thousand::<Checked>();
    assert!(
        values
            .iter()
            .all(|v| v.email.0.ends_with("@example.com") && v.count.get() > 0)
    );
    assert!(values.iter().any(|v| v.at != values[0].at));
    assert!(values.iter().any(|v| v.from != values[0].from));
    assert!(values.iter().any(|v| v.short.0 != values[0].short.0));
    assert!(values.iter().any(|v| v.range.1 - v.range.0 > 1));
    assert_eq!(simplest::<Checked>(|_| true).count.get(), 1);
}

#[test]
fn what_is_checked_in_many_places_is_made_up_place_by_place() {
    let ranges = thousand::<[Range; 24]>();
    assert!(
        ranges
            .iter()
            .all(|ranges| ranges.iter().all(|range| range.0 < range.1))
    );
    let simple = simplest::<[Range; 24]>(|_| true);
    assert!(
        simple.iter().all(|range| (range.0, range.1) == (0, 1)),
        "{simple:?}"
    );
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Payment {
    Cash,
    Card { number: String, valid: Month },
    Transfer { at: Timestamp, cents: u64 },
}

#[derive(Debug, Deserialize)]
struct Month {
    month: NonZeroU8,
    year: u16,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", content = "of")]
enum Adjacent {
    Nothing,
    Number(u8),
    Named { name: String },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u8),
    Text(String),
    Point { x: i8, y: i8 },
    Many(Vec<u8>),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Flat {
    first: Size,
    #[serde(flatten)]
    inner: Inner,
    #[serde(flatten)]
    payment: Payment,
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inner {
    a_number: u32,
    a_text: String,
}

#[test]
fn an_internally_tagged_enum_gets_each_of_its_variants() {
    let payments = thousand::<Payment>();
    assert!(payments.iter().any(|p| matches!(p, Payment::Cash)));
    assert!(
        payments.iter().any(
            |p| matches!(p, Payment::Card { number, valid } if number == "a" && valid.year > 0)
        )
    );
    assert!(
        payments
            .iter()
            .any(|p| matches!(p, Payment::Card { valid, .. } if valid.month.get() > 1))
    );
    let first = |p: &&Payment| matches!(p, Payment::Transfer { cents, .. } if *cents > 0);
    let Some(Payment::Transfer { at, .. }) = payments.iter().find(first) else {
        panic!("no transfer")
    };
    assert!(
        payments
            .iter()
            .any(|p| matches!(p, Payment::Transfer { at: other, .. } if other != at))
    );
}

#[test]
fn an_adjacently_tagged_enum_gets_each_of_its_variants() {
    let values = thousand::<Adjacent>();
    assert!(values.iter().any(|v| matches!(v, Adjacent::Nothing)));
    assert!(
        values
            .iter()
            .any(|v| matches!(v, Adjacent::Number(n) if *n > 0))
    );
    assert!(
        values
            .iter()
            .any(|v| matches!(v, Adjacent::Named { name } if name == "a"))
    );
}

#[test]
fn an_untagged_enum_gets_each_of_its_variants() {
    let values = thousand::<Untagged>();
    assert!(
        values
            .iter()
            .any(|v| matches!(v, Untagged::Number(n) if *n > 0))
    );
    assert!(
        values
            .iter()
            .any(|v| matches!(v, Untagged::Text(text) if text == "a"))
    );
    assert!(
        values
            .iter()
            .any(|v| matches!(v, Untagged::Point { x, y } if x != y))
    );
    assert!(
        values
            .iter()
            .any(|v| matches!(v, Untagged::Many(list) if list.len() > 1))
    );
}

#[test]
fn a_flattened_struct_gets_all_fields() {
    let values = thousand::<Flat>();
    assert!(values.iter().any(|v| v.first == Size::VeryBig));
    assert!(
        values
            .iter()
            .any(|v| v.inner.a_number > 0 && v.inner.a_text == "a")
    );
    assert!(values.iter().any(|v| matches!(v.payment, Payment::Cash)));
    assert!(
        values
            .iter()
            .any(|v| matches!(&v.payment, Payment::Card { valid, .. } if valid.year > 0))
    );
    assert!(values.iter().all(|v| v.rest.len() < 10));
}

#[test]
fn any_json_is_made_up_where_it_is_asked_for() {
    let values = thousand::<serde_json::Value>();
    assert!(values.iter().any(serde_json::Value::is_null));
    assert!(values.iter().any(serde_json::Value::is_string));
    assert!(values.iter().any(serde_json::Value::is_u64));
    assert!(values.iter().any(serde_json::Value::is_f64));
    assert!(values.iter().any(|v| v.as_i64().is_some_and(|n| n < 0)));
    let lists = values.iter().filter_map(serde_json::Value::as_array);
    assert!(lists.map(Vec::len).max() > Some(1));
    let objects = values.iter().filter_map(serde_json::Value::as_object);
    assert!(objects.map(serde_json::Map::len).max() > Some(1));
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct Never;

impl TryFrom<String> for Never {
    type Error = &'static str;

    fn try_from(_: String) -> Result<Self, &'static str> {
        Err("it is the wrong day")
    }
}

#[test]
fn what_takes_nothing_says_why() {
    let refused = made_up::<Never>().new_tree(&mut runner()).map(|_| ());
    let message = refused.expect_err("nothing is taken").message().to_owned();
    assert_eq!(
        message,
        "no value of `laws::zoo::Never` can be made up: it is the wrong day"
    );
}
