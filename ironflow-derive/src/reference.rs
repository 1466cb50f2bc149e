//! The reference of all attributes, written from the tables the parser reads.
//!
//! The files are committed: rustdoc shows them on the macros, and the book has all of them on one
//! page. The test fails where they are not what the tables say; after a change, write them anew
//! with `REFERENCE=write cargo test -p ironflow-derive`.

use std::path::Path;
use std::{env, fs};

use crate::attributes::Grammar;
use crate::{aggregate, command, event, projection, reactor, sql_projection};

/// One macro: the file that describes it, and where its attributes stand.
struct Page {
    file: &'static str,
    title: &'static str,
    places: &'static [(&'static str, &'static Grammar)],
    marks: &'static str,
}

/// What nobody can see from inside the attribute.
macro_rules! derives {
    () => {
        "Derives stand below the attribute. Of one above it, the compiler says that implementations conflict (E0119): the \
         attribute cannot see it, and derives `Debug`, `Clone` and `PartialEq` once more.\n"
    };
}

const PAGES: &[Page] = &[
    Page {
        file: "event.md",
        title: "`#[event]`",
        places: &[
            ("On the enum", &event::ON_ENUM),
            ("On a variant", &event::ON_VARIANT),
        ],
        marks: derives!(),
    },
    Page {
        file: "command.md",
        title: "`#[command]`",
        places: &[("On the struct or enum", &command::ON_ITEM)],
        marks: concat!(
            "On a field, `#[id]`: it names the aggregate, and needs `Display`.\n\n",
            derives!()
        ),
    },
    Page {
        file: "aggregate.md",
        title: "`#[derive(Aggregate)]`",
        places: &[
            ("On the struct or enum", &aggregate::ON_ITEM),
            ("In it", &aggregate::snapshot::IN_SNAPSHOT),
        ],
        marks: "",
    },
    Page {
        file: "projection.md",
        title: "`#[derive(Projection)]`",
        places: &[("On the struct or enum", &projection::ON_ITEM)],
        marks: "",
    },
    Page {
        file: "sql_projection.md",
        title: "`#[derive(SqlProjection)]`",
        places: &[
            ("On the struct", &sql_projection::ON_ITEM),
            (
                "On the struct, once for each table",
                &sql_projection::ON_TABLE,
            ),
        ],
        marks: "",
    },
    Page {
        file: "reactor.md",
        title: "`#[derive(Reactor)]`",
        places: &[("On the struct or enum", &reactor::ON_ITEM)],
        marks: "",
    },
];

impl Page {
    fn text(&self) -> String {
        let places = self.places.iter().map(|(place, grammar)| {
            format!(
                "{place}, `#[{}(…)]`:\n\n{}",
                grammar.attribute,
                table(grammar)
            )
        });
        let mut parts: Vec<_> = places.collect();
        if !self.marks.is_empty() {
            parts.push(self.marks.to_owned());
        }
        parts.join("\n")
    }
}

fn table(grammar: &Grammar) -> String {
    let mut table = "| argument | meaning | unless given |\n|---|---|---|\n".to_owned();
    if let Some(first) = &grammar.first {
        table += &row(
            first.usage,
            &format!("{}; it comes first", first.meaning),
            "needed",
        );
    }
    for key in grammar.keys {
        let meaning = if key.many {
            format!("{}; may be given more than once", key.meaning)
        } else {
            key.meaning.to_owned()
        };
        let otherwise = if key.needed.is_some() {
            "needed"
        } else {
            key.otherwise
        };
        table += &row(key.usage, &meaning, otherwise);
    }
    table
}

fn row(usage: &str, meaning: &str, otherwise: &str) -> String {
    format!("| `{usage}` | {meaning} | {otherwise} |\n")
}

fn book() -> String {
    let intro = "# The attributes\n\nAll that can be written in an attribute, from the tables the macros read it with. \
                 Anything else is an error that says what was meant.\n";
    let pages = PAGES
        .iter()
        .map(|page| format!("\n## {}\n\n{}", page.title, page.text()));
    std::iter::once(intro.to_owned()).chain(pages).collect()
}

#[test]
fn the_reference_says_what_the_parser_reads() {
    let crate_dir = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = PAGES
        .iter()
        .map(|page| (crate_dir.join("reference").join(page.file), page.text()));
    for (path, text) in pages.chain([(crate_dir.join("../docs/src/attributes.md"), book())]) {
        if env::var("REFERENCE").is_ok_and(|mode| mode == "write") {
            fs::write(&path, &text).expect("the reference can be written");
        }
        let written = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            written == text,
            "{} is not what the tables say: write it anew with `REFERENCE=write cargo test -p ironflow-derive`",
            path.display()
        );
    }
}

#[test]
fn every_argument_is_described() {
    for (_, grammar) in PAGES.iter().flat_map(|page| page.places) {
        for key in grammar.keys {
            assert!(!key.meaning.is_empty(), "{} has a meaning", key.name);
            assert!(
                key.needed.is_some() == key.otherwise.is_empty(),
                "{} is needed, or something holds without it",
                key.name
            );
        }
    }
}
