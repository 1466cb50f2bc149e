//! From the meaning of an event enum to code.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Fields;

use super::{EventSet, Variant};
use crate::item::{derive_missing, value_derives};

pub(super) fn expand(set: &EventSet) -> TokenStream {
    let EventSet { root, category, item, generics, variants, .. } = set;
    let private = quote!(#root::__private);
    let ident = &item.ident;
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let derives = derive_missing(&item.attrs, &value_derives());

    let kinds = variants.iter().map(|Variant { name, version, doc, .. }| {
        quote!(#root::EventKind { name: #name, version: #root::SchemaVersion::new(#version), doc: #doc })
    });
    let kind_of = variants.iter().enumerate().map(|(index, variant)| {
        let ident = &variant.ident;
        quote!(Self::#ident { .. } => &<Self as #root::Event>::KINDS[#index])
    });
    let stored = stored_mirror(set);

    quote! {
        #derives
        #item

        const _: () = {
            #stored

            #[automatically_derived]
            impl #impl_generics #root::Event for #ident #type_generics #where_clause {
                const CATEGORY: &'static ::core::primitive::str = #category;
                const KINDS: &'static [#root::EventKind] = &[#(#kinds),*];

                fn kind(&self) -> &'static #root::EventKind {
                    match self {
                        #(#kind_of,)*
                        #[allow(unreachable_patterns, reason = "only an enum without variants gets here")]
                        _ => ::core::unreachable!(),
                    }
                }

                fn encode(&self) -> ::core::result::Result<::std::string::String, #root::EncodeError> {
                    #private::encode_variant::<Self>(self, |serializer| Stored::serialize(self, serializer))
                }

                fn decode(
                    name: &::core::primitive::str,
                    version: #root::SchemaVersion,
                    data: &::core::primitive::str,
                ) -> ::core::result::Result<Self, #root::DecodeError> {
                    #private::decode_variant::<Self>(name, version, data, |deserializer| Stored::deserialize(deserializer))
                }
            }
        };
    }
}

/// A private copy of the enum that carries serde's derives, so that the user's own enum is free to have others or none.
fn stored_mirror(set: &EventSet) -> TokenStream {
    let EventSet { root, item, generics, variants, serde, .. } = set;
    let private = quote!(#root::__private);
    let serde_path = root.serde();
    let remote = {
        let ident = &item.ident;
        let (_, type_generics, _) = generics.split_for_impl();
        quote!(#ident #type_generics).to_string()
    };
    let copies = variants.iter().map(|Variant { ident, serde, fields, .. }| match fields {
        Fields::Named(fields) => quote!(#(#serde)* #ident #fields),
        Fields::Unnamed(fields) => quote!(#(#serde)* #ident #fields),
        Fields::Unit => quote!(#(#serde)* #ident),
    });
    let where_clause = &generics.where_clause;
    quote! {
        #[derive(#private::serde::Serialize, #private::serde::Deserialize)]
        #[serde(crate = #serde_path, remote = #remote)]
        #(#serde)*
        #[allow(dead_code, clippy::all, clippy::pedantic, reason = "only its derives are used")]
        enum Stored #generics #where_clause {
            #(#copies),*
        }
    }
}
