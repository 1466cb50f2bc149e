//! From what `Debug` prints to Rust.
//!
//! A text becomes `"…".into()`, a list `[…].into()`, what is printed without quotes, as times and
//! ids are, `"…".parse().unwrap()`. The names of enums are not printed: those that are known are put
//! before their variants.

use std::collections::HashMap;
use std::fmt::{Debug, Write as _};

/// The longest line that a value is put on.
const WIDTH: usize = 92;

/// The enums that are known, by their variants.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, &'static str>);

impl Names {
    /// From the names that serde knows them by: variants are often written in another case there.
    pub(super) fn new<'e>(enums: impl IntoIterator<Item = &'e super::generator::Enum>) -> Self {
        let mut names = HashMap::new();
        for (name, variants) in enums {
            for variant in *variants {
                names.entry(plain(variant)).or_insert(*name);
            }
        }
        Self(names)
    }

    fn qualified(&self, name: &str) -> String {
        let known = ["Some", "None", "Ok", "Err", "true", "false"].contains(&name);
        match self.0.get(&plain(name)) {
            Some(r#enum) if !known && name.starts_with(char::is_uppercase) => {
                format!("{enum}::{name}")
            }
            _ => name.to_owned(),
        }
    }
}

fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// A value as Rust, indented by so many spaces but for its first line. `outer` is the name of its
/// type.
pub(super) fn rust(
    value: &(impl Debug + ?Sized),
    outer: &str,
    names: &Names,
    indent: usize,
) -> String {
    let debug = format!("{value:?}");
    let mut parser = Parser {
        text: &debug,
        names,
    };
    let parsed = parser.value().filter(|_| parser.text.is_empty());
    let Some(mut node) = parsed else {
        return debug;
    };
    node.name_outer(outer);
    let mut text = String::new();
    node.write(indent, &mut text);
    text
}

enum Node {
    /// What is written as it stands.
    Leaf(String),
    /// Something in brackets, with what is before and after it.
    Group {
        open: String,
        space: &'static str,
        inner: Vec<(String, Node)>,
        close: &'static str,
    },
}

impl Node {
    /// Puts the name of its enum before a variant.
    fn name_outer(&mut self, outer: &str) {
        let (Self::Leaf(name) | Self::Group { open: name, .. }) = self;
        let end = name
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(name.len());
        let is_qualified = name[end..].starts_with("::");
        if end > 0 && !outer.is_empty() && !is_qualified && &name[..end] != outer {
            name.insert_str(0, &format!("{outer}::"));
        }
    }

    fn flat(&self) -> String {
        match self {
            Self::Leaf(text) => text.clone(),
            Self::Group {
                open,
                space,
                inner,
                close,
            } => {
                let inner: Vec<_> = inner
                    .iter()
                    .map(|(label, node)| format!("{label}{}", node.flat()))
                    .collect();
                let space = if inner.is_empty() { "" } else { space };
                format!("{open}{space}{}{space}{close}", inner.join(", "))
            }
        }
    }

    fn write(&self, indent: usize, text: &mut String) {
        let flat = self.flat();
        match self {
            Self::Group {
                open, inner, close, ..
            } if indent + flat.chars().count() > WIDTH => {
                // A bracket around a single group needs no lines of its own.
                if let [(label, only @ Self::Group { .. })] = &inner[..]
                    && label.is_empty()
                {
                    text.push_str(open);
                    only.write(indent, text);
                    text.push_str(close);
                    return;
                }
                text.push_str(open);
                for (label, node) in inner {
                    // Writing to a string does not fail.
                    let _ = write!(text, "\n{:1$}{label}", "", indent + 4);
                    node.write(indent + 4, text);
                    text.push(',');
                }
                let _ = write!(text, "\n{:1$}{close}", "", indent);
            }
            _ => text.push_str(&flat),
        }
    }
}

struct Parser<'t> {
    text: &'t str,
    names: &'t Names,
}

impl Parser<'_> {
    fn eat(&mut self, text: &str) -> Option<()> {
        self.text = self.text.strip_prefix(text)?;
        Some(())
    }

    fn take(&mut self, bytes: usize) -> String {
        let (taken, rest) = self.text.split_at(bytes);
        self.text = rest;
        taken.to_owned()
    }

    fn value(&mut self) -> Option<Node> {
        match self.text.chars().next()? {
            '"' => Some(Node::Leaf(format!("{}.into()", self.quoted('"')?))),
            '\'' => Some(Node::Leaf(self.quoted('\'')?)),
            '[' => self.group("[", "]", "[".to_owned(), "", "].into()"),
            '(' => self.tuple(""),
            '{' => self.entries(),
            _ => self.named(),
        }
    }

    fn quoted(&mut self, quote: char) -> Option<String> {
        let mut is_escaped = false;
        let inner = self.text.get(1..)?;
        let end = inner.find(|c| {
            let is_end = c == quote && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            is_end
        })?;
        Some(self.take(end + 2))
    }

    fn group(
        &mut self,
        from: &str,
        to: &str,
        open: String,
        space: &'static str,
        close: &'static str,
    ) -> Option<Node> {
        self.eat(from)?;
        let mut inner = Vec::new();
        while self.eat(to).is_none() {
            inner.push((String::new(), self.value()?));
            if self.eat(", ").is_none() && self.eat(",").is_none() && !self.text.starts_with(to) {
                return None;
            }
        }
        Some(Node::Group {
            open,
            space,
            inner,
            close,
        })
    }

    fn tuple(&mut self, name: &str) -> Option<Node> {
        let is_named = !name.is_empty();
        let group = self.group("(", ")", format!("{name}("), "", ")")?;
        match group {
            // `(1,)` is not `(1)`.
            Node::Group { inner, .. } if inner.len() == 1 && !is_named => Some(Node::Group {
                open: "(".to_owned(),
                space: "",
                inner,
                close: ",)",
            }),
            group => Some(group),
        }
    }

    /// A map or a set.
    fn entries(&mut self) -> Option<Node> {
        self.eat("{")?;
        let mut inner = Vec::new();
        while self.eat("}").is_none() {
            let mut node = self.value()?;
            if self.eat(": ").is_some() {
                node = Node::Group {
                    open: "(".to_owned(),
                    space: "",
                    inner: vec![(String::new(), node), (String::new(), self.value()?)],
                    close: ")",
                };
            }
            inner.push((String::new(), node));
            if self.eat(", ").is_none() && !self.text.starts_with('}') {
                return None;
            }
        }
        Some(Node::Group {
            open: "[".to_owned(),
            space: "",
            inner,
            close: "].into()",
        })
    }

    fn named(&mut self) -> Option<Node> {
        let end = self
            .text
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(self.text.len());
        let (name, rest) = self.text.split_at(end);
        let is_name = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
        if is_name && rest.starts_with('(') {
            let name = self.names.qualified(name);
            self.text = rest;
            return self.tuple(&name);
        }
        if is_name && rest.starts_with(" {") {
            let name = self.names.qualified(name);
            self.text = rest;
            return self.fields(&name);
        }
        let ends = rest.is_empty()
            || rest.starts_with([',', ')', ']', '}'])
            || rest.starts_with(": ")
            || rest.starts_with(" }");
        if is_name && ends && !["inf", "NaN"].contains(&name) {
            let name = self.names.qualified(name);
            self.text = rest;
            return Some(Node::Leaf(name));
        }
        Some(Node::Leaf(self.bare()))
    }

    fn fields(&mut self, name: &str) -> Option<Node> {
        self.eat(" {")?;
        let mut inner = Vec::new();
        while self.eat(" }").is_none() && self.eat("}").is_none() {
            self.eat(" ")?;
            let colon = self.text.find(": ")?;
            let label = self.take(colon + 2);
            inner.push((label, self.value()?));
            // Between fields only: the space before the next is left.
            let _ = self.eat(",");
        }
        Some(Node::Group {
            open: format!("{name} {{"),
            space: " ",
            inner,
            close: "}",
        })
    }

    /// A number, or whatever else is printed without quotes.
    fn bare(&mut self) -> String {
        let mut depth = 0_u32;
        let end = self.text.char_indices().find_map(|(at, c)| {
            let ends = match c {
                '(' | '[' | '{' => {
                    depth += 1;
                    false
                }
                ')' | ']' | '}' if depth > 0 => {
                    depth -= 1;
                    false
                }
                ')' | ']' | '}' | ',' => depth == 0,
                ':' | ' ' if depth == 0 => {
                    let rest = &self.text[at..];
                    rest.starts_with(": ") || rest.starts_with(" }")
                }
                _ => false,
            };
            ends.then_some(at)
        });
        let bare = self.take(end.unwrap_or(self.text.len()));
        number(&bare).unwrap_or_else(|| format!("{bare:?}.parse().unwrap()"))
    }
}

fn number(bare: &str) -> Option<String> {
    match bare {
        "inf" => return Some("f64::INFINITY".to_owned()),
        "-inf" => return Some("f64::NEG_INFINITY".to_owned()),
        "NaN" => return Some("f64::NAN".to_owned()),
        _ => {}
    }
    if bare.len() > 4 && bare.parse::<i128>().is_ok() {
        return Some(grouped(bare));
    }
    if bare.parse::<i128>().is_ok() || bare.parse::<u128>().is_ok() || bare.parse::<f64>().is_ok() {
        return Some(bare.to_owned());
    }
    let nanos = duration(bare).map(|nanos| grouped(&nanos.to_string()));
    nanos.map(|nanos| format!("std::time::Duration::from_nanos({nanos})"))
}

/// `1_000_000` for `1000000`.
pub(super) fn grouped(number: &str) -> String {
    let digits = number.trim_start_matches('-').len();
    let mut grouped = number[..number.len() - digits].to_owned();
    for (at, digit) in number[number.len() - digits..].chars().enumerate() {
        if at > 0 && (digits - at).is_multiple_of(3) {
            grouped.push('_');
        }
        grouped.push(digit);
    }
    grouped
}

/// What `Duration` prints, such as `1.5s`.
fn duration(bare: &str) -> Option<u64> {
    let units = [("ns", 0), ("µs", 3), ("ms", 6), ("s", 9)];
    let (digits, zeros) = units
        .iter()
        .find_map(|(unit, zeros)| Some((bare.strip_suffix(unit)?, *zeros)))?;
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = format!("{part:0<zeros$}");
    (part.len() == zeros).then_some(())?;
    format!("{whole}{part}").parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::time::Duration;

    use ironflow_domain::Timestamp;

    use super::*;

    #[derive(Debug, Clone, PartialEq)]
    struct Parcel {
        id: Id,
        items: Vec<(String, u32)>,
        sizes: Vec<f64>,
        size: Size,
        at: Timestamp,
        took: Duration,
        notes: BTreeMap<String, Option<char>>,
        tags: BTreeSet<i8>,
        nothing: (),
        one: (bool,),
        empty: Vec<String>,
        last: Option<u8>,
    }

    #[derive(Debug, Clone, PartialEq)]
    struct Id(String);

    #[derive(Debug, Clone, PartialEq)]
    enum Size {
        Small,
        Other { cm: u32 },
    }

    fn names() -> Names {
        Names::new(&[("Size", &["small", "other"][..])])
    }

    /// The code, and what it is printed as.
    macro_rules! both {
        ($value:expr) => {
            ($value, stringify!($value))
        };
    }

    fn squeezed(code: &str) -> String {
        let code: String = code.split_whitespace().collect();
        code.replace(",}", "}")
            .replace(",]", "]")
            .replace("(true,)", "(true)")
            .replace(",)", ")")
    }

    #[test]
    fn what_is_printed_is_the_code_of_the_value() {
        let (parcel, code): (Parcel, _) = both!(Parcel {
            id: Id("a \"b\" {\n".into()),
            items: [("one".into(), 1)].into(),
            sizes: [0.5, -1e21].into(),
            size: Size::Other { cm: 3 },
            at: "2026-04-17T14:22:01Z".parse().unwrap(),
            took: Duration::from_nanos(1_500_000_001),
            notes: [("x".into(), Some('\'')), ("y".into(), None)].into(),
            tags: [-1, 2].into(),
            nothing: (),
            one: (true,),
            empty: [].into(),
            last: None,
        });
        let printed = rust(&parcel, "Parcel", &names(), 0);
        let code = code.replace("Duration::", "std::time::Duration::");
        assert_eq!(squeezed(&printed), squeezed(&code));
    }

    #[test]
    fn a_variant_is_named_with_its_enum() {
        let printed = |size: &Size| rust(size, "Size", &Names::default(), 0);
        assert_eq!(printed(&Size::Small), "Size::Small");
        assert_eq!(printed(&Size::Other { cm: 1 }), "Size::Other { cm: 1 }");
        assert_eq!(
            rust(&Some(Size::Small), "Option", &names(), 0),
            "Option::Some(Size::Small)"
        );
    }

    #[test]
    fn what_is_long_is_put_on_several_lines() {
        let long = vec![Id("a".repeat(50)), Id("b".repeat(50))];
        let a = "a".repeat(50);
        let b = "b".repeat(50);
        assert_eq!(
            rust(&long, "", &Names::default(), 0),
            format!("[\n    Id(\"{a}\".into()),\n    Id(\"{b}\".into()),\n].into()")
        );
    }

    #[test]
    fn what_is_not_derived_is_left_as_it_is() {
        struct ByHand;
        impl Debug for ByHand {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("<a { hidden")
            }
        }
        rust(&ByHand, "ByHand", &Names::default(), 0);
        assert_eq!(rust(&[ByHand], "", &Names::default(), 0), "[<a { hidden]");
    }
}
