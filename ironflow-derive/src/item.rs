//! What the macros need to know about the item they stand on.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Data, DeriveInput, Expr, ExprLit, Ident, Lit, LitStr, Meta, Path, Token, Visibility,
};

use crate::diagnostics::Diagnostics;

/// Reads a struct, enum or union; anything else is reported as the wrong kind of item.
pub(crate) fn parse(
    item: &TokenStream,
    attribute: &str,
    belongs_on: &str,
    diagnostics: &Diagnostics,
) -> Option<DeriveInput> {
    let error = match syn::parse2(item.clone()) {
        Ok(input) => return Some(input),
        Err(error) => error,
    };
    match keyword(item) {
        // The right kind of item, in a syntax we do not know.
        Some(word) if word == "struct" || word == "enum" || word == "union" => {
            diagnostics.push(error);
        }
        word => diagnostics.error(
            word.map_or_else(Span::call_site, |word| word.span()),
            format!("`{attribute}` belongs on {belongs_on}"),
            format!("move it to {belongs_on}"),
        ),
    }
    None
}

/// The word that says what an item is: the first one after attributes and visibility.
fn keyword(item: &TokenStream) -> Option<Ident> {
    let parser = |input: ParseStream<'_>| {
        input.call(Attribute::parse_outer)?;
        input.parse::<Visibility>()?;
        let rest: TokenStream = input.parse()?;
        Ok(rest.into_iter().find_map(|token| match token {
            TokenTree::Ident(word) => Some(word),
            _ => None,
        }))
    };
    parser.parse2(item.clone()).ok().flatten()
}

/// Whether the item borrows: then it cannot be what it is declared to be, and gets no impls.
pub(crate) fn borrows(item: &DeriveInput) -> bool {
    item.generics.lifetimes().next().is_some()
}

/// Events and commands outlive whoever made them.
pub(crate) fn refuse_lifetimes(item: &DeriveInput, what: &str, diagnostics: &Diagnostics) {
    for lifetime in item.generics.lifetimes() {
        diagnostics.error_at(
            lifetime,
            format!("{what} cannot borrow: it outlives whoever made it"),
            format!(
                "own the data: `String` where it says `&{} str`",
                lifetime.lifetime
            ),
        );
    }
}

/// The traits the user derives below our attribute.
pub(crate) fn derived(attributes: &[Attribute]) -> Vec<String> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("derive"))
        .filter_map(|attribute| {
            attribute
                .parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)
                .ok()
        })
        .flatten()
        .filter_map(|path| path.segments.last().map(|last| last.ident.to_string()))
        .collect()
}

/// Derives what the tests and the retry of a conflict need of every event and command, except what
/// the user derives already. Nothing can be derived on a union, which has been reported.
pub(crate) fn derive_missing(item: &DeriveInput) -> TokenStream {
    let present = derived(&item.attrs);
    let missing: Vec<_> = [
        ("Debug", quote!(::core::fmt::Debug)),
        ("Clone", quote!(::core::clone::Clone)),
        ("PartialEq", quote!(::core::cmp::PartialEq)),
    ]
    .into_iter()
    .filter(|(name, _)| !present.iter().any(|derived| derived == name))
    .map(|(_, path)| path)
    .collect();
    if missing.is_empty() || matches!(item.data, Data::Union(_)) {
        TokenStream::new()
    } else {
        quote!(#[derive(#(#missing),*)])
    }
}

/// The doc comment, one line per line, without the space after the slashes.
pub(crate) fn doc(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
                Expr::Lit(ExprLit {
                    lit: Lit::Str(text),
                    ..
                }) => Some(text.value()),
                _ => None,
            },
            _ => None,
        })
        .map(|line| {
            line.strip_prefix(' ')
                .unwrap_or(&line)
                .trim_end()
                .to_owned()
        })
        .collect();
    lines.join("\n").trim().to_owned()
}

/// Reports a category that cannot be the first part of a stream's name.
pub(crate) fn check_category(category: &LitStr, diagnostics: &Diagnostics) {
    let text = category.value();
    if text.is_empty() {
        diagnostics.error(
            category.span(),
            "a category cannot be empty",
            "name the aggregate: `\"account\"`",
        );
    } else if !text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
    {
        diagnostics.error(
            category.span(),
            format!("`{text}` is not a category"),
            "use ASCII letters, digits, `_` and `.`; a stream is called `category-id`: `\"account\"`",
        );
    }
}
