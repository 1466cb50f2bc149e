//! Why a type did not take what was made up for it.

use std::cell::RefCell;
use std::fmt;

use serde::de::{self, Expected, Unexpected};

thread_local! {
    // An untagged enum throws away what its variants say: whoever wants to know has to listen.
    static HINTS: RefCell<Vec<Hint>> = const { RefCell::new(Vec::new()) };
}

/// What a refusal says about the shape of the type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hint {
    /// A field must not be absent.
    Missing(&'static str),
    /// A field came twice, perhaps under another name.
    Doubled(&'static str),
    /// There is no such field.
    Unknown(String),
    /// A text must be the name of one of these variants.
    Variants(&'static [&'static str]),
    /// Something of another type is expected.
    Type { found: Found, expected: String },
    /// There are too few or too many elements.
    Length(String),
    /// Anything else.
    Other,
}

/// What was found where something else is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Null,
    Bool,
    Number,
    Float,
    Text,
    Sequence,
    Object,
    Other,
}

impl From<Unexpected<'_>> for Found {
    fn from(found: Unexpected<'_>) -> Self {
        match found {
            Unexpected::Unit | Unexpected::Option => Self::Null,
            Unexpected::Bool(_) => Self::Bool,
            Unexpected::Unsigned(_) | Unexpected::Signed(_) => Self::Number,
            Unexpected::Float(_) => Self::Float,
            Unexpected::Str(_) | Unexpected::Char(_) | Unexpected::UnitVariant => Self::Text,
            Unexpected::Seq | Unexpected::TupleVariant => Self::Sequence,
            Unexpected::Map | Unexpected::StructVariant | Unexpected::NewtypeVariant => {
                Self::Object
            }
            _ => Self::Other,
        }
    }
}

/// Runs `code`, and says what was hinted at meanwhile.
pub(super) fn hints_of<T>(code: impl FnOnce() -> T) -> (T, Vec<Hint>) {
    HINTS.take();
    let value = code();
    (value, HINTS.take())
}

/// A type did not take what was made up for it.
#[derive(Debug)]
pub(super) struct Refusal(String);

impl Refusal {
    fn new(hint: Hint, message: impl fmt::Display) -> Self {
        HINTS.with_borrow_mut(|hints| {
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        });
        Self(message.to_string())
    }

    /// There is no further key.
    pub(super) fn end() -> Self {
        Self("there is no further key".to_owned())
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Hint::Other, message)
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let hint = Hint::Type {
            found: found.into(),
            expected: expected.to_string(),
        };
        Self::new(hint, format_args!("{found} where {expected} is expected"))
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        let hint = Hint::Length(expected.to_string());
        Self::new(
            hint,
            format_args!("{length} elements where {expected} is expected"),
        )
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let hint = Hint::Variants(expected);
        Self::new(hint, format_args!("there is no variant `{variant}`"))
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        let hint = Hint::Unknown(field.to_owned());
        Self::new(hint, format_args!("there is no field `{field}`"))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(
            Hint::Missing(field),
            format_args!("the field `{field}` is missing"),
        )
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(
            Hint::Doubled(field),
            format_args!("the field `{field}` came twice"),
        )
    }
}
