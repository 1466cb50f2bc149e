//! From the user's struct or enum to its meaning, with everything that is wrong about it.

use heck::ToKebabCase;
use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, Index, Meta};

use super::{Address, Command, Member, Names};
use crate::attributes::{First, Grammar, Key, Shape};
use crate::diagnostics::Diagnostics;
use crate::paths::{CRATE, Root};

static ON_ITEM: Grammar = Grammar {
    attribute: "command",
    first: Some(First { shape: Shape::Type, what: "the aggregate that decides it", usage: "Account" }),
    keys: &[
        Key { name: "context", shape: Shape::Type, usage: "context = OpenAccountContext" },
        Key { name: "creates", shape: Shape::Flag, usage: "creates" },
        CRATE,
    ],
};

pub(super) fn parse(arguments: TokenStream, mut item: DeriveInput, diagnostics: &Diagnostics) -> Command {
    let mut given = ON_ITEM.parse(arguments, Span::call_site(), diagnostics);
    let root = Root::new(given.crate_path(), diagnostics);
    let aggregate = given.first_type(diagnostics);
    let context = given.r#type("context");
    let creates = given.flag("creates");

    let (names, address) = match &mut item.data {
        Data::Struct(data) => {
            let name = item.ident.unraw().to_string().to_kebab_case();
            (Names::Struct(name), find_id(&mut data.fields, diagnostics).map(Address::Field))
        }
        Data::Enum(data) => {
            let mut names = Vec::new();
            let mut found = Vec::new();
            let mut without = Vec::new();
            for variant in &mut data.variants {
                names.push((variant.ident.clone(), variant.ident.unraw().to_string().to_kebab_case()));
                match find_id(&mut variant.fields, diagnostics) {
                    Some(member) => found.push((variant.ident.clone(), member)),
                    None => without.push(variant.ident.clone()),
                }
            }
            let address = if found.is_empty() {
                None
            } else {
                for variant in &without {
                    diagnostics.error(
                        variant.span(),
                        format!("`{variant}` has no `#[id]`, but other commands of the enum have one"),
                        "mark the field that names the aggregate with `#[id]` in every variant, or in none",
                    );
                }
                without.is_empty().then_some(Address::Variants(found))
            };
            (Names::Enum(names), address)
        }
        Data::Union(data) => {
            diagnostics.error(data.union_token.span(), "`#[command]` belongs on a struct or an enum", "make it a struct");
            (Names::Struct(String::new()), None)
        }
    };
    Command { root, aggregate, context, creates, item, names, address }
}

/// The field marked `#[id]`, with the mark taken away.
fn find_id(fields: &mut Fields, diagnostics: &Diagnostics) -> Option<Member> {
    let mut found: Option<(Member, Span)> = None;
    for (index, field) in fields.iter_mut().enumerate() {
        for mark in field.attrs.extract_if(.., |attribute: &mut Attribute| attribute.path().is_ident("id")) {
            if !matches!(mark.meta, Meta::Path(_)) {
                diagnostics.error_at(&mark, "`#[id]` takes no arguments", "write `#[id]`");
            }
            if let Some((_, first)) = &found {
                diagnostics.error(mark.span(), "`#[id]` is given twice", "keep the one that names the aggregate");
                diagnostics.push(syn::Error::new(*first, "`#[id]` is first given here"));
                continue;
            }
            let member = match &field.ident {
                Some(ident) => syn::Member::Named(ident.clone()),
                None => syn::Member::Unnamed(Index::from(index)),
            };
            found = Some((Member { member, r#type: field.ty.clone() }, mark.span()));
        }
    }
    found.map(|(member, _)| member)
}
