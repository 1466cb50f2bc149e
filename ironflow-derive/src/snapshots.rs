//! What the macros generate, for a reviewer to read: each file in `snapshots` holds what a user
//! writes, and below it what becomes of that.
//!
//! After a change, look at the difference of `SNAPSHOTS=write cargo test -p ironflow-derive`.

use std::path::Path;
use std::{env, fs};

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{DeriveInput, Meta};

use crate::{aggregate, command, event, projection, reactor, sql_projection};

const BECOMES: &str = "\n// becomes\n\n";

#[test]
fn events() {
    compare("event", |item| {
        let arguments = take_arguments(item, "event");
        event::expand(arguments, &item.to_token_stream())
    });
}

#[test]
fn commands() {
    compare("command", |item| {
        let arguments = take_arguments(item, "command");
        command::expand(arguments, &item.to_token_stream())
    });
}

#[test]
fn aggregates() {
    compare("aggregate", |item| {
        aggregate::expand(&item.to_token_stream())
    });
}

#[test]
fn projections() {
    compare("projection", |item| {
        projection::expand(&item.to_token_stream())
    });
}

#[test]
fn sql_projections() {
    compare("sql_projection", |item| {
        sql_projection::expand(&item.to_token_stream())
    });
}

#[test]
fn reactors() {
    compare("reactor", |item| reactor::expand(&item.to_token_stream()));
}

/// The arguments of our attribute, which is taken away as the compiler does.
fn take_arguments(item: &mut DeriveInput, name: &str) -> TokenStream {
    let index = item
        .attrs
        .iter()
        .position(|attribute| attribute.path().is_ident(name))
        .expect("the item has our attribute");
    match item.attrs.remove(index).meta {
        Meta::List(list) => list.tokens,
        _ => TokenStream::new(),
    }
}

/// Expands what every file in the folder begins with, and compares it to what follows there.
fn compare(folder: &str, expand: impl Fn(&mut DeriveInput) -> TokenStream) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("snapshots")
        .join(folder);
    let mut different = Vec::new();
    for file in fs::read_dir(&folder).expect("the folder is there") {
        let path = file.expect("the folder can be read").path();
        let text = fs::read_to_string(&path).expect("the file can be read");
        let input = text.split(BECOMES).next().unwrap_or(&text).trim();
        let mut item: DeriveInput = syn::parse_str(input).expect("the file begins with an item");
        item.attrs.retain(|attribute| {
            let is_ours = |path: &str| attribute.meta.to_token_stream().to_string().contains(path);
            !(attribute.path().is_ident("derive")
                && (is_ours("Aggregate") || is_ours("Projection")))
        });
        let output = expand(&mut item);
        let output = syn::parse2(output).expect("the macro writes items");
        let expected = format!("{input}\n{BECOMES}{}", prettyplease::unparse(&output));
        if env::var_os("SNAPSHOTS").is_some_and(|wish| wish == "write") {
            fs::write(&path, &expected).expect("the file can be written");
        } else if text != expected {
            different.push(format!("{}\n\n{expected}", path.display()));
        }
    }
    assert!(
        different.is_empty(),
        "something else is generated; where that is right, run with `SNAPSHOTS=write`\n\n{}",
        different.join("\n\n")
    );
}
