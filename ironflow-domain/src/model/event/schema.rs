//! What the payloads of a set of events look like, as JSON Schema.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use super::Event;
use crate::{
    Command, CommandId, EventId, Position, SchemaVersion, StreamId, StreamVersion, Timestamp,
};

/// A set of events that can tell the shapes of its payloads.
///
/// [`#[event]`](macro@crate::event) writes it where the enum derives `JsonSchema` below it. The
/// schemas are those of the stored form, whatever other form the enum may have.
///
/// ```
/// use ironflow_domain::{Described, event};
/// # use schemars::JsonSchema;
///
/// #[event("account")]
/// #[derive(JsonSchema)]
/// pub enum AccountEvent {
///     Opened { owner: String },
///     Closed,
/// }
///
/// let schemas = AccountEvent::schemas();
/// assert_eq!(schemas[0].as_value()["properties"]["owner"]["type"], "string");
/// assert_eq!(schemas[1].as_value()["type"], "object");
/// ```
#[diagnostic::on_unimplemented(
    message = "the shapes of `{Self}` are not known",
    label = "it does not derive `JsonSchema`",
    note = "add `#[derive(schemars::JsonSchema)]` below `#[event(…)]` on `{Self}`, and to the types of its payloads"
)]
pub trait Described: Event {
    /// The schema of each kind's payload, in the order of [`KINDS`](Event::KINDS). Each is a
    /// document of its own, with the types it refers to in its `$defs`.
    fn schemas() -> Vec<Schema>;
}

/// The schemas of the variants of `D`, a copy of the enum `E` that has the stored form in it.
#[must_use]
pub fn schemas<E: Event, D: JsonSchema>() -> Vec<Schema> {
    let root = root_of::<D>();
    let payloads = E::KINDS
        .iter()
        .map(|kind| payload(&root, kind.ident).unwrap_or_default());
    payloads.map(|payload| document(&root, payload)).collect()
}

/// The schemas of the kinds of a command. Those of an enum are the contents of its variants; nothing
/// where the enum calls them something else in JSON.
pub(crate) fn of_command<C: Command + JsonSchema>() -> Vec<Option<Schema>> {
    let root = root_of::<C>();
    if !C::IS_ENUM {
        return vec![Some(root)];
    }
    let variants = C::KINDS.iter().map(|kind| {
        let is_named = |names: &Value| {
            let names = names.as_array().into_iter().flatten();
            names.into_iter().any(|name| name == kind.ident)
        };
        let alternatives = root.get("oneOf").and_then(Value::as_array);
        let is_unit = |schema: &Value| {
            schema.get("enum").is_some_and(is_named)
                || schema.get("const").is_some_and(|name| name == kind.ident)
        };
        let is_known = alternatives.into_iter().flatten().any(|schema| {
            is_unit(schema)
                || schema
                    .pointer(&format!("/properties/{}", kind.ident))
                    .is_some()
        });
        let is_known = is_known || root.get("enum").is_some_and(is_named);
        let content = is_known.then(|| payload(&root, kind.ident)).flatten();
        content.map(|content| document(&root, content))
    });
    variants.collect()
}

fn root_of<T: JsonSchema>() -> Schema {
    // Types are referred to: those that hold one another could not be written out.
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
    settings.into_generator().into_root_schema_for::<T>()
}

/// A part of `root` as a schema of its own.
fn document(root: &Schema, part: Map<String, Value>) -> Schema {
    let mut part = referred(root, part);
    let definitions = reached(root, &part);
    if !definitions.is_empty() {
        part.insert("$defs".to_owned(), Value::Object(definitions));
    }
    Schema::from(part)
}

/// The schema of a variant's content, in that of an enum whose variants are properties.
fn payload(root: &Schema, variant: &str) -> Option<Map<String, Value>> {
    // An enum of nothing but variants without fields has none.
    let alternatives = root.get("oneOf").and_then(Value::as_array);
    let content = alternatives
        .into_iter()
        .flatten()
        .find_map(|alternative| alternative.get("properties")?.get(variant));
    match content {
        Some(Value::Object(content)) => Some(content.clone()),
        // Anything goes.
        Some(_) => Some(Map::new()),
        // A variant without fields is a text there; it is stored as an object.
        None => json_schema!({ "type": "object" }).as_object().cloned(),
    }
}

/// What a payload refers to, where it is nothing but a reference. A type that contains itself stays
/// one: it would be there twice.
fn referred(root: &Schema, mut payload: Map<String, Value>) -> Map<String, Value> {
    loop {
        let is_all = payload.keys().all(|keyword| {
            matches!(
                keyword.as_str(),
                "$ref" | "title" | "description" | "examples" | "deprecated"
            )
        });
        let reference = payload.get("$ref").filter(|_| is_all).cloned();
        let target = |reference: &Value| root.pointer(reference.as_str()?)?.as_object();
        let Some(definition) = reference.as_ref().and_then(target) else {
            return payload;
        };
        let within = reached(root, definition);
        let contains = |one: &Value| one.as_object().is_some_and(|one| one == definition);
        if within.values().any(contains) {
            return payload;
        }
        payload.remove("$ref");
        let mut definition = definition.clone();
        // What the variant says of itself counts.
        definition.extend(payload);
        payload = definition;
    }
}

/// The definitions a payload refers to, and those they refer to.
fn reached(root: &Schema, payload: &Map<String, Value>) -> Map<String, Value> {
    let Some(Value::Object(definitions)) = root.get("$defs") else {
        return Map::new();
    };
    // A reference writes a name in its own way: what it leads to tells the name.
    let name_of = |reference: &Value| {
        let target = root.pointer(reference.as_str()?)?;
        let mut named = definitions.iter();
        named.find_map(|(name, schema)| std::ptr::eq(schema, target).then_some(name))
    };
    let mut names = BTreeSet::new();
    let mut left = vec![payload];
    let mut values = Vec::new();
    while let Some(keywords) = left.pop() {
        if let Some(name) = keywords.get("$ref").and_then(name_of)
            && names.insert(name)
        {
            values.extend(definitions.get(name));
        }
        values.extend(keywords.values());
        while let Some(value) = values.pop() {
            match value {
                Value::Object(keywords) => left.push(keywords),
                Value::Array(items) => values.extend(items),
                _ => {}
            }
        }
    }
    names
        .into_iter()
        .filter_map(|name| Some((name.clone(), definitions.get(name)?.clone())))
        .collect()
}

/// The schemas of our own types, which payloads may have in them.
macro_rules! schema_of {
    ($($type:ident: $schema:tt,)*) => {
        $(
            impl JsonSchema for $type {
                fn schema_name() -> std::borrow::Cow<'static, str> {
                    stringify!($type).into()
                }

                fn inline_schema() -> bool {
                    true
                }

                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    json_schema!($schema)
                }
            }
        )*
    };
}

schema_of! {
    CommandId: { "type": "string", "examples": ["cmd-1"] },
    EventId: { "type": "string", "format": "uuid" },
    Position: { "type": "string", "examples": ["17"] },
    SchemaVersion: { "type": "integer", "format": "uint32", "minimum": 0 },
    StreamId: { "type": "string", "examples": ["order-1"] },
    StreamVersion: { "type": "integer", "format": "uint64", "minimum": 0 },
    Timestamp: { "type": "string", "format": "date-time" },
}

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;

    fn reads<T: JsonSchema + DeserializeOwned>(example: &Value) {
        let schema = T::json_schema(&mut SchemaGenerator::default());
        if let Some(examples) = schema.get("examples") {
            assert_eq!(examples, &Value::from(vec![example.clone()]));
        }
        if let Err(error) = serde_json::from_value::<T>(example.clone()) {
            panic!("{}: {error}", T::schema_name());
        }
    }

    #[test]
    fn what_fits_a_schema_of_ours_can_be_read() {
        reads::<CommandId>(&"cmd-1".into());
        reads::<EventId>(&"3f2b8c1e-5d47-4a6b-9e0f-7c1a2b3d4e5f".into());
        reads::<Position>(&"17".into());
        reads::<SchemaVersion>(&1.into());
        reads::<StreamId>(&"order-1".into());
        reads::<StreamVersion>(&1.into());
        reads::<Timestamp>(&"2026-04-17T14:22:01Z".into());
    }
}
