//! A JSON value as it is written in `json!`.

use std::fmt::Write as _;

use serde_json::Value;

use super::rust::grouped;

/// The longest line that a value is put on.
const WIDTH: usize = 92;

/// The value, as code that begins in that column; its other lines are indented by so many spaces.
pub(super) fn json(value: &Value, column: usize, indent: usize) -> String {
    let flat = flat(value);
    if column + flat.chars().count() <= WIDTH {
        return flat;
    }
    match value {
        Value::Array(list) => {
            let lines = list
                .iter()
                .map(|element| json(element, indent + 4, indent + 4));
            tall('[', lines, ']', indent)
        }
        Value::Object(object) => {
            let lines = object.iter().map(|(key, value)| {
                let key = format!("{key:?}: ");
                let column = indent + 4 + key.chars().count();
                format!("{key}{}", json(value, column, indent + 4))
            });
            tall('{', lines, '}', indent)
        }
        _ => flat,
    }
}

fn tall(open: char, lines: impl Iterator<Item = String>, close: char, indent: usize) -> String {
    let mut text = String::from(open);
    for line in lines {
        // Writing to a string does not fail.
        let _ = write!(text, "\n{:1$}{line},", "", indent + 4);
    }
    let _ = write!(text, "\n{:indent$}{close}", "");
    text
}

fn flat(value: &Value) -> String {
    match value {
        // A number without a type is an `i32`, which a large one does not fit.
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (_, Some(small)) if i32::try_from(small).is_ok() => grouped(&small.to_string()),
            (Some(large), _) => format!("{}_u64", grouped(&large.to_string())),
            (None, Some(large)) => format!("{}_i64", grouped(&large.to_string())),
            // The form that `Debug` has of a float is one in Rust.
            (None, None) => format!("{:?}", number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => format!("{text:?}"),
        Value::Array(list) => {
            let list: Vec<_> = list.iter().map(flat).collect();
            format!("[{}]", list.join(", "))
        }
        Value::Object(object) if object.is_empty() => "{}".to_owned(),
        Value::Object(object) => {
            let entries = object
                .iter()
                .map(|(key, value)| format!("{key:?}: {}", flat(value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Value::Null | Value::Bool(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn what_is_written_is_the_value() {
        let value = json!({
            "a": [1, -1, 5_000_000_000_u64, -5_000_000_000_i64, 0.1, f64::MAX],
            "b": { "\n\"é😀": null, "c": {} },
            "d": [true, []],
        });
        assert_eq!(
            super::json(&value["a"], 0, 0),
            "[1, -1, 5_000_000_000_u64, -5_000_000_000_i64, 0.1, 1.7976931348623157e308]"
        );
        assert_eq!(
            super::json(&value["b"], 0, 0),
            r#"{ "\n\"é😀": null, "c": {} }"#
        );
        assert_eq!(
            super::json(&value["d"], 90, 4),
            "[\n        true,\n        [],\n    ]"
        );
    }
}
