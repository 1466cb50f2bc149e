//! Payloads that contain themselves, and one another.

use ironflow_testing::{Mode, Verdict};
use serde_json::{Value, json};

use crate::Recorded;

domain!(expressions {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Filtered { by: Filter },
        Chained(Chain),
        Nested { nest: Nest },
        Listed(List),
        Grown(Tree),
    }
}
    /// No variant of it is simple.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) enum Filter { Not(Box<Filter>), Both(Box<Filter>, Box<Filter>), Is { name: String } }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Chain(Option<Box<Chain>>);

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(untagged)]
    pub(crate) enum Nest { Many(Vec<Self>), Named { name: String, inner: Box<Nest> }, Leaf(u32) }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct List(Vec<List>);

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Tree { value: u32, left: Option<Box<Tree>>, right: Option<Box<Tree>> }
);

domain!(expressions_called_otherwise {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Filtered { by: Condition },
        Chained(Link),
        Nested { nest: Nesting },
        Listed(Lists),
        Grown(Node),
    }
}
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) enum Condition {
        Not(Box<Condition>),
        Both(Box<Condition>, Box<Condition>),
        /// It is called that.
        Is { name: String },
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Link(Option<Box<Link>>);

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(untagged)]
    pub(crate) enum Nesting {
        Many(Vec<Self>),
        Named { name: String, inner: Box<Nesting> },
        Leaf(u32),
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Lists(Vec<Lists>);

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Node { value: u32, left: Option<Box<Branch>>, right: Option<Box<Node>> }

    /// A node by another name, so that there are two where there was one.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Branch { value: u32, left: Option<Box<Node>>, right: Option<Box<Branch>> }
);

domain!(expressions_changed {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Filtered { by: Filter },
        Chained(Chain),
        Nested { nest: Nest },
        Listed(List),
        Grown(Tree),
    }
}
    pub(crate) use super::expressions::{Chain, List};

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) enum Filter { Not(Box<Filter>), Both(Box<Filter>, Box<Filter>), Is { name: u32 } }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    #[serde(untagged)]
    pub(crate) enum Nest { Many(Vec<Self>), Named { name: u32, inner: Box<Nest> }, Leaf(u32) }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Tree { value: u8, left: Option<Box<Tree>>, right: Option<Box<Tree>> }
);

/// Types each of which holds all of them.
macro_rules! holding_all {
    ($($name:ident { $($field:ident: $type:ident),* })*) => {
        domain!(holding_one_another {
            #[event("order")]
            #[derive(JsonSchema)]
            pub(crate) enum OrderEvent {
                Placed(A),
            }
        }
            $(
                #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
                pub(crate) struct $name { $($field: Vec<$type>),* }
            )*
        );
    };
}

holding_all! {
    A { one: A, two: B, three: C, four: D, five: E, six: F, seven: G, eight: H }
    B { one: A, two: B, three: C, four: D, five: E, six: F, seven: G, eight: H }
    C { one: A, two: B, three: C, four: D, five: E, six: F, seven: G, eight: H }
    D { one: A, two: B, three: C, four: D, five: E, six: F, seven: G, eight: H }
    E { one: A, two: B, three: C, four: D, five: E, six: F, seven: G, eight: H }
    F { one: A, two: B, three: C, four: D, five: E, six: F, seven: G, eight: H }
    G { one: A, two: B, three: C, four: D, five: E, six: F, seven: G, eight: H }
    H { one: A, two: B, three: C, four: D, five: E, six: F, seven: G, eight: H }
}

domain!(endless {
    #[event("order")]
    #[derive(JsonSchema)]
    pub(crate) enum OrderEvent {
        Placed { id: u64, first: Endless },
        Cancelled,
    }
}
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub(crate) struct Endless { next: Box<Endless> }
);

fn empty() -> Recorded {
    Recorded(tempfile::tempdir().unwrap())
}

#[test]
fn a_type_that_contains_itself_is_recorded_with_examples_that_end() {
    let recorded = empty();
    recorded.check::<expressions::Order>(Mode::Record).unwrap();
    recorded.check::<expressions::Order>(Mode::Check).unwrap();
    let filters = recorded.read("order.filtered.v1.json")["examples"].clone();
    for filter in [
        json!({ "Not": { "Is": { "name": "name" } } }),
        json!({ "Both": [{ "Is": { "name": "name" } }, { "Is": { "name": "name" } }] }),
        json!({ "Is": { "name": "name" } }),
    ] {
        let example = json!({ "by": filter });
        assert!(
            filters.as_array().unwrap().contains(&example),
            "{example} in {filters}"
        );
    }
    assert_eq!(
        recorded.read("order.listed.v1.json")["examples"],
        json!([[[]], []])
    );
    let schema = &recorded.read("order.chained.v1.json")["schema"];
    assert_eq!(schema["$defs"].as_object().unwrap().len(), 1, "{schema}");
}

#[test]
fn what_a_type_in_a_payload_is_called_is_no_part_of_the_shape() {
    let recorded = empty();
    recorded.check::<expressions::Order>(Mode::Record).unwrap();
    recorded
        .check::<expressions_called_otherwise::Order>(Mode::Check)
        .unwrap();
}

#[test]
fn a_change_deep_in_a_type_that_contains_itself_is_told_once() {
    let recorded = empty();
    recorded.check::<expressions::Order>(Mode::Record).unwrap();
    let failure = recorded.failure::<expressions_changed::Order>();
    for line in [
        "  ~ by.Is.name: string → integer (uint32)",
        "  ~ nest.name: string → integer (uint32)",
        "  ~ value: integer (uint32) → integer (uint8)",
        "    value: integer (uint32) may be out of the range of integer (uint8)",
        "        impl From<GrownV1> for Tree {",
        "            value: u32,",
        "            left: …,",
    ] {
        let count = failure.lines().filter(|known| *known == line).count();
        assert_eq!(count, 1, "{line} in\n{failure}");
    }
    assert!(!failure.contains("order.chained"), "{failure}");
    assert!(!failure.contains("order.listed"), "{failure}");
}

#[test]
fn types_that_hold_one_another_take_no_longer_than_others() {
    let recorded = empty();
    recorded
        .check::<holding_one_another::Order>(Mode::Record)
        .unwrap();
    recorded
        .check::<holding_one_another::Order>(Mode::Check)
        .unwrap();
}

#[test]
fn a_type_without_a_value_fails_with_the_field_that_never_ends() {
    let recorded = empty();
    let failure = recorded.check::<endless::Order>(Mode::Record).unwrap_err();
    assert!(
        failure.contains(
            "order.placed can never happen: `first.next` holds another value of its own type"
        ) && failure.contains("`Option<…>`"),
        "{failure}"
    );
}

#[test]
fn a_verdict_comes_to_an_end_whatever_refers_to_what() {
    let endless = json!({
        "$ref": "#/$defs/A",
        "$defs": { "A": { "$ref": "#/$defs/B" }, "B": { "$ref": "#/$defs/A" } }
    });
    let itself =
        json!({ "anyOf": [{ "$ref": "#" }, { "type": "array", "items": { "$ref": "#" } }] });
    // The alternatives of a type that holds itself with something beside it.
    let beside = json!({
        "type": "object",
        "properties": { "a": { "$ref": "#", "minProperties": 1 } },
        "anyOf": [{ "$ref": "#", "properties": { "b": { "type": "string" } } }, { "required": ["a"] }]
    });
    let names: Vec<_> = (0..9).map(|number| format!("T{number}")).collect();
    let one = |own: &str| {
        let others = names.iter().map(|name| {
            json!({ "$ref": format!("#/$defs/{name}"), "properties": { own: { "type": "null" } } })
        });
        json!({ "anyOf": others.chain([json!({ "type": "object" })]).collect::<Vec<_>>() })
    };
    let definitions: serde_json::Map<_, _> =
        names.iter().map(|name| (name.clone(), one(name))).collect();
    let holding_all = json!({ "$ref": "#/$defs/T0", "$defs": definitions });
    for schema in [endless, itself, beside, holding_all] {
        // Called otherwise, it is not found to be the same before it is looked at.
        let text = schema
            .to_string()
            .replace("\"$ref\":\"#\"", "\"$ref\":\"#/$defs/Root\"");
        let mut other: Value = serde_json::from_str(&text.replace("$defs/T", "$defs/U")).unwrap();
        let mut definitions = other["$defs"].take();
        if let Value::Object(known) = &definitions {
            let renamed = known
                .iter()
                .map(|(name, one)| (name.replace('T', "U"), one.clone()));
            definitions = Value::Object(renamed.collect());
        } else {
            definitions = json!({ "Root": other.clone() });
        }
        other["$defs"] = definitions;
        assert_eq!(Verdict::between(&schema, &other), Verdict::Full, "{schema}");
    }
    // A list of lists can be compared to one level more of the same.
    let list = json!({ "type": "array", "items": { "$ref": "#" } });
    let deeper = json!({ "type": "array", "items": { "type": "array", "items": { "$ref": "#" } } });
    assert_eq!(Verdict::between(&list, &deeper), Verdict::Full);
}
