//! The grammar all our attributes share: an optional first argument, then keys in any order.
//!
//! Parsing never stops at a mistake: it reports it, skips to the next comma and goes on.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Ident, LitInt, LitStr, Path, Token, Type, parenthesized};

use crate::diagnostics::{Diagnostics, nearest};

/// What an attribute may hold: its name, its first argument, its keys.
pub(crate) struct Grammar {
    pub(crate) attribute: &'static str,
    pub(crate) first: Option<First>,
    pub(crate) keys: &'static [Key],
}

/// An argument without a key that comes before all others.
pub(crate) struct First {
    pub(crate) shape: Shape,
    /// What the argument is, for the message when it is missing.
    pub(crate) what: &'static str,
    /// The argument as a user would write it.
    pub(crate) usage: &'static str,
}

/// One key, with the way a user would write it.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) usage: &'static str,
}

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
}

/// The arguments of one attribute, each at most once.
pub(crate) struct Arguments {
    grammar: &'static Grammar,
    /// Where to point when something is missing.
    span: Span,
    first: Option<Value>,
    given: Vec<(Ident, Value)>,
}

impl Grammar {
    /// Reads `tokens`, reporting what does not fit. `span` is where to point when an argument is missing.
    pub(crate) fn parse(&'static self, tokens: TokenStream, span: Span, diagnostics: &Diagnostics) -> Arguments {
        let mut arguments = Arguments::none(self, span);
        let parser = |input: ParseStream<'_>| {
            arguments.read(input, diagnostics);
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            diagnostics.push(error);
        }
        arguments
    }

    /// Reads the attributes on `attributes` that bear this grammar's name, and takes them away.
    pub(crate) fn take(
        &'static self,
        attributes: &mut Vec<syn::Attribute>,
        span: Span,
        diagnostics: &Diagnostics,
    ) -> Arguments {
        let mut taken = Arguments::none(self, span);
        for attribute in attributes.extract_if(.., |a| a.path().is_ident(self.attribute)) {
            taken.span = attribute.path().get_ident().map_or(span, Ident::span);
            match attribute.meta {
                syn::Meta::List(list) => {
                    let parser = |input: ParseStream<'_>| {
                        taken.read(input, diagnostics);
                        Ok(())
                    };
                    if let Err(error) = parser.parse2(list.tokens) {
                        diagnostics.push(error);
                    }
                }
                other => diagnostics.error_at(
                    other,
                    format!("`#[{}]` needs its arguments in parentheses", self.attribute),
                    format!("write `{}`", self.usage()),
                ),
            }
        }
        taken
    }

    /// The attribute as a user would write it with all it knows.
    fn usage(&self) -> String {
        let arguments: Vec<_> = self
            .first
            .iter()
            .map(|first| first.usage)
            .chain(self.keys.iter().map(|key| key.usage))
            .collect();
        format!("#[{}({})]", self.attribute, arguments.join(", "))
    }

    fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Arguments {
    fn none(grammar: &'static Grammar, span: Span) -> Self {
        Self { grammar, span, first: None, given: Vec::new() }
    }

    fn read(&mut self, input: ParseStream<'_>, diagnostics: &Diagnostics) {
        let mut at_start = true;
        while !input.is_empty() {
            let start = input.fork();
            if let Err(error) = self.read_one(input, at_start, diagnostics) {
                diagnostics.push(error);
                skip_to_comma(input);
            } else if !input.is_empty() && !input.peek(Token![,]) {
                let stray = skip_to_comma(input);
                diagnostics.error_at(
                    stray,
                    "expected a comma",
                    format!("separate the arguments with commas: `{}`", self.grammar.usage()),
                );
            }
            let _: syn::Result<Token![,]> = input.parse();
            at_start = false;
            debug_assert!(start.cursor() != input.cursor(), "every turn takes at least one token");
        }
    }

    fn read_one(&mut self, input: ParseStream<'_>, at_start: bool, diagnostics: &Diagnostics) -> syn::Result<()> {
        if at_start
            && let Some(first) = &self.grammar.first
            && !self.starts_with_key(input)
        {
            self.first = Some(read_value(input, first.shape, first.usage)?);
            return Ok(());
        }
        let name = match input.call(Ident::parse_any) {
            Ok(name) => name,
            Err(_) => {
                let stray = skip_to_comma(input);
                diagnostics.error_at(
                    stray,
                    format!("expected a key of `#[{}(...)]`", self.grammar.attribute),
                    format!("write `{}`", self.grammar.usage()),
                );
                return Ok(());
            }
        };
        let Some(key) = self.grammar.key(&name.to_string()) else {
            self.unknown(&name, diagnostics);
            skip_to_comma(input);
            return Ok(());
        };
        let value = match key.shape {
            Shape::Flag => Value::Flag,
            Shape::Types => {
                if !input.peek(syn::token::Paren) {
                    return Err(wrong_value(input, name.span(), key.usage));
                }
                let list;
                parenthesized!(list in input);
                Value::Types(list.parse_terminated(Type::parse, Token![,])?.into_iter().collect())
            }
            shape => {
                if input.parse::<Token![=]>().is_err() {
                    return Err(wrong_value(input, name.span(), key.usage));
                }
                read_value(input, shape, key.usage)?
            }
        };
        if let Some((first, _)) = self.given.iter().find(|(given, _)| *given == name) {
            diagnostics.error(
                name.span(),
                format!("`{name}` is given twice"),
                format!("keep one of them: `{}`", key.usage),
            );
            diagnostics.push(syn::Error::new(first.span(), format!("`{name}` is first given here")));
        } else {
            self.given.push((name, value));
        }
        Ok(())
    }

    /// Whether what comes next is one of our keys rather than the first argument.
    fn starts_with_key(&self, input: ParseStream<'_>) -> bool {
        let ahead = input.fork();
        let Ok(name) = ahead.call(Ident::parse_any) else {
            return false;
        };
        ahead.peek(Token![=])
            || self.grammar.key(&name.to_string()).is_some_and(|key| match key.shape {
                Shape::Types => ahead.peek(syn::token::Paren),
                _ => ahead.is_empty() || ahead.peek(Token![,]),
            })
    }

    fn unknown(&self, name: &Ident, diagnostics: &Diagnostics) {
        let known = self.grammar.keys;
        let help = match nearest(&name.to_string(), known.iter().map(|key| key.name)) {
            Some(meant) => {
                let usage = self.grammar.key(meant).map_or(meant, |key| key.usage);
                format!("did you mean `{usage}`?")
            }
            None => {
                let known: Vec<_> = known.iter().map(|key| format!("`{}`", key.usage)).collect();
                format!("it takes {}", known.join(", "))
            }
        };
        diagnostics.error(
            name.span(),
            format!("unknown key `{name}` in `#[{}(...)]`", self.grammar.attribute),
            help,
        );
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        debug_assert!(self.grammar.key(name).is_some(), "`{name}` is a key of the grammar");
        let index = self.given.iter().position(|(given, _)| given == name)?;
        Some(self.given.swap_remove(index).1)
    }

    pub(crate) fn flag(&mut self, name: &str) -> bool {
        self.take(name).is_some()
    }

    pub(crate) fn text(&mut self, name: &str) -> Option<LitStr> {
        match self.take(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn number(&mut self, name: &str) -> Option<LitInt> {
        match self.take(name) {
            Some(Value::Number(number)) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn r#type(&mut self, name: &str) -> Option<Type> {
        match self.take(name) {
            Some(Value::Type(r#type)) => Some(*r#type),
            _ => None,
        }
    }

    pub(crate) fn types(&mut self, name: &str) -> Option<Vec<Type>> {
        match self.take(name) {
            Some(Value::Types(types)) => Some(types),
            _ => None,
        }
    }

    /// The `crate = path` every attribute takes.
    pub(crate) fn crate_path(&mut self) -> Option<Path> {
        match self.take("crate") {
            Some(Value::Path(path)) => Some(path),
            _ => None,
        }
    }

    /// The first argument as text, reported where it is missing.
    pub(crate) fn first_text(&mut self, diagnostics: &Diagnostics) -> Option<LitStr> {
        match self.first.take() {
            Some(Value::Text(text)) => Some(text),
            _ => {
                self.first_missing(diagnostics);
                None
            }
        }
    }

    /// The first argument as a type, reported where it is missing.
    pub(crate) fn first_type(&mut self, diagnostics: &Diagnostics) -> Option<Type> {
        match self.first.take() {
            Some(Value::Type(r#type)) => Some(*r#type),
            _ => {
                self.first_missing(diagnostics);
                None
            }
        }
    }

    fn first_missing(&self, diagnostics: &Diagnostics) {
        if let Some(first) = &self.grammar.first {
            diagnostics.error(
                self.span,
                format!("`#[{}]` needs {}", self.grammar.attribute, first.what),
                format!("write it first: `#[{}({})]`", self.grammar.attribute, first.usage),
            );
        }
    }

    /// Reports that a key everyone needs is not there.
    pub(crate) fn missing(&self, name: &str, why: &str, diagnostics: &Diagnostics) {
        let usage = self.grammar.key(name).map_or(name, |key| key.usage);
        diagnostics.error(
            self.span,
            format!("`{name}` is missing: {why}"),
            format!("add `{usage}` to `#[{}(...)]`", self.grammar.attribute),
        );
    }
}

fn read_value(input: ParseStream<'_>, shape: Shape, usage: &str) -> syn::Result<Value> {
    let span = input.span();
    let value = match shape {
        Shape::Text => input.parse().map(Value::Text),
        Shape::Number => input.parse().map(Value::Number),
        Shape::Type => input.parse().map(|r#type| Value::Type(Box::new(r#type))),
        Shape::Path => input.call(Path::parse_mod_style).map(Value::Path),
        Shape::Flag | Shape::Types => return Err(wrong_value(input, span, usage)),
    };
    value.map_err(|_| wrong_value(input, span, usage))
}

/// The error for a value of the wrong kind, at the value where there is one, else at `otherwise`.
fn wrong_value(input: ParseStream<'_>, otherwise: Span, usage: &str) -> syn::Error {
    let at = if input.is_empty() || input.peek(Token![,]) { otherwise } else { input.span() };
    syn::Error::new(at, format!("this is not how the value is written\n\nhelp: write `{usage}`"))
}

/// Takes everything up to the next comma, and says what that was.
fn skip_to_comma(input: ParseStream<'_>) -> TokenStream {
    let mut skipped = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        match input.parse::<proc_macro2::TokenTree>() {
            Ok(token) => token.to_tokens(&mut skipped),
            Err(_) => break,
        }
    }
    skipped
}
