//! What the contents of an event must be able to do, and what the compiler says where they cannot.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::codec::{VariantDeserializer, VariantSerializer};

/// What is in an event can be stored and read back.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in an event",
    label = "`{Self}` needs `Serialize` and `Deserialize`",
    note = "add `#[derive(Serialize, Deserialize)]` to it, and to the types it is made of"
)]
pub trait Stored: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Stored for T {}

/// How the variants of a set are written and read: a place for generated code to ask whether their
/// contents can be.
pub trait Codec: Sized {
    /// Writes the content of the variant.
    fn write(&self, serializer: VariantSerializer<'_>) -> Result<(), serde_json::Error>;

    /// Reads the content of a variant.
    fn read(deserializer: VariantDeserializer<'_, '_>) -> Result<Self, serde_json::Error>;
}
