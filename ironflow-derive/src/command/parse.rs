//! From the user's struct or enum to its meaning, with everything that is wrong about it.

use proc_macro2::{Span, TokenStream};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, Index, Meta, Type};

use super::{Command, Member, One, Shape, Variant};
use crate::attributes::{First, Grammar, Key, Shape as Value, Words};
use crate::diagnostics::Diagnostics;
use crate::item::{self, BY_HAND};
use crate::paths::{CRATE, Root};
use crate::words::{in_camel_case, in_words};

pub(crate) static ON_ITEM: Grammar = Grammar {
    attribute: "command",
    is_key: false,
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
            also_called: &["with", "enrich", "enriched", "enrichment", "ctx"],
            ..Key::OPTIONAL
        },
        Key {
            name: "creates",
            shape: Value::Flag,
            usage: "creates",
            meaning: "the stream must not exist yet",
            otherwise: "the stream is as it was when the command was decided",
            also_called: &["new", "init", "constructor", "starts"],
            ..Key::OPTIONAL
        },
        BY_HAND,
        CRATE,
    ],
    elsewhere: &[(
        Key {
            name: "id",
            usage: "id",
            ..Key::OPTIONAL
        },
        "the field that names the aggregate",
    )],
};

pub(super) fn parse(
    arguments: TokenStream,
    mut item: DeriveInput,
    diagnostics: &Diagnostics,
) -> Command {
    let words = Words::default()
        .say("OpenAccount", item.ident.unraw().to_string())
        .say("Account", aggregate_of(&item.ident))
        .elsewhere("mark it there: `#[".to_owned(), "]`".to_owned());
    let mut given = ON_ITEM.parse(arguments, Span::call_site(), words, diagnostics);
    let root = Root::new(given.crate_path(), diagnostics);
    let aggregate = given.first_type();
    let context = given.r#type("context");
    let is_guessed = given.is_meant("context");
    let creates = given.flag("creates");
    let by_hand = item::by_hand(&mut given, diagnostics);

    item::refuse_lifetimes(&item, "a command", diagnostics);
    item::refuse_unbounded(
        &item,
        "Clone + std::fmt::Debug + PartialEq + Send + Sync + 'static",
        diagnostics,
    );
    let mark = Mark::of(aggregate.as_ref());
    mark.refuse(&mut item.attrs, diagnostics);
    let shape = match &mut item.data {
        Data::Struct(data) => {
            let one = parse_one(
                &item.ident,
                &item.attrs,
                &mut data.fields,
                &mark,
                diagnostics,
            );
            Shape::Struct(one.into())
        }
        Data::Enum(data) => {
            let variants: Vec<_> = data
                .variants
                .iter_mut()
                .map(|variant| parse_variant(variant, &mark, diagnostics))
                .collect();
            mark.check(&variants, diagnostics);
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
        is_guessed,
        creates,
        by_hand,
        item,
        shape,
    }
}

/// The aggregate that a command's name most likely tells of: `PlaceOrder` is for an `Order`.
fn aggregate_of(command: &Ident) -> String {
    let stem = item::stem(command, &["Commands", "Command"]);
    let is_whole = *command != stem.as_str();
    let kebab = in_words(&stem, '-');
    match kebab.rsplit_once('-') {
        _ if is_whole => stem,
        Some((_, last)) => in_camel_case(last),
        None => "Account".to_owned(),
    }
}

fn parse_variant(variant: &mut syn::Variant, mark: &Mark, diagnostics: &Diagnostics) -> Variant {
    mark.refuse(&mut variant.attrs, diagnostics);
    refuse_command(variant, diagnostics);
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
            mark,
            diagnostics,
        ),
    }
}

/// Takes what holds for all commands of the enum away from one of them. Others have attributes of
/// that name too, such as clap.
fn refuse_command(variant: &mut syn::Variant, diagnostics: &Diagnostics) {
    let ident = &variant.ident;
    let is_ours = |attribute: &mut Attribute| {
        attribute.path().is_ident("command")
            && attribute.meta.require_list().is_ok_and(|list| {
                let first = list.tokens.clone().into_iter().next();
                let first = first.map_or_else(String::new, |first| first.to_string());
                first.starts_with(char::is_uppercase) || ON_ITEM.knows(&first)
            })
    };
    for attribute in variant.attrs.extract_if(.., is_ours) {
        diagnostics.error_at(
            attribute,
            "`#[command]` stands on the enum, and holds for all of its commands",
            format!("write it there, or make `{ident}` a command of its own: `struct {ident}`"),
        );
    }
}

fn parse_one(
    ident: &Ident,
    attributes: &[Attribute],
    fields: &mut Fields,
    mark: &Mark,
    diagnostics: &Diagnostics,
) -> One {
    let ident = ident.unraw().to_string();
    One {
        name: in_words(&ident, '-'),
        ident,
        doc: item::doc(attributes),
        id: mark.find(fields, diagnostics),
    }
}

/// The mark on the field that names the aggregate, as the user would write it.
struct Mark(String);

impl Mark {
    fn of(aggregate: Option<&Type>) -> Self {
        let name = match aggregate {
            Some(Type::Path(path)) => path.path.segments.last().map(|last| last.ident.unraw()),
            _ => None,
        };
        let name = name.map_or_else(|| "Account".to_owned(), |name| name.to_string());
        Self(format!("`#[id] {}: {name}Id`", in_words(&name, '_')))
    }

    /// All commands of an enum name their aggregate, or none.
    fn check(&self, variants: &[Variant], diagnostics: &Diagnostics) {
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
                format!("mark the field that names the aggregate in every variant: {self}"),
            );
        }
    }

    /// Takes a mark away that stands on no field.
    fn refuse(&self, attributes: &mut Vec<Attribute>, diagnostics: &Diagnostics) {
        for mark in attributes.extract_if(.., |attribute| is_id(attribute)) {
            diagnostics.error_at(
                mark,
                "`#[id]` belongs on a field",
                format!("mark the field that names the aggregate: {self}"),
            );
        }
    }

    /// The field marked `#[id]`, with the mark taken away.
    fn find(&self, fields: &mut Fields, diagnostics: &Diagnostics) -> Option<Member> {
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
                        format!("keep the one that names the aggregate: {self}"),
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
}

impl std::fmt::Display for Mark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_id(attribute: &Attribute) -> bool {
    attribute.path().is_ident("id")
}
