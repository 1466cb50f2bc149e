//! From the meaning of a command to code.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned;

use super::{Address, Command, Member, Names};
use crate::item::{derive_missing, value_derives};

pub(super) fn expand(command: &Command) -> TokenStream {
    let Command { root, aggregate, context, creates, item, names, address } = command;
    let derives = derive_missing(&item.attrs, &value_derives());
    // Without an aggregate there is nothing to implement; the missing argument has been reported.
    let Some(aggregate) = aggregate else {
        return quote!(#derives #item);
    };
    let ident = &item.ident;
    let (impl_generics, type_generics, where_clause) = item.generics.split_for_impl();

    let name = match names {
        Names::Struct(name) => quote!(#name),
        Names::Enum(names) => {
            let arms = names.iter().map(|(variant, name)| quote!(Self::#variant { .. } => #name));
            quote! {
                match self {
                    #(#arms,)*
                    #[allow(unreachable_patterns, reason = "only an enum without variants gets here")]
                    _ => ::core::unreachable!(),
                }
            }
        }
    };
    // The call carries the aggregate's span, so that a missing decision is reported there and not on the whole attribute.
    let (context_type, decide) = match context {
        None => (
            quote!(()),
            quote_spanned!(aggregate.span()=> <#aggregate as #root::Decide<Self>>::decide(state, self)),
        ),
        Some(context) => (
            quote!(#context),
            quote_spanned!(aggregate.span()=> <#aggregate as #root::DecideWith<Self>>::decide(state, self, context)),
        ),
    };
    let context_binding = if context.is_some() { quote!(context) } else { quote!(_) };
    let addressed = address.as_ref().map(|address| {
        let id = stream_of(address, command, aggregate);
        quote! {
            #[automatically_derived]
            impl #impl_generics #root::Addressed for #ident #type_generics #where_clause {
                fn stream_id(&self) -> ::core::result::Result<#root::StreamId, #root::InvalidStreamId> {
                    #id
                }
            }
        }
    });
    quote! {
        #derives
        #item

        #[automatically_derived]
        impl #impl_generics #root::Command for #ident #type_generics #where_clause {
            type Aggregate = #aggregate;
            type Context = #context_type;
            const CREATES: ::core::primitive::bool = #creates;

            fn name(&self) -> &'static ::core::primitive::str {
                #name
            }

            fn decide(
                self,
                state: &Self::Aggregate,
                #context_binding: &Self::Context,
            ) -> #root::Decision<Self::Aggregate> {
                #decide
            }
        }

        #addressed
    }
}

/// The stream of the aggregate that the marked field names.
fn stream_of(address: &Address, command: &Command, aggregate: &Type) -> TokenStream {
    let root = &command.root;
    let call = |member: &Member, id: TokenStream| {
        quote_spanned!(member.r#type.span()=> #root::__private::stream_of::<#aggregate>(#id))
    };
    match address {
        Address::Field(field) => {
            let member = &field.member;
            call(field, quote!(&self.#member))
        }
        Address::Variants(variants) => {
            let arms = variants.iter().map(|(variant, field)| {
                let member = &field.member;
                let stream = call(field, quote!(id));
                quote!(Self::#variant { #member: id, .. } => #stream)
            });
            quote! {
                match self {
                    #(#arms),*
                }
            }
        }
    }
}
