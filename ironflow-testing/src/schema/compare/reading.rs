//! Whether one shape reads what was written in another.

use serde_json::Value;

use super::number::range;
use super::relation::{Condition, Pair, Relation, closest};
use super::same;
use super::shape::{Property, Rest, SIGNED, Shape, UNSIGNED};

/// The values that the writer writes and the reader cannot read, one line for each reason.
pub(super) fn refusals(reader: Shape<'_>, writer: Shape<'_>) -> Vec<String> {
    Relation::new(conditions).refusals(Pair::of(reader, writer), |path, why| {
        let path = if path.is_empty() { "the payload" } else { path };
        format!("{path}: {why}")
    })
}

/// What must hold for the first of a pair to read the second.
fn conditions(Pair(reader, writer): Pair<'_>) -> Vec<Condition<'_>> {
    let mut conditions = Conditions(Vec::new());
    if reader.is_anything() {
        return conditions.0;
    }
    let (readers, writers) = (reader.alternatives(), writer.alternatives());
    if let ([reader], [writer]) = (readers.as_slice(), writers.as_slice()) {
        conditions.one(*reader, *writer);
        return conditions.0;
    }
    for writer in writers {
        if let Some(values) = writer.values() {
            for value in values {
                if !readers.iter().any(|reader| reader.reads_value(value)) {
                    conditions.never("", format!("{value} is not read"));
                }
            }
            continue;
        }
        conditions.0.push(Condition::Any {
            pairs: readers
                .iter()
                .map(|reader| Pair::of(*reader, writer))
                .collect(),
            why: format!("{} is not read", writer.describe()),
            closest: closest(writer, &readers).map(|reader| Pair::of(reader, writer)),
        });
    }
    conditions.0
}

/// Keywords that are understood, beside annotations.
fn is_understood(keyword: &str) -> bool {
    matches!(
        keyword,
        "type"
            | "properties"
            | "required"
            | "additionalProperties"
            | "patternProperties"
            | "items"
            | "prefixItems"
            | "minItems"
            | "maxItems"
            | "anyOf"
            | "allOf"
            | "enum"
            | "const"
            | "format"
            | "minimum"
            | "maximum"
    )
}

struct Conditions<'a>(Vec<Condition<'a>>);

impl<'a> Conditions<'a> {
    fn never(&mut self, path: impl Into<String>, why: impl Into<String>) {
        self.0.push(Condition::Never {
            path: path.into(),
            why: why.into(),
        });
    }

    fn part(&mut self, path: impl Into<String>, reader: Shape<'a>, writer: Shape<'a>) {
        self.0.push(Condition::Part {
            path: path.into(),
            pair: Pair::of(reader, writer),
        });
    }

    fn one(&mut self, reader: Shape<'a>, writer: Shape<'a>) {
        if reader.is_anything() {
            return;
        }
        if let Some(written) = writer.values() {
            for value in written {
                if !reader.reads_value(value) {
                    self.never("", format!("{value} is not read"));
                }
            }
            return;
        }
        if reader.values().is_some() {
            return self.never("", format!("only {} is read", reader.describe()));
        }
        if let Some(read) = reader.word() {
            let Some(written) = writer.word() else {
                let why = format!("it may be anything, and only {} is read", reader.describe());
                return self.never("", why);
            };
            if written != read && (written, read) != ("integer", "number") {
                let why = format!("{} is not read as {}", writer.describe(), reader.describe());
                return self.never("", why);
            }
        }
        self.scalar(reader, writer);
        if matches!(reader.word(), Some("object") | None) {
            self.object(reader, writer);
        }
        if matches!(reader.word(), Some("array") | None) {
            self.array(reader, writer);
        }
        self.rest(reader, writer);
    }

    fn scalar(&mut self, reader: Shape<'a>, writer: Shape<'a>) {
        let is = |shape: Shape<'_>, format| shape.get("format").is_some_and(|is| is == format);
        if is(reader, "float") && is(writer, "double") {
            self.never("", "a number of 64 bits does not fit into 32");
        }
        match writer.word() {
            Some("integer" | "number") => {
                let ((low, high), (lowest, highest)) = (range(reader.schema), range(writer.schema));
                if lowest.is_less(low) || high.is_less(highest) {
                    let (writer, reader) = (writer.describe(), reader.describe());
                    self.never("", format!("{writer} may be out of the range of {reader}"));
                }
            }
            Some("string")
                if reader.get("format").is_some()
                    && reader.get("format") != writer.get("format") =>
            {
                let why = format!("{} is not read as {}", writer.describe(), reader.describe());
                self.never("", why);
            }
            _ => {}
        }
    }

    fn object(&mut self, reader: Shape<'a>, writer: Shape<'a>) {
        let (read, written) = (reader.properties(), writer.properties());
        self.look_for_renamed(reader, writer);
        for (name, property) in &read {
            match (written.get(name), writer.rest_for(name)) {
                (Some(other), _) => {
                    if reader.requires(name) && !writer.requires(name) {
                        self.never(*name, "it may be missing");
                    }
                    if let (Some(read), Some(written)) = (property.default, other.default)
                        && read != written
                    {
                        let why = format!(
                            "where it is missing it is read as {read}, and {written} was meant"
                        );
                        self.never(*name, why);
                    }
                    self.part(*name, property.shape, other.shape);
                }
                (None, Rest::Map(other)) => {
                    if reader.requires(name) {
                        self.never(*name, "it may be missing");
                    }
                    self.part(*name, property.shape, other);
                }
                (None, _) if reader.requires(name) => {
                    self.never(*name, "it is missing, and has no default");
                }
                (None, _) => {}
            }
        }
        for (name, property) in &written {
            if read.contains_key(name) {
                continue;
            }
            match reader.rest_for(name) {
                Rest::Ignored => {}
                Rest::Refused => self.never(*name, "unknown fields are refused"),
                Rest::Map(other) => self.part(*name, other, property.shape),
            }
        }
        self.names(reader, writer);
    }

    /// What is not called by names that are known.
    fn names(&mut self, reader: Shape<'a>, writer: Shape<'a>) {
        let patterns: Vec<_> = reader.patterns().collect();
        for (pattern, written) in writer.patterns() {
            let read = patterns
                .iter()
                .find(|(known, _)| *known == pattern || (*known, pattern) == (SIGNED, UNSIGNED));
            match (read, reader.rest()) {
                (Some((_, read)), _) => self.part("*", *read, written),
                (None, Rest::Map(read)) => self.part("*", read, written),
                (None, _) => {
                    self.never("*", format!("names like {pattern} are not read"));
                }
            }
        }
        let Rest::Map(written) = writer.rest() else {
            return;
        };
        match reader.rest() {
            Rest::Map(read) => self.part("*", read, written),
            _ if !patterns.is_empty() => {
                let why = "it may have any name, and only some are read";
                self.never("*", why);
            }
            // Nothing is read, so nothing that is written is missed.
            Rest::Ignored if reader.properties().is_empty() => {}
            Rest::Ignored | Rest::Refused => {
                let names: Vec<_> = reader.properties().into_keys().collect();
                let why = if names.is_empty() {
                    "it may have any name, and none is read".to_owned()
                } else {
                    let names = names.join(", ");
                    format!("it may have any name, and only {names} would be read")
                };
                self.never("*", why);
            }
        }
    }

    /// A field that need not be there and is called otherwise is read as if it were not there.
    fn look_for_renamed(&mut self, reader: Shape<'a>, writer: Shape<'a>) {
        let (read, written) = (reader.properties(), writer.properties());
        let unread = written.iter().filter(|(name, _)| !read.contains_key(*name));
        for (old_name, old) in unread {
            let twin = read
                .iter()
                .find(|(name, new)| !written.contains_key(*name) && are_twins(**new, *old));
            if let Some((name, _)) = twin {
                self.never(
                    *name,
                    format!(
                        "it looks like another name for `{old_name}`, which would be lost; `#[serde(rename = …)]` keeps a \
                         stored name"
                    ),
                );
            }
        }
    }

    fn array(&mut self, reader: Shape<'a>, writer: Shape<'a>) {
        let (read, written) = (reader.places(), writer.places());
        let least = |shape: Shape<'_>| shape.get("minItems").and_then(Value::as_u64).unwrap_or(0);
        let most = |shape: Shape<'_>| shape.get("maxItems").and_then(Value::as_u64);
        let (limit, longest) = (
            most(reader).unwrap_or(u64::MAX),
            most(writer).unwrap_or(u64::MAX),
        );
        if least(writer) < least(reader) || longest > limit {
            let why = if read.is_empty() && written.is_empty() {
                "it may have another number of items"
            } else {
                "it has another number of places"
            };
            self.never("", why);
        }
        let (reader, writer) = [reader, writer]
            .map(|shape| shape.part_or_anything("items"))
            .into();
        let places = read.len().max(written.len());
        for place in 0..places {
            let one = read.get(place).copied().unwrap_or(reader);
            let other = written.get(place).copied().unwrap_or(writer);
            self.part(format!("[{place}]"), one, other);
        }
        // A tuple has no more than its places.
        if limit.min(longest) > places as u64 {
            self.part("[]", reader, writer);
        }
    }

    /// What we do not understand must be the same on both sides.
    fn rest(&mut self, reader: Shape<'a>, writer: Shape<'a>) {
        let all = |shape: Shape<'a>| shape.get("allOf").and_then(Value::as_array);
        match (all(reader), all(writer)) {
            (Some(read), Some(written)) if read.len() == written.len() => {
                for (read, written) in read.iter().zip(written) {
                    self.part("", reader.part(read), writer.part(written));
                }
            }
            (Some(_), _) => {
                self.never("", format!("not all of {} is read", reader.schema));
            }
            (None, _) => {}
        }
        for (keyword, value) in reader.keywords() {
            if !is_understood(keyword) && writer.get(keyword) != Some(value) {
                self.never("", format!("`{keyword}` is {value} where it is read"));
            }
        }
    }
}

/// Whether fields are the same but for their names.
fn are_twins(one: Property<'_>, other: Property<'_>) -> bool {
    one.default == other.default && same::is_same(one.shape, other.shape)
}
