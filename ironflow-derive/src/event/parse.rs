//! From the user's enum to its meaning, with everything that is wrong about it.

use std::collections::HashMap;

use heck::ToSnakeCase;
use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, LitStr, Type};

use super::serde::{Place, stored_form};
use super::{EventSet, Variant};
use crate::attributes::{First, Grammar, Key, Shape};
use crate::diagnostics::Diagnostics;
use crate::item;
use crate::paths::{CRATE, Root};

const NAME: Key = Key {
    name: "name",
    shape: Shape::Text,
    usage: "name = \"account.opened\"",
    needed: None,
};
const VERSION: Key = Key {
    name: "version",
    shape: Shape::Number,
    usage: "version = 2",
    needed: None,
};

static ON_ENUM: Grammar = Grammar {
    attribute: "event",
    first: Some(First {
        shape: Shape::Text,
        what: "a category: the first part of every stored name, and what the streams are called",
        usage: "\"account\"",
    }),
    keys: &[CRATE],
    elsewhere: &[(NAME, "a variant"), (VERSION, "a variant")],
};

static ON_VARIANT: Grammar = Grammar {
    attribute: "event",
    first: None,
    keys: &[NAME, VERSION],
    elsewhere: &[(CRATE, "the enum")],
};

pub(super) fn parse(
    arguments: TokenStream,
    mut item: DeriveInput,
    diagnostics: &Diagnostics,
) -> EventSet {
    let mut on_enum = ON_ENUM.parse(arguments, Span::call_site(), diagnostics);
    let root = Root::new(on_enum.crate_path(), diagnostics);
    item::refuse_lifetimes(&item, "an event", diagnostics);
    let category = match on_enum.first_text() {
        Some(category) => {
            item::check_category(&category, diagnostics);
            category
        }
        // Reported; the name is never seen.
        None => LitStr::new("missing", Span::call_site()),
    };

    let user_derives_serde = item::derived(&item.attrs)
        .iter()
        .any(|name| name == "Serialize" || name == "Deserialize");
    let mut serde = Vec::new();
    let mut variants = Vec::new();
    match &mut item.data {
        Data::Enum(data) => {
            serde = stored_form(
                &mut item.attrs,
                Place::Enum,
                user_derives_serde,
                diagnostics,
            );
            for variant in &mut data.variants {
                variants.push(parse_variant(
                    variant,
                    &category,
                    user_derives_serde,
                    diagnostics,
                ));
            }
            if data.variants.is_empty() {
                diagnostics.error(
                    item.ident.span(),
                    format!(
                        "`{}` has no variants: an event enum has one per fact",
                        item.ident
                    ),
                    "name the first thing that happens: `Opened { owner: String }`",
                );
            }
        }
        Data::Struct(data) => not_an_enum(
            data.struct_token.span,
            format!(
                "make it the payload of a variant: `enum {0}Event {{ {0}({0}) }}`",
                item.ident.unraw()
            ),
            diagnostics,
        ),
        Data::Union(data) => {
            not_an_enum(
                data.union_token.span,
                format!("write `enum {}`", item.ident),
                diagnostics,
            );
        }
    }
    check_names(&variants, diagnostics);
    EventSet {
        root,
        category,
        item,
        serde,
        variants,
        sound: diagnostics.is_empty(),
    }
}

fn not_an_enum(span: Span, help: String, diagnostics: &Diagnostics) {
    diagnostics.error(
        span,
        "`#[event]` belongs on an enum with one variant per fact",
        help,
    );
}

fn parse_variant(
    variant: &mut syn::Variant,
    category: &LitStr,
    user_derives_serde: bool,
    diagnostics: &Diagnostics,
) -> Variant {
    let mut given = ON_VARIANT.take(&mut variant.attrs, variant.ident.span(), diagnostics);
    let name = given.text("name").unwrap_or_else(|| {
        let name = variant.ident.unraw().to_string().to_snake_case();
        LitStr::new(
            &format!("{}.{name}", category.value()),
            variant.ident.span(),
        )
    });
    if name.value().trim().is_empty() {
        diagnostics.error(
            name.span(),
            "a stored name cannot be empty",
            "take `name` away, or write `name = \"account.opened\"`",
        );
    }
    let version = given
        .number("version")
        .map_or(1, |number| match number.base10_parse::<u32>() {
            Ok(version) if version > 0 => version,
            _ => {
                diagnostics.error(
                    number.span(),
                    format!("`{number}` is not a schema version"),
                    "versions count from 1: `version = 1`",
                );
                1
            }
        });
    check_shape(variant, diagnostics);
    refuse_cfg(&mut variant.attrs, diagnostics);

    let mut fields = variant.fields.clone();
    for (copy, field) in fields.iter_mut().zip(&mut variant.fields) {
        refuse_cfg(&mut field.attrs, diagnostics);
        copy.attrs = stored_form(
            &mut field.attrs,
            Place::Field,
            user_derives_serde,
            diagnostics,
        );
    }
    Variant {
        ident: variant.ident.clone(),
        name,
        version,
        doc: item::doc(&variant.attrs),
        serde: stored_form(
            &mut variant.attrs,
            Place::Variant,
            user_derives_serde,
            diagnostics,
        ),
        fields,
    }
}

/// A variant is stored as a JSON object: named fields, one payload, or nothing; and what is read
/// back has nobody to borrow from.
fn check_shape(variant: &syn::Variant, diagnostics: &Diagnostics) {
    for field in &variant.fields {
        if let Type::Reference(reference) = &field.ty {
            let borrowed = reference.elem.to_token_stream();
            let owned = match borrowed.to_string().as_str() {
                "str" => "String".to_owned(),
                other => other.to_owned(),
            };
            diagnostics.error_at(
                &field.ty,
                "an event cannot borrow: what is read back has nobody to borrow from",
                format!("own the data: `{owned}`"),
            );
        }
    }
    let Fields::Unnamed(fields) = &variant.fields else {
        return;
    };
    let ident = &variant.ident;
    match fields.unnamed.len() {
        0 => diagnostics.error(
            fields.span(),
            format!("`{ident}` has parentheses and no payload in them"),
            format!("write `{ident}`"),
        ),
        1 => {}
        _ => diagnostics.error(
            fields.span(),
            format!("the fields of `{ident}` have no names to be stored under"),
            format!("name them, `{ident} {{ … }}`, or put them in a payload struct, `{ident}(…)`"),
        ),
    }
}

/// What was stored by one build must be readable by every other.
fn refuse_cfg(attributes: &mut Vec<Attribute>, diagnostics: &Diagnostics) {
    for attribute in attributes.extract_if(.., |attribute| attribute.path().is_ident("cfg")) {
        diagnostics.error_at(
            attribute,
            "what is stored cannot depend on how the program is built",
            "take `#[cfg(…)]` away, or put it on the whole enum",
        );
    }
}

/// Two facts under one stored name could not be told apart when read back.
fn check_names(variants: &[Variant], diagnostics: &Diagnostics) {
    let mut seen: HashMap<String, &Variant> = HashMap::new();
    for variant in variants {
        let name = variant.name.value();
        if let Some(first) = seen.get(&name) {
            diagnostics.error(
                variant.name.span(),
                format!(
                    "`{}` is stored as `{name}`, and so is `{}`",
                    variant.ident, first.ident
                ),
                "give one of them a name of its own: `#[event(name = \"…\")]`",
            );
            diagnostics.push(syn::Error::new(
                first.name.span(),
                format!("`{name}` is first given here"),
            ));
        } else {
            seen.insert(name, variant);
        }
    }
}
