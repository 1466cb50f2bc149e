//! The user's words, in place of those of our examples.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// How a usage that tells of our account tells of the user's item.
#[derive(Clone, Default)]
pub(crate) struct Words {
    /// Words of our examples, and what stands for each.
    theirs: Vec<(&'static str, String)>,
    /// What comes before and after a key, in the help for one that belongs elsewhere.
    elsewhere: (String, String),
}

impl Words {
    /// Says `theirs` for `ours`. What is said first, is looked for first.
    pub(crate) fn say(mut self, ours: &'static str, theirs: impl Into<String>) -> Self {
        self.theirs.push((ours, theirs.into()));
        self
    }

    /// How to write what belongs elsewhere.
    pub(crate) fn elsewhere(mut self, before: String, after: String) -> Self {
        self.elsewhere = (before, after);
        self
    }

    /// Our usage in the user's words.
    pub(crate) fn of(&self, usage: &str) -> String {
        let mut said = String::new();
        let mut rest = usage;
        while let Some(next) = rest.chars().next() {
            let known = self.theirs.iter().find_map(|(ours, theirs)| {
                let after = rest.strip_prefix(ours)?;
                Some((theirs.as_str(), after))
            });
            let (word, after) = known.unwrap_or_else(|| rest.split_at(next.len_utf8()));
            said.push_str(word);
            rest = after;
        }
        said
    }

    /// The help for a key that belongs elsewhere.
    pub(super) fn there(&self, written: &str) -> String {
        let (before, after) = &self.elsewhere;
        format!("{before}{written}{after}")
    }
}

/// The tokens as one would write them in an attribute.
pub(crate) fn written(tokens: &TokenStream) -> String {
    let mut text = String::new();
    let mut after_word = false;
    for token in tokens.clone() {
        let is_word = matches!(token, TokenTree::Ident(_) | TokenTree::Literal(_));
        if is_word && after_word {
            text.push(' ');
        }
        after_word = is_word;
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                text = text + open + written(&group.stream()).trim_end() + close;
            }
            TokenTree::Punct(punct) if punct.as_char() == ',' => text.push_str(", "),
            TokenTree::Punct(punct) if punct.as_char() == '=' => text.push_str(" = "),
            token => text += &token.to_string(),
        }
    }
    text
}
