//! The structure of what a type's `Default` is stored as.
//!
//! It shows something of what cannot be traced: a flattened part, an untagged enum. Values say
//! nothing about the shape; the keys of objects do.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde_json::Value;

use super::hash::Hash;

/// The structure as a number. Runs the code of `Default` and `Serialize`; a panic of those is
/// caught.
pub(super) fn default_form<T: Default + Serialize>() -> u64 {
    let form = || {
        let stored = catch_unwind(AssertUnwindSafe(|| serde_json::to_value(T::default())));
        stored.ok()?.ok().map(|value| structure(&value))
    };
    // Where it is another one every time, as with a random key, it says nothing.
    match (form(), form()) {
        (Some(one), Some(other)) if one == other => one,
        _ => Hash::of("no default").finish(),
    }
}

fn structure(value: &Value) -> u64 {
    match value {
        Value::Null => Hash::of("null"),
        Value::Bool(_) => Hash::of("bool"),
        Value::Number(number) if number.is_f64() => Hash::of("float"),
        Value::Number(_) => Hash::of("number"),
        Value::String(_) => Hash::of("text"),
        Value::Array(elements) => Hash::of("array").set(elements.iter().map(structure)),
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| {
                let field = Hash::of("field").text(key);
                field.number(structure(value)).finish()
            };
            Hash::of("object").set(fields.iter().map(field))
        }
    }
    .finish()
}
