//! Payloads as a program reads and writes them.

use std::error::Error;

use ironflow_domain::{Event, EventKind, Timestamp};
use serde_json::Value;

use super::example;
use crate::append;

/// The events that examples made from a schema are read as.
pub(super) fn made<E: Event>(kind: &EventKind, schema: &Value) -> Result<Vec<E>, String> {
    let mut first_refusal = None;
    for key in example::KEYS {
        let made = example::examples(schema, key).map_err(|path| endless(kind, &path))?;
        let mut events = Vec::new();
        let refusal = made.iter().find_map(|example| {
            match read::<E>(&[(kind.name, kind.version.get(), example)]) {
                Ok(read) => {
                    events.extend(read);
                    None
                }
                Err(why) => Some(format!(
                    "an example of {} was made from its schema, and {why}\n    {example}\n  Give the type that refuses it \
                     an example that fits: `#[schemars(example = …)]`.",
                    kind.name
                )),
            }
        });
        match refusal {
            None => return Ok(events),
            // Another key may fit; where none does, it is not for the key.
            Some(refusal) => first_refusal = first_refusal.or(Some(refusal)),
        }
    }
    Err(first_refusal.unwrap_or_default())
}

/// What examples are stored with, so that an upcaster finds what it looks for.
const METADATA: &str = r#"{"causationId":"cmd-1","correlationId":"cmd-1","tenantId":"tenant-1",
    "traceId":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","issuedBy":"somebody",
    "issuedAt":"2026-04-17T14:22:01Z","command":"some-command"}"#;

/// Reads payloads that were stored one after the other in one append.
pub(super) fn read<E: Event>(stored: &[(&str, u32, &Value)]) -> Result<Vec<E>, String> {
    let time = Timestamp::from_micros(1_776_435_721_000_000);
    append::read(stored.iter().copied(), METADATA, time)
        .map_err(|error| format!("cannot be read: {}", with_causes(&error.source)))
}

/// The payload that an event is stored with.
pub(super) fn written<E: Event>(event: &E) -> Result<Value, String> {
    let written = event.encode().map_err(|error| with_causes(&error))?;
    serde_json::from_str(&written).map_err(|error| with_causes(&error))
}

/// An error and its causes, in one line.
fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let texts: Vec<_> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}

fn endless(kind: &EventKind, path: &str) -> String {
    let field = match path {
        "" => "its type".to_owned(),
        path => format!("`{path}`"),
    };
    format!(
        "{} can never happen: {field} holds another value of its own type, which holds another, without end\n  Let it end: \
         `Option<…>`, a list, or a variant that holds none.",
        kind.name
    )
}
