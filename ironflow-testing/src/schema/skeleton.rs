//! Code to paste: a new version and the step to it.

use std::fmt::Write as _;

use ironflow_domain::EventKind;
use serde_json::{Map, Value};

/// The declaration of the next version, the old shape, and the step from it. What only the user can
/// know is `…`, which does not compile.
pub(super) fn upcast(kind: &EventKind, set: &str, old: &Value, new: &Value) -> String {
    let version = kind.version.get();
    let ident = kind.ident;
    let (variant, target) = match kind.payload {
        Some(payload) => (format!("{ident}({payload})"), payload),
        None => (format!("{ident} {{ … }}"), set),
    };
    let (Some(old), Some(new)) = (fields(old), fields(new)) else {
        let list = list(version, "serde_json::Value");
        return format!(
            "#[event(version = {}, upcast({list}))]\n{variant},\n\nimpl Upcast<serde_json::Value> for {target} {{\n    fn \
             upcast(old: serde_json::Value, event: &EventRef<'_>) -> UpcastResult<Self> {{\n        …\n    }}\n}}",
            version + 1
        );
    };
    let before = format!("{ident}V{version}");
    let list = list(version, &before);
    let constructor = match kind.payload {
        Some(_) => "Self".to_owned(),
        None => format!("Self::{ident}"),
    };
    let mut code = format!(
        "#[event(version = {}, upcast({list}))]\n{variant},\n\n#[derive(Deserialize)]\nstruct {before} {{\n",
        version + 1
    );
    for (name, schema) in old {
        let field = Field::of(name);
        let (rust_type, comment) = match new.get(name) {
            Some(now) if now == schema => ("…".to_owned(), " // the type it has today"),
            Some(_) => (rust_type(schema), ""),
            None => (rust_type(schema), " // gone"),
        };
        let Field { renamed, ident } = field;
        let _ = writeln!(code, "{renamed}    {ident}: {rust_type},{comment}");
    }
    let _ = write!(
        code,
        "}}\n\nimpl From<{before}> for {target} {{\n    fn from(old: {before}) -> Self {{\n        {constructor} {{\n"
    );
    for (name, schema) in new {
        let ident = Field::of(name).ident;
        let value = if old.get(name) == Some(schema) {
            format!("old.{ident}")
        } else {
            "…".to_owned()
        };
        let _ = writeln!(code, "            {ident}: {value},");
    }
    code.push_str("        }\n    }\n}");
    code
}

/// The shapes there will be, the last one being `before`.
fn list(version: u32, before: &str) -> String {
    if version == 1 {
        before.to_owned()
    } else {
        format!("…, {before}")
    }
}

/// The fields of a payload that is nothing but an object with fields.
fn fields(schema: &Value) -> Option<&Map<String, Value>> {
    let is_plain = ["oneOf", "anyOf", "additionalProperties"]
        .iter()
        .all(|keyword| schema.get(keyword).is_none());
    schema
        .get("properties")
        .filter(|_| is_plain)
        .and_then(Value::as_object)
}

/// A field as it would be declared.
struct Field {
    /// The attribute that gives it its stored name, where Rust would not write it like that.
    renamed: String,
    ident: String,
}

impl Field {
    fn of(stored: &str) -> Self {
        let mut ident = String::new();
        for c in stored.chars() {
            if c.is_uppercase() && !ident.is_empty() && !ident.ends_with('_') {
                ident.push('_');
            }
            ident.extend(
                c.to_lowercase()
                    .map(|c| if c.is_alphanumeric() { c } else { '_' }),
            );
        }
        let renamed = if ident == stored {
            String::new()
        } else {
            format!("    #[serde(rename = {stored:?})]\n")
        };
        if is_keyword(&ident) {
            ident = format!("r#{ident}");
        }
        Self { renamed, ident }
    }
}

/// Words a field may well be called by, and cannot be without `r#`.
fn is_keyword(ident: &str) -> bool {
    matches!(
        ident,
        "as" | "async"
            | "await"
            | "box"
            | "break"
            | "const"
            | "continue"
            | "do"
            | "dyn"
            | "else"
            | "enum"
            | "extern"
            | "false"
            | "final"
            | "fn"
            | "for"
            | "gen"
            | "if"
            | "impl"
            | "in"
            | "let"
            | "loop"
            | "macro"
            | "match"
            | "mod"
            | "move"
            | "mut"
            | "override"
            | "priv"
            | "pub"
            | "ref"
            | "return"
            | "static"
            | "struct"
            | "trait"
            | "true"
            | "try"
            | "type"
            | "unsafe"
            | "use"
            | "virtual"
            | "where"
            | "while"
            | "yield"
    )
}

/// The type a field most likely had; `…` where that cannot be told.
fn rust_type(schema: &Value) -> String {
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let format = schema.get("format").and_then(Value::as_str);
    let is_optional = types.contains(&"null");
    let types: Vec<_> = types.into_iter().filter(|word| *word != "null").collect();
    let has = |keyword: &str| schema.get(keyword).is_some();
    let plain = match (types.as_slice(), format) {
        (["string"], None) if !has("enum") && !has("const") => "String".to_owned(),
        (["boolean"], _) => "bool".to_owned(),
        (["number"], Some("float")) => "f32".to_owned(),
        (["number"], _) => "f64".to_owned(),
        (["integer"], Some("uint")) => "usize".to_owned(),
        (["integer"], Some("int")) => "isize".to_owned(),
        (["integer"], Some(format)) => format.replace("uint", "u").replace("int", "i"),
        (["integer"], None) => "i64".to_owned(),
        (["array"], _) if !has("prefixItems") && !has("maxItems") => {
            let items = schema
                .get("items")
                .map_or_else(|| "…".to_owned(), rust_type);
            format!("Vec<{items}>")
        }
        _ => "…".to_owned(),
    };
    if is_optional && plain != "…" {
        format!("Option<{plain}>")
    } else {
        plain
    }
}
