//! `#[derive(Projection)]` on the state of a read model.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, LitStr, Type};

use crate::attributes::{First, Grammar, Key, Shape};
use crate::diagnostics::Diagnostics;
use crate::item;
use crate::paths::{CRATE, Root};

static ON_ITEM: Grammar = Grammar {
    attribute: "projection",
    first: Some(First {
        shape: Shape::Text,
        what: "a name: what its views and its checkpoint are stored under",
        usage: "\"account-balance\"",
    }),
    keys: &[
        Key { name: "of", shape: Shape::Types, usage: "of(AccountEvent)" },
        Key { name: "partition", shape: Shape::Type, usage: "partition = AccountId" },
        CRATE,
    ],
};

/// What the declaration means.
struct Projection {
    root: Root,
    name: Option<LitStr>,
    partition: Option<Type>,
    events: Vec<Type>,
    item: DeriveInput,
}

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let diagnostics = Diagnostics::default();
    let code = item::parse(&item, "derive(Projection)", "a struct or an enum", &diagnostics)
        .map(|input| generate(&parse(input, &diagnostics)));
    let errors = diagnostics.into_tokens();
    quote!(#errors #code)
}

fn parse(mut item: DeriveInput, diagnostics: &Diagnostics) -> Projection {
    if let Data::Union(data) = &item.data {
        diagnostics.error(data.union_token.span(), "a projection is a struct or an enum", "make it a struct");
    }
    let mut given = ON_ITEM.take(&mut item.attrs, item.ident.span(), diagnostics);
    let name = given.first_text(diagnostics);
    if let Some(name) = &name {
        check_name(name, diagnostics);
    }
    let events = given.types("of").unwrap_or_default();
    if events.is_empty() {
        given.missing("of", "a projection reads at least one set of events", diagnostics);
    }
    let partition = given.r#type("partition");
    let root = Root::new(given.crate_path(), diagnostics);
    Projection { root, name, partition, events, item }
}

fn check_name(name: &LitStr, diagnostics: &Diagnostics) {
    let text = name.value();
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
        diagnostics.error(
            name.span(),
            format!("`{text}` is not a name for a projection"),
            "it is part of URLs; use ASCII letters, digits, `-`, `_` and `.`: `\"account-balance\"`",
        );
    }
}

fn generate(projection: &Projection) -> TokenStream {
    let Projection { root, name, partition, events, item } = projection;
    // Without a name there is nothing to implement; the missing argument has been reported.
    let Some(name) = name else {
        return TokenStream::new();
    };
    let ident = &item.ident;
    let (impl_generics, type_generics, where_clause) = item.generics.split_for_impl();
    let key = match partition {
        Some(partition) => quote!(#partition),
        None => quote!(#root::Whole),
    };
    // Each call carries the span of its event set, so that a missing `Project` is reported there.
    let attempts = events.iter().map(|event| {
        quote_spanned!(event.span()=> if let ::core::option::Option::Some(delivery) =
            #root::__private::deliver::<Self, #event>(event)?
        {
            return ::core::result::Result::Ok(::core::option::Option::Some(delivery));
        })
    });
    quote! {
        #[automatically_derived]
        impl #impl_generics #root::Projection for #ident #type_generics #where_clause {
            const NAME: &'static ::core::primitive::str = #name;
            const SOURCES: &'static [&'static [#root::EventKind]] = &[#(<#events as #root::Event>::KINDS),*];
            type Key = #key;

            fn decode(
                event: &#root::EventRef<'_>,
            ) -> ::core::result::Result<
                ::core::option::Option<::std::boxed::Box<dyn #root::Delivery<Self>>>,
                #root::UndecodableEvent,
            > {
                #(#attempts)*
                ::core::result::Result::Ok(::core::option::Option::None)
            }
        }
    }
}
