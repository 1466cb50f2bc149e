//! What reads the log by name: the sets of events it lists.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, LitStr, Type};

use crate::diagnostics::{Diagnostics, located};
use crate::paths::Root;
use crate::words::in_words;

/// The listed sets of events without those that are listed before.
pub(crate) fn each_once(listed: Vec<Type>, diagnostics: &Diagnostics) -> Vec<Type> {
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

/// A name that is part of URLs, and of what is stored.
pub(crate) fn check_name(name: &LitStr, of: &str, example: &str, diagnostics: &Diagnostics) {
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

/// That the item lists the sets, said by a trait for each of them.
pub(crate) fn listed(item: &DeriveInput, events: &[Type], said: &TokenStream) -> TokenStream {
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
pub(crate) fn one_of_each_category(
    item: &DeriveInput,
    events: &[Type],
    root: &Root,
) -> TokenStream {
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
