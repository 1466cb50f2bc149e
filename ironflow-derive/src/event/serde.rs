//! Which of serde's attributes shape the stored form.
//!
//! An event is stored as the fields of its variant, with its name and version beside them. So
//! serde's attributes on fields and those of a variant about its fields apply; those that say how
//! an enum or a variant is called or tagged do not.

use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Token, parse_quote};

use crate::diagnostics::Diagnostics;

/// Where an attribute stands.
#[derive(Clone, Copy)]
pub(super) enum Place {
    Enum,
    Variant,
    Field,
}

impl Place {
    /// What does not apply there, since names and tags are not stored by serde.
    pub(super) fn without_effect(self) -> &'static [&'static str] {
        match self {
            Self::Enum => &[
                "tag",
                "content",
                "untagged",
                "rename",
                "rename_all",
                "from",
                "try_from",
                "into",
                "transparent",
                "remote",
                "crate",
                "bound",
                "variant_identifier",
                "field_identifier",
            ],
            Self::Variant => &[
                "rename",
                "alias",
                "skip",
                "skip_serializing",
                "skip_deserializing",
                "other",
                "untagged",
            ],
            Self::Field => &[],
        }
    }
}

/// What the user derives on the enum that reads serde's attributes.
#[derive(Clone, Copy)]
pub(super) struct UserDerives {
    /// Serde, for a purpose of their own: what does not apply to the stored form is about that.
    pub(super) serde: bool,
    /// The schema, which serde's attributes shape like the stored form.
    pub(super) schema: bool,
}

/// Serde's attributes among `attributes` that shape the stored form. They stay with the enum where
/// another derive reads them, and are taken away elsewhere.
pub(super) fn stored_form(
    attributes: &mut Vec<Attribute>,
    place: Place,
    user_derives: UserDerives,
    diagnostics: &Diagnostics,
) -> Vec<Attribute> {
    let mut stored = Vec::new();
    for attribute in attributes.iter().filter(|attribute| is_serde(attribute)) {
        let Ok(keys) = attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
        else {
            // Serde says what is wrong with it.
            stored.push(attribute.clone());
            continue;
        };
        let (without_effect, shaping): (Vec<_>, Vec<_>) = keys.into_iter().partition(|key| {
            place
                .without_effect()
                .iter()
                .any(|name| key.path().is_ident(name))
        });
        if !user_derives.serde {
            for key in without_effect {
                report(&key, place, diagnostics);
            }
        }
        stored.push(parse_quote!(#[serde(#(#shaping),*)]));
    }
    if !user_derives.serde && !user_derives.schema {
        attributes.retain(|attribute| !is_serde(attribute));
    }
    stored
}

fn report(key: &Meta, place: Place, diagnostics: &Diagnostics) {
    let name = key
        .path()
        .get_ident()
        .map(ToString::to_string)
        .unwrap_or_default();
    let help = match (place, name.as_str()) {
        (Place::Enum, "bound") => {
            "write the bounds in the enum's `where` clause: `where T: Serialize + DeserializeOwned`"
        }
        (Place::Enum, "rename_all") => {
            "to rename fields, write `#[serde(rename_all_fields = \"…\")]`"
        }
        (Place::Variant, "alias") => {
            "to read events stored under another name, write `#[event(also_named(\"…\"))]`"
        }
        (Place::Variant, "rename") => "to choose the stored name, write `#[event(name = \"…\")]`",
        _ => {
            "take it away, or derive `Serialize` and `Deserialize` below `#[event]` for a form of your own"
        }
    };
    diagnostics.error_at(
        key.path(),
        format!("`{name}` has no effect: an event is stored as the fields of its variant, its name beside them"),
        help,
    );
}

fn is_serde(attribute: &Attribute) -> bool {
    attribute.path().is_ident("serde")
}
