//! Values as text: on one line if they fit there, otherwise on as few lines as they need.
//!
//! `{:#?}` gives every field and every bracket a line of its own, and an order with three items
//! fills a screen.

use std::fmt::Debug;
use std::iter::Peekable;
use std::str::Lines;

/// The longest line that a value is put on.
const WIDTH: usize = 100;
const INDENT: usize = 4;

/// The value's `Debug`.
pub(crate) fn value(value: &impl Debug) -> String {
    let line = format!("{value:?}");
    if fits(&line, 0) && !line.contains('\n') {
        return line;
    }
    let tall = format!("{value:#?}");
    let mut lines = tall.lines().peekable();
    let nodes = parse(&mut lines);
    if lines.peek().is_some() {
        // Not what `derive(Debug)` writes.
        return tall;
    }
    let mut text = Vec::new();
    for node in nodes {
        node.write(0, &mut text);
    }
    text.join("\n")
}

fn fits(line: &str, indent: usize) -> bool {
    indent + line.chars().count() <= WIDTH
}

enum Node {
    Line(String),
    Group {
        open: String,
        inner: Vec<Node>,
        close: String,
    },
}

/// Reads up to a line that closes what was opened before.
fn parse(lines: &mut Peekable<Lines<'_>>) -> Vec<Node> {
    let mut nodes = Vec::new();
    while let Some(line) = lines.next_if(|line| !line.trim_start().starts_with(['}', ']', ')'])) {
        let line = line.trim_start().to_owned();
        nodes.push(if line.ends_with(['{', '[', '(']) {
            let inner = parse(lines);
            let close = lines.next().map_or("", str::trim_start).to_owned();
            Node::Group {
                open: line,
                inner,
                close,
            }
        } else {
            Node::Line(line)
        });
    }
    nodes
}

impl Node {
    fn flat(&self) -> String {
        match self {
            Self::Line(line) => line.clone(),
            Self::Group { open, inner, close } => {
                let inner = inner.iter().map(Self::flat).collect::<Vec<_>>().join(" ");
                let inner = inner.strip_suffix(',').unwrap_or(&inner);
                // A struct has space within its braces, a map has none.
                let name = open.strip_suffix(" {").unwrap_or_default();
                let space = if name.ends_with(|c: char| c.is_alphanumeric() || c == '_') {
                    " "
                } else {
                    ""
                };
                format!("{open}{space}{inner}{space}{close}")
            }
        }
    }

    fn write(self, indent: usize, text: &mut Vec<String>) {
        let flat = self.flat();
        let margin = " ".repeat(indent);
        match self {
            Self::Group {
                mut open,
                mut inner,
                mut close,
            } if !fits(&flat, indent) => {
                // A bracket around a single group needs no lines of its own.
                while !open.ends_with('{')
                    && let [Self::Group { .. }] = inner[..]
                    && let Some(Self::Group {
                        open: within,
                        inner: rest,
                        close: end,
                    }) = inner.pop()
                {
                    open.push_str(&within);
                    close.insert_str(0, end.trim_end_matches(','));
                    inner = rest;
                }
                text.push(format!("{margin}{open}"));
                for node in inner {
                    node.write(indent + INDENT, text);
                }
                text.push(format!("{margin}{close}"));
            }
            _ => text.push(format!("{margin}{flat}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug)]
    #[allow(dead_code, reason = "only printed")]
    struct Order {
        items: Vec<(&'static str, u32)>,
        names: BTreeMap<u8, &'static str>,
        note: Option<&'static str>,
        unit: (),
    }

    fn order() -> Order {
        let items = vec![("a fountain pen", 1), ("an inkwell { or two", 2)];
        Order {
            items,
            names: [(1, "one")].into(),
            note: Some("a note,\nwith (lines"),
            unit: (),
        }
    }

    #[test]
    fn what_fits_is_on_one_line() {
        assert_eq!(
            value(&Some(order().items)),
            r#"Some([("a fountain pen", 1), ("an inkwell { or two", 2)])"#
        );
    }

    #[test]
    fn what_does_not_fit_is_on_few_lines() {
        let expected = r#"
Some([Order {
    items: [("a fountain pen", 1), ("an inkwell { or two", 2)],
    names: {1: "one"},
    note: Some("a note,\nwith (lines"),
    unit: (),
}])"#;
        assert_eq!(value(&Some([order()])), expected.trim_start());
    }

    #[test]
    fn no_line_is_lost_of_what_is_printed_by_hand() {
        struct ByHand;
        impl Debug for ByHand {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("one {\n)\n} two\nthree")
            }
        }
        assert_eq!(value(&ByHand), "one {\n)\n} two\nthree");
    }
}
