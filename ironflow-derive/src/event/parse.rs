//! From the user's enum to its meaning, with everything that is wrong about it.

use std::collections::HashMap;

use heck::ToSnakeCase;
use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, LitStr, Meta};

use super::{EventSet, Variant};
use crate::attributes::{First, Grammar, Key, Shape};
use crate::diagnostics::Diagnostics;
use crate::item;
use crate::paths::{CRATE, Root};

static ON_ENUM: Grammar = Grammar {
    attribute: "event",
    first: Some(First {
        shape: Shape::Text,
        what: "a category: the first part of every stored name, and what the streams are called",
        usage: "\"account\"",
    }),
    keys: &[CRATE],
};

static ON_VARIANT: Grammar = Grammar {
    attribute: "event",
    first: None,
    keys: &[
        Key { name: "name", shape: Shape::Text, usage: "name = \"account.opened\"" },
        Key { name: "version", shape: Shape::Number, usage: "version = 2" },
    ],
};

pub(super) fn parse(arguments: TokenStream, mut item: DeriveInput, diagnostics: &Diagnostics) -> EventSet {
    let mut on_enum = ON_ENUM.parse(arguments, Span::call_site(), diagnostics);
    let root = Root::new(on_enum.crate_path(), diagnostics);
    let category = match on_enum.first_text(diagnostics) {
        Some(category) => {
            check_category(&category, diagnostics);
            category
        }
        None => LitStr::new("missing", Span::call_site()),
    };

    let keeps_serde = item::derived(&item.attrs).iter().any(|name| name == "Serialize" || name == "Deserialize");
    let serde = stored_form(&mut item.attrs, keeps_serde);
    let mut variants = Vec::new();
    match &mut item.data {
        Data::Enum(data) => {
            for variant in &mut data.variants {
                variants.push(parse_variant(variant, &category, keeps_serde, diagnostics));
            }
            if data.variants.is_empty() {
                diagnostics.error(
                    item.ident.span(),
                    "an event enum needs at least one variant",
                    "name the first thing that happens: `Opened { owner: String }`",
                );
            }
        }
        Data::Struct(data) => diagnostics.error(
            data.struct_token.span(),
            "`#[event]` belongs on an enum with one variant per fact",
            format!(
                "make the struct the payload of a variant: `enum Events {{ {0}({0}) }}`",
                item.ident.unraw()
            ),
        ),
        Data::Union(data) => diagnostics.error(
            data.union_token.span(),
            "`#[event]` belongs on an enum with one variant per fact",
            "make it an enum",
        ),
    }
    check_names(&variants, diagnostics);

    let generics = item.generics.clone();
    EventSet { root, category, item, serde, generics, variants }
}

fn parse_variant(
    variant: &mut syn::Variant,
    category: &LitStr,
    keeps_serde: bool,
    diagnostics: &Diagnostics,
) -> Variant {
    let mut given = ON_VARIANT.take(&mut variant.attrs, variant.ident.span(), diagnostics);
    let name = given.text("name").unwrap_or_else(|| {
        let name = format!("{}.{}", category.value(), variant.ident.unraw().to_string().to_snake_case());
        LitStr::new(&name, variant.ident.span())
    });
    if name.value().trim().is_empty() {
        diagnostics.error(name.span(), "a stored name cannot be empty", "leave `name` out, or write `name = \"account.opened\"`");
    }
    let version = given.number("version").map_or(1, |number| match number.base10_parse::<u32>() {
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
    if let Fields::Unnamed(fields) = &variant.fields
        && fields.unnamed.len() != 1
    {
        diagnostics.error(
            fields.span(),
            format!("the fields of `{}` have no names to be stored under", variant.ident),
            format!("name them, `{0} {{ … }}`, or put them in a payload struct, `{0}(…)`", variant.ident),
        );
    }

    let mut fields = variant.fields.clone();
    for field in &mut fields {
        field.attrs.retain(is_serde);
    }
    for field in &mut variant.fields {
        stored_form(&mut field.attrs, keeps_serde);
    }
    Variant {
        ident: variant.ident.clone(),
        name,
        version,
        doc: item::doc(&variant.attrs),
        serde: stored_form(&mut variant.attrs, keeps_serde),
        fields,
    }
}

/// Serde's attributes, taken away from the user's item unless the user derives serde there too.
///
/// The name and version are stored beside the payload, so attributes that say how an enum is tagged do not apply.
fn stored_form(attributes: &mut Vec<Attribute>, keep: bool) -> Vec<Attribute> {
    let serde: Vec<_> = attributes.iter().filter(|attribute| is_serde(attribute)).cloned().collect();
    if !keep {
        attributes.retain(|attribute| !is_serde(attribute));
    }
    serde.into_iter().filter(|attribute| !is_about_tagging(attribute)).collect()
}

fn is_serde(attribute: &Attribute) -> bool {
    attribute.path().is_ident("serde")
}

fn is_about_tagging(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    list.tokens.clone().into_iter().any(|token| match token {
        proc_macro2::TokenTree::Ident(word) => {
            ["tag", "content", "untagged", "remote", "crate"].iter().any(|tagging| word == tagging)
        }
        _ => false,
    })
}

fn check_category(category: &LitStr, diagnostics: &Diagnostics) {
    let text = category.value();
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.') {
        diagnostics.error(
            category.span(),
            format!("`{text}` is not a category"),
            "use ASCII letters, digits, `_` and `.`; a stream is called `category-id`: `\"account\"`",
        );
    }
}

/// Two facts under one stored name could not be told apart when read back.
fn check_names(variants: &[Variant], diagnostics: &Diagnostics) {
    let mut seen: HashMap<String, &Variant> = HashMap::new();
    for variant in variants {
        match seen.get(&variant.name.value()) {
            Some(first) => {
                diagnostics.error(
                    variant.name.span(),
                    format!("`{}` is stored as `{}`, and so is `{}`", variant.ident, variant.name.value(), first.ident),
                    "give one of them a name of its own: `#[event(name = \"…\")]`",
                );
                diagnostics.push(syn::Error::new(
                    first.name.span(),
                    format!("`{}` is first given here", first.name.value()),
                ));
            }
            None => {
                seen.insert(variant.name.value(), variant);
            }
        }
    }
}
