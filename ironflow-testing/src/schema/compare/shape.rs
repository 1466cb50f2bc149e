//! A view of a schema in its normal form.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::schema::normal::{is_annotation, is_of};
use crate::schema::reference::target;

/// What fits where nothing is said.
static ANYTHING: Value = Value::Bool(true);

/// The names of a map whose keys are whole numbers, as they are described.
pub(super) const UNSIGNED: &str = r"^\d+$";
pub(super) const SIGNED: &str = r"^-?\d+$";

/// How deep a description goes.
const DEEPEST: usize = 3;

/// A schema and the document it is part of.
#[derive(Clone, Copy)]
pub(in crate::schema) struct Shape<'a> {
    pub(in crate::schema) schema: &'a Value,
    root: &'a Value,
}

/// A field, and what is said of it where it stands.
#[derive(Clone, Copy)]
pub(in crate::schema) struct Property<'a> {
    pub(in crate::schema) shape: Shape<'a>,
    pub(in crate::schema) default: Option<&'a Value>,
}

/// What else may be there besides the fields.
#[derive(Clone, Copy)]
pub(super) enum Rest<'a> {
    /// Nothing is written, and what is there is not looked at.
    Ignored,
    /// What is there is refused.
    Refused,
    /// Whatever it is called, it has that shape.
    Map(Shape<'a>),
}

impl<'a> Shape<'a> {
    /// A document in its normal form.
    pub(in crate::schema) fn root(schema: &'a Value) -> Self {
        Self {
            schema,
            root: schema,
        }
    }

    /// A part of the same document.
    pub(in crate::schema) fn part(self, schema: &'a Value) -> Self {
        Self { schema, ..self }
    }

    /// What it refers to; nothing where definitions refer only to each other: no value fits.
    fn referred(self) -> Option<Self> {
        let mut seen = BTreeSet::new();
        let mut schema = self.schema;
        while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            match target(self.root, reference) {
                Some(_) if !seen.insert(reference) => return None,
                Some(definition) => schema = definition,
                // What is not there is known by its name only.
                None => break,
            }
        }
        Some(self.part(schema))
    }

    /// The same shape, as it is wherever it is referred to: its only alternative, where it has one.
    pub(super) fn itself(self) -> Self {
        let Some(shape) = self.referred() else {
            return self;
        };
        // Of several, it is not looked at which there are: this is asked of every pair.
        match shape.get("anyOf").and_then(Value::as_array) {
            Some(several) if several.len() == 1 => match shape.alternatives().as_slice() {
                [only] => *only,
                _ => shape,
            },
            _ => shape,
        }
    }

    pub(in crate::schema) fn get(self, keyword: &str) -> Option<&'a Value> {
        self.schema.get(keyword)
    }

    /// What it says, but for annotations.
    pub(super) fn keywords(self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        let keywords = self.schema.as_object().into_iter().flatten();
        keywords.filter(|(keyword, _)| !is_annotation(keyword))
    }

    /// A part that need not be written out: anything fits where it is not.
    pub(super) fn part_or_anything(self, keyword: &str) -> Self {
        self.part(self.get(keyword).unwrap_or(&ANYTHING))
    }

    pub(in crate::schema) fn properties(self) -> BTreeMap<&'a str, Property<'a>> {
        let properties = self.get("properties").and_then(Value::as_object);
        properties
            .into_iter()
            .flatten()
            .map(|(name, schema)| {
                let property = Property {
                    shape: self.part(schema),
                    default: schema.get("default"),
                };
                (name.as_str(), property)
            })
            .collect()
    }

    pub(in crate::schema) fn requires(self, property: &str) -> bool {
        let required = self.get("required").and_then(Value::as_array);
        required.is_some_and(|required| required.iter().any(|name| name == property))
    }

    /// What else there may be, by patterns of names.
    pub(super) fn patterns(self) -> impl Iterator<Item = (&'a str, Self)> {
        let patterns = self.get("patternProperties").and_then(Value::as_object);
        let patterns = patterns.into_iter().flatten();
        patterns.map(move |(pattern, schema)| (pattern.as_str(), self.part(schema)))
    }

    pub(super) fn rest(self) -> Rest<'a> {
        match self.get("additionalProperties") {
            None => Rest::Ignored,
            Some(Value::Bool(false)) => Rest::Refused,
            Some(schema) => Rest::Map(self.part(schema)),
        }
    }

    /// What is written, or read, under a name that no field has.
    pub(super) fn rest_for(self, name: &str) -> Rest<'a> {
        let is_unsigned = |name: &str| !name.is_empty() && name.bytes().all(|c| c.is_ascii_digit());
        let matching = self.patterns().find(|(pattern, _)| match *pattern {
            UNSIGNED => is_unsigned(name),
            SIGNED => is_unsigned(name.strip_prefix('-').unwrap_or(name)),
            _ => false,
        });
        match matching {
            Some((_, shape)) => Rest::Map(shape),
            None => self.rest(),
        }
    }

    /// What stands under a name, be it a field or what a map keeps.
    pub(in crate::schema) fn under(self, name: &str) -> Option<Self> {
        match (self.properties().get(name), self.rest_for(name)) {
            (Some(property), _) => Some(property.shape),
            (None, Rest::Map(shape)) => Some(shape),
            (None, _) => None,
        }
    }

    /// The places of a tuple.
    pub(in crate::schema) fn places(self) -> Vec<Self> {
        let places = self.get("prefixItems").and_then(Value::as_array);
        let places = places.into_iter().flatten();
        places.map(|schema| self.part(schema)).collect()
    }

    /// Whether everything fits.
    pub(super) fn is_anything(self) -> bool {
        match self.referred().map(|shape| shape.schema) {
            Some(Value::Bool(all)) => *all,
            Some(Value::Object(keywords)) => keywords.keys().all(|keyword| is_annotation(keyword)),
            _ => false,
        }
    }

    /// The alternatives there are: the shape itself, where it has none; nothing, where no value
    /// fits.
    pub(in crate::schema) fn alternatives(self) -> Vec<Self> {
        let mut alternatives = Vec::new();
        self.collect_alternatives(&mut BTreeSet::new(), &mut alternatives);
        alternatives
    }

    fn collect_alternatives(self, seen: &mut BTreeSet<*const Value>, into: &mut Vec<Self>) {
        // An alternative of itself adds nothing.
        let Some(shape) = self
            .referred()
            .filter(|shape| seen.insert(std::ptr::from_ref(shape.schema)))
        else {
            return;
        };
        match (shape.schema, shape.get("anyOf")) {
            (Value::Bool(false), _) => {}
            (_, Some(Value::Array(several))) => {
                for one in several {
                    shape.part(one).collect_alternatives(seen, into);
                }
            }
            _ => into.push(shape),
        }
    }

    /// The JSON type of its values; any, where nothing is said.
    pub(super) fn word(self) -> Option<&'a str> {
        self.get("type").and_then(Value::as_str)
    }

    /// The only values there are, where they are listed.
    pub(super) fn values(self) -> Option<Vec<&'a Value>> {
        if let Some(only) = self.get("const") {
            return Some(vec![only]);
        }
        if let Some(listed) = self.get("enum").and_then(Value::as_array) {
            return Some(listed.iter().collect());
        }
        (self.word() == Some("null")).then_some(vec![&Value::Null])
    }

    /// Whether this one value can be read.
    pub(super) fn reads_value(self, value: &Value) -> bool {
        match (self.values(), self.word()) {
            (Some(values), _) => values.contains(&value),
            (None, Some(word)) => {
                let says_more = |keyword: &String| keyword != "type" && !is_annotation(keyword);
                let keywords = self.schema.as_object();
                let is_plain = keywords.is_some_and(|keywords| !keywords.keys().any(says_more));
                is_of(value, word) && (is_plain || !value.is_string())
            }
            (None, None) => self.is_anything(),
        }
    }

    /// What the shape is, in a few words.
    pub(super) fn describe(self) -> String {
        self.describe_to(DEEPEST)
    }

    fn describe_to(self, depth: usize) -> String {
        if self.is_anything() {
            return "anything".to_owned();
        }
        let mut values = Vec::new();
        let mut words = Vec::new();
        let mut has_null = false;
        for one in self.alternatives() {
            match one.values() {
                Some(known) if known == [&Value::Null] => has_null = true,
                Some(known) => values.extend(known.iter().map(ToString::to_string)),
                None => words.push(one.describe_one(depth)),
            }
        }
        if !values.is_empty() {
            words.insert(0, format!("one of {}", values.join(", ")));
        }
        if has_null {
            words.push("null".to_owned());
        }
        words.dedup();
        if words.is_empty() {
            return "nothing".to_owned();
        }
        words.join(" or ")
    }

    fn describe_one(self, depth: usize) -> String {
        let described = match self.word() {
            Some("array") if depth > 0 && self.get("items").is_some() => {
                let items = self.part_or_anything("items");
                format!("array of {}", items.describe_to(depth - 1))
            }
            Some("object") if self.get("properties").is_some() => {
                let names: Vec<_> = self.properties().into_keys().collect();
                format!("object with {}", names.join(", "))
            }
            Some(word) => word.to_owned(),
            None if self.is_anything() => "anything".to_owned(),
            None => self.schema.to_string(),
        };
        match self.get("format").and_then(Value::as_str) {
            Some(format) => format!("{described} ({format})"),
            None => described,
        }
    }
}
