//! That what the variants hold can be stored, said in a sentence where it cannot.
//!
//! Serde's derives would say it once for each place they use a type in. So the mirror may take for
//! granted that its contents can be stored, and one place asks whether they can.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Attribute, Field, Lifetime, Meta, Token, Type};

use super::EventSet;
use crate::diagnostics::located;

/// Types that everybody knows can be stored, if they are what they seem.
const PLAIN: [&str; 15] = [
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "usize",
    "isize", "String",
];

/// What serde's attributes may say without a word about the type.
const NEUTRAL: [&str; 6] = [
    "alias",
    "default",
    "deny_unknown_fields",
    "rename",
    "rename_all",
    "skip_serializing_if",
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
    let variants = set.variants.iter();
    let fields = variants
        .filter(|variant| leave_the_type_alone(&variant.serde))
        .flat_map(|variant| &variant.fields);
    // It is nobody's but ours that it is not used.
    let any = Lifetime::new("'any", Span::call_site());
    let mut seen = Vec::new();
    let mut bounds = TokenStream::new();
    for Field { ty, .. } in fields.filter(|field| leave_the_type_alone(&field.attrs)) {
        let text = ty.to_token_stream().to_string();
        if is_plain(ty) || seen.contains(&text) {
            continue;
        }
        seen.push(text);
        let stored = located(quote!(#root::__private::Stored), ty.span());
        // A bound for any lifetime is one that the compiler does not check before it is used.
        bounds.extend(quote_spanned!(ty.span()=> for<#any> #ty: #stored,));
    }
    if bounds.is_empty() {
        return theirs.to_token_stream();
    }
    let theirs = theirs.iter().flat_map(|clause| &clause.predicates);
    quote!(where #(#theirs,)* #bounds)
}

/// Whether none of serde's attributes stores something else than what the type says: then the type
/// need not be one that can be stored.
fn leave_the_type_alone(attributes: &[Attribute]) -> bool {
    let leaves = |key: &Meta| NEUTRAL.iter().any(|neutral| key.path().is_ident(neutral));
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("serde"))
        .all(|attribute| {
            attribute
                .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
                .is_ok_and(|keys| keys.iter().all(leaves))
        })
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
            fn write<__S: #private::serde::Serializer>(
                &self,
                serializer: #private::VariantSerializer<__S>,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                __Stored::serialize(self, serializer)
            }

            fn read<'__de, __D: #private::serde::Deserializer<'__de>>(
                deserializer: #private::VariantDeserializer<__D>,
            ) -> ::core::result::Result<Self, __D::Error> {
                __Stored::deserialize(deserializer)
            }
        }
    }
}
