//! `#[derive(Reactor)]` on what acts because of events.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, LitInt};

use crate::attributes::{First, Grammar, Key, Shape, Words};
use crate::diagnostics::Diagnostics;
use crate::item;
use crate::paths::CRATE;
use crate::reads::{self, Reading};
use crate::words::in_words;

pub(crate) static ON_ITEM: Grammar = Grammar {
    attribute: "reactor",
    is_key: false,
    first: Some(First {
        shape: Shape::Text,
        what: "a name: what its checkpoint is stored under",
        usage: "\"order-mails\"",
        meaning: "what its checkpoint is stored under",
    }),
    keys: &[
        Key {
            name: "of",
            shape: Shape::Types,
            usage: "of(OrderEvent)",
            meaning: "the sets of events it reacts to, each with a `React`",
            needed: Some("a reactor reacts to at least one set of events"),
            also_called: &["event", "events", "from", "reads", "on", "to"],
            ..Key::OPTIONAL
        },
        reads::ONLY,
        Key {
            name: "from_start",
            shape: Shape::Flag,
            usage: "from_start",
            meaning: "when it is started for the first time, it reacts to all that was ever recorded",
            otherwise: "it reacts to what is recorded from then on",
            also_called: &["from_beginning", "start", "all"],
            ..Key::OPTIONAL
        },
        Key {
            name: "repeatable",
            shape: Shape::Flag,
            usage: "repeatable",
            meaning: "it may be told to do it all again",
            otherwise: "that is refused",
            also_called: &["replayable", "idempotent", "rebuildable", "resettable"],
            ..Key::OPTIONAL
        },
        Key {
            name: "retries",
            shape: Shape::Number,
            usage: "retries = 10",
            meaning: "how often an event that failed is tried again before its stream is parked",
            otherwise: "5",
            also_called: &["attempts", "max_retries", "most_retries"],
            ..Key::OPTIONAL
        },
        Key {
            name: "most_parked",
            shape: Shape::Number,
            usage: "most_parked = 10",
            meaning: "how many streams may be parked before it stops",
            otherwise: "100",
            also_called: &["max_parked"],
            ..Key::OPTIONAL
        },
        CRATE,
    ],
    elsewhere: &[],
};

/// What the declaration means.
struct Reactor {
    reading: Reading,
    from_start: bool,
    repeatable: bool,
    retries: Option<u32>,
    most_parked: Option<u32>,
    item: DeriveInput,
}

pub(crate) fn expand(item: &TokenStream) -> TokenStream {
    let diagnostics = Diagnostics::default();
    let code = item::parse(item, "derive(Reactor)", "a struct or an enum", &diagnostics)
        .map(|input| generate(&parse(input, &diagnostics)));
    let errors = diagnostics.into_tokens();
    quote!(#errors #code)
}

fn parse(mut item: DeriveInput, diagnostics: &Diagnostics) -> Reactor {
    if let Data::Union(data) = &item.data {
        diagnostics.error(
            data.union_token.span,
            "a reactor is a struct or an enum",
            format!("write `struct {}`", item.ident),
        );
    }
    item::refuse_lifetimes(&item, "a reactor", diagnostics);
    let example = in_words(&item.ident.unraw().to_string(), '-');
    let words = Words::default().say("order-mails", &*example);
    let mut given = ON_ITEM.take(&mut item.attrs, item.ident.span(), words, diagnostics);
    let reading = Reading::take(&mut given, "reactor", &example, diagnostics);
    Reactor {
        reading,
        from_start: given.flag("from_start"),
        repeatable: given.flag("repeatable"),
        retries: given
            .number("retries")
            .and_then(|it| count(&it, diagnostics)),
        most_parked: given
            .number("most_parked")
            .and_then(|it| count(&it, diagnostics)),
        item,
    }
}

fn count(number: &LitInt, diagnostics: &Diagnostics) -> Option<u32> {
    let count = number.base10_parse().ok();
    if count.is_none() {
        diagnostics.error(
            number.span(),
            format!("`{number}` is too large"),
            "write a number that fits in a `u32`",
        );
    }
    count
}

fn generate(reactor: &Reactor) -> TokenStream {
    let Reactor {
        reading,
        from_start,
        repeatable,
        retries,
        most_parked,
        item,
    } = reactor;
    if item.generics.lifetimes().next().is_some() {
        return TokenStream::new();
    }
    let ident = &item.ident;
    let (impl_generics, type_generics, where_clause) = item.generics.split_for_impl();
    let doc = item::doc(&item.attrs);
    let Reading { root, events, .. } = reading;
    let name = reading.name();
    let from_start = from_start.then(|| {
        quote!(
            const FROM_START: ::core::primitive::bool = true;
        )
    });
    let repeatable = repeatable.then(|| {
        quote!(
            const REPEATABLE: ::core::primitive::bool = true;
        )
    });
    let retries = retries.map(|it| quote!(const RETRIES: ::core::primitive::u32 = #it;));
    let most_parked =
        most_parked.map(|it| quote!(const MOST_PARKED: ::core::primitive::u32 = #it;));
    let reactions = reading
        .sets(|event| quote_spanned!(event.span()=> <Self as #root::React<#event>>::reaction));
    let are_variants = reading.are_variants();
    let reacts_to = reading.listed(item, &quote!(#root::ReactsTo));
    let one_of_each_category = reading.one_of_each_category(item);
    quote! {
        #one_of_each_category

        #reacts_to

        #[automatically_derived]
        impl #impl_generics #root::Reactor for #ident #type_generics #where_clause {
            const NAME: &'static ::core::primitive::str = #name;
            const CATEGORIES: &'static [&'static ::core::primitive::str] = &[#(<#events as #root::Event>::CATEGORY),*];
            const DOC: &'static ::core::primitive::str = #doc;
            #from_start
            #repeatable
            #retries
            #most_parked

            fn reactions() -> #root::Reactions<Self> {
                #are_variants
                #root::Reactions::new([#reactions])
            }
        }
    }
}
