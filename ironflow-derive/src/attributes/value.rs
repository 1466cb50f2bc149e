//! What an argument may be given.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{LitInt, LitStr, Path, Token, Type, parenthesized};

/// What follows a key.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Shape {
    /// Nothing.
    Flag,
    /// `= "text"`
    Text,
    /// `= 2`
    Number,
    /// `= some::Type<Of, Any>`
    Type,
    /// `= some::path`
    Path,
    /// `(A, B)`
    Types,
}

/// What one key was given.
pub(crate) enum Value {
    Flag,
    Text(LitStr),
    Number(LitInt),
    Type(Box<Type>),
    Path(Path),
    Types(Vec<Type>),
    /// Something else, which has been reported.
    Wrong,
}

impl Shape {
    /// What it is called in a message about a value that is something else.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Flag => "no value",
            Self::Text => "a text in quotes",
            Self::Number => "a number",
            Self::Type => "a type",
            Self::Path => "a path",
            Self::Types => "types in parentheses",
        }
    }

    /// Reads what comes after the key: `= value`, `(values)` or nothing. An error is where
    /// something else stands; none where nothing does.
    pub(super) fn read(self, input: ParseStream<'_>) -> Result<Value, Option<Span>> {
        match self {
            Self::Flag if at_end(input) => return Ok(Value::Flag),
            Self::Flag => return Err(Some(input.span())),
            _ if at_end(input) => return Err(None),
            Self::Types => return read_types(input).map_err(|error| Some(error.span())),
            Self::Text | Self::Number | Self::Type | Self::Path => {}
        }
        input
            .parse::<Token![=]>()
            .map_err(|error| Some(error.span()))?;
        if at_end(input) {
            return Err(None);
        }
        let span = input.span();
        self.read_value(input).map_err(|_| Some(span))
    }

    pub(super) fn read_value(self, input: ParseStream<'_>) -> syn::Result<Value> {
        match self {
            Self::Text => input.parse().map(Value::Text),
            Self::Number => input.parse().map(Value::Number),
            Self::Type => input.parse().map(Box::new).map(Value::Type),
            Self::Path => input.call(Path::parse_mod_style).map(Value::Path),
            Self::Flag | Self::Types => Err(input.error("")),
        }
    }
}

fn read_types(input: ParseStream<'_>) -> syn::Result<Value> {
    let list;
    parenthesized!(list in input);
    let types = list.parse_terminated(Type::parse, Token![,]);
    // What is left over would be a second mistake in syn's eyes.
    list.parse::<TokenStream>()?;
    let types = types?;
    if types.is_empty() {
        return Err(list.error("no type"));
    }
    Ok(Value::Types(types.into_iter().collect()))
}

/// Whether a whole argument of that shape comes next.
pub(super) fn starts_with(shape: Shape, input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    shape.read_value(&ahead).is_ok() && at_end(&ahead)
}

/// Whether the argument ends here.
pub(super) fn at_end(input: ParseStream<'_>) -> bool {
    input.is_empty() || input.peek(Token![,])
}

/// Takes everything up to the next comma, and says what that was.
pub(super) fn skip_to_comma(input: ParseStream<'_>) -> TokenStream {
    let mut skipped = TokenStream::new();
    while !at_end(input) {
        match input.parse::<proc_macro2::TokenTree>() {
            Ok(token) => token.to_tokens(&mut skipped),
            Err(_) => break,
        }
    }
    skipped
}
