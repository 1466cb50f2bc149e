//! That what the variants hold can be stored, said in a sentence where it cannot.
//!
//! Serde's derives would say it once for each place they use a type in. So the mirror may take for
//! granted that its contents can be stored, and one place asks whether they can.

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Field, Lifetime, Type};

use super::EventSet;
use crate::diagnostics::located;

/// Types that everybody knows can be stored, if they are what they seem.
const PLAIN: [&str; 15] = [
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "usize",
    "isize", "String",
];

/// The `where` clause that takes for granted that the contents can be stored. Where the enum is
/// generic, the user's own bounds say what is granted.
pub(super) fn granted(set: &EventSet) -> TokenStream {
    let generics = &set.item.generics;
    let theirs = &generics.where_clause;
    if !generics.params.is_empty() {
        return theirs.to_token_stream();
    }
    let root = &set.root;
    let fields = set.variants.iter().flat_map(|variant| &variant.fields);
    let mut seen = HashSet::new();
    // It is nobody's but ours that it is not used.
    let any = Lifetime::new("'any", Span::call_site());
    let bounds: Vec<_> = fields
        .filter(|field| is_stored_as_it_is(field))
        .map(|field| &field.ty)
        .filter(|ty| !is_plain(ty) && seen.insert(ty.to_token_stream().to_string()))
        // A bound for any lifetime is one that the compiler does not check before it is used.
        .map(|ty| {
            let stored = located(quote!(#root::__private::Stored), ty.span());
            quote_spanned!(ty.span()=> for<#any> #ty: #stored)
        })
        .collect();
    if bounds.is_empty() {
        return theirs.to_token_stream();
    }
    let theirs = theirs.iter().flat_map(|clause| &clause.predicates);
    quote!(where #(#theirs,)* #(#bounds),*)
}

/// Whether nothing but the field's type says how it is stored.
fn is_stored_as_it_is(field: &Field) -> bool {
    let is_serde = |attribute: &Attribute| attribute.path().is_ident("serde");
    !field.attrs.iter().any(is_serde)
}

fn is_plain(ty: &Type) -> bool {
    let Type::Path(path) = ty else {
        return false;
    };
    PLAIN.iter().any(|plain| path.path.is_ident(plain))
}

/// The place that asks.
pub(super) fn codec(set: &EventSet, granted: &TokenStream) -> TokenStream {
    let EventSet { root, item, .. } = set;
    let private = quote!(#root::__private);
    let ident = &item.ident;
    let (impl_generics, type_generics, _) = item.generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #impl_generics #private::Codec for #ident #type_generics #granted {
            fn write(
                &self,
                serializer: #private::VariantSerializer<'_>,
            ) -> ::core::result::Result<(), #private::JsonError> {
                __Stored::serialize(self, serializer)
            }

            fn read(
                deserializer: #private::VariantDeserializer<'_, '_>,
            ) -> ::core::result::Result<Self, #private::JsonError> {
                __Stored::deserialize(deserializer)
            }
        }
    }
}
