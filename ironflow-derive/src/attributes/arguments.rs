//! What one attribute was given.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitInt, LitStr, Path, Token, Type, parse_quote};

use super::value::{at_end, skip_to_comma, starts_with};
use super::words::written;
use super::{First, Grammar, Key, Past, Shape, Value, Words};
use crate::diagnostics::{Diagnostics, nearest};

/// The arguments of one attribute, each at most once.
pub(crate) struct Arguments {
    grammar: &'static Grammar,
    /// Where to point when something is missing.
    pub(super) span: Span,
    words: Words,
    first: Option<Value>,
    given: Vec<(Ident, Value)>,
    /// The keys that unknown ones were taken for: what follows from their absence is not reported.
    meant: Vec<&'static str>,
}

impl Arguments {
    pub(super) fn none(grammar: &'static Grammar, span: Span, words: Words) -> Self {
        Self {
            grammar,
            span,
            words,
            first: None,
            given: Vec::new(),
            meant: Vec::new(),
        }
    }

    pub(super) fn read(&mut self, tokens: TokenStream, diagnostics: &Diagnostics) {
        let parser = |input: ParseStream<'_>| {
            let mut at_start = true;
            // Every turn takes at least the comma, or all up to the next one.
            while !input.is_empty() {
                self.read_one(input, at_start, diagnostics);
                let _: syn::Result<Token![,]> = input.parse();
                at_start = false;
            }
            Ok(())
        };
        if let Err(error) = parser.parse2(tokens) {
            diagnostics.push(error);
        }
    }

    /// Reads one argument, up to the next comma.
    fn read_one(&mut self, input: ParseStream<'_>, at_start: bool, diagnostics: &Diagnostics) {
        let grammar = self.grammar;
        if let Some(first) = &grammar.first
            && !self.starts_with_key(input)
            && (at_start || (self.first.is_none() && starts_with(first.shape, input)))
        {
            let span = input.span();
            let ahead = input.fork();
            let value = first.shape.read_value(input).unwrap_or(Value::Wrong);
            if matches!(value, Value::Wrong) {
                self.first = first.shape.read_unquoted(&ahead);
                skip_to_comma(input);
                diagnostics.error(
                    span,
                    self.first_is(first),
                    format!("write `{}`", self.usage_before(input)),
                );
                self.first.get_or_insert(Value::Wrong);
                return;
            }
            if self.first.is_some() {
                diagnostics.error(
                    span,
                    format!(
                        "the first argument of `#[{}]` is given twice",
                        grammar.attribute
                    ),
                    format!("keep one of them: `{}`", self.usage()),
                );
            }
            let was_given = self.first.replace(value).is_some();
            if !was_given && !at_start {
                diagnostics.error(
                    span,
                    format!(
                        "this comes first in `{}`: it is {}",
                        grammar.with("..."),
                        first.what
                    ),
                    format!("write `{}`", self.usage()),
                );
            }
            return expect_comma(input, diagnostics);
        }
        let Ok(name) = input.call(Ident::parse_any) else {
            let span = input.span();
            let skipped = skip_to_comma(input);
            let of_a_text = grammar.keys.iter().find(|key| key.shape == Shape::Text);
            diagnostics.error(
                span,
                format!("expected a key of `{}`", grammar.with("...")),
                match of_a_text {
                    Some(key) if syn::parse2::<LitStr>(skipped.clone()).is_ok() => {
                        format!("did you mean `{} = {skipped}`?", key.name)
                    }
                    _ => self.known_keys(),
                },
            );
            return;
        };
        let Some(key) = grammar.key(&name.to_string()) else {
            if let Some(first) = self.first_with_a_key(&name, input) {
                self.first = Some(first);
                diagnostics.error(
                    name.span(),
                    format!(
                        "the first argument of `#[{}]` has no key: it is {}",
                        grammar.attribute,
                        grammar.first.as_ref().map_or("", |first| first.what)
                    ),
                    format!("write `{}`", self.usage_before(input)),
                );
                return expect_comma(input, diagnostics);
            }
            self.unknown(&name, input, diagnostics);
            skip_to_comma(input);
            return;
        };
        let given = self.read_value(&name, key, input, diagnostics);
        let earlier = self.given.iter().find(|(given, _)| *given == name);
        if let Some((first, value)) = earlier
            && !key.many
        {
            let one = match value {
                Value::Wrong => self.words.of(key.usage),
                _ => format!("{name}{}", value.written()),
            };
            diagnostics.error(
                name.span(),
                format!("`{name}` is given twice"),
                format!("keep one of them: `{one}`"),
            );
            diagnostics.push(syn::Error::new(
                first.span(),
                format!("`{name}` is first given here"),
            ));
        } else {
            self.given.push((name, given));
        }
        expect_comma(input, diagnostics);
    }

    /// The first argument where it is missing so far and an unknown key is given what it takes.
    fn first_with_a_key(&self, name: &Ident, input: ParseStream<'_>) -> Option<Value> {
        let grammar = self.grammar;
        let first = grammar.first.as_ref().filter(|_| self.first.is_none())?;
        let text = name.to_string();
        let is_ours = nearest(&text, grammar.keys.iter().map(|key| key.name)).is_some()
            || grammar.elsewhere.iter().any(|(key, _)| key.name == text);
        let ahead = input.fork();
        ahead.parse::<Token![=]>().ok()?;
        if is_ours || !starts_with(first.shape, &ahead) {
            return None;
        }
        input.parse::<Token![=]>().ok()?;
        first.shape.read_value(input).ok()
    }

    /// Whether what comes next is a key, ours or not, rather than the first argument.
    fn starts_with_key(&self, input: ParseStream<'_>) -> bool {
        let ahead = input.fork();
        let Ok(name) = ahead.call(Ident::parse_any) else {
            return false;
        };
        ahead.peek(Token![=])
            || self.grammar.key(&name.to_string()).is_some_and(|key| {
                at_end(&ahead) || (key.shape.is_list() && ahead.peek(syn::token::Paren))
            })
    }

    /// Reports a key nobody knows, and says which one was most likely meant. What it is given counts
    /// as given to that one.
    fn unknown(&mut self, name: &Ident, input: ParseStream<'_>, diagnostics: &Diagnostics) {
        let grammar = self.grammar;
        let text = name.to_string();
        if let Some((key, place)) = grammar.elsewhere.iter().find(|(key, _)| key.name == text) {
            let value = written(&skip_to_comma(&input.fork()));
            let usage = if key.shape.read(&input.fork()).is_ok() {
                format!("{name}{value}")
            } else if let Some(meant) = key.shape.read_meant(&input.fork()) {
                format!("{name}{}", meant.written())
            } else {
                self.words.of(key.usage)
            };
            diagnostics.error(
                name.span(),
                format!("`{name}` belongs on {place}"),
                self.words.there(&usage),
            );
            return;
        }
        if let Some((key, value)) = self.without_its_key(name, input) {
            diagnostics.error(
                name.span(),
                format!("`{name}` is given without a key"),
                format!("did you mean `{}{}`?", key.name, value.written()),
            );
            self.given.push((Ident::new(key.name, name.span()), value));
            self.meant.push(key.name);
            return;
        }
        let what = format!("unknown key `{name}` in `{}`", grammar.with("..."));
        let Some(meant) = grammar.meant(&text) else {
            diagnostics.error(name.span(), what, self.known_keys());
            return;
        };
        self.meant.push(meant.name);
        let as_it_is = meant.shape.read(&input.fork()).ok();
        let (value, value_written) = if as_it_is.is_some() {
            (as_it_is, Some(written(&skip_to_comma(&input.fork()))))
        } else {
            let value = meant.shape.read_meant(&input.fork());
            let value_written = value.as_ref().map(Value::written);
            (value, value_written)
        };
        let usage = match value_written {
            Some(written) => format!("{}{written}", meant.name),
            None => self.words.of(meant.usage),
        };
        diagnostics.error(name.span(), what, format!("did you mean `{usage}`?"));
        if let Some(value) = value
            && self.is_given(meant.name).is_none()
        {
            self.given
                .push((Ident::new(meant.name, name.span()), value));
        }
    }

    /// A type that stands there alone, and the first key that takes one and is not given: one that
    /// is needed before one that is not.
    fn without_its_key(
        &self,
        name: &Ident,
        input: ParseStream<'_>,
    ) -> Option<(&'static Key, Value)> {
        let is_type = name.to_string().starts_with(char::is_uppercase);
        if !is_type || !at_end(input) {
            return None;
        }
        let ty: Type = parse_quote!(#name);
        let free = |key: &&Key| self.is_given(key.name).is_none() && !self.is_meant(key.name);
        let mut needed = self.grammar.keys.iter().filter(|key| key.needed.is_some());
        if let Some(key) = needed.find(free) {
            return match key.shape {
                Shape::Type => Some((key, Value::Type(ty.into()))),
                Shape::Types => Some((key, Value::Types(vec![ty]))),
                _ => None,
            };
        }
        let mut keys = self.grammar.keys.iter();
        let key = keys.find(|key| key.shape == Shape::Type && free(key))?;
        Some((key, Value::Type(ty.into())))
    }

    /// Reports the arguments that nobody can do without and that are not there.
    pub(super) fn check_needed(&self, diagnostics: &Diagnostics) {
        let grammar = self.grammar;
        if let Some(first) = &grammar.first
            && self.first.is_none()
        {
            diagnostics.error(
                self.span,
                self.first_is(first),
                format!("write it first: `{}`", self.usage()),
            );
        }
        for key in grammar.keys {
            if let Some(why) = key.needed
                && self.given.iter().all(|(given, _)| given != key.name)
                && !self.is_meant(key.name)
            {
                diagnostics.error(
                    self.span,
                    format!("`{}` is missing: {why}", key.name),
                    format!(
                        "add `{}` to `{}`",
                        self.words.of(key.usage),
                        grammar.with("...")
                    ),
                );
            }
        }
    }

    /// The attribute as its user would write it: with all it needs, or where it needs nothing, with
    /// the first thing it knows.
    pub(crate) fn usage(&self) -> String {
        let grammar = self.grammar;
        let one = usize::from(!grammar.needs_something());
        let needed = grammar.keys.iter().filter(|key| key.needed.is_some());
        let keys = grammar.keys.iter().take(one).chain(needed);
        let first = grammar.first.iter().map(|_| self.first());
        let keys = keys.map(|key| self.words.of(key.usage));
        let arguments: Vec<_> = first.chain(keys).collect();
        grammar.with(&arguments.join(", "))
    }

    /// The same where more arguments may follow: what is needed may be among them.
    fn usage_before(&self, rest: ParseStream<'_>) -> String {
        if rest.is_empty() {
            return self.usage();
        }
        self.grammar.with(&format!("{}, …", self.first()))
    }

    /// The first argument as its user would write it.
    fn first(&self) -> String {
        match &self.first {
            Some(Value::Text(text)) => text.to_token_stream().to_string(),
            Some(Value::Type(given)) => written(&given.to_token_stream()),
            _ => {
                let first = self.grammar.first.as_ref();
                first.map_or_else(String::new, |first| self.words.of(first.usage))
            }
        }
    }

    /// The help for a key or an argument nobody can read.
    fn known_keys(&self) -> String {
        let keys = self.grammar.keys.iter();
        let known: Vec<_> = keys
            .map(|key| format!("`{}`", self.words.of(key.usage)))
            .collect();
        format!("it takes {}", known.join(", "))
    }

    fn first_is(&self, first: &First) -> String {
        format!("`#[{}]` needs {}", self.grammar.attribute, first.what)
    }

    /// What a key is given; where that is something else, what was most likely meant, so that nothing
    /// follows from its absence.
    fn read_value(
        &self,
        name: &Ident,
        key: &Key,
        input: ParseStream<'_>,
        diagnostics: &Diagnostics,
    ) -> Value {
        let ahead = input.fork();
        key.shape.read(input).unwrap_or_else(|at| {
            let meant = key.shape.read_meant(&ahead);
            let usage = meant.as_ref().map_or_else(
                || self.words.of(key.usage),
                |value| format!("{name}{}", value.written()),
            );
            diagnostics.error(
                at.unwrap_or(name.span()),
                format!("`{name}` takes {}", key.shape.name()),
                format!("write `{usage}`"),
            );
            skip_to_comma(input);
            meant.unwrap_or(Value::Wrong)
        })
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        debug_assert!(
            self.grammar.key(name).is_some(),
            "`{name}` is a key of the grammar"
        );
        let index = self.given.iter().position(|(given, _)| given == name)?;
        Some(self.given.remove(index).1)
    }

    /// Whether an unknown key was taken for this one.
    pub(crate) fn is_meant(&self, name: &str) -> bool {
        self.meant.contains(&name)
    }

    /// Where a key is given, whatever it was given.
    pub(crate) fn is_given(&self, name: &str) -> Option<Span> {
        let (given, _) = self.given.iter().find(|(given, _)| given == name)?;
        Some(given.span())
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

    /// The arguments of a key that has some of its own.
    pub(crate) fn arguments(&mut self, name: &str) -> Option<TokenStream> {
        match self.take(name) {
            Some(Value::Arguments(tokens)) => Some(tokens),
            _ => None,
        }
    }

    /// All that a key was given which may be given more than once.
    fn all(&mut self, name: &'static str) -> impl Iterator<Item = Value> {
        std::iter::from_fn(move || self.take(name))
    }

    /// All texts of a key.
    pub(crate) fn texts(&mut self, name: &'static str) -> Vec<LitStr> {
        let texts = self.all(name).filter_map(|value| match value {
            Value::Texts(texts) => Some(texts),
            _ => None,
        });
        texts.flatten().collect()
    }

    /// Each text that a key was given, of one that is given one at a time.
    pub(crate) fn every_text(&mut self, name: &'static str) -> Vec<LitStr> {
        let texts = self.all(name).filter_map(|value| match value {
            Value::Text(text) => Some(text),
            _ => None,
        });
        texts.collect()
    }

    /// All past kinds of a key.
    pub(crate) fn past(&mut self, name: &'static str) -> Vec<Past> {
        let past = self.all(name).filter_map(|value| match value {
            Value::Past(past) => Some(past),
            _ => None,
        });
        past.collect()
    }

    /// All merges of a key.
    pub(crate) fn merges(&mut self, name: &'static str) -> Vec<Vec<Past>> {
        let merges = self.all(name).filter_map(|value| match value {
            Value::Merge(parts) => Some(parts),
            _ => None,
        });
        merges.collect()
    }

    /// The `crate = path` every attribute takes.
    pub(crate) fn crate_path(&mut self) -> Option<Path> {
        match self.take("crate") {
            Some(Value::Path(path)) => Some(path),
            _ => None,
        }
    }

    /// The first argument as text; where it is missing, that has been reported.
    pub(crate) fn first_text(&mut self) -> Option<LitStr> {
        match self.first.take()? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The first argument as a type; where it is missing, that has been reported.
    pub(crate) fn first_type(&mut self) -> Option<Type> {
        match self.first.take()? {
            Value::Type(r#type) => Some(*r#type),
            _ => None,
        }
    }
}

/// Reports what stands where a comma should.
fn expect_comma(input: ParseStream<'_>, diagnostics: &Diagnostics) {
    if at_end(input) {
        return;
    }
    if input.peek(Token![;]) {
        diagnostics.error(input.span(), "expected a comma", "write `,` in its place");
        let _: syn::Result<Token![;]> = input.parse();
        return;
    }
    let next = written(&skip_to_comma(&input.fork()));
    let help = if next.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '"') {
        format!("write `, {next}`")
    } else {
        format!("take `{next}` away")
    };
    diagnostics.error(input.span(), "expected a comma", help);
    // A key is read as if the comma were there.
    if !input.peek(Ident::peek_any) {
        skip_to_comma(input);
    }
}
