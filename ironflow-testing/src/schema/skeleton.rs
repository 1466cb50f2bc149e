//! Code to paste: a new version and the step to it.

use std::fmt::Write as _;

use ironflow_domain::EventKind;
use serde_json::Value;

/// The declaration of the next version, the old shape, and the step from it.
pub(super) fn upcast(kind: &EventKind, set: &str, old: &Value, new: &Value) -> String {
    let version = kind.version.get();
    let ident = kind.ident;
    let before = format!("{ident}V{version}");
    let list = if version == 1 {
        before.clone()
    } else {
        format!("…, {before}")
    };
    let (variant, target) = match kind.payload {
        Some(payload) => (format!("{ident}({payload})"), payload.to_owned()),
        None => (format!("{ident} {{ … }}"), set.to_owned()),
    };
    let constructor = match kind.payload {
        Some(_) => "Self".to_owned(),
        None => format!("Self::{ident}"),
    };
    let mut code = format!(
        "#[event(version = {}, upcast({list}))]\n{variant},\n\n#[derive(Deserialize)]\nstruct {before} {{\n",
        version + 1
    );
    let old_fields = fields(old);
    for (name, schema) in &old_fields {
        let _ = writeln!(code, "    {name}: {},", rust_type(schema));
    }
    let _ = write!(
        code,
        "}}\n\nimpl From<{before}> for {target} {{\n    fn from(old: {before}) -> Self {{\n        {constructor} {{\n"
    );
    for (name, _) in fields(new) {
        let is_old = old_fields.iter().any(|(known, _)| *known == name);
        let value = if is_old {
            format!("old.{name}")
        } else {
            "…".to_owned()
        };
        let _ = writeln!(code, "            {name}: {value},");
    }
    code.push_str("        }\n    }\n}");
    code
}

fn fields(schema: &Value) -> Vec<(&str, &Value)> {
    let fields = schema.get("properties").and_then(Value::as_object);
    fields
        .into_iter()
        .flatten()
        .map(|(name, schema)| (name.as_str(), schema))
        .collect()
}

/// The type a field most likely had.
fn rust_type(schema: &Value) -> String {
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let format = schema.get("format").and_then(Value::as_str);
    let is_optional = types.contains(&"null");
    let types: Vec<_> = types.into_iter().filter(|word| *word != "null").collect();
    let plain = match (types.as_slice(), format) {
        (["string"], _) => "String".to_owned(),
        (["boolean"], _) => "bool".to_owned(),
        (["number"], Some("float")) => "f32".to_owned(),
        (["number"], _) => "f64".to_owned(),
        (["integer"], Some("uint")) => "usize".to_owned(),
        (["integer"], Some("int")) => "isize".to_owned(),
        (["integer"], Some(format)) => format.replace("uint", "u").replace("int", "i"),
        (["integer"], None) => "i64".to_owned(),
        (["array"], _) if schema.get("prefixItems").is_none() => {
            let items = schema.get("items").map_or_else(json, rust_type);
            format!("Vec<{items}>")
        }
        _ => json(),
    };
    if is_optional {
        format!("Option<{plain}>")
    } else {
        plain
    }
}

fn json() -> String {
    "serde_json::Value".to_owned()
}
