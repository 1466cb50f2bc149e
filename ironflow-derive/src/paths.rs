//! Where generated code finds Ironflow.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::Path;

use crate::attributes::{Key, Shape};
use crate::diagnostics::Diagnostics;

/// The key every attribute takes, for those who know `ironflow-domain` by another name.
pub(crate) const CRATE: Key =
    Key { name: "crate", shape: Shape::Path, usage: "crate = ::ironflow_domain" };

/// The path of `ironflow-domain` as the user's crate knows it.
pub(crate) struct Root(TokenStream);

impl Root {
    /// Takes the user's path, or `::ironflow_domain`.
    pub(crate) fn new(given: Option<Path>, diagnostics: &Diagnostics) -> Self {
        match given {
            None => Self(quote!(::ironflow_domain)),
            Some(path) => {
                let absolute = path.leading_colon.is_some()
                    || path.segments.first().is_some_and(|first| first.ident == "crate" || first.ident == "$crate");
                if !absolute {
                    let text = path.to_token_stream().to_string().replace(' ', "");
                    diagnostics.error_at(
                        &path,
                        format!("`{text}` means something else in every module"),
                        format!("start at the root: `crate = ::{text}`, or `crate = crate::{text}` for a re-export"),
                    );
                }
                Self(path.to_token_stream())
            }
        }
    }

    /// The path as text for serde's own `crate` attribute.
    pub(crate) fn serde(&self) -> String {
        format!("{}::__private::serde", self.0.to_string().replace(' ', ""))
    }
}

impl ToTokens for Root {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}
