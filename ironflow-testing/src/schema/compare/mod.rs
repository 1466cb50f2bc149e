//! Whether what was written in one shape can be read in another.

mod number;
mod reading;
mod relation;
mod same;
mod shape;

use std::fmt;

use serde_json::Value;

pub(super) use self::number::{Bound, range};
pub(super) use self::shape::Shape;
use super::normal::{is_annotation, normal};

/// Who can read whose payloads, of an old shape and a new one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Both: the new program reads what the old one wrote, and the old one what the new one writes.
    Full,
    /// The new program reads what the old one wrote.
    Backward,
    /// The old program reads what the new one writes.
    Forward,
    /// Neither.
    None,
}

impl Verdict {
    /// The verdict on two JSON Schemas of payloads. What is not understood counts as a difference.
    ///
    /// ```
    /// use ironflow_testing::Verdict;
    /// use serde_json::json;
    ///
    /// let old = json!({ "type": "object", "properties": { "cents": { "type": "integer" } } });
    /// let new = json!({ "type": "object", "properties": { "cents": { "type": "number" } } });
    /// assert_eq!(Verdict::between(&old, &new), Verdict::Backward);
    /// ```
    #[must_use]
    pub fn between(old: &Value, new: &Value) -> Self {
        Comparison::of(old, new).verdict()
    }

    pub(super) fn of(new_reads_old: bool, old_reads_new: bool) -> Self {
        match (new_reads_old, old_reads_new) {
            (true, true) => Self::Full,
            (true, false) => Self::Backward,
            (false, true) => Self::Forward,
            (false, false) => Self::None,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "full",
            Self::Backward => "backward",
            Self::Forward => "forward",
            Self::None => "none",
        })
    }
}

/// How a new shape differs from an old one.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    /// One line for each field that differs.
    pub(super) changes: Vec<String>,
    /// Why the new program cannot read what the old one wrote.
    pub(super) backward: Vec<String>,
    /// Why the old program cannot read what the new one writes.
    pub(super) forward: Vec<String>,
}

impl Comparison {
    pub(super) fn of(old: &Value, new: &Value) -> Self {
        if shape_only(old) == shape_only(new) {
            return Self::default();
        }
        let (old, new) = (&normal(old), &normal(new));
        let (old, new) = (Shape::root(old), Shape::root(new));
        Self {
            changes: same::differences(old, new),
            backward: reading::refusals(new, old),
            forward: reading::refusals(old, new),
        }
    }

    pub(super) fn verdict(&self) -> Verdict {
        Verdict::of(self.backward.is_empty(), self.forward.is_empty())
    }

    /// Whether the shapes are the same, whatever their descriptions say.
    pub(super) fn is_same(&self) -> bool {
        self.changes.is_empty() && self.verdict() == Verdict::Full
    }
}

/// A schema without what says nothing about which values fit, and with its definitions.
pub(super) fn shape_only(schema: &Value) -> Value {
    let mut shape = strip(schema);
    if let (Value::Object(shape), Some(Value::Object(definitions))) =
        (&mut shape, schema.get("$defs"))
    {
        let definitions = definitions
            .iter()
            .map(|(name, schema)| (name.clone(), strip(schema)))
            .collect();
        shape.insert("$defs".to_owned(), Value::Object(definitions));
    }
    shape
}

/// A schema without its annotations, all the way down.
fn strip(schema: &Value) -> Value {
    match schema {
        Value::Object(keywords) => keywords
            .iter()
            // A default says nothing about which values fit, but what a missing one means.
            .filter(|(keyword, _)| !is_annotation(keyword) || *keyword == "default")
            .map(|(keyword, value)| (keyword.clone(), strip_keyword(keyword, value)))
            .collect(),
        Value::Array(values) => values.iter().map(strip).collect(),
        other => other.clone(),
    }
}

/// The names of fields are no keywords, and the values of an enum no schemas.
fn strip_keyword(keyword: &str, value: &Value) -> Value {
    match (keyword, value) {
        ("properties" | "patternProperties", Value::Object(fields)) => fields
            .iter()
            .map(|(name, schema)| (name.clone(), strip(schema)))
            .collect(),
        ("enum" | "const" | "required" | "default", value) => value.clone(),
        (_, value) => strip(value),
    }
}
