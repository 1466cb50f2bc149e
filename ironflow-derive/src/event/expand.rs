//! From the meaning of an event enum to code.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Data, Fields};

use super::{EventSet, Variant, contents, history, payload_type, schema};
use crate::diagnostics::located;
use crate::item::{derive_missing, is_out_of_bounds};

pub(super) fn expand(set: &EventSet) -> TokenStream {
    let EventSet {
        root,
        category,
        item,
        variants,
        ..
    } = set;
    if let Data::Union(_) = &item.data {
        // No fallback is of use: a union has no `Clone`.
        return quote!(#item);
    }
    let ident = &item.ident;
    let (impl_generics, type_generics, where_clause) = item.generics.split_for_impl();
    let derives = derive_missing(item, &set.by_hand);
    if is_out_of_bounds(item) {
        return quote!(#derives #item);
    }

    let kinds = variants.iter().map(|variant| kind(set, variant));
    let kind_of = variants.iter().enumerate().map(|(index, variant)| {
        let ident = &variant.ident;
        quote!(Self::#ident { .. } => &__KINDS[#index])
    });
    // Only a broken item gets there.
    let otherwise = variants
        .is_empty()
        .then(|| quote!(_ => ::core::unreachable!()));
    let past = history::constants(set);
    let check_shapes = history::check_shapes(set);
    let stored = set.sound.then(|| stored_mirror(set));
    let described = schema::describe(set);
    let codec = codec(set);

    quote! {
        #derives
        #[allow(clippy::large_enum_variant, reason = "an event is written and read, not kept in large numbers")]
        #item

        #[allow(deprecated, reason = "a fact that is not recorded any more is still read")]
        const _: () = {
            const __KINDS: &[#root::EventKind] = &[#(#kinds),*];

            #stored
            #check_shapes
            #described

            #[automatically_derived]
            impl #impl_generics #root::Event for #ident #type_generics #where_clause {
                const CATEGORY: &'static ::core::primitive::str = #category;
                const KINDS: &'static [#root::EventKind] = __KINDS;
                #past

                fn kind(&self) -> &'static #root::EventKind {
                    match self {
                        #(#kind_of,)*
                        #otherwise
                    }
                }

                #codec
            }
        };
    }
}

/// What the variant is called where it is stored.
fn kind(set: &EventSet, variant: &Variant) -> TokenStream {
    let root = &set.root;
    let Variant {
        name,
        also_named,
        doc,
        ..
    } = variant;
    let version = variant.version();
    let retired = history::retired(set, &variant.earlier);
    let ident = variant.ident.unraw().to_string();
    let payload = payload_type(&variant.fields).map_or_else(
        || quote!(::core::option::Option::None),
        |payload| {
            let text = payload.to_token_stream().to_string().replace(' ', "");
            quote!(::core::option::Option::Some(#text))
        },
    );
    quote! {
        #root::EventKind {
            name: #name,
            also_named: &[#(#also_named),*],
            version: #root::SchemaVersion::new(#version),
            retired: #retired,
            ident: #ident,
            payload: #payload,
            doc: #doc,
        }
    }
}

/// How an event is written and read, through its mirror.
fn codec(set: &EventSet) -> TokenStream {
    let root = &set.root;
    let private = quote!(#root::__private);
    let (encode, decode, others) = if set.sound {
        let upcast = history::upcast(set);
        // The name of the enum is where it is said what cannot be stored, once for both.
        let [encode, decode] = [quote!(encode_stored), quote!(decode_stored)].map(|function| {
            let function = quote!(<Self as #private::Codec>::#function);
            located(function, set.item.ident.span())
        });
        (
            quote!(#encode(self)),
            quote!(#decode(event, #upcast)),
            [history::merge(set), history::old_shapes(set)],
        )
    } else {
        (
            quote!(::core::unreachable!()),
            quote!(::core::unreachable!()),
            [None, None],
        )
    };
    quote! {
        fn encode(&self) -> ::core::result::Result<::std::string::String, #root::EncodeError> {
            #encode
        }

        fn decode(
            event: &#root::EventRef<'_>,
        ) -> ::core::result::Result<#root::Decoded<Self>, #root::DecodeError> {
            #decode
        }

        #(#others)*
    }
}

/// A private copy of the enum that carries serde's derives, so that the user's own enum is free to
/// have others or none.
fn stored_mirror(set: &EventSet) -> TokenStream {
    let EventSet {
        root,
        item,
        variants,
        serde,
        ..
    } = set;
    let generics = &item.generics;
    let where_clause = contents::granted(set);
    let codec = contents::codec(set, &where_clause);
    let remote = item.ident.to_string();
    // The user's own bounds must do for the implementation of `Event`, and serde's guesses beside
    // them would be ambiguous.
    let bound = (!generics.params.is_empty()).then(|| quote!(#[serde(bound = "")]));
    let copies = variants.iter().map(
        |Variant {
             ident,
             serde,
             fields,
             ..
         }| match fields {
            Fields::Named(fields) => quote!(#(#serde)* #ident #fields),
            Fields::Unnamed(fields) => quote!(#(#serde)* #ident #fields),
            Fields::Unit => quote!(#(#serde)* #ident),
        },
    );
    quote! {
        use #root::__private::serde as __serde;
        #[allow(unused_imports, reason = "it stands in where serde derives nothing")]
        use #root::__private::Underived as _;

        #[derive(__serde::Serialize, __serde::Deserialize)]
        #[serde(crate = "__serde", remote = #remote)]
        #bound
        #(#serde)*
        #[allow(dead_code, clippy::all, clippy::pedantic, reason = "only its derives are used")]
        enum __Stored #generics #where_clause {
            #(#copies),*
        }

        #codec
    }
}
