//! Whether what was written in one shape can be read in another.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Map, Value};

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
        let (old, new) = (&spread(old), &spread(new));
        let mut changes = Vec::new();
        diff(&Shape::root(old), &Shape::root(new), "", &mut changes, 0);
        let reasons = |reader, writer| {
            let mut reading = Reading::default();
            reading.read(&Shape::root(reader), &Shape::root(writer), "");
            reading.reasons
        };
        Self {
            changes,
            backward: reasons(new, old),
            forward: reasons(old, new),
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

/// A schema and the definitions it may refer to.
#[derive(Clone, Copy)]
struct Shape<'a> {
    schema: &'a Value,
    definitions: Option<&'a Value>,
}

impl<'a> Shape<'a> {
    fn root(schema: &'a Value) -> Self {
        Self {
            schema,
            definitions: schema.get("$defs"),
        }
    }

    /// A part of the same schema, what it refers to looked up.
    fn part(self, schema: &'a Value) -> Self {
        let mut schema = schema;
        // Definitions that only refer to each other define nothing.
        for _ in 0..16 {
            let Some(name) = schema.get("$ref").and_then(Value::as_str) else {
                break;
            };
            let name = name.rsplit('/').next().unwrap_or_default();
            match self.definitions.and_then(|known| known.get(name)) {
                Some(definition) => schema = definition,
                None => break,
            }
        }
        Self { schema, ..self }
    }

    fn get(self, keyword: &str) -> Option<&'a Value> {
        self.schema.get(keyword)
    }

    fn properties(self) -> BTreeMap<&'a str, Self> {
        let properties = self.get("properties").and_then(Value::as_object);
        properties
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.as_str(), self.part(schema)))
            .collect()
    }

    fn requires(self, property: &str) -> bool {
        let required = self.get("required").and_then(Value::as_array);
        required.is_some_and(|required| required.iter().any(|name| name == property))
    }

    /// Whether everything fits.
    fn is_anything(self) -> bool {
        match self.schema {
            Value::Bool(all) => *all,
            Value::Object(keywords) => keywords.keys().all(|keyword| is_annotation(keyword)),
            _ => false,
        }
    }

    /// The alternatives there are: the shape itself, where it has none.
    fn alternatives(self) -> Vec<Self> {
        let several = ["oneOf", "anyOf"]
            .iter()
            .find_map(|keyword| self.get(keyword)?.as_array());
        match several {
            Some(several) => several
                .iter()
                .flat_map(|schema| self.part(schema).alternatives())
                .collect(),
            None => vec![self],
        }
    }

    /// The JSON types a value may have; all where nothing is said.
    fn types(self) -> Option<BTreeSet<&'a str>> {
        match self.get("type")? {
            Value::String(one) => Some(BTreeSet::from([one.as_str()])),
            Value::Array(several) => Some(several.iter().filter_map(Value::as_str).collect()),
            _ => None,
        }
    }

    /// The only values there are, where they are listed.
    fn values(self) -> Option<Vec<&'a Value>> {
        if let Some(only) = self.get("const") {
            return Some(vec![only]);
        }
        Some(self.get("enum")?.as_array()?.iter().collect())
    }

    /// Whether this one value can be read.
    fn reads_value(self, value: &Value) -> bool {
        let word = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        match (self.values(), self.types()) {
            (Some(values), _) => values.contains(&value),
            (None, Some(types)) => types.contains(word),
            (None, None) => self.is_anything(),
        }
    }

    /// The smallest and the greatest number.
    fn range(self) -> (f64, f64) {
        let (low, high) = match self.get("format").and_then(Value::as_str) {
            Some("int8") => (f64::from(i8::MIN), f64::from(i8::MAX)),
            Some("int16") => (f64::from(i16::MIN), f64::from(i16::MAX)),
            Some("int32") => (f64::from(i32::MIN), f64::from(i32::MAX)),
            Some("int64" | "int") => (-(2_f64.powi(63)), 2_f64.powi(63)),
            Some("uint8") => (0.0, f64::from(u8::MAX)),
            Some("uint16") => (0.0, f64::from(u16::MAX)),
            Some("uint32") => (0.0, f64::from(u32::MAX)),
            Some("uint64" | "uint") => (0.0, 2_f64.powi(64)),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let bound = |keyword| self.get(keyword).and_then(Value::as_f64);
        (
            bound("minimum").unwrap_or(low).max(low),
            bound("maximum").unwrap_or(high).min(high),
        )
    }

    /// What the shape is, in a few words.
    fn describe(self) -> String {
        if self.is_anything() {
            return "anything".to_owned();
        }
        if let Some(values) = self.values() {
            let values: Vec<_> = values.iter().map(ToString::to_string).collect();
            return format!("one of {}", values.join(", "));
        }
        let alternatives = self.alternatives();
        if alternatives.len() > 1 {
            let described: Vec<_> = alternatives.iter().map(|one| one.describe()).collect();
            return described.join(" or ");
        }
        let described = self.types().map(|types| {
            let words = types.iter().map(|word| match (*word, self.get("items")) {
                ("array", Some(items)) => {
                    format!("array of {}", self.part(items).describe())
                }
                ("object", _) if self.get("properties").is_some() => {
                    let names: Vec<_> = self.properties().into_keys().collect();
                    format!("object with {}", names.join(", "))
                }
                (word, _) => word.to_owned(),
            });
            words.collect::<Vec<_>>().join(" or ")
        });
        let described = described.unwrap_or_else(|| self.schema.to_string());
        match self.get("format").and_then(Value::as_str) {
            Some(format) => format!("{described} ({format})"),
            None => described,
        }
    }
}

/// Keywords that say nothing about which values fit.
fn is_annotation(keyword: &str) -> bool {
    matches!(
        keyword,
        "title"
            | "description"
            | "default"
            | "examples"
            | "deprecated"
            | "readOnly"
            | "writeOnly"
            | "$schema"
            | "$defs"
            | "$comment"
    )
}

/// Keywords that [`Reading::read`] understands.
fn is_understood(keyword: &str) -> bool {
    is_annotation(keyword)
        || matches!(
            keyword,
            "type"
                | "properties"
                | "required"
                | "additionalProperties"
                | "items"
                | "prefixItems"
                | "minItems"
                | "maxItems"
                | "oneOf"
                | "anyOf"
                | "enum"
                | "const"
                | "format"
                | "minimum"
                | "maximum"
                | "$ref"
        )
}

/// Looks for values that the writer writes and the reader cannot read.
#[derive(Default)]
struct Reading {
    reasons: Vec<String>,
    /// Pairs of schemas that are being looked at: a type that contains itself is met again.
    open: Vec<(*const Value, *const Value)>,
}

impl Reading {
    fn read(&mut self, reader: &Shape<'_>, writer: &Shape<'_>, path: &str) {
        let (reader, writer) = (reader.part(reader.schema), writer.part(writer.schema));
        let pair = (
            std::ptr::from_ref(reader.schema),
            std::ptr::from_ref(writer.schema),
        );
        if reader.is_anything() || self.open.contains(&pair) {
            return;
        }
        self.open.push(pair);
        self.read_alternatives(reader, writer, path);
        self.open.pop();
    }

    fn read_alternatives(&mut self, reader: Shape<'_>, writer: Shape<'_>, path: &str) {
        let (readers, writers) = (reader.alternatives(), writer.alternatives());
        if let ([reader], [writer]) = (readers.as_slice(), writers.as_slice()) {
            return self.read_one(*reader, *writer, path);
        }
        for writer in writers {
            if let Some(values) = writer.values() {
                for value in values {
                    if !readers.iter().any(|reader| reader.reads_value(value)) {
                        self.refuse(path, format!("{value} is not read"));
                    }
                }
                continue;
            }
            let fits = readers.iter().any(|reader| {
                let mut attempt = Self {
                    reasons: Vec::new(),
                    open: self.open.clone(),
                };
                attempt.read_one(*reader, writer, path);
                attempt.reasons.is_empty()
            });
            if !fits {
                self.refuse(path, format!("{} is not read", writer.describe()));
            }
        }
    }

    fn refuse(&mut self, path: &str, why: impl fmt::Display) {
        let path = if path.is_empty() { "the payload" } else { path };
        self.reasons.push(format!("{path}: {why}"));
    }

    fn read_one(&mut self, reader: Shape<'_>, writer: Shape<'_>, path: &str) {
        if reader.is_anything() {
            return;
        }
        if let Some(known) = reader.values() {
            match writer.values() {
                Some(written) => {
                    for value in written {
                        if !known.contains(&value) {
                            self.refuse(path, format!("{value} is not read"));
                        }
                    }
                }
                None => self.refuse(path, format!("only {} is read", reader.describe())),
            }
            return;
        }
        if let Some(read) = reader.types() {
            let Some(written) = writer.types() else {
                return self.refuse(
                    path,
                    format!("it may be anything, and only {} is read", reader.describe()),
                );
            };
            let fits =
                |word: &str| read.contains(word) || (word == "integer" && read.contains("number"));
            if !written.into_iter().all(fits) {
                return self.refuse(
                    path,
                    format!("{} is not read as {}", writer.describe(), reader.describe()),
                );
            }
        }
        self.read_scalar(reader, writer, path);
        self.read_object(reader, writer, path);
        self.read_array(reader, writer, path);
        self.read_rest(reader, writer, path);
    }

    fn read_scalar(&mut self, reader: Shape<'_>, writer: Shape<'_>, path: &str) {
        let has = |shape: Shape<'_>, word| shape.types().is_some_and(|types| types.contains(word));
        let is = |shape: Shape<'_>, format| shape.get("format").is_some_and(|is| is == format);
        if is(reader, "float") && is(writer, "double") {
            self.refuse(path, "a number of 64 bits does not fit into 32");
        }
        if has(writer, "integer") || has(writer, "number") {
            let ((low, high), (lowest, highest)) = (reader.range(), writer.range());
            if lowest < low || highest > high {
                self.refuse(
                    path,
                    format!(
                        "{} may be out of the range of {}",
                        writer.describe(),
                        reader.describe()
                    ),
                );
            }
        } else if has(writer, "string")
            && reader.get("format").is_some()
            && reader.get("format") != writer.get("format")
        {
            self.refuse(
                path,
                format!("{} is not read as {}", writer.describe(), reader.describe()),
            );
        }
    }

    fn read_object(&mut self, reader: Shape<'_>, writer: Shape<'_>, path: &str) {
        let (read, written) = (reader.properties(), writer.properties());
        self.look_for_renamed(&read, &written, path);
        for (name, reader_property) in &read {
            let path = join(path, name);
            match written.get(name) {
                Some(writer_property) => {
                    if reader.requires(name) && !writer.requires(name) {
                        self.refuse(&path, "it may be missing");
                    }
                    if let (Some(read), Some(written)) = (
                        reader_property.get("default"),
                        writer_property.get("default"),
                    ) && read != written
                    {
                        self.refuse(
                            &path,
                            format!(
                                "where it is missing it is read as {read}, and {written} was meant"
                            ),
                        );
                    }
                    self.read(reader_property, writer_property, &path);
                }
                None if reader.requires(name) => {
                    self.refuse(&path, "it is missing, and has no default");
                }
                None => {}
            }
        }
        let more = reader.get("additionalProperties");
        match (more, writer.get("additionalProperties")) {
            (Some(Value::Bool(false)), _) => {
                for name in written.keys().filter(|name| !read.contains_key(*name)) {
                    self.refuse(&join(path, name), "unknown fields are refused");
                }
            }
            (Some(more), Some(written)) => {
                let (more, written) = (reader.part(more), writer.part(written));
                self.read(&more, &written, &join(path, "*"));
            }
            (Some(more), None) => {
                let more = reader.part(more);
                for (name, property) in written {
                    if !read.contains_key(name) {
                        self.read(&more, &property, &join(path, name));
                    }
                }
            }
            (None, _) => {}
        }
    }

    /// A field that need not be there and is called otherwise is read as if it were not there.
    fn look_for_renamed(
        &mut self,
        read: &BTreeMap<&str, Shape<'_>>,
        written: &BTreeMap<&str, Shape<'_>>,
        path: &str,
    ) {
        let unread = written.iter().filter(|(name, _)| !read.contains_key(*name));
        for (old_name, old) in unread {
            let twin = read.iter().find(|(name, new)| {
                !written.contains_key(*name) && strip(new.schema) == strip(old.schema)
            });
            if let Some((name, _)) = twin {
                self.refuse(
                    &join(path, name),
                    format!(
                        "it looks like another name for `{old_name}`, which would be lost; `#[serde(rename = …)]` keeps a \
                         stored name"
                    ),
                );
            }
        }
    }

    fn read_array(&mut self, reader: Shape<'_>, writer: Shape<'_>, path: &str) {
        let places = |shape: Shape<'_>| shape.get("prefixItems").and_then(Value::as_array).cloned();
        if places(reader).map(|places| places.len()) != places(writer).map(|places| places.len()) {
            return self.refuse(path, "it has another number of places");
        }
        let tuples =
            [reader, writer].map(|shape| shape.get("prefixItems").and_then(Value::as_array));
        if let [Some(read), Some(written)] = tuples {
            for (index, (read, written)) in read.iter().zip(written).enumerate() {
                let path = format!("{path}[{index}]");
                self.read(&reader.part(read), &writer.part(written), &path);
            }
        }
        if let (Some(read), Some(written)) = (reader.get("items"), writer.get("items")) {
            let path = format!("{path}[]");
            self.read(&reader.part(read), &writer.part(written), &path);
        }
        let length = |shape: Shape<'_>, keyword, unless| {
            shape.get(keyword).and_then(Value::as_u64).unwrap_or(unless)
        };
        if length(writer, "minItems", 0) < length(reader, "minItems", 0)
            || length(writer, "maxItems", u64::MAX) > length(reader, "maxItems", u64::MAX)
        {
            self.refuse(path, "it may have another number of items");
        }
    }

    /// What we do not understand must be the same on both sides.
    fn read_rest(&mut self, reader: Shape<'_>, writer: Shape<'_>, path: &str) {
        let Some(keywords) = reader.schema.as_object() else {
            return;
        };
        for (keyword, value) in keywords {
            if !is_understood(keyword) && writer.get(keyword) != Some(value) {
                self.refuse(path, format!("`{keyword}` is {value} where it is read"));
            }
        }
    }
}

/// A schema in which what stands beside alternatives stands in each of them, as it holds for each.
fn spread(schema: &Value) -> Value {
    let mut schema = match schema {
        Value::Object(keywords) => keywords
            .iter()
            .map(|(keyword, value)| {
                let value = match keyword.as_str() {
                    "enum" | "const" | "required" | "default" | "examples" => value.clone(),
                    _ => spread(value),
                };
                (keyword.clone(), value)
            })
            .collect::<Map<_, _>>(),
        Value::Array(values) => return values.iter().map(spread).collect(),
        other => return other.clone(),
    };
    for keyword in ["oneOf", "anyOf"] {
        let Some(Value::Array(alternatives)) = schema.get(keyword).cloned() else {
            continue;
        };
        let mut beside = schema.clone();
        beside.retain(|known, _| known != keyword && !is_annotation(known));
        if beside.is_empty() {
            continue;
        }
        let alternatives = alternatives.into_iter().map(|one| both(&beside, one));
        let alternatives = alternatives.collect();
        schema.retain(|known, _| is_annotation(known));
        schema.insert(keyword.to_owned(), Value::Array(alternatives));
    }
    Value::Object(schema)
}

/// What fits an alternative and what stands beside it.
fn both(beside: &Map<String, Value>, alternative: Value) -> Value {
    let Value::Object(mut alternative) = alternative else {
        return alternative;
    };
    for (keyword, value) in beside {
        match (keyword.as_str(), alternative.get_mut(keyword), value) {
            ("properties", Some(Value::Object(own)), Value::Object(value)) => {
                own.extend(value.clone());
            }
            ("required", Some(Value::Array(own)), Value::Array(value)) => {
                own.extend(value.clone());
            }
            (_, Some(_), _) => {}
            (_, None, value) => {
                alternative.insert(keyword.clone(), value.clone());
            }
        }
    }
    Value::Object(alternative)
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// Lists the fields that differ.
fn diff(old: &Shape<'_>, new: &Shape<'_>, path: &str, changes: &mut Vec<String>, depth: u32) {
    let (old, new) = (old.part(old.schema), new.part(new.schema));
    // A type that contains itself is told apart long before this.
    if depth > 16 {
        return;
    }
    let (before, after) = (old.properties(), new.properties());
    let names: BTreeSet<_> = before.keys().chain(after.keys()).copied().collect();
    for name in names {
        let path = join(path, name);
        match (before.get(name), after.get(name)) {
            (Some(was), Some(is)) => {
                match (old.requires(name), new.requires(name)) {
                    (true, false) => changes.push(format!("~ {path}: need not be there any more")),
                    (false, true) => changes.push(format!("~ {path}: must be there now")),
                    _ => {}
                }
                if let (Some(was), Some(is)) = (was.get("default"), is.get("default"))
                    && was != is
                {
                    changes.push(format!("~ {path}: default {was} → {is}"));
                }
                diff(was, is, &path, changes, depth + 1);
            }
            (Some(was), None) => changes.push(format!("- {path}: {}", was.describe())),
            (None, Some(is)) => {
                let default = if new.requires(name) {
                    ""
                } else {
                    ", with a default"
                };
                changes.push(format!("+ {path}: {}{default}", is.describe()));
            }
            (None, None) => {}
        }
    }
    for (keyword, suffix) in [("items", "[]"), ("additionalProperties", ".*")] {
        if let (Some(was), Some(is)) = (old.get(keyword), new.get(keyword)) {
            let path = format!("{path}{suffix}");
            diff(&old.part(was), &new.part(is), &path, changes, depth + 1);
        }
    }
    let nested = ["properties", "required", "items", "additionalProperties"];
    let own = |shape: Shape<'_>| -> Map<String, Value> {
        let keywords = shape.schema.as_object().cloned().unwrap_or_default();
        let both = |keyword: &str| old.get(keyword).is_some() && new.get(keyword).is_some();
        keywords
            .into_iter()
            .filter(|(keyword, _)| !is_annotation(keyword))
            .filter(|(keyword, _)| {
                // An object that gets its first field, or loses its last, is told by the field.
                !(matches!(keyword.as_str(), "properties" | "required")
                    || nested.contains(&keyword.as_str()) && both(keyword))
            })
            .collect()
    };
    if strip(&Value::Object(own(old))) != strip(&Value::Object(own(new))) {
        let path = if path.is_empty() { "the payload" } else { path };
        let (was, is) = (old.describe(), new.describe());
        changes.push(if was == is {
            format!(
                "~ {path}: {} → {}",
                Value::Object(own(old)),
                Value::Object(own(new))
            )
        } else {
            format!("~ {path}: {was} → {is}")
        });
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
            // A default says nothing about which values fit, but much about what a missing one means.
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
        ("properties", Value::Object(fields)) => fields
            .iter()
            .map(|(name, schema)| (name.clone(), strip(schema)))
            .collect(),
        ("enum" | "const" | "required" | "default", value) => value.clone(),
        (_, value) => strip(value),
    }
}
