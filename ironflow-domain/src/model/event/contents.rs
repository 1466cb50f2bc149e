//! What the contents of an event must be able to do, and what the compiler says where they cannot.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::codec::{VariantDeserializer, VariantSerializer, decode, encode_variant};
use super::{DecodeError, Decoded, EncodeError, Event};
use crate::EventRef;

/// What is in an event can be stored and read back.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be stored in an event",
    label = "`{Self}` needs `Serialize` and `Deserialize`",
    note = "add `#[derive(Serialize, Deserialize)]` to it, and to the types it is made of"
)]
pub trait Stored: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Stored for T {}

/// Stands in for the functions of a mirror for which serde derived nothing: serde has said why, and
/// there is no more to say. Functions that are derived are preferred to these, and a program that
/// uses these all the same cannot be built.
pub trait Underived: Sized {
    /// In place of the one that serde derives.
    fn serialize<E, S>(_: &E, _: S) -> Result<(), serde_json::Error> {
        const { refuse::<E>() }
        unreachable!("a program that uses it cannot be built")
    }

    /// In place of the one that serde derives.
    fn deserialize<E, D>(_: D) -> Result<E, serde_json::Error> {
        const { refuse::<E>() }
        unreachable!("a program that uses it cannot be built")
    }
}

/// Fails where it is evaluated, which depends on the type.
const fn refuse<E>() {
    assert!(
        size_of::<E>() == usize::MAX,
        "serde derived nothing for this set of events"
    );
}

impl<T> Underived for T {}

/// How the variants of a set are written and read: a place for generated code to ask whether their
/// contents can be.
pub trait Codec: Sized {
    /// Writes the content of the variant.
    fn write(&self, serializer: VariantSerializer<'_>) -> Result<(), serde_json::Error>;

    /// Reads the content of a variant.
    fn read(deserializer: VariantDeserializer<'_, '_>) -> Result<Self, serde_json::Error>;

    /// The event as it is stored.
    fn encode_stored(&self) -> Result<String, EncodeError>
    where
        Self: Event,
    {
        encode_variant(self, |serializer| self.write(serializer))
    }

    /// A stored event of the set, in its current version or with `upcast` in an earlier one.
    #[inline]
    fn decode_stored(
        event: &EventRef<'_>,
        upcast: impl FnOnce(usize) -> Result<Decoded<Self>, DecodeError>,
    ) -> Result<Decoded<Self>, DecodeError>
    where
        Self: Event,
    {
        decode(event, |deserializer| Self::read(deserializer), upcast)
    }
}
