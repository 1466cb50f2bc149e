//! The one place where the model meets JSON: without the feature `json` nothing is written or read,
//! and who tries is told so.
//!
//! A domain can be built, decided and folded without it, and is built in less time. Whatever stores
//! events, and whatever tests them, switches it on.

use std::error::Error;
use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

#[cfg(feature = "json")]
use super::event::codec::{VariantDeserializer, VariantSerializer};
use super::event::contents::Codec;

/// What is wrong with a JSON text, or with a value that should become one.
pub struct JsonError(Inner);

#[cfg(feature = "json")]
type Inner = serde_json::Error;
#[cfg(not(feature = "json"))]
type Inner = SwitchedOff;

/// JSON is neither written nor read in this program.
#[cfg(not(feature = "json"))]
#[derive(Debug)]
struct SwitchedOff;

#[cfg(not(feature = "json"))]
impl fmt::Display for SwitchedOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "this program was built without JSON: switch on the feature `json` of `ironflow-domain`",
        )
    }
}

#[cfg(feature = "json")]
impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        Self(error)
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Error for JsonError {}

/// The value that a text stands for.
#[cfg(feature = "json")]
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, JsonError> {
    serde_json::from_str(text).map_err(JsonError)
}

/// The text that stands for a value.
#[cfg(feature = "json")]
pub(crate) fn write<T: Serialize>(value: &T) -> Result<String, JsonError> {
    serde_json::to_string(value).map_err(JsonError)
}

/// A value of an enum whose variant has that index and the content that the text stands for.
#[cfg(feature = "runtime")]
pub(crate) fn read_content<T: DeserializeOwned>(index: u32, text: &str) -> Result<T, JsonError> {
    let mut json = serde_json::Deserializer::from_str(text);
    T::deserialize(VariantDeserializer::new(index, &mut json))
        .and_then(|value| json.end().map(|()| value))
        .map_err(JsonError)
}

/// The content of an event's variant, as a text.
#[cfg(feature = "json")]
pub(super) fn write_variant<E: Codec>(event: &E) -> Result<String, JsonError> {
    let mut text = Vec::with_capacity(128);
    let mut json = serde_json::Serializer::new(&mut text);
    event
        .write(VariantSerializer::new(&mut json))
        .map_err(JsonError)?;
    String::from_utf8(text).map_err(|error| JsonError(serde::ser::Error::custom(error)))
}

/// An event whose variant has that index and the content that the text stands for.
#[cfg(feature = "json")]
#[inline]
pub(super) fn read_variant<E: Codec>(index: u32, text: &str) -> Result<E, JsonError> {
    let mut json = serde_json::Deserializer::from_str(text);
    E::read(VariantDeserializer::new(index, &mut json))
        .and_then(|event| json.end().map(|()| event))
        .map_err(JsonError)
}

#[cfg(not(feature = "json"))]
pub(crate) fn read<T: DeserializeOwned>(_: &str) -> Result<T, JsonError> {
    Err(JsonError(SwitchedOff))
}

#[cfg(not(feature = "json"))]
pub(crate) fn write<T: Serialize>(_: &T) -> Result<String, JsonError> {
    Err(JsonError(SwitchedOff))
}

#[cfg(not(feature = "json"))]
pub(super) fn write_variant<E: Codec>(_: &E) -> Result<String, JsonError> {
    Err(JsonError(SwitchedOff))
}

#[cfg(not(feature = "json"))]
pub(super) fn read_variant<E: Codec>(_: u32, _: &str) -> Result<E, JsonError> {
    Err(JsonError(SwitchedOff))
}
