//! What an argument may be given.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Ident, LitInt, LitStr, Path, Token, Type, bracketed, parenthesized, token};

use super::words::written;

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
    /// `("a", "b")`
    Texts,
    /// `("name", A, B)`
    Past,
    /// `(("name", A), ("other", B))`
    Merge,
    /// `(key = value, …)`, read with a grammar of its own.
    Arguments,
}

/// A kind of event that is not recorded any more: the name it was stored under, and the shapes its
/// payload had.
pub(crate) struct Past {
    pub(crate) name: LitStr,
    pub(crate) shapes: Vec<Type>,
}

impl Past {
    fn written(&self) -> String {
        let shapes = self
            .shapes
            .iter()
            .map(|shape| written(&shape.to_token_stream()));
        let name = self.name.to_token_stream().to_string();
        let all: Vec<_> = std::iter::once(name).chain(shapes).collect();
        format!("({})", all.join(", "))
    }
}

/// What one key was given.
pub(crate) enum Value {
    Flag,
    Text(LitStr),
    Number(LitInt),
    Type(Box<Type>),
    Path(Path),
    Types(Vec<Type>),
    Texts(Vec<LitStr>),
    Past(Past),
    Merge(Vec<Past>),
    Arguments(TokenStream),
    /// Something else, which has been reported.
    Wrong,
}

impl Value {
    /// How it is written behind its key.
    pub(super) fn written(&self) -> String {
        fn list(values: &[impl ToTokens]) -> String {
            let values: Vec<_> = values
                .iter()
                .map(|value| written(&value.to_token_stream()))
                .collect();
            format!("({})", values.join(", "))
        }
        match self {
            Self::Text(one) => format!(" = {}", one.to_token_stream()),
            Self::Number(one) => format!(" = {one}"),
            Self::Type(one) => format!(" = {}", written(&one.to_token_stream())),
            Self::Path(one) => format!(" = {}", written(&one.to_token_stream())),
            Self::Types(several) => list(several),
            Self::Texts(several) => list(several),
            Self::Past(one) => one.written(),
            Self::Merge(parts) => {
                let parts: Vec<_> = parts.iter().map(Past::written).collect();
                format!("({})", parts.join(", "))
            }
            Self::Arguments(tokens) => format!("({})", written(tokens)),
            Self::Flag | Self::Wrong => String::new(),
        }
    }
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
            Self::Texts => "texts in quotes, in parentheses",
            Self::Past => "a stored name and the shapes its payload had, in parentheses",
            Self::Merge => {
                "at least two parts in parentheses, each a stored name and the shapes its payload had"
            }
            Self::Arguments => "arguments in parentheses",
        }
    }

    /// Reads what comes after the key: `= value`, `(values)` or nothing. An error is where
    /// something else stands; none where nothing does.
    pub(super) fn read(self, input: ParseStream<'_>) -> Result<Value, Option<Span>> {
        match self {
            Self::Flag if at_end(input) => return Ok(Value::Flag),
            Self::Flag => return Err(Some(input.span())),
            _ if at_end(input) => return Err(None),
            _ if self.is_list() => {
                return self.read_list(input).map_err(|error| Some(error.span()));
            }
            Self::Types | Self::Texts | Self::Past | Self::Merge | Self::Arguments => {
                return Err(None);
            }
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

    /// Reads what was most likely meant by something else: what is in quotes and should not be, or
    /// stands behind another sign or none, or in brackets.
    pub(super) fn read_meant(self, input: ParseStream<'_>) -> Option<Value> {
        match self {
            Self::Type => {
                let types = read_either(input, read_type)?;
                only(types).map(Box::new).map(Value::Type)
            }
            Self::Types => read_either(input, read_type).map(Value::Types),
            Self::Text => {
                let texts = read_either(input, <LitStr as Parse>::parse)?;
                only(texts).map(Value::Text)
            }
            Self::Texts => read_either(input, <LitStr as Parse>::parse).map(Value::Texts),
            Self::Number => {
                let numbers = read_either(input, read_number)?;
                only(numbers).map(Value::Number)
            }
            Self::Past | Self::Merge => {
                skip_sign(input);
                self.read_list(input).ok()
            }
            Self::Flag | Self::Path | Self::Arguments => None,
        }
    }

    /// Reads a first argument that was given in quotes, or without those it needs.
    pub(super) fn read_unquoted(self, input: ParseStream<'_>) -> Option<Value> {
        let meant = match self {
            Self::Text => {
                let word = input.call(Ident::parse_any).ok()?;
                Value::Text(LitStr::new(&word.to_string(), word.span()))
            }
            Self::Type => Value::Type(input.parse::<LitStr>().ok()?.parse().ok()?),
            _ => return None,
        };
        at_end(input).then_some(meant)
    }

    pub(super) fn read_value(self, input: ParseStream<'_>) -> syn::Result<Value> {
        match self {
            Self::Text => input.parse().map(Value::Text),
            Self::Number => input.parse().map(Value::Number),
            Self::Type => input.parse().map(Box::new).map(Value::Type),
            Self::Path => input.call(Path::parse_mod_style).map(Value::Path),
            Self::Flag | Self::Types | Self::Texts | Self::Past | Self::Merge | Self::Arguments => {
                Err(input.error(""))
            }
        }
    }

    /// Whether its values stand in parentheses right behind the key.
    pub(super) fn is_list(self) -> bool {
        matches!(
            self,
            Self::Types | Self::Texts | Self::Past | Self::Merge | Self::Arguments
        )
    }

    fn read_list(self, input: ParseStream<'_>) -> syn::Result<Value> {
        match self {
            Self::Types => read_all(input, Type::parse).map(Value::Types),
            Self::Texts => read_all(input, <LitStr as Parse>::parse).map(Value::Texts),
            Self::Past => read_past(input).map(Value::Past),
            Self::Merge => {
                let parts = read_all(input, read_past)?;
                match parts.as_slice() {
                    [part] => Err(syn::Error::new(part.name.span(), "one part")),
                    _ => Ok(Value::Merge(parts)),
                }
            }
            Self::Arguments => {
                let arguments;
                parenthesized!(arguments in input);
                arguments.parse().map(Value::Arguments)
            }
            Self::Flag | Self::Text | Self::Number | Self::Type | Self::Path => {
                Err(input.error(""))
            }
        }
    }
}

/// What stands behind a sign or none, in parentheses or brackets or without.
fn read_either<T>(
    input: ParseStream<'_>,
    read: fn(ParseStream<'_>) -> syn::Result<T>,
) -> Option<Vec<T>> {
    skip_sign(input);
    if input.peek(token::Paren) {
        return read_all(input, read).ok();
    }
    if input.peek(token::Bracket) {
        return read_brackets(input, read).ok();
    }
    Some(vec![read(input).ok()?])
}

fn read_brackets<T>(
    input: ParseStream<'_>,
    read: fn(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<Vec<T>> {
    let list;
    bracketed!(list in input);
    let values = list.parse_terminated(read, Token![,])?;
    Ok(values.into_iter().collect())
}

/// Takes the sign between a key and its value away, if there is one.
fn skip_sign(input: ParseStream<'_>) {
    if input.peek(Token![=]) || input.peek(Token![:]) {
        let _: Option<TokenTree> = input.parse().ok();
    }
}

fn only<T>(values: Vec<T>) -> Option<T> {
    let [value] = <[T; 1]>::try_from(values).ok()?;
    Some(value)
}

/// A type, in quotes or not.
fn read_type(input: ParseStream<'_>) -> syn::Result<Type> {
    if input.peek(LitStr) {
        input.parse::<LitStr>()?.parse()
    } else {
        input.parse()
    }
}

/// A number, in quotes or not.
fn read_number(input: ParseStream<'_>) -> syn::Result<LitInt> {
    if input.peek(LitStr) {
        input.parse::<LitStr>()?.parse()
    } else {
        input.parse()
    }
}

/// What stands in parentheses, at least one of it.
fn read_all<T>(
    input: ParseStream<'_>,
    read: fn(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<Vec<T>> {
    let list;
    parenthesized!(list in input);
    let values = list.parse_terminated(read, Token![,]);
    // What is left over would be a second mistake in syn's eyes.
    list.parse::<TokenStream>()?;
    let values = values?;
    if values.is_empty() {
        return Err(list.error("nothing"));
    }
    Ok(values.into_iter().collect())
}

/// `("name", A, B)`
fn read_past(input: ParseStream<'_>) -> syn::Result<Past> {
    let list;
    parenthesized!(list in input);
    let past = read_name_and_shapes(&list);
    list.parse::<TokenStream>()?;
    past
}

fn read_name_and_shapes(list: ParseStream<'_>) -> syn::Result<Past> {
    let name: LitStr = list.parse()?;
    let no_shape = syn::Error::new(name.span(), "no shape");
    if list.is_empty() {
        return Err(no_shape);
    }
    list.parse::<Token![,]>()?;
    let shapes = list.parse_terminated(Type::parse, Token![,])?;
    if shapes.is_empty() {
        return Err(no_shape);
    }
    Ok(Past {
        name,
        shapes: shapes.into_iter().collect(),
    })
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
        match input.parse::<TokenTree>() {
            Ok(token) => token.to_tokens(&mut skipped),
            Err(_) => break,
        }
    }
    skipped
}
