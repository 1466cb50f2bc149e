//! Who can read whose payloads.

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
