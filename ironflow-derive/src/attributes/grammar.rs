//! What an attribute may hold, and how a user would write it.

use proc_macro2::{Span, TokenStream};
use syn::{Attribute, Ident, Meta};

use super::{Arguments, Shape, Words};
use crate::diagnostics::{Diagnostics, nearest};

/// What an attribute may hold: its name, its first argument, its keys.
pub(crate) struct Grammar {
    pub(crate) attribute: &'static str,
    /// Whether it is no attribute, but a key of one that has arguments of its own.
    pub(crate) is_key: bool,
    pub(crate) first: Option<First>,
    pub(crate) keys: &'static [Key],
    /// Keys of the attribute of the same name on another item, and what that item is.
    pub(crate) elsewhere: &'static [(Key, &'static str)],
}

/// An argument without a key that comes before all others. Whoever has one, needs it.
pub(crate) struct First {
    pub(crate) shape: Shape,
    /// What the argument is, for the message when it is missing.
    pub(crate) what: &'static str,
    /// The argument as a user would write it.
    pub(crate) usage: &'static str,
    /// What it is, for the reference.
    #[allow(dead_code, reason = "a test writes the reference from it")]
    pub(crate) meaning: &'static str,
}

/// One key, with the way a user would write it.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) usage: &'static str,
    /// What it means, for the reference.
    #[allow(dead_code, reason = "a test writes the reference from it")]
    pub(crate) meaning: &'static str,
    /// What holds where it is not given, for the reference.
    #[allow(dead_code, reason = "a test writes the reference from it")]
    pub(crate) otherwise: &'static str,
    /// Why nobody can do without it; nothing where everybody can.
    pub(crate) needed: Option<&'static str>,
    /// Whether it may be given more than once.
    pub(crate) many: bool,
    /// What others call it, spelled too differently to be taken for a slip.
    pub(crate) also_called: &'static [&'static str],
}

impl Key {
    /// What most keys are: given at most once, and not by everybody.
    pub(crate) const OPTIONAL: Self = Self {
        name: "",
        shape: Shape::Flag,
        usage: "",
        meaning: "",
        otherwise: "",
        needed: None,
        many: false,
        also_called: &[],
    };
}

impl Grammar {
    /// Reads `tokens`, reporting what does not fit. `span` is where to point when an argument is
    /// missing.
    pub(crate) fn parse(
        &'static self,
        tokens: TokenStream,
        span: Span,
        words: Words,
        diagnostics: &Diagnostics,
    ) -> Arguments {
        let mut arguments = Arguments::none(self, span, words);
        arguments.read(tokens, diagnostics);
        arguments.check_needed(diagnostics);
        arguments
    }

    /// Reads the attributes on `attributes` that bear this grammar's name, and takes them away.
    pub(crate) fn take(
        &'static self,
        attributes: &mut Vec<Attribute>,
        span: Span,
        words: Words,
        diagnostics: &Diagnostics,
    ) -> Arguments {
        let mut taken = Arguments::none(self, span, words);
        let mut found = false;
        let mut readable = true;
        for attribute in attributes.extract_if(.., |a| a.path().is_ident(self.attribute)) {
            found = true;
            taken.span = attribute.path().get_ident().map_or(span, Ident::span);
            match attribute.meta {
                Meta::List(list) => taken.read(list.tokens, diagnostics),
                Meta::Path(_) if self.needs_something() => {}
                other => {
                    readable = false;
                    diagnostics.error_at(
                        other,
                        format!("`#[{}]` takes its arguments in parentheses", self.attribute),
                        format!("write `{}`", taken.usage()),
                    );
                }
            }
        }
        if found && readable {
            taken.check_needed(diagnostics);
        } else if !found && self.needs_something() {
            diagnostics.error(
                span,
                format!("`{}` is missing", self.with("...")),
                format!("add `{}`", taken.usage()),
            );
        }
        taken
    }

    /// The attribute with these arguments, as it is written.
    pub(super) fn with(&self, arguments: &str) -> String {
        let name = self.attribute;
        if self.is_key {
            format!("{name}({arguments})")
        } else {
            format!("#[{name}({arguments})]")
        }
    }

    pub(super) fn needs_something(&self) -> bool {
        self.first.is_some() || self.keys.iter().any(|key| key.needed.is_some())
    }

    /// Whether it is the name of a key.
    pub(crate) fn knows(&self, name: &str) -> bool {
        self.key(name).is_some()
    }

    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    /// The key an unknown word stands for: one that others call so, or one spelled nearly so.
    pub(super) fn meant(&self, word: &str) -> Option<&'static Key> {
        let called = |key: &&Key| key.also_called.contains(&word);
        self.keys.iter().find(called).or_else(|| {
            let known = self.keys.iter().map(|key| key.name);
            nearest(word, known).and_then(|meant| self.key(meant))
        })
    }
}
