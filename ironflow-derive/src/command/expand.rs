//! From the meaning of a command to code.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned;

use super::{Command, Member, One, Shape, Variant};
use crate::diagnostics::located;
use crate::item::{derive_missing, is_out_of_bounds};
use crate::paths::Root;

pub(super) fn expand(command: &Command) -> TokenStream {
    let Command {
        root,
        aggregate,
        context,
        creates,
        by_hand,
        item,
        shape,
        is_guessed: _,
    } = command;
    let ident = &item.ident;
    let (impl_generics, type_generics, where_clause) = item.generics.split_for_impl();
    let derives = derive_missing(item, by_hand);
    if is_out_of_bounds(item) {
        return quote!(#derives #item);
    }
    let (kinds, name) = match shape {
        Shape::Struct(one) => {
            let name = &one.name;
            (kind(root, one), quote!(#name))
        }
        Shape::Enum(variants) => {
            let kinds = variants.iter().map(|variant| {
                let cfg = &variant.cfg;
                let kind = kind(root, &variant.command);
                quote!(#(#cfg)* #kind,)
            });
            (quote!(#(#kinds)*), name_of(variants))
        }
        // No fallback is of use: a union has no `Clone`.
        Shape::Union => return quote!(#item),
    };
    let context_type = context
        .as_ref()
        .map_or_else(|| quote!(()), |context| quote!(#context));
    // Where the aggregate is missing, it is left out here too: an associated type that does not
    // exist silences the compiler about everything that would follow from it.
    let aggregate_type = aggregate
        .as_ref()
        .map(|aggregate| quote!(type Aggregate = #aggregate;));
    let tells = tells(root, context.is_some());
    let is_enum = matches!(shape, Shape::Enum(_)).then(|| {
        quote!(
            const IS_ENUM: ::core::primitive::bool = true;
        )
    });
    let decide = decide(command);
    let stream_id = stream_id(command);
    let own_stream = stream_id.as_ref().map(|_| {
        quote! {
            fn own_stream(
                &self,
            ) -> ::core::option::Option<::core::result::Result<#root::StreamId, #root::InvalidStreamId>> {
                ::core::option::Option::Some(#root::Addressed::stream_id(self))
            }
        }
    });
    let addressed = stream_id.map(|stream_id| {
        quote! {
            #[automatically_derived]
            #[allow(deprecated, reason = "only who issues it should be warned")]
            impl #impl_generics #root::Addressed for #ident #type_generics #where_clause {
                fn stream_id(&self) -> ::core::result::Result<#root::StreamId, #root::InvalidStreamId> {
                    #stream_id
                }
            }
        }
    });
    quote! {
        #derives
        #item

        #[automatically_derived]
        #[allow(deprecated, reason = "only who issues it should be warned")]
        impl #impl_generics #root::Command for #ident #type_generics #where_clause {
            #aggregate_type
            type Context = #context_type;
            const CREATES: ::core::primitive::bool = #creates;
            const KINDS: &'static [#root::CommandKind] = &[#kinds];
            #is_enum

            fn name(&self) -> &'static ::core::primitive::str {
                #name
            }

            #own_stream

            #tells

            #decide
        }

        #addressed
    }
}

/// What the command and its context can tell of themselves, depending on the traits they implement.
fn tells(root: &Root, has_context: bool) -> TokenStream {
    let shown = has_context.then(|| {
        quote! {
            fn shown(context: &Self::Context) -> ::core::option::Option<&dyn ::core::fmt::Debug> {
                #[allow(unused_imports, reason = "one of them is used")]
                use #root::__private::{Printed as _, Unprinted as _};
                (&#root::__private::Shown(context)).shown()
            }
        }
    });
    quote! {
        #shown

        fn content(&self) -> ::core::option::Option<#root::__private::String> {
            #[allow(unused_imports, reason = "one of them is used")]
            use #root::__private::{Silent as _, Telling as _};
            (&#root::__private::Content(self)).content()
        }

        #root::__private::with_schema! {
            fn schemas() -> ::std::vec::Vec<::core::option::Option<#root::Schema>> {
                #[allow(unused_imports, reason = "one of them is used")]
                use #root::__private::{Described as _, Undescribed as _};
                (&#root::__private::Looks(::core::marker::PhantomData::<Self>)).schemas()
            }
        }
    }
}

/// What the command is called, and what its doc comment says.
fn kind(root: &Root, command: &One) -> TokenStream {
    let One {
        ident, name, doc, ..
    } = command;
    quote!(#root::CommandKind { name: #name, ident: #ident, doc: #doc })
}

fn name_of(variants: &[Variant]) -> TokenStream {
    // Only an enum without variants gets there, and what the user's `cfg` leaves is not known here.
    let may_be_empty = variants.iter().all(|variant| !variant.cfg.is_empty());
    let otherwise = may_be_empty.then(|| {
        quote! {
            #[allow(unreachable_patterns, reason = "only an enum without variants gets here")]
            _ => ::core::unreachable!(),
        }
    });
    let arms = variants.iter().map(
        |Variant {
             ident,
             cfg,
             command,
         }| {
            let name = &command.name;
            quote!(#(#cfg)* Self::#ident { .. } => #name)
        },
    );
    quote! {
        match self {
            #(#arms,)*
            #otherwise
        }
    }
}

/// The method that lets the aggregate decide.
fn decide(command: &Command) -> TokenStream {
    let Command {
        root,
        aggregate,
        context,
        is_guessed,
        ..
    } = command;
    let (decides, arguments) = match context {
        None => (quote!(Decide), quote!(state, self)),
        Some(_) => (quote!(DecideWith), quote!(state, self, context)),
    };
    let context_type = context
        .as_ref()
        .map_or_else(|| quote!(()), ToTokens::to_token_stream);
    // Named directly: whoever names it as `<Self as Command>::Aggregate` is told once more what keeps
    // the item from being a command.
    let (judge, decision) = aggregate.as_ref().map_or_else(
        || {
            (
                quote!(<Self as #root::Command>::Aggregate),
                quote!(::core::unreachable!()),
            )
        },
        |aggregate| {
            let decision = if *is_guessed {
                quote!(::core::unreachable!())
            } else {
                quote!(<#aggregate as #root::#decides<Self>>::decide(#arguments))
            };
            (aggregate.to_token_stream(), decision)
        },
    );
    let context = if context.is_some() {
        quote!(context)
    } else {
        quote!(_context)
    };
    // It only passes the call on, and is inlined, so that an `#[inline]` on the user's own function
    // reaches callers in other crates.
    let decide = quote! {
        #[inline]
        fn decide(
            self,
            state: &#judge,
            #context: &#context_type,
        ) -> #root::Decision<#judge> {
            #decision
        }
    };
    match aggregate {
        // Seen at the aggregate, so that a missing decision is reported there.
        Some(aggregate) => located(decide, aggregate.span()),
        None => decide,
    }
}

/// The stream of the aggregate that the marked fields name; nothing where none is marked.
fn stream_id(command: &Command) -> Option<TokenStream> {
    match &command.shape {
        Shape::Struct(one) => one.id.as_ref().map(|id| {
            let member = &id.member;
            let (id, stream) = stream_of(command, id);
            quote! {
                let #id = &self.#member;
                #stream
            }
        }),
        Shape::Enum(variants) if variants.iter().any(|variant| variant.command.id.is_some()) => {
            let arms = variants.iter().map(|variant| {
                let (ident, cfg) = (&variant.ident, &variant.cfg);
                let Some(id) = &variant.command.id else {
                    // Reported.
                    return quote!(#(#cfg)* Self::#ident { .. } => ::core::unreachable!());
                };
                let member = &id.member;
                let (id, stream) = stream_of(command, id);
                quote!(#(#cfg)* Self::#ident { #member: #id, .. } => #stream)
            });
            Some(quote!(match self { #(#arms,)* }))
        }
        Shape::Enum(_) | Shape::Union => None,
    }
}

/// The stream named by a marked field, and what the field must be bound to.
fn stream_of(command: &Command, field: &Member) -> (Ident, TokenStream) {
    let root = &command.root;
    // Both carry the span of the field's type, so that a missing `Display` is reported there.
    let span = field.r#type.span();
    // Not `id`: a field may be called that, and then the pattern would say it twice.
    let id = Ident::new("__id", span);
    let Some(aggregate) = &command.aggregate else {
        // Reported.
        return (id, quote!(::core::unreachable!()));
    };
    let ty = &field.r#type;
    let stream_of = quote_spanned!(span=> <#ty as #root::__private::Names>::stream_of);
    let call = quote!(#stream_of::<#aggregate>(#id));
    (id, call)
}
