//! What the payloads of a set of events look like, as JSON Schema.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Map, Value};

use super::Event;

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
    /// The schema of each kind's payload, in the order of [`KINDS`](Event::KINDS).
    fn schemas() -> Vec<Schema>;
}

/// The schemas of the variants of `D`, a copy of the enum `E` that has the stored form in it.
#[must_use]
pub fn schemas<E: Event, D: JsonSchema>() -> Vec<Schema> {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    let root = Value::from(settings.into_generator().into_root_schema_for::<D>());
    let definitions = root.get("$defs");
    E::KINDS
        .iter()
        .map(|kind| {
            let mut payload = payload(&root, kind.ident).unwrap_or_default();
            // A type that contains itself cannot be written out; it refers to its definition.
            if let Some(definitions) = definitions
                && refers(&payload)
            {
                payload.insert("$defs".to_owned(), definitions.clone());
            }
            Schema::from(payload)
        })
        .collect()
}

fn refers(schema: &Map<String, Value>) -> bool {
    schema.contains_key("$ref")
        || schema.values().any(|value| match value {
            Value::Object(schema) => refers(schema),
            Value::Array(schemas) => schemas.iter().filter_map(Value::as_object).any(refers),
            _ => false,
        })
}

/// The schema of a variant's content, in that of an enum whose variants are properties.
fn payload(root: &Value, variant: &str) -> Option<Map<String, Value>> {
    let alternatives = root.get("oneOf")?.as_array()?;
    let content = alternatives
        .iter()
        .find_map(|alternative| alternative.get("properties")?.get(variant));
    match content {
        Some(Value::Object(content)) => Some(content.clone()),
        // Anything goes.
        Some(_) => Some(Map::new()),
        // A variant without fields is a text there; it is stored as an object.
        None => json_schema!({ "type": "object" }).as_object().cloned(),
    }
}
