//! `#[story]` on a test function.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Token, Visibility};

use crate::diagnostics::Diagnostics;
use crate::item;

/// What the declaration means.
struct Story {
    attributes: Vec<Attribute>,
    name: Ident,
    /// What stands between arguments and body: the type it returns.
    returns: TokenStream,
    body: Group,
    stores: Vec<Store>,
}

/// A store to tell it on.
struct Store {
    name: Ident,
    open: TokenStream,
}

pub(crate) fn expand(arguments: &TokenStream, item: &TokenStream) -> TokenStream {
    let diagnostics = Diagnostics::default();
    let stores = parse_stores(arguments, &diagnostics);
    let parse = |input: ParseStream<'_>| parse(input, stores, &diagnostics);
    let code = match parse.parse2(item.clone()) {
        Ok(story) => generate(&story),
        Err(error) => {
            diagnostics.push(error);
            TokenStream::new()
        }
    };
    let errors = diagnostics.into_tokens();
    quote!(#errors #code)
}

/// `name = expression` as often as one likes. An expression ends at a comma: this is not the whole
/// grammar of expressions, but what a constructor looks like.
fn parse_stores(arguments: &TokenStream, diagnostics: &Diagnostics) -> Vec<Store> {
    let parts: Vec<TokenTree> = arguments.clone().into_iter().collect();
    let is_comma =
        |token: &TokenTree| matches!(token, TokenTree::Punct(comma) if comma.as_char() == ',');
    let mut stores: Vec<Store> = Vec::new();
    for part in parts.split(is_comma).filter(|part| !part.is_empty()) {
        let [TokenTree::Ident(name), TokenTree::Punct(equals), open @ ..] = part else {
            report_store(part, diagnostics);
            continue;
        };
        if equals.as_char() != '=' || open.is_empty() {
            report_store(part, diagnostics);
        } else if *name == "pure" {
            diagnostics.error(
                name.span(),
                "`pure` is what the story is called where it is told without a store",
                "give the store another name: `memory = MemoryStore::new()`",
            );
        } else if let Some(first) = stores.iter().find(|store| store.name == *name) {
            diagnostics.error(
                name.span(),
                format!("`{name}` is given twice"),
                "give each store a name of its own: it becomes the name of a test",
            );
            diagnostics.push(syn::Error::new(
                first.name.span(),
                format!("`{name}` is first given here"),
            ));
        } else {
            stores.push(Store {
                name: name.clone(),
                open: open.iter().cloned().collect(),
            });
        }
    }
    stores
}

fn report_store(part: &[TokenTree], diagnostics: &Diagnostics) {
    let tokens: TokenStream = part.iter().cloned().collect();
    diagnostics.error_at(
        tokens,
        "a store is given as a name and how it is opened",
        "write `#[story(memory = MemoryStore::new())]`",
    );
}

fn parse(
    input: ParseStream<'_>,
    stores: Vec<Store>,
    diagnostics: &Diagnostics,
) -> syn::Result<Story> {
    let mut attributes = input.call(Attribute::parse_outer)?;
    for test in attributes.extract_if(.., |attribute| attribute.path().is_ident("test")) {
        diagnostics.error_at(
            test,
            "`#[story]` makes a test of the function, and `#[test]` would make another",
            "take `#[test]` away",
        );
    }
    let _ = Visibility::parse(input)?;
    if input.peek(Token![async]) {
        let word: Token![async] = input.parse()?;
        diagnostics.error(
            word.span,
            "a story is told by a plain function: its sentences need nothing to be awaited",
            "take `async` away; a story on a store awaits the store itself",
        );
    }
    if !input.peek(Token![fn]) {
        return Err(syn::Error::new(
            input.span(),
            "`#[story]` stands on a function: the test that tells the story",
        ));
    }
    let _: Token![fn] = input.parse()?;
    let name = Ident::parse_any(input)?;
    let arguments: Group = input.parse()?;
    if arguments.delimiter() != Delimiter::Parenthesis || !arguments.stream().is_empty() {
        diagnostics.error(
            arguments.span(),
            "a story takes no arguments: it is a test",
            format!("write `fn {name}()`"),
        );
    }
    let mut returns = TokenStream::new();
    loop {
        match input.parse::<TokenTree>()? {
            TokenTree::Group(body) if body.delimiter() == Delimiter::Brace => {
                return Ok(Story {
                    attributes,
                    name,
                    returns,
                    body,
                    stores,
                });
            }
            token => token.to_tokens(&mut returns),
        }
    }
}

fn generate(told: &Story) -> TokenStream {
    let Story {
        attributes,
        name,
        returns,
        body,
        stores,
    } = told;
    let private = quote!(::ironflow_testing::__private);
    let doc = item::doc(attributes);
    let title = name.unraw().to_string();
    let telling = quote!(#private::Telling {
        path: ::core::concat!(::core::module_path!(), "::", #title),
        doc: #doc,
    });
    let is_named = |attribute: &&Attribute, names: &[&str]| {
        names.iter().any(|name| attribute.path().is_ident(name))
    };
    let for_tests = attributes
        .iter()
        .filter(|attribute| !is_named(attribute, &["doc"]));
    let for_tests: Vec<_> = for_tests.collect();
    if stores.is_empty() {
        return quote! {
            #(#attributes)*
            #[::core::prelude::v1::test]
            fn #name() #returns {
                #private::tell(#telling, || #returns #body)
            }
        };
    }
    let for_function = for_tests
        .iter()
        .filter(|attribute| is_named(attribute, &["cfg", "allow", "expect", "warn"]));
    let numbers = 1_usize..;
    let tests = stores.iter().zip(numbers.clone()).map(|(store, number)| {
        let store = &store.name;
        quote! {
            #(#for_tests)*
            #[::core::prelude::v1::test]
            fn #store() #returns {
                super::#name(#number)
            }
        }
    });
    let on_stores = stores.iter().zip(numbers).map(|(store, number)| {
        let Store { name, open } = store;
        let name = name.unraw().to_string();
        quote! {
            #number => ::ironflow_testing::__on_store!(#name, #open, __story),
        }
    });
    let cfg = attributes
        .iter()
        .filter(|attribute| is_named(attribute, &["cfg"]));
    // Not to be taken for an argument of the user's.
    let stage = Ident::new("__stage", Span::mixed_site());
    quote! {
        #(#for_function)*
        fn #name(#stage: ::core::primitive::usize) #returns {
            fn __story() #returns #body
            match #stage {
                #(#on_stores)*
                _ => #private::tell(#telling, __story),
            }
        }

        #(#cfg)*
        mod #name {
            #(#for_tests)*
            #[::core::prelude::v1::test]
            fn pure() #returns {
                super::#name(0)
            }

            #(#tests)*
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with a story, sentence by sentence.
    fn mistakes(arguments: &TokenStream, item: &TokenStream) -> Vec<String> {
        let code = expand(arguments, item).to_string();
        let errors = code.split("compile_error ! { \"").skip(1);
        errors
            .map(|error| {
                error
                    .split(['\\', '"'])
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            })
            .collect()
    }

    #[test]
    fn every_mistake_is_a_sentence() {
        let sound = quote!(
            fn opened() {}
        );
        for (arguments, item, expected) in [
            (
                quote!(memory),
                sound.clone(),
                "a store is given as a name and how it is opened",
            ),
            (
                quote!(memory =),
                sound.clone(),
                "a store is given as a name and how it is opened",
            ),
            (
                quote!(MemoryStore::new()),
                sound.clone(),
                "a store is given as a name and how it is opened",
            ),
            (
                quote!(pure = MemoryStore::new()),
                sound,
                "`pure` is what the story is called where it is told without a store",
            ),
            (
                quote!(),
                quote!(
                    struct Opened;
                ),
                "`#[story]` stands on a function: the test that tells the story",
            ),
            (
                quote!(),
                quote!(
                    async fn opened() {}
                ),
                "a story is told by a plain function: its sentences need nothing to be awaited",
            ),
            (
                quote!(),
                quote!(
                    fn opened(store: Store) {}
                ),
                "a story takes no arguments: it is a test",
            ),
            (
                quote!(),
                quote!(
                    #[test]
                    fn opened() {}
                ),
                "`#[story]` makes a test of the function, and `#[test]` would make another",
            ),
        ] {
            assert_eq!(mistakes(&arguments, &item), [expected]);
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let arguments = quote!(memory = one(), memory = two(), sqlite);
        let item = quote!(
            async fn opened(_: u8) {}
        );
        assert_eq!(
            mistakes(&arguments, &item),
            [
                "`memory` is given twice",
                "`memory` is first given here",
                "a store is given as a name and how it is opened",
                "a story is told by a plain function: its sentences need nothing to be awaited",
                "a story takes no arguments: it is a test",
            ]
        );
    }
}
