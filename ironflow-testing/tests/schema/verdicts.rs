//! Who can read whose payloads.

use std::collections::BTreeMap;

use ironflow_testing::Verdict;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::{Value, json};

fn schema<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    generator.into_root_schema_for::<T>().into()
}

/// Shapes as serde has them.
mod shapes {
    #![allow(dead_code, reason = "only their schemas are used")]

    use std::collections::BTreeMap;

    use schemars::JsonSchema;

    #[derive(JsonSchema)]
    pub(super) struct Of<T> {
        pub(super) field: T,
    }

    #[derive(JsonSchema)]
    pub(super) struct Nothing {}

    #[derive(JsonSchema)]
    pub(super) struct WithDefault {
        #[serde(default)]
        pub(super) field: u32,
    }

    #[derive(JsonSchema)]
    pub(super) struct WithAnotherDefault {
        #[serde(default = "seven")]
        pub(super) field: u32,
    }

    fn seven() -> u32 {
        7
    }

    #[derive(JsonSchema)]
    pub(super) struct WithAnotherName {
        #[serde(default)]
        pub(super) called_otherwise: u32,
    }

    #[derive(JsonSchema)]
    #[serde(deny_unknown_fields)]
    pub(super) struct Strict {}

    #[derive(JsonSchema)]
    pub(super) struct Other {
        pub(super) other: u32,
    }

    #[derive(JsonSchema)]
    pub(super) enum Two {
        A,
        B,
    }

    #[derive(JsonSchema)]
    pub(super) enum Three {
        B,
        A,
        C,
    }

    #[derive(JsonSchema)]
    #[serde(tag = "type")]
    pub(super) enum Card {
        Card { number: String },
        Cash,
    }

    #[derive(JsonSchema)]
    #[serde(tag = "type")]
    pub(super) enum CardOrVoucher {
        Card { number: String },
        Cash,
        Voucher { code: String },
    }

    #[derive(JsonSchema)]
    pub(super) struct Tree {
        pub(super) value: u32,
        pub(super) children: Vec<Tree>,
    }

    #[derive(JsonSchema)]
    pub(super) struct WideTree {
        pub(super) value: u64,
        pub(super) children: Vec<WideTree>,
    }

    #[derive(JsonSchema)]
    pub(super) struct Wrapped(u32);

    #[derive(JsonSchema)]
    pub(super) struct Flattened<A, B> {
        #[serde(flatten)]
        pub(super) one: A,
        #[serde(flatten)]
        pub(super) other: B,
    }

    pub(super) type Map<T> = BTreeMap<String, T>;
}

use shapes::*;

fn check(verdicts: &[(&str, Value, Value, Verdict)]) {
    for (what, old, new, expected) in verdicts {
        assert_eq!(
            Verdict::between(old, new),
            *expected,
            "{what}: {old} → {new}"
        );
    }
}

#[test]
fn numbers_texts_and_lists() {
    check(&[
        (
            "half the bits",
            schema::<Of<f64>>(),
            schema::<Of<f32>>(),
            Verdict::Forward,
        ),
        (
            "the same",
            schema::<Of<u32>>(),
            schema::<Of<u32>>(),
            Verdict::Full,
        ),
        (
            "a wider number",
            schema::<Of<u32>>(),
            schema::<Of<u64>>(),
            Verdict::Backward,
        ),
        (
            "a narrower number",
            schema::<Of<i64>>(),
            schema::<Of<i8>>(),
            Verdict::Forward,
        ),
        (
            "signed, not unsigned",
            schema::<Of<u8>>(),
            schema::<Of<i8>>(),
            Verdict::None,
        ),
        (
            "a fraction",
            schema::<Of<u32>>(),
            schema::<Of<f64>>(),
            Verdict::Backward,
        ),
        (
            "a text",
            schema::<Of<u32>>(),
            schema::<Of<String>>(),
            Verdict::None,
        ),
        (
            "a list",
            schema::<Of<u32>>(),
            schema::<Of<Vec<u32>>>(),
            Verdict::None,
        ),
        (
            "another list",
            schema::<Of<Vec<u32>>>(),
            schema::<Of<Vec<String>>>(),
            Verdict::None,
        ),
        (
            "a fixed length",
            schema::<Of<Vec<u8>>>(),
            schema::<Of<[u8; 3]>>(),
            Verdict::Forward,
        ),
        (
            "a longer tuple",
            schema::<Of<(u8, u8)>>(),
            schema::<Of<(u8, u8, u8)>>(),
            Verdict::None,
        ),
        (
            "another place",
            schema::<Of<(u8, u8)>>(),
            schema::<Of<(u8, String)>>(),
            Verdict::None,
        ),
        (
            "a map",
            schema::<Of<Map<u32>>>(),
            schema::<Of<Map<u64>>>(),
            Verdict::Backward,
        ),
    ]);
}

#[test]
fn fields() {
    check(&[
        (
            "another default",
            schema::<WithDefault>(),
            schema::<WithAnotherDefault>(),
            Verdict::None,
        ),
        (
            "a default called otherwise",
            schema::<WithDefault>(),
            schema::<WithAnotherName>(),
            Verdict::None,
        ),
        (
            "a field more",
            schema::<Nothing>(),
            schema::<Of<u32>>(),
            Verdict::Forward,
        ),
        (
            "a field less",
            schema::<Of<u32>>(),
            schema::<Nothing>(),
            Verdict::Backward,
        ),
        (
            "a default more",
            schema::<Nothing>(),
            schema::<WithDefault>(),
            Verdict::Full,
        ),
        (
            "a default for it",
            schema::<Of<u32>>(),
            schema::<WithDefault>(),
            Verdict::Backward,
        ),
        (
            "another name",
            schema::<Of<u32>>(),
            schema::<Other>(),
            Verdict::None,
        ),
        (
            "unknown fields refused",
            schema::<WithDefault>(),
            schema::<Strict>(),
            Verdict::Forward,
        ),
    ]);
}

#[test]
fn alternatives_formats_and_types_in_themselves() {
    check(&[
        (
            "it may be null",
            schema::<Of<u32>>(),
            schema::<Of<Option<u32>>>(),
            Verdict::Backward,
        ),
        (
            "it must not be null",
            schema::<Of<Option<u32>>>(),
            schema::<Of<u32>>(),
            Verdict::Forward,
        ),
        (
            "a variant more",
            schema::<Of<Two>>(),
            schema::<Of<Three>>(),
            Verdict::Backward,
        ),
        (
            "a variant less",
            schema::<Of<Three>>(),
            schema::<Of<Two>>(),
            Verdict::Forward,
        ),
        (
            "a text that was an enum",
            schema::<Of<Two>>(),
            schema::<Of<String>>(),
            Verdict::Backward,
        ),
        (
            "a tagged variant more",
            schema::<Card>(),
            schema::<CardOrVoucher>(),
            Verdict::Backward,
        ),
        (
            "an optional enum",
            schema::<Of<Two>>(),
            schema::<Of<Option<Two>>>(),
            Verdict::Backward,
        ),
        (
            "anything",
            schema::<Of<u32>>(),
            schema::<Of<Value>>(),
            Verdict::Backward,
        ),
        (
            "a type in itself",
            schema::<Tree>(),
            schema::<Tree>(),
            Verdict::Full,
        ),
        (
            "a type in itself, wider",
            schema::<Tree>(),
            schema::<WideTree>(),
            Verdict::Backward,
        ),
        (
            "what we do not know",
            json!({"type": "string", "pattern": "^a"}),
            json!({"type": "string"}),
            Verdict::Backward,
        ),
        (
            "a format",
            json!({"type": "string"}),
            json!({"type": "string", "format": "uuid"}),
            Verdict::Forward,
        ),
    ]);
}

#[test]
fn maps_against_objects_and_maps_with_other_keys() {
    let by_number = schema::<Of<BTreeMap<u64, u32>>>();
    check(&[
        (
            "a map that was an object",
            schema::<Of<Other>>(),
            schema::<Of<Map<u32>>>(),
            Verdict::Backward,
        ),
        (
            "a map of texts that was an object of numbers",
            schema::<Of<Other>>(),
            schema::<Of<Map<String>>>(),
            Verdict::None,
        ),
        (
            "a field that was in a map of texts",
            schema::<Of<Map<String>>>(),
            schema::<Of<WithDefault>>(),
            Verdict::None,
        ),
        (
            "anything under any name",
            schema::<Of<Map<Value>>>(),
            schema::<Of<Map<u32>>>(),
            Verdict::Forward,
        ),
        (
            "keys that are wider numbers",
            by_number.clone(),
            schema::<Of<BTreeMap<u8, u64>>>(),
            Verdict::Backward,
        ),
        (
            "keys that may be negative",
            by_number.clone(),
            schema::<Of<BTreeMap<i64, u32>>>(),
            Verdict::Backward,
        ),
        (
            "keys that may be texts",
            by_number.clone(),
            schema::<Of<Map<u32>>>(),
            Verdict::Backward,
        ),
        (
            "other values under numbers",
            by_number,
            schema::<Of<BTreeMap<u64, String>>>(),
            Verdict::None,
        ),
    ]);
}

#[test]
fn lists_without_items_nothing_at_all_and_great_numbers() {
    let list = json!({"type": "array"});
    let numbers = json!({"type": "array", "items": {"type": "integer"}});
    let up_to = |most: u64| json!({"type": "integer", "minimum": 0, "maximum": most});
    let itself = json!({"type": "object", "properties": {"next": {"$ref": "#"}}});
    let narrower = json!({
        "type": "object",
        "properties": {"next": {"$ref": "#"}, "value": {"type": "integer"}},
        "required": ["value"]
    });
    check(&[
        (
            "a list of anything",
            numbers.clone(),
            list.clone(),
            Verdict::Backward,
        ),
        ("a list of something", list, numbers, Verdict::Forward),
        ("nothing", json!(true), json!(false), Verdict::Forward),
        (
            "nothing before",
            json!(false),
            json!(true),
            Verdict::Backward,
        ),
        (
            "nothing there",
            json!({"type": "object", "properties": {"a": true}}),
            json!({"type": "object", "properties": {"a": false}}),
            Verdict::Forward,
        ),
        (
            "one more than a float tells apart",
            up_to(9_007_199_254_740_993),
            up_to(9_007_199_254_740_992),
            Verdict::Forward,
        ),
        (
            "the greatest number",
            up_to(u64::MAX),
            up_to(u64::MAX - 1),
            Verdict::Forward,
        ),
        (
            "the whole document",
            itself.clone(),
            narrower,
            Verdict::Forward,
        ),
        (
            "the whole document, one level deeper",
            itself.clone(),
            json!({"type": "object", "properties": {"next": itself}}),
            Verdict::Full,
        ),
        (
            "a list that was a pair",
            schema::<Of<(u8, u8)>>(),
            schema::<Of<Vec<u8>>>(),
            Verdict::Backward,
        ),
        (
            "an optional type of its own",
            schema::<Of<Option<u32>>>(),
            schema::<Of<Option<Wrapped>>>(),
            Verdict::Full,
        ),
        (
            "what two flattened enums are",
            schema::<Flattened<Card, Two>>(),
            schema::<Flattened<CardOrVoucher, Two>>(),
            Verdict::Backward,
        ),
    ]);
}
