//! `#[derive(Aggregate)]` on a state.

pub(crate) mod snapshot;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Type};

use crate::attributes::{Grammar, Key, Shape, Words};
use crate::diagnostics::Diagnostics;
use crate::item;
use crate::paths::{CRATE, Root};
use snapshot::Snapshot;

pub(crate) static ON_ITEM: Grammar = Grammar {
    attribute: "aggregate",
    is_key: false,
    first: None,
    keys: &[
        Key {
            name: "event",
            shape: Shape::Type,
            usage: "event = AccountEvent",
            meaning: "the facts it is folded from",
            needed: Some("an aggregate folds one set of events"),
            ..Key::OPTIONAL
        },
        Key {
            name: "error",
            shape: Shape::Type,
            usage: "error = AccountError",
            meaning: "how it refuses a command",
            needed: Some("an aggregate refuses commands with an error of its own"),
            ..Key::OPTIONAL
        },
        Key {
            name: "snapshot",
            shape: Shape::Arguments,
            usage: "snapshot(every = 100)",
            meaning: "the state is kept beside its stream as JSON, so that less of it is read and folded; it is \
                      `Serialize` and `Deserialize` then",
            otherwise: "the whole stream is folded",
            also_called: &["snapshots", "every", "after", "cache"],
            ..Key::OPTIONAL
        },
        CRATE,
    ],
    elsewhere: &[],
};

/// What the declaration means.
struct Aggregate {
    root: Root,
    event: Option<Type>,
    error: Option<Type>,
    snapshot: Option<Snapshot>,
    item: DeriveInput,
}

pub(crate) fn expand(item: &TokenStream) -> TokenStream {
    let diagnostics = Diagnostics::default();
    let code = item::parse(
        item,
        "derive(Aggregate)",
        "a struct or an enum",
        &diagnostics,
    )
    .map(|input| generate(&parse(input, &diagnostics)));
    let errors = diagnostics.into_tokens();
    quote!(#errors #code)
}

fn parse(mut item: DeriveInput, diagnostics: &Diagnostics) -> Aggregate {
    if let Data::Union(data) = &item.data {
        diagnostics.error(
            data.union_token.span,
            "an aggregate is a struct or an enum",
            format!("write `struct {}`", item.ident),
        );
    }
    item::refuse_lifetimes(&item, "an aggregate", diagnostics);
    let words = Words::default().say("Account", item.ident.unraw().to_string());
    let mut given = ON_ITEM.take(&mut item.attrs, item.ident.span(), words, diagnostics);
    let root = Root::new(given.crate_path(), diagnostics);
    let event = given.r#type("event");
    let error = given.r#type("error");
    let snapshot = snapshot::parse(&mut given, diagnostics);
    Aggregate {
        root,
        event,
        error,
        snapshot,
        item,
    }
}

fn generate(aggregate: &Aggregate) -> TokenStream {
    let Aggregate {
        root,
        event,
        error,
        snapshot,
        item,
    } = aggregate;
    if item.generics.lifetimes().next().is_some() {
        return TokenStream::new();
    }
    let ident = &item.ident;
    let name = ident.unraw().to_string();
    let doc = item::doc(&item.attrs);
    let (impl_generics, type_generics, where_clause) = item.generics.split_for_impl();
    // Named directly: whoever names it as `<Self as Aggregate>::Event` is told once more what keeps
    // the state from being an aggregate.
    let folded = event.as_ref().map_or_else(
        || quote!(<Self as #root::Aggregate>::Event),
        ToTokens::to_token_stream,
    );
    // A key that is missing is left out here too: an associated type that does not exist silences
    // the compiler about everything that would follow from it.
    let event = event.as_ref().map(|event| quote!(type Event = #event;));
    let error = error.as_ref().map(|error| quote!(type Error = #error;));
    // The functions carry the state's own span, so that a missing `Fold` or `Default` is reported
    // at its name.
    let fold = quote_spanned!(ident.span()=> <Self as #root::Fold>::fold);
    let initial = item::initial(item, root);
    let snapshots = snapshot
        .as_ref()
        .map(|snapshot| snapshot.generate(ident.span(), root));
    // What only passes a call on is inlined, so that an `#[inline]` on the user's own function
    // reaches callers in other crates.
    quote! {
        #[automatically_derived]
        impl #impl_generics #root::Aggregate for #ident #type_generics #where_clause {
            #event
            #error
            const NAME: &'static ::core::primitive::str = #name;
            const DOC: &'static ::core::primitive::str = #doc;

            #[inline]
            fn initial() -> Self {
                #initial()
            }

            #[inline]
            fn apply(&mut self, event: &#folded) {
                #fold(self, event)
            }

            #snapshots
        }
    }
}
