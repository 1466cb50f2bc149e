//! That what the variants hold can be stored, said in a sentence where it cannot.
//!
//! Serde's derives would say it once for each place they use a type in. So the mirror may take for
//! granted that its contents can be stored, and one place asks whether they can.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Attribute, Field, Type};

use super::EventSet;
use crate::diagnostics::located;

/// Types that everybody knows can be stored, if they are what they seem.
const PLAIN: [&str; 15] = [
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "usize",
    "isize", "String",
];

/// The `where` clause that takes for granted that the contents can be stored. None where there is
/// nothing to ask, or where the user's own bounds say what is granted.
pub(super) fn bounds(set: &EventSet) -> Option<TokenStream> {
    let generics = &set.item.generics;
    if !generics.params.is_empty() {
        return None;
    }
    let root = &set.root;
    let fields = set.variants.iter().flat_map(|variant| &variant.fields);
    let mut seen = HashSet::new();
    let bounds: Vec<_> = fields
        .filter(|field| is_stored_as_it_is(field))
        .map(|field| &field.ty)
        .filter(|ty| !is_plain(ty) && seen.insert(ty.to_token_stream().to_string()))
        // A bound for any lifetime is one that the compiler does not check before it is used.
        .map(|ty| located(quote!(for<'any> #ty: #root::__private::Stored), ty.span()))
        .collect();
    let theirs = generics.where_clause.as_ref();
    let theirs = theirs.map(|clause| clause.predicates.iter());
    let theirs = theirs.into_iter().flatten();
    (!bounds.is_empty()).then(|| quote!(where #(#theirs,)* #(#bounds),*))
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
pub(super) fn codec(set: &EventSet, bounds: &TokenStream) -> TokenStream {
    let private = {
        let root = &set.root;
        quote!(#root::__private)
    };
    let ident = &set.item.ident;
    quote! {
        #[automatically_derived]
        impl #private::Codec for #ident #bounds {
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
