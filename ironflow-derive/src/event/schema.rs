//! The schema of the stored form, where the user derives `JsonSchema` on the enum.

use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, Data, Field, Fields, Meta, Path, Token, Variant, parse_quote};

use super::EventSet;
use super::serde::Place;

/// When a derive is there: always, or where `cfg` says so.
pub(super) enum Condition {
    Always,
    Cfg(TokenStream),
}

/// Whether the user derives `JsonSchema`, plainly or within `cfg_attr`.
pub(super) fn wanted(attributes: &[Attribute]) -> Option<Condition> {
    attributes
        .iter()
        .find_map(|attribute| match &attribute.meta {
            meta if derives_schema(meta) => Some(Condition::Always),
            Meta::List(list) if list.path.is_ident("cfg_attr") => {
                let arguments = list
                    .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
                    .ok()?;
                let mut arguments = arguments.into_iter();
                let condition = arguments.next()?;
                arguments
                    .any(|meta| derives_schema(&meta))
                    .then(|| Condition::Cfg(quote!(#[cfg(#condition)])))
            }
            _ => None,
        })
}

fn derives_schema(meta: &Meta) -> bool {
    let Meta::List(list) = meta else {
        return false;
    };
    let is_schema = |path: &Path| {
        path.segments
            .last()
            .is_some_and(|last| last.ident == "JsonSchema")
    };
    list.path.is_ident("derive")
        && list
            .parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated)
            .is_ok_and(|derived| derived.iter().any(is_schema))
}

/// A copy of the enum that describes the stored form, and the method that tells its schemas. The
/// user's own enum may have another form.
pub(super) fn describe(set: &EventSet) -> Option<TokenStream> {
    let EventSet {
        root,
        item,
        serde,
        schema,
        ..
    } = set;
    let condition = match schema.as_ref()? {
        Condition::Always => None,
        Condition::Cfg(condition) => Some(condition),
    };
    let Data::Enum(data) = &item.data else {
        return None;
    };
    let ident = &item.ident;
    let (impl_generics, type_generics, where_clause) = item.generics.split_for_impl();
    if !set.sound {
        // Whoever asks for the schemas must not be told that there are none.
        return Some(quote! {
            #condition
            #root::__private::with_schema! {
                #[automatically_derived]
                impl #impl_generics #root::Described for #ident #type_generics #where_clause {
                    fn schemas() -> ::std::vec::Vec<#root::Schema> {
                        ::core::unreachable!()
                    }
                }
            }
        });
    }
    let generics = &item.generics;
    let bound = (!generics.params.is_empty()).then(|| {
        let theirs = where_clause.iter().flat_map(|clause| &clause.predicates);
        quote!(where #(#theirs,)* __Described #type_generics: __schemars::JsonSchema)
    });
    let bound = bound.unwrap_or_else(|| quote!(#where_clause));
    let copies = data
        .variants
        .iter()
        .zip(&set.variants)
        .map(|(theirs, stored)| {
            let attributes = of_variant(&theirs.attrs);
            let attributes = attributes.iter().chain(&stored.serde);
            let Variant { ident, .. } = theirs;
            let fields = fields(&theirs.fields, &stored.fields);
            quote!(#(#attributes)* #ident #fields)
        });
    let copies: Vec<_> = copies.collect();
    Some(quote! {
        #condition
        #root::__private::with_schema! {
            use #root::__private::schemars as __schemars;

            #[derive(__schemars::JsonSchema)]
            #[schemars(crate = "__schemars")]
            #(#serde)*
            #[allow(dead_code, clippy::all, clippy::pedantic, reason = "only its schema is used")]
            enum __Described #generics #where_clause {
                #(#copies),*
            }

            #[automatically_derived]
            impl #impl_generics #root::Described for #ident #type_generics #bound {
                fn schemas() -> ::std::vec::Vec<#root::Schema> {
                    #root::__private::schemas::<Self, __Described #type_generics>()
                }
            }
        }
    })
}

/// The fields as they are stored, with what the user says about their schema.
fn fields(theirs: &Fields, stored: &Fields) -> TokenStream {
    let fields = theirs.iter().zip(stored).map(|(theirs, stored)| {
        let attributes = described(&theirs.attrs).chain(&stored.attrs);
        let Field { ident, ty, .. } = theirs;
        let colon = ident.as_ref().map(|_| quote!(:));
        quote!(#(#attributes)* #ident #colon #ty)
    });
    match theirs {
        Fields::Named(_) => quote!({ #(#fields),* }),
        Fields::Unnamed(_) => quote!((#(#fields),*)),
        Fields::Unit => TokenStream::new(),
    }
}

/// The attributes of a variant, without those that say what it is called or whether it is there: an
/// event is stored under its name, whatever another form of the enum says.
fn of_variant(attributes: &[Attribute]) -> Vec<Attribute> {
    let shaping = |attribute: &Attribute| {
        if !attribute.path().is_ident("schemars") {
            return attribute.clone();
        }
        let Ok(keys) = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
        else {
            // Schemars says what is wrong with it.
            return attribute.clone();
        };
        let keys = keys.iter().filter(|key| {
            let without_effect = Place::Variant.without_effect();
            !without_effect.iter().any(|name| key.path().is_ident(name))
        });
        parse_quote!(#[schemars(#(#keys),*)])
    };
    described(attributes).map(shaping).collect()
}

/// The attributes a schema is made from besides serde's.
fn described(attributes: &[Attribute]) -> impl Iterator<Item = &Attribute> {
    attributes.iter().filter(|attribute| {
        let path = attribute.path();
        path.is_ident("doc") || path.is_ident("schemars")
    })
}
