//! What a command says, as one number.

use serde_json::Value;

use crate::model::shape::Hash;

/// A hash of what a JSON text says; nothing where it is none.
///
/// The order of lists does not count: that of a set may be another each time it is written. These
/// hashes are stored: another one would make every repeat of an earlier command another command.
pub(super) fn hash(json: &str) -> Option<String> {
    let value = serde_json::from_str(json).ok()?;
    Some(format!("{:016x}", hash_value(&value)))
}

/// A hash of several commands in their order: of the stream, the name and what it says, of each.
pub(super) fn hash_all<'c>(
    commands: impl Iterator<Item = (&'c str, &'c str, Option<&'c str>)>,
) -> String {
    let hash = commands.fold(Hash::of("transaction"), |hash, (stream, name, content)| {
        let hash = hash.text(stream).text(name);
        hash.text(content.unwrap_or_default())
    });
    format!("{:016x}", hash.finish())
}

fn hash_value(value: &Value) -> u64 {
    let hash = match value {
        Value::Null => Hash::of("null"),
        Value::Bool(value) => Hash::of("boolean").number((*value).into()),
        Value::Number(number) => Hash::of("number").text(&number.to_string()),
        Value::String(text) => Hash::of("text").text(text),
        Value::Array(values) => {
            let mut hashes: Vec<_> = values.iter().map(hash_value).collect();
            hashes.sort_unstable();
            hashes.into_iter().fold(Hash::of("list"), Hash::number)
        }
        Value::Object(fields) => {
            let hash = |(name, value): (&String, &Value)| {
                let hash = Hash::of("field").text(name);
                hash.number(hash_value(value)).finish()
            };
            Hash::of("object").set(fields.iter().map(hash))
        }
    };
    hash.finish()
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn what_says_the_same_has_the_same_hash() {
        let same = [
            r#"{ "a": [1, 2, 2], "b": { "x": null, "y": true } }"#,
            r#"{"b":{"y":true,"x":null},"a":[2,1,2]}"#,
        ];
        assert_eq!(hash(same[0]), hash(same[1]));
        // Stored hashes are forever.
        assert_eq!(hash(same[0]).as_deref(), Some("15f3f928d7e82e10"));
        for other in [
            r#"{ "a": [1, 2], "b": { "x": null, "y": true } }"#,
            r#"{ "a": [1, 2, 3], "b": { "x": null, "y": true } }"#,
            r#"{ "a": [1, 2, 2], "b": { "x": null, "y": "true" } }"#,
            r#"{ "a": [1, 2, 2], "b": { "y": true } }"#,
            r#"{ "a": [1, 2, 2] }"#,
        ] {
            assert_ne!(hash(same[0]), hash(other), "{other}");
        }
        assert_eq!(hash("{"), None);
    }
}
