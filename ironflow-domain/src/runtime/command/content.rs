//! What a command says, as one number.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::model::shape::Hash;

/// A hash of what a JSON text says; nothing where it is none.
///
/// The order of lists does not count: that of a set may be another each time it is written. These
/// hashes are stored: another one would make every repeat of an earlier command another command.
pub(super) fn hash(json: &str) -> Option<String> {
    let value = serde_json::from_str(json).ok()?;
    Some(format!("{:016x}", hash_value(value)?))
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

/// Numbers count as they are written: the largest do not fit into any type of ours.
fn hash_value(value: &RawValue) -> Option<u64> {
    let text = value.get();
    let hash = match text.as_bytes().first()? {
        b'{' => {
            let fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(text).ok()?;
            let hash = |(name, value): (&Cow<'_, str>, &&RawValue)| {
                let hash = Hash::of("field").text(name);
                Some(hash.number(hash_value(value)?).finish())
            };
            let hashes = fields.iter().map(hash).collect::<Option<Vec<_>>>()?;
            Hash::of("object").set(hashes)
        }
        b'[' => {
            let values: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            let hashes = values.into_iter().map(hash_value);
            let mut hashes = hashes.collect::<Option<Vec<_>>>()?;
            hashes.sort_unstable();
            hashes.into_iter().fold(Hash::of("list"), Hash::number)
        }
        b'"' => Hash::of("text").text(&serde_json::from_str::<String>(text).ok()?),
        _ => Hash::of("word").text(text),
    };
    Some(hash.finish())
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
        assert_eq!(hash(same[0]).as_deref(), Some("14b5c2ebc603ba74"));
        for other in [
            r#"{ "a": [1, 2], "b": { "x": null, "y": true } }"#,
            r#"{ "a": [1, 2, 3], "b": { "x": null, "y": true } }"#,
            r#"{ "a": [1, 2, 2], "b": { "x": null, "y": "true" } }"#,
            r#"{ "a": [1, 2, 2], "b": { "y": true } }"#,
            r#"{ "a": [1, 2, 2] }"#,
            r#"{ "a": [1, 2, 2.5], "b": { "x": null, "y": true } }"#,
        ] {
            assert_ne!(hash(same[0]), hash(other), "{other}");
        }
        let large = "340282366920938463463374607431768211455";
        assert_ne!(hash(large), hash(&large.replace("455", "454")));
        assert_eq!(hash(r#""\u00e9""#), hash(r#""é""#));
        assert_eq!(hash("{"), None);
    }
}
