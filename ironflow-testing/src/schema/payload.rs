//! Payloads as a program reads and writes them.

use std::collections::BTreeSet;
use std::error::Error;

use ironflow_domain::{DecodeError, Event, EventKind, Timestamp};
use serde_json::Value;

use super::example::{self, Numbers};
use crate::append::{self, METADATA, Place};
use crate::scenario::{catch, is_written_again};

/// Payloads of a version, as this program writes them.
pub(super) struct Made {
    pub(super) examples: Vec<Value>,
    /// With the least and the greatest numbers.
    pub(super) bounds: Vec<Value>,
}

/// Why there are no examples.
pub(super) enum Unmade {
    /// What fits the schema is not read.
    Refused(String),
    /// What is written is not read.
    Unreadable(String),
}

/// Makes examples from a schema, reads them, and writes them again.
pub(super) fn made<E: Event>(kind: &EventKind, schema: &Value) -> Result<Made, Unmade> {
    let mut refusal = None;
    for key in example::KEYS {
        match made_with::<E>(kind, schema, key) {
            // Another key may fit; where none does, it is not for the key.
            Err(Unmade::Refused(why)) => refusal = refusal.or(Some(why)),
            made => return made,
        }
    }
    Err(Unmade::Refused(refusal.unwrap_or_default()))
}

fn made_with<E: Event>(kind: &EventKind, schema: &Value, key: &str) -> Result<Made, Unmade> {
    let example = |numbers| {
        let examples = example::examples(schema, key, numbers);
        examples.map_err(|path| Unmade::Refused(endless(kind, &path)))
    };
    let read = |example: &Value| read::<E>(&[(kind.name, kind.version.get(), example)]);
    let usual = example(Numbers::Usual)?;
    let mut examples = Vec::new();
    for example in &usual {
        let events = read(example).map_err(|why| {
            Unmade::Refused(format!(
                "an example of {} was made from its schema, and {why}\n    {example}\n  Give the type that refuses it an \
                 example that fits: `#[schemars(example = …)]`.",
                kind.name
            ))
        })?;
        for event in &events {
            let written = written(event).map_err(Unmade::Unreadable)?;
            read(&written).map_err(|why| {
                Unmade::Unreadable(format!(
                    "what is written for {} {why}\n    {written}\n  What is left out or written otherwise by \
                     `skip_serializing`, `skip_serializing_if`, `serialize_with` or `rename(serialize = …)` must be read in \
                     that form: say so with `default`, `deserialize_with` or `rename(deserialize = …)`.",
                    kind.name
                ))
            })?;
            if !examples.contains(&written) {
                examples.push(written);
            }
        }
    }
    let mut bounds = Vec::new();
    let mut seen = BTreeSet::new();
    for numbers in [Numbers::Greatest, Numbers::Least] {
        for (usual, extreme) in usual.iter().zip(example(numbers)?) {
            let reads = |example: &Value| catch(|| read(example)).is_ok_and(|read| read.is_ok());
            let extreme = accepted(usual, &extreme, reads);
            // One example of each bound is enough.
            let mut is_new = false;
            for pointer in differing(usual, &extreme) {
                let bound = extreme.pointer(&pointer).map(ToString::to_string);
                is_new |= seen.insert((pointer, bound));
            }
            if is_new && let Ok(events) = read(&extreme) {
                for event in &events {
                    bounds.push(written(event).map_err(Unmade::Unreadable)?);
                }
            }
        }
    }
    Ok(Made { examples, bounds })
}

/// As many of the numbers of `extreme` as are read: a type may well refuse some of them.
fn accepted(usual: &Value, extreme: &Value, reads: impl Fn(&Value) -> bool) -> Value {
    if reads(extreme) {
        return extreme.clone();
    }
    let mut accepted = usual.clone();
    for pointer in differing(usual, extreme) {
        let before = accepted.clone();
        if let (Some(place), Some(bound)) =
            (accepted.pointer_mut(&pointer), extreme.pointer(&pointer))
        {
            bound.clone_into(place);
        }
        if !reads(&accepted) {
            accepted = before;
        }
    }
    accepted
}

/// Where two examples have another number; they are the same elsewhere.
fn differing(one: &Value, other: &Value) -> Vec<String> {
    let mut differing = Vec::new();
    let mut left = vec![(String::new(), one, other)];
    while let Some((path, one, other)) = left.pop() {
        match (one, other) {
            (Value::Object(one), Value::Object(other)) => {
                for (name, one) in one {
                    let escaped = name.replace('~', "~0").replace('/', "~1");
                    let other = other.get(name).map(|other| (one, other));
                    left.extend(
                        other.map(|(one, other)| (format!("{path}/{escaped}"), one, other)),
                    );
                }
            }
            (Value::Array(one), Value::Array(other)) => {
                let pairs = one.iter().zip(other).enumerate();
                left.extend(
                    pairs.map(|(place, (one, other))| (format!("{path}/{place}"), one, other)),
                );
            }
            (one, other) if one != other => differing.push(path),
            _ => {}
        }
    }
    differing.sort();
    differing
}

/// Reads payloads that were stored one after the other in one append.
pub(super) fn read<E: Event>(stored: &[(&str, u32, &Value)]) -> Result<Vec<E>, String> {
    let time = Timestamp::from_micros(1_776_435_721_000_000);
    append::read(&Place::first::<E>(), stored.iter().copied(), METADATA, time)
        .map_err(|error| format!("cannot be read: {}", with_causes(&error.source)))
}

/// Why a payload does not fit the type it is read as. Whether a step to the next shape takes it is
/// another question: no event may ever have had such great numbers.
pub(super) fn misfit<E: Event>(stored: &[(&str, u32, &Value)]) -> Option<String> {
    let time = Timestamp::from_micros(1_776_435_721_000_000);
    // A step that panics has been given what fits.
    match catch(|| append::read::<E>(&Place::first::<E>(), stored.iter().copied(), METADATA, time))
    {
        Ok(Err(error)) if matches!(error.source, DecodeError::Payload { .. }) => {
            Some(format!("cannot be read: {}", with_causes(&error.source)))
        }
        _ => None,
    }
}

/// The payload that an event is stored with.
pub(super) fn written<E: Event>(event: &E) -> Result<Value, String> {
    let written = event.encode().map_err(|error| with_causes(&error))?;
    serde_json::from_str(&written).map_err(|error| with_causes(&error))
}

/// Whether what old payloads are read as is written, read, and written alike again.
pub(super) fn written_again<E: Event>(events: &[E]) -> Result<(), String> {
    for event in events {
        if let Err(damage) = is_written_again(event) {
            let kind = event.kind();
            let evidence = damage.evidence.iter().map(|(label, text)| {
                let text = text.replace('\n', ", ");
                format!("\n    {:<8}{text}", label.to_lowercase())
            });
            return Err(format!(
                "is read as {} version {}, which {}{}",
                kind.name,
                kind.version,
                damage.what,
                evidence.collect::<String>()
            ));
        }
    }
    Ok(())
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
