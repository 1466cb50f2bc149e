//! How much there is at least in a value of a type that may contain itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::schema::reference::target;

/// A value with more parts than this cannot be written out.
const MOST_PARTS: u64 = 10_000;

/// The parts of the smallest values of each definition; no number where there is no end of them.
pub(super) struct Sizes<'a> {
    definitions: BTreeMap<&'a str, &'a Value>,
    known: BTreeMap<&'a str, u64>,
    /// The definitions that each leads to.
    reached: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Sizes<'a> {
    /// Of all that the document `root`, in its normal form, refers to.
    pub(super) fn of(root: &'a Value) -> Self {
        let mut definitions = BTreeMap::new();
        let mut references = BTreeMap::new();
        let mut left: Vec<_> = references_in(root).into_iter().collect();
        while let Some(reference) = left.pop() {
            if definitions.contains_key(reference) {
                continue;
            }
            if let Some(definition) = target(root, reference) {
                let own = references_in(definition);
                left.extend(own.iter().copied());
                definitions.insert(reference, definition);
                references.insert(reference, own);
            }
        }
        let reached = definitions
            .keys()
            .map(|reference| (*reference, reached_from(reference, &references)))
            .collect();
        let mut sizes = Self {
            definitions,
            known: BTreeMap::new(),
            reached,
        };
        sizes.relax();
        sizes
    }

    /// What the definitions are known to need at least becomes less until it is what they need: the
    /// smallest of those that are not known yet is known after one round.
    fn relax(&mut self) {
        for _ in 0..=self.definitions.len() {
            let mut known = BTreeMap::new();
            for (reference, definition) in &self.definitions {
                if let Some(size) = self.size(definition) {
                    known.insert(*reference, size);
                }
            }
            if known == self.known {
                return;
            }
            self.known = known;
        }
    }

    pub(super) fn definition(&self, reference: &str) -> Option<&'a Value> {
        self.definitions.get(reference).copied()
    }

    /// Whether values of a definition may have values of another in them.
    pub(super) fn leads_to(&self, reference: &str, other: &str) -> bool {
        let reached = self.reached.get(reference);
        reached.is_some_and(|reached| reached.contains(other))
    }

    /// The parts of the smallest value that fits a schema.
    pub(super) fn size(&self, schema: &Value) -> Option<u64> {
        let list = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
        if list("examples").is_some_and(|all| !all.is_empty()) {
            return Some(1);
        }
        if schema == &Value::Bool(false) {
            return None;
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            if !self.definitions.contains_key(reference) {
                // What is not there is guessed at.
                return Some(1);
            }
            // To follow a reference counts, so that of two ways to the same value the one that does
            // not lead back to itself is the smaller one.
            let size = self.known.get(reference)?.saturating_add(1);
            return (size <= MOST_PARTS).then_some(size);
        }
        if schema.get("const").is_some() || list("enum").is_some() {
            return Some(1);
        }
        if let Some(alternatives) = list("anyOf") {
            return alternatives.iter().filter_map(|one| self.size(one)).min();
        }
        let mut size = 1_u64;
        for part in required_parts(schema) {
            size = size.saturating_add(self.size(part.schema)?.saturating_mul(part.times));
        }
        (size <= MOST_PARTS).then_some(size)
    }

    /// The way to the value that has no end, through what must be there.
    pub(super) fn endless_path(&self, schema: &'a Value) -> String {
        let mut path = String::new();
        let mut seen = BTreeSet::new();
        let mut schema = schema;
        loop {
            if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
                match self.definition(reference) {
                    Some(definition) if seen.insert(reference) => schema = definition,
                    _ => return path,
                }
                continue;
            }
            let alternatives = schema.get("anyOf").and_then(Value::as_array);
            if let Some(first) = alternatives.and_then(|all| all.first()) {
                schema = first;
                continue;
            }
            let parts = required_parts(schema);
            let Some(endless) = parts
                .into_iter()
                .find(|part| self.size(part.schema).is_none())
            else {
                return path;
            };
            if let Some(name) = endless.name {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
            }
            schema = endless.schema;
        }
    }
}

/// What every value of a schema has in it.
struct Part<'a> {
    name: Option<&'a str>,
    schema: &'a Value,
    times: u64,
}

fn required_parts(schema: &Value) -> Vec<Part<'_>> {
    let list = |keyword: &str| schema.get(keyword).and_then(Value::as_array);
    let unnamed = |schema, times| Part {
        name: None,
        schema,
        times,
    };
    let mut parts: Vec<_> = list("allOf")
        .into_iter()
        .flatten()
        .map(|one| unnamed(one, 1))
        .collect();
    match schema.get("type").and_then(Value::as_str) {
        Some("object") => {
            let names = list("required")
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            parts.extend(names.filter_map(|name| {
                Some(Part {
                    name: Some(name),
                    schema: schema.get("properties")?.get(name)?,
                    times: 1,
                })
            }));
        }
        Some("array") => {
            if let Some(places) = list("prefixItems") {
                parts.extend(places.iter().map(|place| unnamed(place, 1)));
            } else if let Some(items) = schema.get("items") {
                let least = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
                if least > 0 {
                    parts.push(unnamed(items, least));
                }
            }
        }
        _ => {}
    }
    parts
}

fn references_in(schema: &Value) -> BTreeSet<&str> {
    let mut references = BTreeSet::new();
    let mut left = vec![schema];
    while let Some(schema) = left.pop() {
        match schema {
            Value::Object(keywords) => {
                references.extend(keywords.get("$ref").and_then(Value::as_str));
                let parts = keywords.iter().filter(|(keyword, _)| *keyword != "$defs");
                left.extend(parts.map(|(_, part)| part));
            }
            Value::Array(schemas) => left.extend(schemas),
            _ => {}
        }
    }
    references
}

fn reached_from<'a>(
    start: &str,
    references: &BTreeMap<&'a str, BTreeSet<&'a str>>,
) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut left = vec![start];
    while let Some(reference) = left.pop() {
        for next in references.get(reference).into_iter().flatten() {
            if reached.insert(*next) {
                left.push(next);
            }
        }
    }
    reached
}
