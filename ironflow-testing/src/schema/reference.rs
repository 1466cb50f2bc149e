//! What a schema refers to.

use serde_json::Value;

/// What `reference` leads to in the document `root`.
pub(super) fn target<'a>(root: &'a Value, reference: &str) -> Option<&'a Value> {
    root.pointer(&percent_decoded(reference.strip_prefix('#')?)?)
}

/// A reference is part of an address, in which most characters are written as their bytes.
fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let byte = u8::from_str_radix(part.get(..2)?, 16).ok()?;
        bytes.push(byte);
        bytes.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::target;

    #[test]
    fn a_name_is_found_however_it_is_written() {
        let root = json!({ "$defs": { "a/b": 1, "Größe": 2, "Of<T>": 3 } });
        assert_eq!(target(&root, "#/$defs/a~1b"), Some(&json!(1)));
        assert_eq!(target(&root, "#/$defs/Gr%C3%B6%C3%9Fe"), Some(&json!(2)));
        assert_eq!(target(&root, "#/$defs/Of%3CT%3E"), Some(&json!(3)));
        assert_eq!(target(&root, "#"), Some(&root));
        assert_eq!(target(&root, "#/$defs/%G0"), None);
        assert_eq!(target(&root, "elsewhere"), None);
    }
}
