//! Collects everything that is wrong with one item, so that the user sees it all in one compile.

use std::cell::RefCell;
use std::cmp::Reverse;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::ToTokens;

/// The mistakes found so far. Parsing takes it by shared reference, reports, and goes on.
#[derive(Default)]
pub(crate) struct Diagnostics {
    errors: RefCell<Option<syn::Error>>,
}

impl Diagnostics {
    /// Reports a mistake at `span`: what is wrong, then the way out as code.
    pub(crate) fn error(
        &self,
        span: Span,
        what: impl std::fmt::Display,
        help: impl std::fmt::Display,
    ) {
        self.push(syn::Error::new(span, with_help(what, help)));
    }

    /// Reports a mistake that underlines all of `tokens`.
    pub(crate) fn error_at(
        &self,
        tokens: impl ToTokens,
        what: impl std::fmt::Display,
        help: impl std::fmt::Display,
    ) {
        self.push(syn::Error::new_spanned(tokens, with_help(what, help)));
    }

    /// Takes over an error that already says all there is to say.
    pub(crate) fn push(&self, error: syn::Error) {
        let mut errors = self.errors.borrow_mut();
        match errors.as_mut() {
            Some(errors) => errors.combine(error),
            None => *errors = Some(error),
        }
    }

    /// Whether nothing has been reported.
    pub(crate) fn is_empty(&self) -> bool {
        self.errors.borrow().is_none()
    }

    /// Everything reported, as tokens that make the compiler say it; nothing where all was well.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.errors
            .into_inner()
            .map(|errors| errors.to_compile_error())
            .unwrap_or_default()
    }
}

fn with_help(what: impl std::fmt::Display, help: impl std::fmt::Display) -> String {
    format!("{what}\n\nhelp: {help}")
}

/// The same tokens, seen at `span`: what is wrong about any of them is reported there.
pub(crate) fn located(tokens: TokenStream, span: Span) -> TokenStream {
    let relocate = |mut token: TokenTree| {
        match &token {
            TokenTree::Group(group) => {
                let mut moved = Group::new(group.delimiter(), located(group.stream(), span));
                moved.set_span(span);
                return TokenTree::Group(moved);
            }
            // Its span says which crate is meant.
            TokenTree::Ident(word) if word == "$crate" => {
                token.set_span(token.span().located_at(span));
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {
                token.set_span(span);
            }
        }
        token
    };
    tokens.into_iter().map(relocate).collect()
}

/// The known word nearest to `word`, if one is near enough to have been meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (edit_distance(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(word.len()).div_ceil(3))
        .min_by_key(|(distance, candidate)| (*distance, Reverse(common_prefix(word, candidate))))
        .map(|(_, candidate)| candidate)
}

fn common_prefix(left: &str, right: &str) -> usize {
    left.chars()
        .zip(right.chars())
        .take_while(|(l, r)| l == r)
        .count()
}

/// The number of single-character edits between two words.
fn edit_distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let substituted = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_the_word_that_was_meant() {
        assert_eq!(
            nearest("evnt", ["event", "error", "category"]),
            Some("event")
        );
        assert_eq!(nearest("contxt", ["context", "creates"]), Some("context"));
        assert_eq!(nearest("create", ["crate", "creates"]), Some("creates"));
        assert_eq!(nearest("retries", ["context", "crate"]), None);
    }
}
