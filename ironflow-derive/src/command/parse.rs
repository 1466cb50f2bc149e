//! From the user's struct or enum to its meaning, with everything that is wrong about it.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, Index, Meta};

use super::{Command, Member, One, Shape, Variant};
use crate::attributes::{First, Grammar, Key, Shape as Value};
use crate::diagnostics::Diagnostics;
use crate::item::{self, BY_HAND};
use crate::paths::{CRATE, Root};
use crate::words::in_words;

pub(crate) static ON_ITEM: Grammar = Grammar {
    attribute: "command",
    first: Some(First {
        shape: Value::Type,
        what: "the aggregate that decides it",
        usage: "Account",
        meaning: "the aggregate that decides it",
    }),
    keys: &[
        Key {
            name: "context",
            shape: Value::Type,
            usage: "context = OpenAccountContext",
            meaning: "what enrichment fetches before the decision; the aggregate implements `DecideWith` instead of `Decide`",
            otherwise: "the aggregate implements `Decide`",
            ..Key::OPTIONAL
        },
        Key {
            name: "creates",
            shape: Value::Flag,
            usage: "creates",
            meaning: "the stream must not exist yet",
            otherwise: "the stream is as it was when the command was decided",
            ..Key::OPTIONAL
        },
        BY_HAND,
        CRATE,
    ],
    elsewhere: &[],
};

pub(super) fn parse(
    arguments: TokenStream,
    mut item: DeriveInput,
    diagnostics: &Diagnostics,
) -> Command {
    let mut given = ON_ITEM.parse(arguments, Span::call_site(), diagnostics);
    let root = Root::new(given.crate_path(), diagnostics);
    let aggregate = given.first_type();
    let context = given.r#type("context");
    let creates = given.flag("creates");
    let by_hand = item::by_hand(&mut given, diagnostics);

    item::refuse_lifetimes(&item, "a command", diagnostics);
    item::refuse_unbounded(
        &item,
        "Clone + std::fmt::Debug + PartialEq + Send + Sync + 'static",
        diagnostics,
    );
    refuse_id(&mut item.attrs, diagnostics);
    let shape = match &mut item.data {
        Data::Struct(data) => {
            let one = parse_one(&item.ident, &item.attrs, &mut data.fields, diagnostics);
            Shape::Struct(one.into())
        }
        Data::Enum(data) => {
            let variants: Vec<_> = data
                .variants
                .iter_mut()
                .map(|variant| parse_variant(variant, diagnostics))
                .collect();
            check_ids(&variants, diagnostics);
            Shape::Enum(variants)
        }
        Data::Union(data) => {
            diagnostics.error(
                data.union_token.span,
                "`#[command]` belongs on a struct or an enum of commands",
                format!("write `struct {}`", item.ident),
            );
            Shape::Union
        }
    };
    Command {
        root,
        aggregate,
        context,
        creates,
        by_hand,
        item,
        shape,
    }
}

fn parse_variant(variant: &mut syn::Variant, diagnostics: &Diagnostics) -> Variant {
    refuse_id(&mut variant.attrs, diagnostics);
    Variant {
        ident: variant.ident.clone(),
        cfg: variant
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("cfg"))
            .cloned()
            .collect(),
        command: parse_one(
            &variant.ident,
            &variant.attrs,
            &mut variant.fields,
            diagnostics,
        ),
    }
}

fn parse_one(
    ident: &Ident,
    attributes: &[Attribute],
    fields: &mut Fields,
    diagnostics: &Diagnostics,
) -> One {
    let ident = ident.unraw().to_string();
    One {
        name: in_words(&ident, '-'),
        ident,
        doc: item::doc(attributes),
        id: find_id(fields, diagnostics),
    }
}

/// All commands of an enum name their aggregate, or none.
fn check_ids(variants: &[Variant], diagnostics: &Diagnostics) {
    let Some(with) = variants.iter().find(|variant| variant.command.id.is_some()) else {
        return;
    };
    for without in variants
        .iter()
        .filter(|variant| variant.command.id.is_none())
    {
        diagnostics.error(
            without.ident.span(),
            format!(
                "`{}` has no `#[id]`, but `{}` has one",
                without.ident, with.ident
            ),
            "mark the field that names the aggregate in every variant: `#[id] account: AccountId`",
        );
    }
}

/// Takes a mark away that stands on no field.
fn refuse_id(attributes: &mut Vec<Attribute>, diagnostics: &Diagnostics) {
    for mark in attributes.extract_if(.., |attribute| is_id(attribute)) {
        diagnostics.error_at(
            mark,
            "`#[id]` belongs on a field",
            "mark the field that names the aggregate: `#[id] account: AccountId`",
        );
    }
}

/// The field marked `#[id]`, with the mark taken away.
fn find_id(fields: &mut Fields, diagnostics: &Diagnostics) -> Option<Member> {
    let mut found: Option<(Member, Span)> = None;
    for (index, field) in fields.iter_mut().enumerate() {
        for mark in field.attrs.extract_if(.., |attribute| is_id(attribute)) {
            if !matches!(mark.meta, Meta::Path(_)) {
                diagnostics.error_at(&mark, "`#[id]` takes no arguments", "write `#[id]`");
            }
            if let Some((_, first)) = &found {
                diagnostics.error(
                    mark.path().span(),
                    "`#[id]` is given twice",
                    "keep the one that names the aggregate: `#[id] account: AccountId`",
                );
                diagnostics.push(syn::Error::new(*first, "`#[id]` is first given here"));
                continue;
            }
            let member = match &field.ident {
                Some(ident) => syn::Member::Named(ident.clone()),
                None => syn::Member::Unnamed(Index::from(index)),
            };
            found = Some((
                Member {
                    member,
                    r#type: field.ty.clone(),
                },
                mark.path().span(),
            ));
        }
    }
    found.map(|(member, _)| member)
}

fn is_id(attribute: &Attribute) -> bool {
    attribute.path().is_ident("id")
}
