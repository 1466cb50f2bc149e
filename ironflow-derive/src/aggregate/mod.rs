//! `#[derive(Aggregate)]` on a state.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, LitStr, Type};

use crate::attributes::{Grammar, Key, Shape};
use crate::diagnostics::Diagnostics;
use crate::item;
use crate::paths::{CRATE, Root};

static ON_ITEM: Grammar = Grammar {
    attribute: "aggregate",
    first: None,
    keys: &[
        Key { name: "event", shape: Shape::Type, usage: "event = AccountEvent" },
        Key { name: "error", shape: Shape::Type, usage: "error = AccountError" },
        Key { name: "category", shape: Shape::Text, usage: "category = \"account\"" },
        CRATE,
    ],
};

/// What the declaration means.
struct Aggregate {
    root: Root,
    event: Option<Type>,
    error: Option<Type>,
    category: Option<LitStr>,
    item: DeriveInput,
}

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let diagnostics = Diagnostics::default();
    let code = item::parse(&item, "derive(Aggregate)", "a struct or an enum", &diagnostics)
        .map(|input| generate(&parse(input, &diagnostics)));
    let errors = diagnostics.into_tokens();
    quote!(#errors #code)
}

fn parse(mut item: DeriveInput, diagnostics: &Diagnostics) -> Aggregate {
    if let Data::Union(data) = &item.data {
        diagnostics.error(data.union_token.span(), "an aggregate is a struct or an enum", "make it a struct");
    }
    let mut given = ON_ITEM.take(&mut item.attrs, item.ident.span(), diagnostics);
    let event = given.r#type("event");
    let error = given.r#type("error");
    if event.is_none() {
        given.missing("event", "an aggregate folds one set of events", diagnostics);
    }
    if error.is_none() {
        given.missing("error", "an aggregate refuses commands with an error of its own", diagnostics);
    }
    let root = Root::new(given.crate_path(), diagnostics);
    Aggregate { root, event, error, category: given.text("category"), item }
}

fn generate(aggregate: &Aggregate) -> TokenStream {
    let Aggregate { root, event, error, category, item } = aggregate;
    // Without them there is nothing to implement; the missing keys have been reported.
    let (Some(event), Some(error)) = (event, error) else {
        return TokenStream::new();
    };
    let ident = &item.ident;
    let (impl_generics, type_generics, where_clause) = item.generics.split_for_impl();
    let category = match category {
        Some(category) => quote!(#category),
        None => quote!(<#event as #root::Event>::CATEGORY),
    };
    // The calls carry the type's own span, so that a missing `Fold` or `Default` is reported at its name.
    let fold = quote_spanned!(ident.span()=> <Self as #root::Fold>::fold(self, event));
    let initial = quote_spanned!(ident.span()=> <Self as ::core::default::Default>::default());
    quote! {
        #[automatically_derived]
        impl #impl_generics #root::Aggregate for #ident #type_generics #where_clause {
            type Event = #event;
            type Error = #error;
            const CATEGORY: &'static ::core::primitive::str = #category;

            fn initial() -> Self {
                #initial
            }

            fn apply(&mut self, event: &Self::Event) {
                #fold
            }
        }
    }
}
