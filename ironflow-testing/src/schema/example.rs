//! Payloads that fit a schema.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The most examples of one event.
const MOST: usize = 16;
/// How deep a type that contains itself is followed.
const DEEPEST: usize = 6;

/// A few payloads that fit `schema`: with everything and with as little as may be, and each
/// alternative in one of them.
pub(super) fn examples(schema: &Value) -> Vec<Value> {
    let count = alternatives(schema).clamp(2, MOST);
    let mut seen = BTreeSet::new();
    let maker = Maker {
        definitions: schema.get("$defs"),
    };
    (0..count)
        .map(|nth| maker.make(schema, "", 0, nth))
        .filter(|example| seen.insert(example.to_string()))
        .collect()
}

/// How many examples it takes to have each alternative in one of them.
fn alternatives(schema: &Value) -> usize {
    match schema {
        Value::Object(keywords) => keywords
            .iter()
            .map(|(keyword, value)| match (keyword.as_str(), value) {
                ("oneOf" | "anyOf", Value::Array(all)) => {
                    all.iter().map(|one| alternatives(one).max(1)).sum()
                }
                ("enum" | "examples", Value::Array(all)) => all.len(),
                _ => alternatives(value),
            })
            .max()
            .unwrap_or(0),
        Value::Array(values) => values.iter().map(alternatives).max().unwrap_or(0),
        _ => 0,
    }
}

/// Makes examples; the nth has the nth of all alternatives.
struct Maker<'a> {
    definitions: Option<&'a Value>,
}

/// The nth of some values, beginning again after the last.
fn nth_of(values: &[Value], nth: usize) -> Option<&Value> {
    values.get(nth % values.len().max(1))
}

/// The alternative that has the nth of all alternatives in it, and which of its own that is.
fn alternative(all: &[Value], nth: usize) -> Option<(&Value, usize)> {
    let counts = all.iter().map(|one| alternatives(one).max(1));
    let mut nth = nth % counts.clone().sum::<usize>().max(1);
    for (one, count) in all.iter().zip(counts) {
        if nth < count {
            return Some((one, nth));
        }
        nth -= count;
    }
    None
}

impl<'a> Maker<'a> {
    fn make(&self, schema: &'a Value, name: &str, depth: usize, nth: usize) -> Value {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let definition = reference.rsplit('/').next().unwrap_or_default();
            return match self.definitions.and_then(|known| known.get(definition)) {
                Some(definition) => self.make(definition, name, depth + 1, nth),
                None => Value::Null,
            };
        }
        let list = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
        if let Some(example) = list("examples").and_then(|all| nth_of(all, nth)) {
            return example.clone();
        }
        if let Some(only) = schema.get("const") {
            return only.clone();
        }
        if let Some(value) = list("enum").and_then(|all| nth_of(all, nth)) {
            return value.clone();
        }
        if let Some(all) = list("oneOf").or_else(|| list("anyOf")) {
            let simple = all.iter().find(|one| depth >= DEEPEST && is_simple(one));
            let chosen = simple.map(|one| (one, nth));
            return match chosen.or_else(|| alternative(all, nth)) {
                // What stands beside the alternatives holds for each.
                Some((one, nth)) => merged(
                    self.make_of_type(schema, name, depth, nth),
                    self.make(one, name, depth, nth),
                ),
                None => Value::Null,
            };
        }
        self.make_of_type(schema, name, depth, nth)
    }

    fn make_of_type(&self, schema: &'a Value, name: &str, depth: usize, nth: usize) -> Value {
        match type_of(schema, depth, nth) {
            Some("object") => self.object(schema, depth, nth),
            Some("array") => self.array(schema, name, depth, nth),
            Some("string") => json!(text(schema, name)),
            Some("integer") => json!(integer(schema)),
            Some("number") => json!(1.5),
            Some("boolean") => json!(nth.is_multiple_of(2)),
            _ => Value::Null,
        }
    }

    fn object(&self, schema: &'a Value, depth: usize, nth: usize) -> Value {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = |name: &str| {
            required.is_some_and(|required| required.iter().any(|known| known == name))
        };
        let with_everything = nth.is_multiple_of(2) && depth < DEEPEST;
        let fields = schema.get("properties").and_then(Value::as_object);
        let mut object: Map<String, Value> = fields
            .into_iter()
            .flatten()
            .filter(|(name, _)| with_everything || is_required(name))
            .map(|(name, schema)| (name.clone(), self.make(schema, name, depth + 1, nth)))
            .collect();
        if let Some(values @ Value::Object(_)) = schema.get("additionalProperties")
            && with_everything
        {
            object.insert("key".to_owned(), self.make(values, "value", depth + 1, nth));
        }
        Value::Object(object)
    }

    fn array(&self, schema: &'a Value, name: &str, depth: usize, nth: usize) -> Value {
        if let Some(places) = schema.get("prefixItems").and_then(Value::as_array) {
            return places
                .iter()
                .map(|place| self.make(place, name, depth + 1, nth))
                .collect();
        }
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let usual = u64::from(depth < DEEPEST);
        match schema.get("items") {
            Some(items) => (0..least.max(usual))
                .map(|_| self.make(items, name, depth + 1, nth))
                .collect(),
            None => json!([]),
        }
    }
}

/// The type of the nth example.
fn type_of(schema: &Value, depth: usize, nth: usize) -> Option<&str> {
    match schema.get("type")? {
        Value::String(one) => Some(one),
        Value::Array(several) => {
            let several: Vec<_> = several.iter().filter_map(Value::as_str).collect();
            if depth >= DEEPEST && several.contains(&"null") {
                return Some("null");
            }
            several.get(nth % several.len().max(1)).copied()
        }
        _ => None,
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
