//! Where generated code finds Ironflow.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Path;

use crate::attributes::{Key, Shape};
use crate::diagnostics::Diagnostics;

/// The key every attribute takes, for those who know `ironflow-domain` by another name.
pub(crate) const CRATE: Key = Key {
    name: "crate",
    shape: Shape::Path,
    usage: "crate = ::ironflow_domain",
    meaning: "where `ironflow-domain` goes by another name",
    otherwise: "`::ironflow_domain`",
    ..Key::OPTIONAL
};

/// The path of `ironflow-domain` as the user's crate knows it.
pub(crate) struct Root(TokenStream);

impl Root {
    /// Takes the user's path, or `::ironflow_domain`.
    pub(crate) fn new(given: Option<Path>, diagnostics: &Diagnostics) -> Self {
        let Some(path) = given else {
            return Self(quote!(::ironflow_domain));
        };
        let start = path
            .segments
            .first()
            .map(|first| first.ident.to_string())
            .unwrap_or_default();
        let absolute = path.leading_colon.is_some() || start == "crate" || start == "$crate";
        if !absolute {
            let text = path.to_token_stream().to_string().replace(' ', "");
            let help = if start == "self" || start == "super" {
                "start at the root: `crate = crate::…`".to_owned()
            } else {
                format!(
                    "start at the root: `crate = ::{text}`, or `crate = crate::{text}` for a re-export"
                )
            };
            diagnostics.error_at(
                &path,
                format!("`{text}` means something else in every module"),
                help,
            );
        }
        Self(path.to_token_stream())
    }
}

impl ToTokens for Root {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}
