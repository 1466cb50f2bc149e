//! Schemas that mean the same, written in the same way.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::reference::target;

/// How many references with something beside them are written out. There are schemas, none of them
/// sensible, of which there is no end; what is left is compared as it is written.
const MOST_WRITTEN_OUT: usize = 200;

/// The same schema, in which
///
/// - alternatives stand alone: what stands beside them stands in each of them, where it holds, too,
/// - a reference stands alone, too: what stands beside it is part of what it leads to,
/// - nothing has more than one type: several types are alternatives.
///
/// Annotations stay where they are.
pub(super) fn normal(schema: &Value) -> Value {
    let mut normalizer = Normalizer {
        root: schema,
        left: MOST_WRITTEN_OUT,
    };
    let mut normal = normalizer.value(schema);
    if let (Value::Object(normal), Some(Value::Object(definitions))) =
        (&mut normal, schema.get("$defs"))
    {
        let definitions = definitions
            .iter()
            .map(|(name, schema)| (name.clone(), normalizer.value(schema)))
            .collect();
        normal.insert("$defs".to_owned(), Value::Object(definitions));
    }
    normal
}

/// Keywords that say nothing about which values fit.
pub(super) fn is_annotation(keyword: &str) -> bool {
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

struct Normalizer<'a> {
    root: &'a Value,
    left: usize,
}

/// The references that led to a schema.
#[derive(Default)]
struct Open {
    /// To the same value: one that is met again adds nothing.
    here: Vec<String>,
    /// To a value this one is part of.
    above: BTreeSet<String>,
}

impl Open {
    /// A part of the value.
    fn part(&self) -> Self {
        let above = self.above.iter().chain(&self.here).cloned().collect();
        Self {
            here: Vec::new(),
            above,
        }
    }
}

impl Normalizer<'_> {
    fn value(&mut self, schema: &Value) -> Value {
        self.schema(schema, &mut Open::default())
    }

    fn schema(&mut self, schema: &Value, open: &mut Open) -> Value {
        let Value::Object(keywords) = schema else {
            return schema.clone();
        };
        if let Some(written_out) = self.reference(keywords, open) {
            return written_out;
        }
        for keyword in ["oneOf", "anyOf"] {
            if let Some(Value::Array(alternatives)) = keywords.get(keyword) {
                let mut beside = keywords.clone();
                beside.retain(|known, _| known != keyword && !is_annotation(known));
                let alternatives = alternatives
                    .iter()
                    .map(|one| self.schema(&both(&beside, one), open))
                    .collect();
                return with_annotations(keywords, alternatives);
            }
        }
        if let Some(Value::Array(types)) = keywords.get("type") {
            let alternatives = types.iter().filter_map(Value::as_str);
            let alternatives = alternatives
                .map(|word| self.schema(&Value::Object(of_type(keywords, word)), open))
                .collect();
            return with_annotations(keywords, alternatives);
        }
        self.parts(keywords, open)
    }

    /// What a reference with something beside it is together.
    fn reference(&mut self, keywords: &Map<String, Value>, open: &mut Open) -> Option<Value> {
        let reference = keywords.get("$ref")?.as_str()?;
        let mut beside = keywords.clone();
        beside.retain(|known, _| known != "$ref" && !is_annotation(known));
        let definition = target(self.root, reference)?;
        if beside.is_empty() || open.above.contains(reference) || self.left == 0 {
            return Some(Value::Object(keywords.clone()));
        }
        if open.here.iter().any(|known| known == reference) {
            return Some(Value::Bool(false));
        }
        self.left -= 1;
        open.here.push(reference.to_owned());
        let mut together = self.schema(&both(&beside, definition), open);
        open.here.pop();
        if let Value::Object(together) = &mut together {
            let own = keywords.iter().filter(|(known, _)| is_annotation(known));
            together.extend(own.map(|(known, value)| (known.clone(), value.clone())));
        }
        Some(together)
    }

    /// A schema of one type, its parts in their normal form.
    fn parts(&mut self, keywords: &Map<String, Value>, open: &Open) -> Value {
        let mut normal = Map::new();
        for (keyword, value) in keywords {
            let (keyword, value) = match (keyword.as_str(), value) {
                ("$defs", _) => continue,
                ("properties" | "patternProperties", Value::Object(parts)) => {
                    let parts = parts
                        .iter()
                        .map(|(name, part)| (name.clone(), self.schema(part, &mut open.part())));
                    (keyword.as_str(), Value::Object(parts.collect()))
                }
                ("prefixItems" | "allOf", Value::Array(parts)) => {
                    let parts = parts.iter().map(|part| self.schema(part, &mut open.part()));
                    (keyword.as_str(), Value::Array(parts.collect()))
                }
                // With alternatives written out, both say the same.
                ("unevaluatedProperties", part) => {
                    if keywords.contains_key("additionalProperties") {
                        continue;
                    }
                    let part = self.schema(part, &mut open.part());
                    ("additionalProperties", part)
                }
                ("items" | "additionalProperties", part) => {
                    (keyword.as_str(), self.schema(part, &mut open.part()))
                }
                (keyword, value) => (keyword, value.clone()),
            };
            normal.insert(keyword.to_owned(), value);
        }
        Value::Object(normal)
    }
}

fn with_annotations(keywords: &Map<String, Value>, alternatives: Vec<Value>) -> Value {
    let mut normal = keywords.clone();
    normal.retain(|keyword, _| is_annotation(keyword) && keyword != "$defs");
    let mut seen = BTreeSet::new();
    let alternatives = alternatives
        .into_iter()
        .flat_map(|one| match one {
            // What an alternative may be is an alternative itself.
            Value::Object(mut own) if own.len() == 1 && own.contains_key("anyOf") => {
                match own.remove("anyOf") {
                    Some(Value::Array(several)) => several,
                    _ => Vec::new(),
                }
            }
            one => vec![one],
        })
        .filter(|one| seen.insert(one.to_string()))
        .collect();
    normal.insert("anyOf".to_owned(), Value::Array(alternatives));
    Value::Object(normal)
}

/// What fits an alternative and what stands beside it.
fn both(beside: &Map<String, Value>, alternative: &Value) -> Value {
    let mut together = match alternative {
        Value::Bool(true) => Map::new(),
        Value::Object(own) => own.clone(),
        other => return other.clone(),
    };
    for (keyword, value) in beside {
        match (keyword.as_str(), together.get_mut(keyword), value) {
            ("properties" | "patternProperties", Some(Value::Object(own)), Value::Object(more)) => {
                own.extend(more.clone());
            }
            ("required" | "allOf", Some(Value::Array(own)), Value::Array(more)) => {
                let more = more.iter().filter(|one| !own.contains(one)).cloned();
                let more: Vec<_> = more.collect();
                own.extend(more);
            }
            ("oneOf" | "anyOf", Some(_), more) => {
                let alternatives = Map::from_iter([(keyword.clone(), more.clone())]);
                let all = together.entry("allOf").or_insert(Value::Array(Vec::new()));
                if let Value::Array(all) = all {
                    all.push(Value::Object(alternatives));
                }
            }
            (_, Some(_), _) => {}
            (_, None, value) => {
                together.insert(keyword.clone(), value.clone());
            }
        }
    }
    Value::Object(together)
}

/// What a schema of several types says about one of them.
fn of_type(keywords: &Map<String, Value>, word: &str) -> Map<String, Value> {
    let mut one: Map<_, _> = keywords
        .iter()
        .filter(|(keyword, _)| !is_annotation(keyword) && pertains(keyword, word))
        .map(|(keyword, value)| (keyword.clone(), value.clone()))
        .collect();
    one.insert("type".to_owned(), word.into());
    if let Some(Value::Array(values)) = one.get_mut("enum") {
        values.retain(|value| is_of(value, word));
    }
    one
}

/// Whether a keyword says something about values of a type.
fn pertains(keyword: &str, word: &str) -> bool {
    match keyword {
        "enum" | "const" => true,
        "properties"
        | "patternProperties"
        | "additionalProperties"
        | "unevaluatedProperties"
        | "propertyNames"
        | "required"
        | "minProperties"
        | "maxProperties" => word == "object",
        "items" | "prefixItems" | "minItems" | "maxItems" | "uniqueItems" | "contains" => {
            word == "array"
        }
        "minLength" | "maxLength" | "pattern" => word == "string",
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => {
            matches!(word, "integer" | "number")
        }
        "format" => matches!(word, "integer" | "number" | "string"),
        _ => !matches!(word, "null" | "boolean"),
    }
}

/// Whether a value is of a type.
pub(super) fn is_of(value: &Value, word: &str) -> bool {
    match value {
        Value::Null => word == "null",
        Value::Bool(_) => word == "boolean",
        Value::Number(number) => {
            word == "number" || word == "integer" && (number.is_i64() || number.is_u64())
        }
        Value::String(_) => word == "string",
        Value::Array(_) => word == "array",
        Value::Object(_) => word == "object",
    }
}
