//! `#[table(…)]`: one of the tables.

use syn::{DeriveInput, LitStr, Meta};

use crate::attributes::{First, Grammar, Key, Shape, Words};
use crate::diagnostics::Diagnostics;
use crate::words::in_words;

/// Postgres knows tables apart by so many bytes of their names. There is to be room for the number
/// of the generation, and for that of an index.
const LONGEST: usize = 40;

pub(crate) static ON_ITEM: Grammar = Grammar {
    attribute: "table",
    is_key: false,
    first: Some(First {
        shape: Shape::Text,
        what: "a name: what its rows are asked under",
        usage: "\"account_balance\"",
        meaning: "what its rows are asked under, and what `{account_balance}` stands for in statements",
    }),
    keys: &[
        Key {
            name: "columns",
            shape: Shape::Text,
            usage: "columns = \"account TEXT PRIMARY KEY, cents BIGINT NOT NULL\"",
            meaning: "its columns and constraints, as in the parentheses of a `CREATE TABLE`",
            needed: Some("a table has columns"),
            also_called: &["column", "schema", "definition", "sql"],
            ..Key::OPTIONAL
        },
        Key {
            name: "index",
            shape: Shape::Text,
            usage: "index = \"cents DESC\"",
            meaning: "the columns of an index, as in the parentheses of a `CREATE INDEX`",
            otherwise: "no index but those of its constraints",
            many: true,
            also_called: &["indexes", "indices"],
            ..Key::OPTIONAL
        },
    ],
    elsewhere: &[],
};

/// One of the tables.
pub(super) struct Table {
    pub(super) name: LitStr,
    pub(super) columns: LitStr,
    pub(super) indexes: Vec<LitStr>,
}

/// Takes the tables that are declared.
pub(super) fn take(item: &mut DeriveInput, diagnostics: &Diagnostics) -> Vec<Table> {
    let example = in_words(&item.ident.to_string(), '_');
    let words = || Words::default().say("account_balance", &*example);
    let mut tables: Vec<Table> = Vec::new();
    let mut is_there = false;
    for attribute in item.attrs.extract_if(.., |it| it.path().is_ident("table")) {
        is_there = true;
        let span = attribute
            .path()
            .get_ident()
            .map_or(item.ident.span(), syn::Ident::span);
        let tokens = match attribute.meta {
            Meta::List(list) => list.tokens,
            _ => proc_macro2::TokenStream::new(),
        };
        let mut given = ON_ITEM.parse(tokens, span, words(), diagnostics);
        let indexes = given.every_text("index");
        let (Some(name), Some(columns)) = (given.first_text(), given.text("columns")) else {
            continue;
        };
        check(&name, &columns, &indexes, diagnostics);
        if let Some(first) = tables.iter().find(|it| it.name.value() == name.value()) {
            diagnostics.error(
                name.span(),
                format!("two tables are called `{}`", name.value()),
                "give one of them another name",
            );
            let first_here = "the first one is here";
            diagnostics.push(syn::Error::new(first.name.span(), first_here));
        }
        tables.push(Table {
            name,
            columns,
            indexes,
        });
    }
    if !is_there {
        diagnostics.error(
            item.ident.span(),
            "`#[table(...)]` is missing: an SQL projection fills at least one table",
            format!("add `#[table(\"{example}\", columns = \"id TEXT PRIMARY KEY\")]`"),
        );
    }
    tables
}

fn check(name: &LitStr, columns: &LitStr, indexes: &[LitStr], diagnostics: &Diagnostics) {
    let text = name.value();
    let is_name = text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !is_name {
        let words = in_words(&text, '_').to_ascii_lowercase();
        let meant = words.trim_start_matches(|c: char| !c.is_ascii_lowercase());
        diagnostics.error(
            name.span(),
            format!("`{text}` is not a name for a table"),
            format!(
                "it is written without quotes in SQL; begin with a small ASCII letter, and go on with those, digits and `_`: \"{meant}\""
            ),
        );
    } else if text.len() > LONGEST {
        diagnostics.error(
            name.span(),
            format!("the name of a table cannot have more than {LONGEST} letters"),
            "databases tell tables apart by the first letters, and a number comes after it",
        );
    }
    for sql in indexes.iter().chain([columns]) {
        let text = sql.value();
        let opened = text.matches('(').count();
        let closed = text.matches(')').count();
        if text.trim().is_empty() {
            let what = "there are no columns in it";
            diagnostics.error(sql.span(), what, "write `\"id TEXT PRIMARY KEY\"`");
        } else if text.contains(';') {
            diagnostics.error(
                sql.span(),
                "columns are no statement, and have no `;`",
                "write what stands in the parentheses",
            );
        } else if opened != closed {
            diagnostics.error(
                sql.span(),
                format!("{opened} parentheses are opened in it, and {closed} closed"),
                "write what stands in the parentheses, without these",
            );
        }
    }
}
