//! What the macros need to know about the item they stand on.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, DeriveInput, Expr, ExprLit, Lit, Meta, Path, Token, punctuated::Punctuated};

use crate::diagnostics::Diagnostics;

/// Reads a struct, enum or union; anything else is reported as the wrong kind of item.
pub(crate) fn parse(item: &TokenStream, attribute: &str, belongs_on: &str, diagnostics: &Diagnostics) -> Option<DeriveInput> {
    match syn::parse2(item.clone()) {
        Ok(input) => Some(input),
        Err(error) => {
            let starts_like_an_item = item.clone().into_iter().any(
                |token| matches!(&token, proc_macro2::TokenTree::Ident(word) if word == "struct" || word == "enum" || word == "union"),
            );
            if starts_like_an_item {
                // The compiler reports what is wrong with it on its own.
                diagnostics.push(error);
            } else {
                let first = item.clone().into_iter().next();
                diagnostics.error_at(first, format!("`{attribute}` belongs on {belongs_on}"), format!("move it to {belongs_on}"));
            }
            None
        }
    }
}

/// The traits the user derives below our attribute.
pub(crate) fn derived(attributes: &[Attribute]) -> Vec<String> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
        .filter_map(|attribute| {
            attribute.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated).ok()
        })
        .flatten()
        .filter_map(|path| path.segments.last().map(|last| last.ident.to_string()))
        .collect()
}

/// A derive attribute for `wanted`, except what the user derives already.
pub(crate) fn derive_missing(attributes: &[Attribute], wanted: &[(&str, TokenStream)]) -> TokenStream {
    let present = derived(attributes);
    let missing: Vec<_> = wanted
        .iter()
        .filter(|(name, _)| !present.iter().any(|derived| derived == name))
        .map(|(_, path)| path)
        .collect();
    if missing.is_empty() { TokenStream::new() } else { quote!(#[derive(#(#missing),*)]) }
}

/// What the tests and the retry of a conflict need of every event and command.
pub(crate) fn value_derives() -> [(&'static str, TokenStream); 3] {
    [
        ("Debug", quote!(::core::fmt::Debug)),
        ("Clone", quote!(::core::clone::Clone)),
        ("PartialEq", quote!(::core::cmp::PartialEq)),
    ]
}

/// The doc comment, one line per line, without the space after the slashes.
pub(crate) fn doc(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
                Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        })
        .map(|line| line.strip_prefix(' ').unwrap_or(&line).trim_end().to_owned())
        .collect();
    lines.join("\n").trim().to_owned()
}
