//! Whether a payload is written as it was recorded.

use std::fmt::Write as _;
use std::path::Path;

use ironflow_domain::Event;
use serde_json::Value;

use super::compare::Shape;
use super::normal::normal;
use super::payload;
use super::records::Record;

/// What was recorded, read and written again.
pub(super) struct Rewriting {
    /// What is written in another form.
    pub(super) otherwise: Vec<Value>,
    /// The fields that differ.
    lines: Vec<String>,
    /// Why what is written now cannot be read.
    pub(super) unread: Option<String>,
}

impl Rewriting {
    /// Reads and writes what was recorded of the current version, which has the shape `schema`.
    pub(super) fn of<E: Event>(record: &Record, schema: &Value) -> Result<Self, String> {
        let schema = &normal(schema);
        let mut rewriting = Self {
            otherwise: Vec::new(),
            lines: Vec::new(),
            unread: None,
        };
        for recorded in record.examples.iter().chain(&record.bounds) {
            let stored = [(record.event.as_str(), record.version, recorded)];
            // What cannot be read is told elsewhere.
            let events = payload::read::<E>(&stored).unwrap_or_default();
            let [event] = events.as_slice() else {
                continue;
            };
            let written = payload::written(event)?;
            let differences = differences(Shape::root(schema), recorded, &written);
            if !differences.is_empty() {
                rewriting.otherwise.push(recorded.clone());
            }
            for line in differences {
                if !rewriting.lines.contains(&line) {
                    rewriting.lines.push(line);
                }
            }
            let stored = [(record.event.as_str(), record.version, &written)];
            if let (None, Err(why)) = (&rewriting.unread, payload::read::<E>(&stored)) {
                rewriting.unread = Some(format!("{why}\n      {written}"));
            }
        }
        Ok(rewriting)
    }

    pub(super) fn is_same(&self) -> bool {
        self.lines.is_empty() && self.unread.is_none()
    }

    /// What is wrong, and the ways out.
    pub(super) fn problem(&self, record: &Record, path: &Path) -> String {
        let mut text = format!(
            "{} version {} is written otherwise than it was recorded\n    {}\n",
            record.event,
            record.version,
            path.display()
        );
        for line in &self.lines {
            let _ = writeln!(text, "  {line}");
        }
        if let Some(why) = &self.unread {
            let _ = writeln!(text, "  What is written now {why}");
        }
        text.push_str(
            "  Its shape is the one it is read in, so that does not tell. Ways out:\n  - Write it as before: take back what \
             changed it, such as `serialize_with`, `skip_serializing`, `skip_serializing_if` or `rename(serialize = …)`. What \
             may be left out needs a `default`.\n  - A new version, and the step from the old one: `version = …, upcast(…)`.\n",
        );
        if self.unread.is_none() {
            text.push_str(
                "  - If programs of before read it in this form, too, or none is running any more: \
                 `IRONFLOW_SCHEMA=backward cargo test` records it beside the old one.\n",
            );
        }
        text.push_str(
            "  - If no event of it has been stored anywhere yet: `IRONFLOW_SCHEMA=overwrite cargo test`.",
        );
        text
    }
}

/// What differs, one line for each field, where `recorded` was read and is `written` again. The
/// shape is that of today.
///
/// A field that need not be there may come and go, as long as what it stands for is the same: where
/// it was recorded, it is its default.
pub(super) fn differences(shape: Shape<'_>, recorded: &Value, written: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare(&shape.alternatives(), recorded, written, "", &mut lines);
    lines
}

fn compare(
    shapes: &[Shape<'_>],
    recorded: &Value,
    written: &Value,
    path: &str,
    lines: &mut Vec<String>,
) {
    match (recorded, written) {
        (Value::Object(recorded), Value::Object(written)) => {
            for (name, was) in recorded {
                let path = join(path, name);
                let parts = values_under(shapes, name);
                match written.get(name) {
                    Some(is) => compare(&parts, was, is, &path, lines),
                    None if may_be_missing(shapes, name, was) => {}
                    None => lines.push(format!("- {path}: {was} is not written any more")),
                }
            }
            let added = written
                .iter()
                .filter(|(name, _)| !recorded.contains_key(*name));
            for (name, is) in added {
                if !is_optional(shapes, name) {
                    let path = join(path, name);
                    lines.push(format!("+ {path}: {is} is written, and was not there"));
                }
            }
        }
        (Value::Array(was), Value::Array(is)) if was.len() == is.len() => {
            if is_set(shapes) {
                // A set has no order.
                let is_there = |one: &Value| is.iter().any(|other| is_equal(one, other));
                if was.iter().all(is_there) {
                    return;
                }
            }
            for (place, (was, is)) in was.iter().zip(is).enumerate() {
                let path = format!("{path}[{place}]");
                compare(&values_at(shapes, place), was, is, &path, lines);
            }
        }
        (was, is) if is_equal(was, is) => {}
        (was, is) => {
            let path = if path.is_empty() { "the payload" } else { path };
            lines.push(format!("~ {path}: {was} is written as {is}"));
        }
    }
}

/// Whether two values are the same; 1 and 1.0 are.
fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if one.is_f64() != other.is_f64() => {
            one.as_f64() == other.as_f64()
        }
        _ => one == other,
    }
}

/// What a field may be, by its name.
fn values_under<'a>(shapes: &[Shape<'a>], name: &str) -> Vec<Shape<'a>> {
    let fields = shapes.iter().filter_map(|shape| shape.under(name));
    fields.flat_map(Shape::alternatives).collect()
}

fn values_at<'a>(shapes: &[Shape<'a>], place: usize) -> Vec<Shape<'a>> {
    let items = shapes.iter().filter_map(|shape| {
        let items = || shape.get("items").map(|items| shape.part(items));
        shape.places().get(place).copied().or_else(items)
    });
    items.flat_map(Shape::alternatives).collect()
}

fn is_set(shapes: &[Shape<'_>]) -> bool {
    let is_set = |shape: &Shape<'_>| shape.get("uniqueItems") == Some(&Value::Bool(true));
    shapes.iter().any(is_set)
}

/// Whether there is such a field, and it need not be there.
fn is_optional(shapes: &[Shape<'_>], name: &str) -> bool {
    let has = |shape: &Shape<'_>| shape.properties().contains_key(name) && !shape.requires(name);
    shapes.iter().any(has)
}

/// Whether what was recorded under a name is what it is read as where it is missing.
fn may_be_missing(shapes: &[Shape<'_>], name: &str, was: &Value) -> bool {
    let mut known = shapes
        .iter()
        .filter(|shape| shape.under(name).is_some())
        .peekable();
    if known.peek().is_none() {
        // It is no field any more, which its shape tells.
        return true;
    }
    known.any(|shape| {
        let properties = shape.properties();
        let Some(property) = properties.get(name).filter(|_| !shape.requires(name)) else {
            return false;
        };
        match property.default {
            Some(default) => is_equal(default, was),
            // The default of what is left out is not told.
            None => is_empty(was),
        }
    })
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is) => !is,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}
