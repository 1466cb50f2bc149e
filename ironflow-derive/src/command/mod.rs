//! `#[command(Aggregate)]` on a struct or an enum.

mod expand;
mod parse;

#[cfg(test)]
pub(crate) use parse::ON_ITEM;

use proc_macro2::TokenStream;
use syn::{Attribute, DeriveInput, Ident, Type};

use crate::diagnostics::Diagnostics;
use crate::item;
use crate::paths::Root;

/// What the declaration means.
struct Command {
    root: Root,
    aggregate: Option<Type>,
    context: Option<Type>,
    /// Whether the context was given in other words: then it is not known how it is decided.
    is_guessed: bool,
    creates: bool,
    /// What would be derived, and is not.
    by_hand: Vec<String>,
    /// The user's item, without our attributes.
    item: DeriveInput,
    shape: Shape,
}

/// What the item declares.
enum Shape {
    /// One command.
    Struct(Box<One>),
    /// One command for each variant.
    Enum(Vec<Variant>),
    /// None; that has been reported.
    Union,
}

struct Variant {
    ident: Ident,
    /// The user's `#[cfg(...)]`.
    cfg: Vec<Attribute>,
    command: One,
}

struct One {
    /// What the command is called in the program.
    ident: String,
    /// What it is called in metadata, logs and receipts.
    name: String,
    doc: String,
    /// Where the identity of the aggregate is found.
    id: Option<Member>,
}

/// The field marked `#[id]`.
struct Member {
    member: syn::Member,
    r#type: Type,
}

pub(crate) fn expand(arguments: TokenStream, item: &TokenStream) -> TokenStream {
    let diagnostics = Diagnostics::default();
    let code = match item::parse(
        item,
        "#[command]",
        "a struct or an enum of commands",
        &diagnostics,
    ) {
        Some(input) => expand::expand(&parse::parse(arguments, input, &diagnostics)),
        None => item.clone(),
    };
    let errors = diagnostics.into_tokens();
    quote::quote!(#errors #code)
}
