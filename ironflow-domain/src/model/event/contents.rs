//! What the contents of an event must be able to do, and what the compiler says where they cannot.

use serde::de::DeserializeOwned;
use serde::{Deserializer, Serialize, Serializer};

use super::codec::{VariantDeserializer, VariantSerializer, decode};
use super::{DecodeError, Decoded, EncodeError, Event};
use crate::EventRef;
use crate::model::json;

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
    fn serialize<E, S: Serializer>(_: &E, _: S) -> Result<S::Ok, S::Error> {
        const { refuse::<E>() }
        unreachable!("a program that uses it cannot be built")
    }

    /// In place of the one that serde derives.
    fn deserialize<'de, E, D: Deserializer<'de>>(_: D) -> Result<E, D::Error> {
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
    fn write<S: Serializer>(&self, serializer: VariantSerializer<S>) -> Result<S::Ok, S::Error>;

    /// Reads the content of a variant.
    fn read<'de, D: Deserializer<'de>>(
        deserializer: VariantDeserializer<D>,
    ) -> Result<Self, D::Error>;

    /// The event as it is stored.
    fn encode_stored(&self) -> Result<String, EncodeError>
    where
        Self: Event,
    {
        json::write_variant(self).map_err(|source| EncodeError {
            name: self.kind().name,
            source,
        })
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
        decode(event, upcast)
    }
}
