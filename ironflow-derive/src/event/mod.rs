//! `#[event("category")]` on an enum.

mod contents;
mod expand;
mod history;
mod parse;
mod schema;
mod serde;

#[cfg(test)]
pub(crate) use parse::{ON_ENUM, ON_VARIANT};

use proc_macro2::TokenStream;
use syn::{Attribute, DeriveInput, Fields, Ident, LitStr, Type};

use self::schema::Condition;
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
    past: Vec<Past>,
    /// For each merge, which of the past kinds are its parts.
    merges: Vec<Vec<usize>>,
    /// Where the user derives `JsonSchema`, and under which condition.
    schema: Option<Condition>,
    /// What would be derived, and is not.
    by_hand: Vec<String>,
    /// Whether nothing is wrong with it, so that its stored form can be generated.
    sound: bool,
}

struct Variant {
    ident: Ident,
    /// The stored name, `category.variant` unless given.
    name: LitStr,
    also_named: Vec<LitStr>,
    /// The shapes of the versions before the current one, in order.
    earlier: Vec<Shape>,
    doc: String,
    /// Serde's attributes on the variant.
    serde: Vec<Attribute>,
    /// The fields with serde's attributes.
    fields: Fields,
}

/// The shape of one version that is not recorded any more.
enum Shape {
    Of(Box<Type>),
    /// `_`: no event of that version is stored.
    Retired,
}

/// A kind of event that is not recorded any more.
struct Past {
    name: LitStr,
    shapes: Vec<Shape>,
    fate: Fate,
}

/// What becomes of it.
#[derive(Clone, Copy)]
enum Fate {
    Replaced,
    Split,
    Merged { merge: usize, part: usize },
    Dropped,
    Retired,
}

impl Variant {
    /// The current version.
    fn version(&self) -> u32 {
        (1..).nth(self.earlier.len()).unwrap_or(u32::MAX)
    }
}

/// The payload of a variant that has one, rather than fields of its own.
fn payload_type(fields: &Fields) -> Option<&Type> {
    match fields {
        Fields::Unnamed(fields) => fields.unnamed.first().map(|field| &field.ty),
        Fields::Named(_) | Fields::Unit => None,
    }
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
