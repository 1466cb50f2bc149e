//! `#[derive(Projection)]` on the state of a read model.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Type};

use crate::attributes::{First, Grammar, Key, Shape, Words};
use crate::diagnostics::Diagnostics;
use crate::item;
use crate::paths::CRATE;
use crate::reads::{self, Reading};
use crate::words::in_words;

pub(crate) const NAME: First = First {
    shape: Shape::Text,
    what: "a name: what its views and its checkpoint are stored under",
    usage: "\"account-balance\"",
    meaning: "what its views and its checkpoint are stored under",
};

pub(crate) const OF: Key = Key {
    name: "of",
    shape: Shape::Types,
    usage: "of(AccountEvent)",
    meaning: "the sets of events it reads, each with a `Project`",
    needed: Some("a projection reads at least one set of events"),
    also_called: &["event", "events", "from", "reads", "on"],
    ..Key::OPTIONAL
};

pub(crate) const PARTITION: Key = Key {
    name: "partition",
    shape: Shape::Type,
    usage: "partition = AccountId",
    meaning: "the key of one view",
    otherwise: "a single view, under the key `Unpartitioned`",
    also_called: &[
        "key",
        "by",
        "keyed_by",
        "partitioned_by",
        "partition_by",
        "id",
    ],
    ..Key::OPTIONAL
};

pub(crate) const VERSION: Key = Key {
    name: "version",
    shape: Shape::Number,
    usage: "version = 2",
    meaning: "the version of what its views mean; raise it where that changes and the shape of the state does \
              not, and they are filled again",
    otherwise: "1",
    ..Key::OPTIONAL
};

pub(crate) static ON_ITEM: Grammar = Grammar {
    attribute: "projection",
    is_key: false,
    first: Some(NAME),
    keys: &[OF, reads::ONLY, PARTITION, VERSION, CRATE],
    elsewhere: &[],
};

/// What the declaration means.
struct Projection {
    reading: Reading,
    partition: Option<Type>,
    version: Option<u32>,
    item: DeriveInput,
}

pub(crate) fn expand(item: &TokenStream) -> TokenStream {
    let diagnostics = Diagnostics::default();
    let code = item::parse(
        item,
        "derive(Projection)",
        "a struct or an enum",
        &diagnostics,
    )
    .map(|input| generate(&parse(input, &diagnostics)));
    let errors = diagnostics.into_tokens();
    quote!(#errors #code)
}

fn parse(mut item: DeriveInput, diagnostics: &Diagnostics) -> Projection {
    if let Data::Union(data) = &item.data {
        diagnostics.error(
            data.union_token.span,
            "a projection is a struct or an enum",
            format!("write `struct {}`", item.ident),
        );
    }
    item::refuse_lifetimes(&item, "a projection", diagnostics);
    let example = in_words(&item.ident.unraw().to_string(), '-');
    let words = Words::default().say("account-balance", &*example);
    let mut given = ON_ITEM.take(&mut item.attrs, item.ident.span(), words, diagnostics);
    let reading = Reading::take(&mut given, "projection", &example, diagnostics);
    let partition = given.r#type("partition");
    let version = given
        .number("version")
        .and_then(|version| item::version(&version, "a version of a projection", diagnostics));
    Projection {
        reading,
        partition,
        version,
        item,
    }
}

fn generate(projection: &Projection) -> TokenStream {
    let Projection {
        reading,
        partition,
        version,
        item,
    } = projection;
    if item.generics.lifetimes().next().is_some() {
        return TokenStream::new();
    }
    let ident = &item.ident;
    let (impl_generics, type_generics, where_clause) = item.generics.split_for_impl();
    let doc = item::doc(&item.attrs);
    let Reading { root, events, .. } = reading;
    let name = reading.name();
    let key = partition.as_ref().map_or_else(
        || quote!(#root::Unpartitioned),
        |partition| quote!(#partition),
    );
    let version = version
        .as_ref()
        .map(|version| quote!(const VERSION: ::core::primitive::u32 = #version;));
    let sources = reading
        .sets(|event| quote_spanned!(event.span()=> <Self as #root::Project<#event>>::source));
    let are_variants = reading.are_variants();
    let reads = reading.listed(item, &quote!(#root::Reads));
    // What is missing of the state is reported at its name.
    let form = quote_spanned!(ident.span()=> Self);
    let initial = item::initial(item, root);
    let one_of_each_category = reading.one_of_each_category(item);
    quote! {
        #one_of_each_category

        #reads

        #[automatically_derived]
        impl #impl_generics #root::Projection for #ident #type_generics #where_clause {
            const NAME: &'static ::core::primitive::str = #name;
            const CATEGORIES: &'static [&'static ::core::primitive::str] = &[#(<#events as #root::Event>::CATEGORY),*];
            const DOC: &'static ::core::primitive::str = #doc;
            #version
            type Key = #key;
            type Form = #form;

            fn initial() -> Self {
                #initial()
            }

            fn feed() -> #root::Feed<Self> {
                #are_variants
                #root::Feed::new([#sources])
            }
        }

        #[automatically_derived]
        impl #impl_generics #root::HasViews for #ident #type_generics #where_clause {}
    }
}
