//! `#[command(Aggregate)]` on a struct or an enum.

mod expand;
mod parse;

use proc_macro2::TokenStream;
use syn::{DeriveInput, Ident, Type};

use crate::diagnostics::Diagnostics;
use crate::item;
use crate::paths::Root;

/// What the declaration means.
struct Command {
    root: Root,
    aggregate: Option<Type>,
    context: Option<Type>,
    creates: bool,
    /// The user's item, without our attributes.
    item: DeriveInput,
    names: Names,
    address: Option<Address>,
}

/// What a command is called in metadata, logs and receipts.
enum Names {
    Struct(String),
    Enum(Vec<(Ident, String)>),
}

/// Where the identity is found.
enum Address {
    Field(Member),
    Variants(Vec<(Ident, Member)>),
}

struct Member {
    member: syn::Member,
    r#type: Type,
}

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let diagnostics = Diagnostics::default();
    let Some(input) = item::parse(&item, "#[command]", "a struct or an enum of commands", &diagnostics) else {
        let errors = diagnostics.into_tokens();
        return quote::quote!(#errors #item);
    };
    let command = parse::parse(arguments, input, &diagnostics);
    let code = expand::expand(&command);
    let errors = diagnostics.into_tokens();
    quote::quote!(#errors #code)
}
