//! `#[derive(SqlProjection)]` on a read model in tables of the user's own.

mod table;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Fields};

#[cfg(test)]
pub(crate) use self::table::ON_ITEM as ON_TABLE;
use self::table::Table;
use crate::attributes::{Grammar, Key, Words};
use crate::diagnostics::Diagnostics;
use crate::item;
use crate::paths::CRATE;
use crate::projection::{NAME, OF, PARTITION, VERSION};
use crate::reads::{self, Reading};
use crate::words::in_words;

pub(crate) static ON_ITEM: Grammar = Grammar {
    attribute: "projection",
    is_key: false,
    first: Some(NAME),
    keys: &[
        Key {
            meaning: "the sets of events it reads, each with a `ProjectSql`",
            ..OF
        },
        reads::ONLY,
        Key {
            meaning: "the version of what its rows mean; raise it where that changes and the tables do not, and they are \
                      filled again",
            ..VERSION
        },
        CRATE,
    ],
    elsewhere: &[(
        PARTITION,
        "a projection with views, `#[derive(Projection)]`",
    )],
};

/// What the declaration means.
struct SqlProjection {
    reading: Reading,
    version: Option<u32>,
    tables: Vec<Table>,
    item: DeriveInput,
}

pub(crate) fn expand(item: &TokenStream) -> TokenStream {
    let diagnostics = Diagnostics::default();
    let code = item::parse(
        item,
        "derive(SqlProjection)",
        "a struct without fields",
        &diagnostics,
    )
    .map(|input| generate(&parse(input, &diagnostics)));
    let errors = diagnostics.into_tokens();
    quote!(#errors #code)
}

fn parse(mut item: DeriveInput, diagnostics: &Diagnostics) -> SqlProjection {
    let ident = &item.ident;
    let is_unit = matches!(&item.data, Data::Struct(data) if matches!(data.fields, Fields::Unit));
    if !is_unit || !item.generics.params.is_empty() {
        diagnostics.error(
            ident.span(),
            "an SQL projection has its rows in tables, and nothing in fields",
            format!("write `struct {ident};`"),
        );
    }
    let words = in_words(&ident.unraw().to_string(), '-');
    let said = Words::default().say("account-balance", &*words).elsewhere(
        "leave `".to_owned(),
        "` out: rows are told apart by their columns".to_owned(),
    );
    let mut given = ON_ITEM.take(&mut item.attrs, ident.span(), said, diagnostics);
    let reading = Reading::take(&mut given, "projection", &words, diagnostics);
    let version = given
        .number("version")
        .and_then(|version| item::version(&version, "a version of a projection", diagnostics));
    let tables = table::take(&mut item, diagnostics);
    SqlProjection {
        reading,
        version,
        tables,
        item,
    }
}

fn generate(projection: &SqlProjection) -> TokenStream {
    let SqlProjection {
        reading,
        version,
        tables,
        item,
    } = projection;
    let is_unit = matches!(&item.data, Data::Struct(data) if matches!(data.fields, Fields::Unit));
    if !item.generics.params.is_empty() {
        return TokenStream::new();
    }
    let ident = &item.ident;
    let doc = item::doc(&item.attrs);
    let Reading { root, events, .. } = reading;
    let name = reading.name();
    let version = version
        .as_ref()
        .map(|version| quote!(const VERSION: ::core::primitive::u32 = #version;));
    let sources = reading
        .sets(|event| quote_spanned!(event.span()=> <Self as #root::ProjectSql<#event>>::source));
    let are_variants = reading.are_variants();
    let reads = reading.listed(item, &quote!(#root::Reads));
    let one_of_each_category = reading.one_of_each_category(item);
    let tables = tables.iter().map(|table| {
        let Table {
            name,
            columns,
            indexes,
        } = table;
        quote!(#root::Table::new(#name, #columns, &[#(#indexes),*]))
    });
    let initial = if is_unit {
        quote!(Self)
    } else {
        quote!(::core::unreachable!())
    };
    quote! {
        #one_of_each_category

        #reads

        #[automatically_derived]
        impl #root::Projection for #ident {
            const NAME: &'static ::core::primitive::str = #name;
            const CATEGORIES: &'static [&'static ::core::primitive::str] = &[#(<#events as #root::Event>::CATEGORY),*];
            const DOC: &'static ::core::primitive::str = #doc;
            #version
            const TABLES: &'static [#root::Table] = &[#(#tables),*];
            type Key = #root::TablesAreAskedWithSql;
            type Form = #root::InTables;

            fn initial() -> Self {
                #initial
            }

            fn feed() -> #root::Feed<Self> {
                #are_variants
                #root::Feed::new([#sources])
            }
        }

        #[automatically_derived]
        impl #root::SqlProjection for #ident {}
    }
}
