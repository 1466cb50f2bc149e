//! The shapes events had before, and how they become events of today.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, Ident, Type, parse_quote};

use super::{EventSet, Fate, Past, Shape, Variant, payload_type};
use crate::diagnostics::{Diagnostics, located};
use crate::item::mentions;

/// What stands in a list of shapes, before the payload of today. No type may be the shape of two
/// versions: a step from it to itself does nothing, so one of the two is wrong.
pub(super) fn shapes(
    types: Vec<Type>,
    set: &Ident,
    kind: &str,
    payload: Option<&Type>,
    diagnostics: &Diagnostics,
) -> Vec<Shape> {
    let mut seen: Vec<(String, Type)> = Vec::new();
    let payload = payload.map(|payload| payload.to_token_stream().to_string());
    let shape = |shape| {
        if let Type::Infer(_) = shape {
            return Some(Shape::Retired);
        }
        refuse_borrowed(&shape, diagnostics);
        refuse_set(&shape, set, kind, diagnostics);
        let text = shape.to_token_stream().to_string();
        if payload.as_ref() == Some(&text) {
            diagnostics.error_at(
                &shape,
                format!(
                    "`{text}` is the payload of today, and only the shapes before it are listed"
                ),
                "take it away, or name the type that the payload had then",
            );
            return None;
        }
        if let Some((_, first)) = seen.iter().find(|(known, _)| *known == text) {
            diagnostics.error_at(
                &shape,
                format!("`{text}` is the shape of two versions"),
                "give each version a type of its own, or write `_` for one of which no event is stored",
            );
            diagnostics.push(syn::Error::new_spanned(
                first,
                format!("`{text}` is first given here"),
            ));
        } else {
            seen.push((text, shape.clone()));
        }
        Some(Shape::Of(shape.into()))
    };
    types.into_iter().filter_map(shape).collect()
}

/// What is read back has nobody to borrow from.
fn refuse_borrowed(shape: &Type, diagnostics: &Diagnostics) {
    if borrows(shape.to_token_stream()) {
        diagnostics.error_at(
            shape,
            "an old shape cannot borrow: what is read back has nobody to borrow from",
            "own the data: `String` where it says `&str`",
        );
    }
}

/// The set itself is what is read, in whichever shape that was stored.
fn refuse_set(shape: &Type, set: &Ident, kind: &str, diagnostics: &Diagnostics) {
    let is_set = matches!(shape, Type::Path(path) if path.path.is_ident(set));
    if is_set || mentions(shape.to_token_stream(), "Self") {
        diagnostics.error_at(
            shape,
            format!("`{set}` is what events are read as today, and no shape that one had before"),
            format!("name a type with the fields it had then: `struct {kind}V1 {{ … }}`"),
        );
    }
}

/// Whether there is a reference in it, or a lifetime that ends.
fn borrows(tokens: TokenStream) -> bool {
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let borrows = match token {
            TokenTree::Group(group) => borrows(group.stream()),
            TokenTree::Punct(punct) if punct.as_char() == '&' => true,
            TokenTree::Punct(punct) if punct.as_char() == '\'' => {
                !matches!(tokens.peek(), Some(TokenTree::Ident(name)) if name == "static")
            }
            TokenTree::Punct(_) | TokenTree::Ident(_) | TokenTree::Literal(_) => false,
        };
        if borrows {
            return true;
        }
    }
    false
}

impl Fate {
    /// The key that declares it.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Replaced => "replaced",
            Self::Split => "split",
            Self::Merged { .. } => "merged",
            Self::Dropped => "dropped",
            Self::Retired => "retired",
        }
    }
}

/// The versions of which no event is stored, as tokens.
pub(super) fn retired(set: &EventSet, shapes: &[Shape]) -> TokenStream {
    let root = &set.root;
    let versions = (1_u32..)
        .zip(shapes)
        .filter(|(_, shape)| matches!(shape, Shape::Retired))
        .map(|(version, _)| quote!(#root::SchemaVersion::new(#version)));
    quote!(&[#(#versions),*])
}

/// The kinds that are not recorded any more, and the merges, as constants of the set.
pub(super) fn constants(set: &EventSet) -> TokenStream {
    let EventSet {
        root, past, merges, ..
    } = set;
    let kinds = past.iter().map(|Past { name, shapes, fate }| {
        let retired = retired(set, shapes);
        let version = match u32::try_from(shapes.len()) {
            Ok(last) if last > 0 => {
                quote!(::core::option::Option::Some(#root::SchemaVersion::new(#last)))
            }
            _ => quote!(::core::option::Option::None),
        };
        let fate = match fate {
            Fate::Replaced => quote!(Replaced),
            Fate::Split => quote!(Split),
            Fate::Merged { merge, part } => quote!(merged(#merge, #part)),
            Fate::Dropped => quote!(Dropped),
            Fate::Retired => quote!(Retired),
        };
        quote! {
            #root::PastKind { name: #name, version: #version, retired: #retired, fate: #root::Fate::#fate }
        }
    });
    let past = (!past.is_empty())
        .then(|| quote!(const PAST: &'static [#root::PastKind] = &[#(#kinds),*];));
    let parts = merges.iter().map(|parts| {
        let names = parts.iter().map(|&part| &set.past[part].name);
        quote!(&[#(#names),*])
    });
    let merges = (!merges.is_empty()).then(|| {
        quote!(const MERGES: &'static [&'static [&'static ::core::primitive::str]] = &[#(#parts),*];)
    });
    let reads_only_payload = reads_only_payload(set).then(|| {
        quote!(
            const READS_ONLY_PAYLOAD: ::core::primitive::bool = true;
        )
    });
    quote!(#past #merges #reads_only_payload)
}

/// Whether no stored event goes through a step, which may look at all that is known of it, nor is a
/// part of a merge, which depends on what was appended with it.
fn reads_only_payload(set: &EventSet) -> bool {
    let is_of_today = |shapes: &[Shape]| shapes.iter().all(|shape| matches!(shape, Shape::Retired));
    set.variants
        .iter()
        .all(|variant| is_of_today(&variant.earlier))
        && set
            .past
            .iter()
            .all(|past| matches!(past.fate, Fate::Dropped | Fate::Retired))
}

/// The closure that reads a stored event in an old shape; it is told which kind it is.
pub(super) fn upcast(set: &EventSet) -> TokenStream {
    let EventSet {
        root,
        variants,
        past,
        ..
    } = set;
    let variants = variants.iter().enumerate().filter_map(|(index, variant)| {
        let (payload, wrap) = payload(variant);
        let read = read(set, &variant.earlier, &quote!(event), &payload)?;
        Some(quote!(#index => #read #wrap.map(#root::Decoded::One)))
    });
    let count = set.variants.len();
    let past = past.iter().enumerate().filter_map(|(index, kind)| {
        let index = count + index;
        let (target, decoded) = match kind.fate {
            Fate::Replaced => (quote!(Self), quote!(One)),
            Fate::Split => (quote!(#root::Events<Self>), quote!(Several)),
            Fate::Merged { .. } | Fate::Dropped | Fate::Retired => return None,
        };
        let target = located(target, last(&kind.shapes)?.span());
        let read = read(set, &kind.shapes, &quote!(event), &target)?;
        Some(quote!(#index => #read.map(#root::Decoded::#decoded)))
    });
    let arms: Vec<_> = variants.chain(past).collect();
    if arms.is_empty() {
        return quote!(|_| ::core::unreachable!("no kind of event has an old shape"));
    }
    quote! {
        |kind| match kind {
            #(#arms,)*
            _ => ::core::unreachable!("the kind has no old shape"),
        }
    }
}

/// The method that reads the parts of a merge, where the set has merges.
pub(super) fn merge(set: &EventSet) -> Option<TokenStream> {
    let root = &set.root;
    if set.merges.is_empty() {
        return None;
    }
    let arms = set.merges.iter().enumerate().map(|(merge, parts)| {
        let names: Vec<_> = (0..parts.len())
            .map(|part| format_ident!("part_{part}"))
            .collect();
        let parts = parts.iter().map(|&part| &set.past[part].shapes);
        let lasts: Vec<_> = parts.clone().map(|shapes| last(shapes)).collect();
        let read = parts
            .zip(&names)
            .map(|(shapes, name)| read_last(set, shapes, &quote!(#name)));
        let end = names.last();
        let last = lasts.last().copied().flatten();
        let span = last.span();
        let this = quote_spanned!(span=> Self);
        let step = step(set, &quote!((#(#lasts,)*)), &this, span);
        quote! {
            (#merge, [#(#names),*]) => {
                let parts = (#(#read?,)*);
                #root::__private::step(#end, #step(parts, #end))
            }
        }
    });
    Some(quote! {
        fn merge(
            merge: ::core::primitive::usize,
            parts: &[#root::EventRef<'_>],
        ) -> ::core::result::Result<Self, #root::DecodeError> {
            match (merge, parts) {
                #(#arms)*
                _ => ::core::unreachable!("the set has no such merge"),
            }
        }
    })
}

/// The method that shows the old shapes, where the set has some.
pub(super) fn old_shapes(set: &EventSet) -> Option<TokenStream> {
    let EventSet {
        root,
        variants,
        past,
        ..
    } = set;
    let of_variants = variants.iter().map(|kind| (&kind.name, &kind.earlier));
    let of_past = past.iter().map(|kind| (&kind.name, &kind.shapes));
    let shown = of_variants.chain(of_past).flat_map(|(name, shapes)| {
        stored(shapes).map(move |(version, shape)| {
            let show = quote_spanned!(shape.span()=> <#shape as #root::__private::OldShape>::show);
            quote!(#show(visitor, #name, #version);)
        })
    });
    let shown: Vec<_> = shown.collect();
    (!shown.is_empty()).then(|| {
        quote! {
            fn old_shapes<__V: #root::__private::OldShapes>(visitor: &mut __V) {
                #(#shown)*
            }
        }
    })
}

/// What the last old shape of a variant is made into, and how that becomes the event.
fn payload(variant: &Variant) -> (TokenStream, Option<TokenStream>) {
    let ident = &variant.ident;
    if let Some(payload) = payload_type(&variant.fields) {
        (quote!(#payload), Some(quote!(.map(Self::#ident))))
    } else {
        let span = last(&variant.earlier).map_or(ident.span(), Spanned::span);
        (quote_spanned!(span=> Self), None)
    }
}

/// Reads `event`, which is in one of `shapes`, as the target. Nothing where it has no shapes.
fn read(
    set: &EventSet,
    shapes: &[Shape],
    event: &TokenStream,
    target: &TokenStream,
) -> Option<TokenStream> {
    let root = &set.root;
    let last = last(shapes)?;
    let read = read_last(set, shapes, event);
    let step = step(set, last, target, last.span());
    Some(quote!(#read.and_then(|old| #root::__private::step(#event, #step(old, #event)))))
}

/// The step from one shape to another, seen at `span`: one that does not exist is reported there.
/// The types keep their own spans, so that what is wrong about one of them is reported once.
fn step(set: &EventSet, old: &impl ToTokens, new: &impl ToTokens, span: Span) -> TokenStream {
    let root = &set.root;
    quote_spanned!(span=> <#new as #root::Upcast<#old>>::upcast)
}

/// The last shape that events are stored in.
fn last(shapes: &[Shape]) -> Option<&Type> {
    shapes.iter().rev().find_map(|shape| match shape {
        Shape::Of(shape) => Some(&**shape),
        Shape::Retired => None,
    })
}

/// The shapes that events are stored in, with their versions.
fn stored(shapes: &[Shape]) -> impl Iterator<Item = (u32, &Type)> {
    (1_u32..)
        .zip(shapes)
        .filter_map(|(version, shape)| match shape {
            Shape::Of(shape) => Some((version, &**shape)),
            Shape::Retired => None,
        })
}

/// Reads `event`, which is in one of `shapes`, as the last of them.
fn read_last(set: &EventSet, shapes: &[Shape], event: &TokenStream) -> TokenStream {
    let root = &set.root;
    let stored: Vec<_> = stored(shapes).collect();
    // Each step ends where the next one begins, so they are written down from the last to the
    // first.
    let steps = stored.windows(2).rev().map(|pair| {
        let [(version, old), (next_version, new)] = pair else {
            return TokenStream::new();
        };
        let name = format_ident!("from_{version}");
        let step = step(set, old, new, old.span());
        let step = quote!(#root::__private::step(#event, #step(old, #event)));
        let is_last = Some(next_version) == stored.last().map(|(version, _)| version);
        let go_on = if is_last {
            step
        } else {
            let next = format_ident!("from_{next_version}");
            quote!(#step.and_then(#next))
        };
        quote!(let #name = |old: #old| #go_on;)
    });
    let reads = stored.iter().map(|(version, shape)| {
        let read = quote_spanned!(shape.span()=> <#shape as #root::__private::OldShape>::read);
        (version, quote!(#read(#event)))
    });
    let mut reads: Vec<_> = reads.collect();
    let Some((_, last)) = reads.pop() else {
        return TokenStream::new();
    };
    if reads.is_empty() {
        return last;
    }
    let arms = reads.into_iter().map(|(version, read)| {
        let step = format_ident!("from_{version}");
        quote!(#version => #read.and_then(#step))
    });
    quote! {
        {
            #(#steps)*
            match #event.schema_version.get() {
                #(#arms,)*
                _ => #last,
            }
        }
    }
}

/// Makes the compiler find the type that is the shape of two versions under two names.
pub(super) fn check_shapes(set: &EventSet) -> Option<TokenStream> {
    let Data::Enum(_) = &set.item.data else {
        return None;
    };
    if !set.sound {
        return None;
    }
    let root = &set.root;
    let ident = &set.item.ident;
    let (impl_generics, type_generics, where_clause) = set.item.generics.split_for_impl();
    let this: Type = parse_quote!(#ident #type_generics);
    let of_variants = set.variants.iter().map(|variant| {
        let today = payload_type(&variant.fields).unwrap_or(&this);
        (&variant.earlier, Some(today))
    });
    let of_past = set.past.iter().map(|past| {
        let is_replaced = matches!(past.fate, Fate::Replaced);
        (&past.shapes, is_replaced.then_some(&this))
    });
    let mut checks = Vec::new();
    for (shapes, today) in of_variants.chain(of_past) {
        let mut before: Vec<&Type> = Vec::new();
        let shapes = shapes.iter().filter_map(|shape| match shape {
            Shape::Of(shape) => Some(&**shape),
            Shape::Retired => None,
        });
        for shape in shapes.chain(today) {
            let span = match before.last() {
                // The enum is not where its users look for what is wrong with a list of shapes.
                Some(last) if std::ptr::eq(shape, &raw const this) => last.span(),
                _ => shape.span(),
            };
            let private = located(quote!(#root::__private), span);
            checks.extend(before.iter().map(|before| {
                quote_spanned!(span=> <#private::Versions<#before, #shape>>::have_their_own();)
            }));
            before.push(shape);
        }
    }
    // In a function, a type parameter of the set is a type that is like no other.
    (!checks.is_empty()).then(|| {
        quote! {
            #[allow(dead_code, reason = "only the types in it are compared")]
            fn __check_shapes #impl_generics() #where_clause {
                use #root::__private::Distinct as _;
                #(#checks)*
            }
        }
    })
}
