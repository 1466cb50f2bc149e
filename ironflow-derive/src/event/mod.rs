//! `#[event("category")]` on an enum.

mod expand;
mod parse;
mod serde;

use proc_macro2::TokenStream;
use syn::{Attribute, DeriveInput, Fields, Ident, LitStr};

use crate::diagnostics::Diagnostics;
use crate::item;
use crate::paths::Root;

/// What the declaration means.
struct EventSet {
    root: Root,
    category: LitStr,
    /// The user's enum, without our attributes and without serde's unless the user derives serde.
    item: DeriveInput,
    /// Serde's attributes on the enum that shape the stored form.
    serde: Vec<Attribute>,
    variants: Vec<Variant>,
    /// Whether nothing is wrong with it, so that its stored form can be generated.
    sound: bool,
}

struct Variant {
    ident: Ident,
    /// The stored name, `category.variant` unless given.
    name: LitStr,
    version: u32,
    doc: String,
    /// Serde's attributes on the variant.
    serde: Vec<Attribute>,
    /// The fields with serde's attributes.
    fields: Fields,
}

pub(crate) fn expand(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let diagnostics = Diagnostics::default();
    let code = match item::parse(
        item,
        "#[event]",
        "an enum with one variant per fact",
        &diagnostics,
    ) {
        Some(input) => expand::expand(&parse::parse(arguments, input, &diagnostics)),
        None => item.clone(),
    };
    let errors = diagnostics.into_tokens();
    quote::quote!(#errors #code)
}
