//! Why a type did not take what it was given.

use std::fmt;

use serde::de;

/// A type did not take what it was given. Two reasons say something about its shape.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    /// A field that must not be absent.
    pub(super) missing: Option<&'static str>,
    /// The name of a field that came twice, perhaps under another name.
    pub(super) doubled: Option<&'static str>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the type did not take a dummy value")
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    /// The message is the user's code, which nobody needs to run.
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::default()
    }

    fn missing_field(field: &'static str) -> Self {
        Self {
            missing: Some(field),
            doubled: None,
        }
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self {
            missing: None,
            doubled: Some(field),
        }
    }
}
