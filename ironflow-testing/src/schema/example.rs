//! Payloads that fit a schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The most examples of one event.
const MOST: usize = 8;
/// How deep a type that contains itself is followed.
const DEEPEST: usize = 6;

/// A few payloads that fit `schema`: with everything and with as little as may be, and each
/// alternative in one of them.
pub(super) fn examples(schema: &Value) -> Vec<Value> {
    let count = alternatives(schema).clamp(2, MOST);
    let mut seen = BTreeSet::new();
    (0..count)
        .map(|nth| {
            let root = Maker {
                definitions: schema.get("$defs"),
                nth,
            };
            root.make(schema, "", 0)
        })
        .filter(|example| seen.insert(example.to_string()))
        .collect()
}

/// The most alternatives anywhere in the schema.
fn alternatives(schema: &Value) -> usize {
    match schema {
        Value::Object(keywords) => keywords
            .iter()
            .map(|(keyword, value)| match (keyword.as_str(), value) {
                ("oneOf" | "anyOf" | "enum" | "examples", Value::Array(all)) => {
                    all.len().max(alternatives(value))
                }
                _ => alternatives(value),
            })
            .max()
            .unwrap_or(0),
        Value::Array(values) => values.iter().map(alternatives).max().unwrap_or(0),
        _ => 0,
    }
}

/// Makes the nth example.
struct Maker<'a> {
    definitions: Option<&'a Value>,
    nth: usize,
}

impl<'a> Maker<'a> {
    fn choose<'v>(&self, values: &'v [Value]) -> Option<&'v Value> {
        values.get(self.nth % values.len().max(1))
    }

    fn make(&self, schema: &'a Value, name: &str, depth: usize) -> Value {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            let definition = name.rsplit('/').next().unwrap_or_default();
            return match self.definitions.and_then(|known| known.get(definition)) {
                Some(definition) => self.make(definition, name, depth + 1),
                None => Value::Null,
            };
        }
        let list = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
        if let Some(example) = list("examples").and_then(|all| self.choose(all)) {
            return example.clone();
        }
        if let Some(only) = schema.get("const") {
            return only.clone();
        }
        if let Some(value) = list("enum").and_then(|all| self.choose(all)) {
            return value.clone();
        }
        if let Some(all) = list("oneOf").or_else(|| list("anyOf")) {
            let simple = all.iter().find(|one| depth >= DEEPEST && is_simple(one));
            return match simple.or_else(|| self.choose(all)) {
                // What stands beside the alternatives holds for each.
                Some(one) => merged(
                    self.make_of_type(schema, name, depth),
                    self.make(one, name, depth),
                ),
                None => Value::Null,
            };
        }
        self.make_of_type(schema, name, depth)
    }

    fn make_of_type(&self, schema: &'a Value, name: &str, depth: usize) -> Value {
        match self.type_of(schema, depth) {
            Some("object") => self.object(schema, depth),
            Some("array") => self.array(schema, name, depth),
            Some("string") => json!(text(schema, name)),
            Some("integer") => json!(integer(schema)),
            Some("number") => json!(1.5),
            Some("boolean") => json!(self.nth.is_multiple_of(2)),
            _ => Value::Null,
        }
    }

    fn type_of(&self, schema: &'a Value, depth: usize) -> Option<&'a str> {
        match schema.get("type")? {
            Value::String(one) => Some(one),
            Value::Array(several) => {
                let several: Vec<_> = several.iter().filter_map(Value::as_str).collect();
                if depth >= DEEPEST && several.contains(&"null") {
                    return Some("null");
                }
                several.get(self.nth % several.len().max(1)).copied()
            }
            _ => None,
        }
    }

    fn object(&self, schema: &'a Value, depth: usize) -> Value {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = |name: &str| {
            required.is_some_and(|required| required.iter().any(|known| known == name))
        };
        let with_everything = self.nth.is_multiple_of(2) && depth < DEEPEST;
        let fields = schema.get("properties").and_then(Value::as_object);
        let mut object: Map<String, Value> = fields
            .into_iter()
            .flatten()
            .filter(|(name, _)| with_everything || is_required(name))
            .map(|(name, schema)| (name.clone(), self.make(schema, name, depth + 1)))
            .collect();
        if let Some(values @ Value::Object(_)) = schema.get("additionalProperties")
            && with_everything
        {
            object.insert("key".to_owned(), self.make(values, "value", depth + 1));
        }
        Value::Object(object)
    }

    fn array(&self, schema: &'a Value, name: &str, depth: usize) -> Value {
        if let Some(places) = schema.get("prefixItems").and_then(Value::as_array) {
            return places
                .iter()
                .map(|place| self.make(place, name, depth + 1))
                .collect();
        }
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let usual = u64::from(depth < DEEPEST);
        match schema.get("items") {
            Some(items) => (0..least.max(usual))
                .map(|_| self.make(items, name, depth + 1))
                .collect(),
            None => json!([]),
        }
    }
}

fn is_simple(schema: &Value) -> bool {
    schema.get("$ref").is_none() && schema.get("properties").is_none()
}

/// The fields of both, where both are objects; else the second.
fn merged(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            one.extend(other);
            Value::Object(one)
        }
        (_, other) => other,
    }
}

fn text(schema: &Value, name: &str) -> String {
    let text = match schema.get("format").and_then(Value::as_str) {
        Some("uuid") => "3f2b8c1e-5d47-4a6b-9e0f-7c1a2b3d4e5f",
        Some("date-time") => "2026-04-17T14:22:01Z",
        Some("date") => "2026-04-17",
        Some("time") => "14:22:01",
        Some("partial-date-time") => "2026-04-17T14:22:01",
        Some("duration") => "PT1H",
        Some("uri" | "url") => "https://example.org/",
        Some("email") => "ann@example.org",
        Some("ip" | "ipv4") => "192.0.2.1",
        Some("ipv6") => "2001:db8::1",
        Some("decimal") => "1.50",
        _ if name.is_empty() => "text",
        _ => name,
    };
    let length = |keyword, unless| {
        let length = schema
            .get(keyword)
            .and_then(Value::as_u64)
            .unwrap_or(unless);
        usize::try_from(length).unwrap_or(usize::MAX)
    };
    let long = text.chars().chain(std::iter::repeat('x'));
    let wanted = text
        .chars()
        .count()
        .clamp(length("minLength", 0), length("maxLength", u64::MAX));
    long.take(wanted).collect()
}

fn integer(schema: &Value) -> i64 {
    let bound = |keyword| schema.get(keyword).and_then(Value::as_i64);
    let least = bound("minimum").unwrap_or(i64::MIN);
    1.clamp(least, bound("maximum").unwrap_or(i64::MAX).max(least))
}
