//! What reads the log by name: the sets of events it lists.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{DeriveInput, Ident, LitStr, Path, PathArguments, Type, TypePath};

use crate::attributes::{Arguments, Key, Shape};
use crate::diagnostics::{Diagnostics, located};
use crate::paths::Root;
use crate::words::in_words;

/// What an item is called that reads the log, and what it reads.
pub(crate) struct Reading {
    pub(crate) root: Root,
    name: Option<LitStr>,
    pub(crate) events: Vec<Type>,
    only: Vec<Variant>,
}

impl Reading {
    /// What its attribute says. It is `of` a kind, such as a projection; the name of `example` would do.
    pub(crate) fn take(
        given: &mut Arguments,
        of: &str,
        example: &str,
        diagnostics: &Diagnostics,
    ) -> Self {
        let root = Root::new(given.crate_path(), diagnostics);
        let name = given.first_text();
        if let Some(name) = &name {
            check_name(name, of, example, diagnostics);
        }
        let events = each_once(given.types("of").unwrap_or_default(), diagnostics);
        let only = only(given.types("only"), &events, diagnostics);
        Self {
            root,
            name,
            events,
            only,
        }
    }

    /// Its name. Where it is missing, that has been reported.
    pub(crate) fn name(&self) -> TokenStream {
        let name = self.name.as_ref();
        name.map_or_else(|| quote!("missing"), |name| quote!(#name))
    }

    /// The sets by what is called to have them, such as `<Self as Project<OrderEvent>>::source`. Each is
    /// seen where it is listed, so that what is missing is reported there.
    pub(crate) fn sets(&self, call: impl Fn(&Type) -> TokenStream) -> TokenStream {
        let each = self.events.iter().map(|event| {
            let text = event.to_token_stream().to_string();
            let listed: Vec<_> = self
                .only
                .iter()
                .filter(|it| it.event.to_string() == text)
                .collect();
            let call = call(event);
            if listed.is_empty() {
                return quote!(#call(::core::option::Option::None));
            }
            let idents = listed.iter().map(|it| it.ident.unraw().to_string());
            quote!(#call(::core::option::Option::Some(&[#(#idents),*])))
        });
        quote!(#(#each),*)
    }

    /// Fails to compile where a set has no such variant.
    pub(crate) fn are_variants(&self) -> TokenStream {
        let each = self.only.iter().map(|Variant { path, event, .. }| {
            quote_spanned! {path.span()=>
                let _: fn(&#event) -> ::core::primitive::bool = |event| ::core::matches!(event, #path { .. });
            }
        });
        quote!(#(#each)*)
    }

    /// That the item lists the sets, said by a trait for each of them.
    pub(crate) fn listed(&self, item: &DeriveInput, said: &TokenStream) -> TokenStream {
        let events = &self.events;
        let ident = &item.ident;
        let (impl_generics, type_generics, where_clause) = item.generics.split_for_impl();
        // Where the list is missing, that has been reported, and whatever is read is no mistake.
        if events.is_empty() && item.generics.params.is_empty() {
            return quote!(impl<E> #said<E> for #ident {});
        }
        let each = events.iter().map(|event| {
            let this = located(quote!(#ident #type_generics), event.span());
            quote_spanned! {event.span()=>
                #[automatically_derived]
                impl #impl_generics #said<#event> for #this #where_clause {}
            }
        });
        quote!(#(#each)*)
    }

    /// Fails to compile where two of the sets have the same category.
    pub(crate) fn one_of_each_category(&self, item: &DeriveInput) -> TokenStream {
        let Self { root, events, .. } = self;
        if !item.generics.params.is_empty() {
            return TokenStream::new();
        }
        let others = (1..events.len()).filter_map(|index| events.split_at_checked(index));
        let each = others.filter_map(|(before, after)| {
            let event = after.first()?;
            let span = event.span();
            let check = quote!(#root::__private::has_a_category_of_its_own);
            let check = located(check, span);
            Some(quote_spanned! {span=>
                const _: () = #check(
                    <#event as #root::Event>::CATEGORY,
                    &[#(<#before as #root::Event>::CATEGORY),*],
                );
            })
        });
        quote!(#(#each)*)
    }
}

/// The listed sets of events without those that are listed before.
fn each_once(listed: Vec<Type>, diagnostics: &Diagnostics) -> Vec<Type> {
    let mut events: Vec<Type> = Vec::new();
    for event in listed {
        let text = event.to_token_stream().to_string();
        let is_same = |first: &&Type| first.to_token_stream().to_string() == text;
        let Some(first) = events.iter().find(is_same) else {
            events.push(event);
            continue;
        };
        diagnostics.error_at(&event, format!("`{text}` is listed twice"), "list it once");
        let first_here = format!("`{text}` is first given here");
        diagnostics.push(syn::Error::new_spanned(first, first_here));
    }
    events
}

/// The key that says which events of the sets are read.
pub(crate) const ONLY: Key = Key {
    name: "only",
    shape: Shape::Types,
    usage: "only(OrderEvent::Placed)",
    meaning: "the events of those sets that it reads, where it does not read all; a set of which none is listed is read \
              whole",
    otherwise: "all of them",
    also_called: &["filter", "variants", "kinds", "names", "where"],
    ..Key::OPTIONAL
};

/// A variant of one of the sets: `OrderEvent::Placed`.
struct Variant {
    path: Path,
    /// The set.
    event: TokenStream,
    ident: Ident,
}

/// The listed events, each of one of the sets.
fn only(listed: Option<Vec<Type>>, events: &[Type], diagnostics: &Diagnostics) -> Vec<Variant> {
    let listed = listed.unwrap_or_default();
    let variants = listed.into_iter().filter_map(|listed| {
        let variant = variant(&listed);
        let is_listed = |variant: &Variant| {
            let set = variant.event.to_string();
            events.is_empty() || events.iter().any(|event| event.to_token_stream().to_string() == set)
        };
        match variant {
            None => {
                diagnostics.error_at(
                    &listed,
                    "this is not a variant of a set of events",
                    "write `only(OrderEvent::Placed)`: the set as it is in `of(…)`, and one of its variants",
                );
                None
            }
            Some(variant) if !is_listed(&variant) => {
                let set = &variant.event;
                diagnostics.error_at(
                    &listed,
                    format!("`{set}` is not in `of(…)`"),
                    format!("write the set as it is in `of(…)`, or add `{set}` there"),
                );
                None
            }
            variant => variant,
        }
    });
    variants.collect()
}

/// A type that was read where a variant is meant.
fn variant(listed: &Type) -> Option<Variant> {
    let Type::Path(TypePath {
        qself: None, path, ..
    }) = listed
    else {
        return None;
    };
    let mut set = path.clone();
    let last = set.segments.pop()?;
    let before = set.segments.pop()?;
    set.segments.push(before);
    let mut path = path.clone();
    for segment in &mut path.segments {
        // A pattern wants two more colons than a type.
        if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
            arguments.colon2_token.get_or_insert_default();
        }
    }
    Some(Variant {
        path,
        event: set.into_token_stream(),
        ident: last.arguments.is_none().then_some(last.ident)?,
    })
}

/// A name that is part of URLs, and of what is stored.
fn check_name(name: &LitStr, of: &str, example: &str, diagnostics: &Diagnostics) {
    let text = name.value();
    if text.is_empty() {
        diagnostics.error(
            name.span(),
            format!("a {of}'s name cannot be empty"),
            format!("write `\"{example}\"`"),
        );
    } else if !text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    {
        diagnostics.error(
            name.span(),
            format!("`{text}` is not a name for a {of}"),
            format!(
                "it is part of URLs; use ASCII letters, digits, `-`, `_` and `.`: `\"{}\"`",
                in_words(&text, '-')
            ),
        );
    }
}
