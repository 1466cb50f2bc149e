//! Code to paste: a new version and the step to it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ironflow_domain::EventKind;
use serde_json::{Map, Value};

use super::compare::Comparison;
use super::reference::target;

/// The declaration of the next version, the old shape, and the step from it. What only the user can
/// know is `…`, which does not compile.
pub(super) fn upcast(kind: &EventKind, set: &str, old: &Value, new: &Value) -> String {
    let version = kind.version.get();
    let ident = kind.ident;
    let (variant, target) = match kind.payload {
        Some(payload) => (format!("{ident}({payload})"), payload),
        None => (format!("{ident} {{ … }}"), set),
    };
    let (old_root, new_root) = (old, new);
    let (Some(old), Some(new)) = (fields(old), fields(new)) else {
        let list = list(version, "serde_json::Value");
        return format!(
            "#[event(version = {}, upcast({list}))]\n{variant},\n\n{}",
            version + 1,
            upcast_from_json(target)
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
            Some(now) if is_same((schema, old_root), (now, new_root)) => {
                ("…".to_owned(), " // the type it has today")
            }
            Some(_) => (rust_type(schema, old_root), ""),
            None => (rust_type(schema, old_root), " // gone"),
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
        let value = match old.get(name) {
            Some(was) if is_same((was, old_root), (schema, new_root)) => format!("old.{ident}"),
            _ => "…".to_owned(),
        };
        let _ = writeln!(code, "            {ident}: {value},");
    }
    code.push_str("        }\n    }\n}");
    code
}

/// What becomes of an event that no variant stands for any more: the shapes its declaration lists,
/// and the declaration with the last of them and the step from it.
pub(super) fn replaced(
    name: &str,
    version: u32,
    set: &str,
    old: Option<&Value>,
) -> (String, String) {
    let fields = old.and_then(|old| Some((old, fields(old)?)));
    let Some((root, fields)) = fields else {
        let list = list(version, "serde_json::Value");
        let code = format!("replaced(\"{name}\", {list})\n\n{}", upcast_from_json(set));
        return (list, code);
    };
    let mut before = type_name(name);
    if version > 1 {
        let _ = write!(before, "V{version}");
    }
    let list = list(version, &before);
    let mut code =
        format!("replaced(\"{name}\", {list})\n\n#[derive(Deserialize)]\nstruct {before} {{\n");
    for (name, schema) in fields {
        let Field { renamed, ident } = Field::of(name);
        let rust_type = rust_type(schema, root);
        let _ = writeln!(code, "{renamed}    {ident}: {rust_type},");
    }
    let _ = write!(
        code,
        "}}\n\nimpl From<{before}> for {set} {{\n    fn from(old: {before}) -> Self {{\n        …\n    }}\n}}"
    );
    (list, code)
}

/// The type an event of that stored name may have had: `order.payment_captured` is
/// `PaymentCaptured`.
fn type_name(stored: &str) -> String {
    let last = stored.rsplit('.').next().unwrap_or(stored);
    let words = last.split(|c: char| !c.is_alphanumeric());
    let name: String = words
        .flat_map(|word| {
            let mut letters = word.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters).collect::<Vec<_>>()
        })
        .collect();
    if name.starts_with(char::is_alphabetic) {
        name
    } else {
        "Old".to_owned()
    }
}

/// The step from a shape that is not worth a type.
fn upcast_from_json(target: &str) -> String {
    format!(
        "impl Upcast<serde_json::Value> for {target} {{\n    fn upcast(old: serde_json::Value, event: &EventRef<'_>) -> \
         UpcastResult<Self> {{\n        …\n    }}\n}}"
    )
}

/// The shapes there will be, the last one being `before`.
fn list(version: u32, before: &str) -> String {
    if version == 1 {
        before.to_owned()
    } else {
        format!("…, {before}")
    }
}

/// Whether two fields have the same shape; each with the document it is part of.
fn is_same((was, old): (&Value, &Value), (is, new): (&Value, &Value)) -> bool {
    let whole = |field: &Value, document: &Value| {
        let mut field = field.clone();
        if let (Value::Object(field), Some(definitions)) = (&mut field, document.get("$defs")) {
            field.insert("$defs".to_owned(), definitions.clone());
        }
        field
    };
    was.get("default") == is.get("default")
        && Comparison::of(&whole(was, old), &whole(is, new)).is_same()
}

/// What a schema refers to, where it is a reference.
fn referred<'a>(schema: &'a Value, document: &'a Value) -> &'a Value {
    let mut schema = schema;
    let mut seen = BTreeSet::new();
    while let Some(reference) = schema.get("$ref").and_then(Value::as_str)
        && seen.insert(reference)
        && let Some(definition) = target(document, reference)
    {
        schema = definition;
    }
    schema
}

/// The fields of a payload that is nothing but an object with fields.
fn fields(schema: &Value) -> Option<&Map<String, Value>> {
    let schema = referred(schema, schema);
    let is_plain = [
        "oneOf",
        "anyOf",
        "allOf",
        "additionalProperties",
        "patternProperties",
    ]
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
fn rust_type(schema: &Value, document: &Value) -> String {
    // A list of lists of itself goes on forever.
    rust_type_to(4, schema, document)
}

fn rust_type_to(depth: usize, schema: &Value, document: &Value) -> String {
    let schema = referred(schema, document);
    let has = |keyword: &str| schema.get(keyword).is_some();
    if let Some([one, other]) = schema
        .get("anyOf")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        && other.get("type").is_some_and(|word| word == "null")
    {
        return optional(plain_type(depth, referred(one, document), document));
    }
    let is_optional = schema.get("type").and_then(Value::as_array);
    let is_optional = is_optional.is_some_and(|types| types.iter().any(|word| word == "null"));
    let plain = plain_type(depth, schema, document);
    if is_optional && !has("enum") {
        optional(plain)
    } else {
        plain
    }
}

fn optional(plain: String) -> String {
    match plain.as_str() {
        "…" => plain,
        _ => format!("Option<{plain}>"),
    }
}

/// The type but for `null`.
fn plain_type(depth: usize, schema: &Value, document: &Value) -> String {
    let types: Vec<&str> = match schema.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let format = schema.get("format").and_then(Value::as_str);
    let types: Vec<_> = types.into_iter().filter(|word| *word != "null").collect();
    let has = |keyword: &str| schema.get(keyword).is_some();
    match (types.as_slice(), format) {
        (["string"], None) if !has("enum") && !has("const") => "String".to_owned(),
        (["boolean"], _) => "bool".to_owned(),
        (["number"], Some("float")) => "f32".to_owned(),
        (["number"], _) => "f64".to_owned(),
        (["integer"], Some("uint")) => "usize".to_owned(),
        (["integer"], Some("int")) => "isize".to_owned(),
        (["integer"], Some(format)) => format.replace("uint", "u").replace("int", "i"),
        (["integer"], None) => "i64".to_owned(),
        (["array"], _) if !has("prefixItems") && !has("maxItems") && depth > 0 => {
            let items = schema.get("items");
            let items = items.map(|items| rust_type_to(depth - 1, items, document));
            format!("Vec<{}>", items.unwrap_or_else(|| "…".to_owned()))
        }
        _ => "…".to_owned(),
    }
}
