//! Payloads that fit a schema.

mod count;
mod number;
mod size;
mod text;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use self::count::Count;
use self::size::Sizes;
use super::normal::normal;

/// The most examples with everything in them.
const MOST: usize = 16;
/// How many parts an example has before only what must be there is added.
const MOST_PARTS: usize = 1_000;

/// Names under which a map may keep a value: a schema does not show what its keys are made from.
pub(super) const KEYS: [&str; 6] = [
    "k",
    "1",
    "true",
    "3f2b8c1e-5d47-4a6b-9e0f-7c1a2b3d4e5f",
    "2026-04-17",
    "2026-04-17T14:22:01Z",
];

/// Which numbers there are in an example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Such as there may well be.
    Usual,
    /// The least that fit.
    Least,
    /// The greatest that fit.
    Greatest,
}

/// A few payloads that fit `schema`: with everything, each alternative in one of them, and one with
/// as little as may be. What a map keeps, it keeps under `key`. With other numbers, there are as
/// many in the same order.
///
/// The error says where a value would have no end.
pub(super) fn examples(schema: &Value, key: &str, numbers: Numbers) -> Result<Vec<Value>, String> {
    let schema = &normal(schema);
    let sizes = &Sizes::of(schema);
    if sizes.size(schema).is_none() {
        return Err(sizes.endless_path(schema));
    }
    let count = &Count::of(schema, sizes);
    let full = 0..count.alternatives(schema, None).clamp(2, MOST);
    let examples = full
        .map(|nth| (nth, false))
        .chain([(0, true)])
        .map(|(nth, is_small)| {
            let mut maker = Maker {
                sizes,
                count,
                key,
                numbers,
                parts: 0,
                written: BTreeSet::new(),
            };
            let place = Place {
                name: "",
                nth,
                is_small,
                within: None,
            };
            maker.make(schema, place)
        })
        .collect();
    Ok(examples)
}

/// Where a value is made.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// The field it stands in.
    name: &'a str,
    /// Which of all alternatives it has.
    nth: usize,
    /// Whether it has nothing but what must be there.
    is_small: bool,
    /// The definition it is part of.
    within: Option<&'a str>,
}

/// Makes one example.
struct Maker<'a> {
    sizes: &'a Sizes<'a>,
    count: &'a Count<'a>,
    key: &'a str,
    numbers: Numbers,
    /// How many parts there are by now.
    parts: usize,
    /// The types that may contain themselves, and have been written with everything.
    written: BTreeSet<&'a str>,
}

/// The nth of some values, beginning again after the last.
fn nth_of(values: &[Value], nth: usize) -> Option<&Value> {
    values.get(nth % values.len().max(1))
}

impl<'a> Maker<'a> {
    /// A value that fits.
    fn make(&mut self, schema: &'a Value, mut place: Place<'a>) -> Value {
        self.parts += 1;
        place.is_small |= self.parts > MOST_PARTS;
        let nth = place.nth;
        let list = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
        if let Some(example) = list("examples").and_then(|all| nth_of(all, nth)) {
            return example.clone();
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let Some(definition) = self.sizes.definition(reference) else {
                return Value::Null;
            };
            // One value of each such type shows all there is to it.
            place.is_small |=
                self.sizes.leads_to(reference, reference) && !self.written.insert(reference);
            place.within = Some(reference);
            return self.make(definition, place);
        }
        if let Some(only) = schema.get("const") {
            return only.clone();
        }
        if let Some(value) = list("enum").and_then(|all| nth_of(all, nth)) {
            return value.clone();
        }
        if let Some(all) = list("anyOf") {
            let chosen = if place.is_small {
                let finite = all
                    .iter()
                    .filter_map(|one| Some((self.sizes.size(one)?, one)));
                let smallest = finite.min_by_key(|(size, _)| *size);
                smallest.map(|(_, one)| (one, nth))
            } else {
                self.count.alternative(all, place.within, nth)
            };
            return chosen.map_or(Value::Null, |(one, nth)| {
                self.make(one, Place { nth, ..place })
            });
        }
        let own = match schema.get("type").and_then(Value::as_str) {
            Some("object") => self.object(schema, place),
            Some("array") => self.array(schema, place),
            Some("string") => json!(text::text(schema, place.name)),
            Some("integer") => number::integer(schema, self.numbers),
            Some("number") => number::fraction(schema, self.numbers),
            Some("boolean") => json!(nth.is_multiple_of(2)),
            _ => Value::Null,
        };
        let all = list("allOf").into_iter().flatten();
        all.fold(own, |own, one| merged(own, self.make(one, place)))
    }

    fn object(&mut self, schema: &'a Value, place: Place<'a>) -> Value {
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = |name: &str| {
            required.is_some_and(|required| required.iter().any(|known| known == name))
        };
        let key = self.key;
        let mut object = Map::new();
        let fields = schema.get("properties").and_then(Value::as_object);
        for (name, schema) in fields.into_iter().flatten() {
            let is_wanted = !place.is_small && self.sizes.size(schema).is_some();
            if is_wanted || is_required(name) {
                object.insert(name.clone(), self.make(schema, Place { name, ..place }));
            }
        }
        let patterns = schema.get("patternProperties").and_then(Value::as_object);
        let patterns = patterns.into_iter().flatten();
        // Of patterns we know those of whole numbers.
        let patterns = patterns.map(|(_, values)| ("1", values));
        let others = schema.get("additionalProperties").into_iter();
        let others = others.filter(|values| values.is_object());
        for (key, values) in patterns.chain(others.map(|values| (key, values))) {
            if !place.is_small && self.sizes.size(values).is_some() {
                object.insert(
                    key.to_owned(),
                    self.make(
                        values,
                        Place {
                            name: "value",
                            ..place
                        },
                    ),
                );
            }
        }
        Value::Object(object)
    }

    fn array(&mut self, schema: &'a Value, place: Place<'a>) -> Value {
        if let Some(places) = schema.get("prefixItems").and_then(Value::as_array) {
            return places
                .iter()
                .map(|schema| self.make(schema, place))
                .collect();
        }
        let Some(items) = schema.get("items") else {
            return json!([]);
        };
        let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let most = schema.get("maxItems").and_then(Value::as_u64);
        let usual = u64::from(!place.is_small && self.sizes.size(items).is_some());
        (0..least.max(usual.min(most.unwrap_or(usual))))
            .map(|_| self.make(items, place))
            .collect()
    }
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
