//! What the macros need to know about the item they stand on.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{
    Attribute, Data, DeriveInput, Expr, ExprLit, Ident, Lit, LitInt, LitStr, Meta, Path, Token,
    Type, Visibility,
};

use crate::attributes::{Arguments, Key, Shape};
use crate::diagnostics::Diagnostics;
use crate::paths::Root;
use crate::words::in_words;

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

/// Whether the item's generics keep it from being what it is declared to be: then it gets no impls.
pub(crate) fn is_out_of_bounds(item: &DeriveInput) -> bool {
    item.generics.lifetimes().next().is_some() || unbounded(item).next().is_some()
}

/// The type parameters of which nothing is known.
fn unbounded(item: &DeriveInput) -> impl Iterator<Item = &Ident> {
    let clause = item.generics.where_clause.as_ref();
    let is_named = move |parameter: &Ident| {
        clause.is_some_and(|clause| {
            let text = clause.to_token_stream();
            mentions(text, &parameter.to_string())
        })
    };
    item.generics
        .type_params()
        .filter(move |parameter| parameter.bounds.is_empty() && !is_named(&parameter.ident))
        .map(|parameter| &parameter.ident)
}

/// Whether a word is among the tokens.
pub(crate) fn mentions(tokens: TokenStream, ident: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions(group.stream(), ident),
        TokenTree::Ident(word) => word == ident,
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// A type parameter may be anything, and not everything can be part of the item.
pub(crate) fn refuse_unbounded(item: &DeriveInput, bounds: &str, diagnostics: &Diagnostics) {
    for parameter in unbounded(item) {
        diagnostics.error(
            parameter.span(),
            format!(
                "`{parameter}` may be any type, and not any type can be part of `{}`",
                item.ident
            ),
            format!("say what it must be able to do: `{parameter}: {bounds}`"),
        );
    }
}

/// Events, commands and states outlive whoever made them.
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

/// The function that makes the first state, seen at the state's name: what is missing of it is
/// reported there. Of a struct the compiler says well enough what to derive; an enum also needs a
/// mark on one of its variants.
pub(crate) fn initial(item: &DeriveInput, root: &Root) -> TokenStream {
    let span = item.ident.span();
    match item.data {
        Data::Enum(_) => quote_spanned!(span=> <Self as #root::__private::Starts>::start),
        Data::Struct(_) | Data::Union(_) => {
            quote_spanned!(span=> <Self as ::core::default::Default>::default)
        }
    }
}

/// What is left of a name without the word for what it is: `Account` of `AccountEvent`.
pub(crate) fn stem(ident: &Ident, what: &[&str]) -> String {
    let name = ident.unraw().to_string();
    let stem = what.iter().find_map(|what| name.strip_suffix(what));
    stem.filter(|stem| !stem.is_empty())
        .map_or_else(|| name.clone(), ToOwned::to_owned)
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

/// The key for those who implement by hand what would be derived.
pub(crate) const BY_HAND: Key = Key {
    name: "by_hand",
    shape: Shape::Types,
    usage: "by_hand(Debug)",
    meaning: "of `Debug`, `Clone` and `PartialEq`, those that you implement by hand",
    otherwise: "each is derived, unless you derive it below the attribute",
    also_called: &["no_derive", "skip_derive", "manual", "without"],
    ..Key::OPTIONAL
};

/// The traits the user implements by hand.
pub(crate) fn by_hand(given: &mut Arguments, diagnostics: &Diagnostics) -> Vec<String> {
    let types = given.types(BY_HAND.name).unwrap_or_default();
    let name = |ty: Type| {
        let text = ty.to_token_stream().to_string();
        let name = text
            .rsplit(':')
            .next()
            .unwrap_or_default()
            .trim()
            .to_owned();
        if !["Debug", "Clone", "PartialEq"].contains(&name.as_str()) {
            diagnostics.error_at(
                ty,
                format!("`{name}` is not derived here, so there is nothing to leave out"),
                "write `by_hand(Debug)`; `Clone` and `PartialEq` can be left out too",
            );
        }
        name
    };
    types.into_iter().map(name).collect()
}

/// Derives what the tests and the retry of a conflict need of every event and command, except what
/// the user has already. Nothing can be derived on a union, which has been reported.
pub(crate) fn derive_missing(item: &DeriveInput, by_hand: &[String]) -> TokenStream {
    let present = derived(&item.attrs);
    let missing: Vec<_> = [
        ("Debug", quote!(::core::fmt::Debug)),
        ("Clone", quote!(::core::clone::Clone)),
        ("PartialEq", quote!(::core::cmp::PartialEq)),
    ]
    .into_iter()
    .filter(|(name, _)| !present.iter().chain(by_hand).any(|present| present == name))
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

/// A version, counted from 1; nothing where it is none, which has been reported.
pub(crate) fn version(number: &LitInt, what: &str, diagnostics: &Diagnostics) -> Option<u32> {
    let version = number.base10_parse().ok().filter(|version| *version > 0);
    if version.is_none() {
        diagnostics.error(
            number.span(),
            format!("`{number}` is not {what}"),
            "versions count from 1: `version = 2`",
        );
    }
    version
}

/// Reports a category that cannot be the first part of a stream's name.
pub(crate) fn check_category(category: &LitStr, example: &str, diagnostics: &Diagnostics) {
    let text = category.value();
    if text.is_empty() {
        diagnostics.error(
            category.span(),
            "a category cannot be empty",
            format!("name the aggregate: `\"{example}\"`"),
        );
    } else if !text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.')
    {
        diagnostics.error(
            category.span(),
            format!("`{text}` is not a category"),
            format!(
                "use ASCII letters, digits, `_` and `.`; a stream is called `category-id`: `\"{}\"`",
                in_words(&text, '_')
            ),
        );
    }
}
