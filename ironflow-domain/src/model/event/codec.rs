//! The stored form of an event: its variant's fields as a JSON object, with the name and version
//! beside it.
//!
//! `#[event]` derives serde's traits on a private copy of the user's enum. What is here stands
//! between those derives and the format, and leaves the variant's tag out on the way in and puts
//! it back on the way out.

use serde::de::value::U32Deserializer;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IgnoredAny,
    IntoDeserializer, VariantAccess, Visitor,
};
use serde::ser::{self, Impossible, SerializeStruct, SerializeStructVariant, Serializer};
use serde::{Deserialize, Serialize};

use super::contents::Codec;
use super::{DecodeError, Decoded, Event, EventKind, Fate, PastKind, UpcastResult};
use crate::model::json;
use crate::{EventRef, JsonError, SchemaVersion};

/// Reads a stored event of the set `E`: in its current version with the derived `Deserialize`, in an
/// earlier one with `upcast`, which is told which kind it is: first those of today, then the past
/// ones.
#[inline]
pub(super) fn decode<E: Event + Codec>(
    event: &EventRef<'_>,
    upcast: impl FnOnce(usize) -> Result<Decoded<E>, DecodeError>,
) -> Result<Decoded<E>, DecodeError> {
    // Nearly every event is one of today, so this comparison is compiled for the set's own names.
    let current = (0..)
        .zip(E::KINDS)
        .find(|(_, kind)| kind.name == event.name && kind.version == event.schema_version);
    let index = match current {
        Some((index, _)) => index,
        None => match find(event, E::KINDS, E::PAST)? {
            Found::Current(index) => index,
            Found::Earlier(kind) => return upcast(kind),
            Found::Part { merge, part } => return Ok(Decoded::part(merge, part)),
            Found::Dropped => return Ok(Decoded::nothing()),
        },
    };
    json::read_variant(index, event.data)
        .map(Decoded::One)
        .map_err(|source| payload(event, source))
}

/// What a stored name and version stand for.
enum Found {
    /// The variant with that index.
    Current(u32),
    /// An old shape of the kind with that index, past kinds counted after those of today.
    Earlier(usize),
    Part {
        merge: usize,
        part: usize,
    },
    Dropped,
}

#[cold]
fn find(
    event: &EventRef<'_>,
    kinds: &'static [EventKind],
    past: &'static [PastKind],
) -> Result<Found, DecodeError> {
    for (index, kind) in (0..).zip(kinds) {
        if kind.is_named(event.name) {
            return if kind.version == event.schema_version {
                Ok(Found::Current(index))
            } else {
                check_version(event, kind.version, kind.retired)?;
                Ok(Found::Earlier(index as usize))
            };
        }
    }
    let Some((index, kind)) = past
        .iter()
        .enumerate()
        .find(|(_, kind)| kind.name == event.name)
    else {
        return Err(DecodeError::UnknownName {
            name: event.name.to_owned(),
            known: kinds,
            past,
        });
    };
    if let Some(last) = kind.version {
        check_version(event, last, kind.retired)?;
    }
    match kind.fate {
        Fate::Replaced | Fate::Split => Ok(Found::Earlier(kinds.len() + index)),
        Fate::Merged { merge, part } => Ok(Found::Part { merge, part }),
        Fate::Dropped => Ok(Found::Dropped),
        Fate::Retired => Err(retired(event, true)),
    }
}

/// Whether the version is one this program has the shape of.
fn check_version(
    event: &EventRef<'_>,
    current: SchemaVersion,
    none_stored: &[SchemaVersion],
) -> Result<(), DecodeError> {
    let stored = event.schema_version;
    if stored > current || stored.get() == 0 {
        return Err(DecodeError::UnsupportedVersion {
            name: event.name.to_owned(),
            stored,
            current,
        });
    }
    if none_stored.contains(&stored) {
        return Err(retired(event, false));
    }
    Ok(())
}

fn retired(event: &EventRef<'_>, whole: bool) -> DecodeError {
    DecodeError::Retired {
        name: event.name.to_owned(),
        version: event.schema_version,
        whole,
    }
}

#[cold]
fn payload(event: &EventRef<'_>, source: JsonError) -> DecodeError {
    DecodeError::Payload {
        name: event.name.to_owned(),
        version: event.schema_version,
        source,
    }
}

/// What became of a step from an old shape of `event` to the next.
pub fn step<New>(event: &EventRef<'_>, new: UpcastResult<New>) -> Result<New, DecodeError> {
    new.map_err(|source| DecodeError::Upcast {
        name: event.name.to_owned(),
        version: event.schema_version,
        source,
    })
}

/// What is listed as an old shape can be read.
#[diagnostic::on_unimplemented(
    message = "the old shape `{Self}` cannot be read back",
    label = "it does not implement `Deserialize`",
    note = "add `#[derive(Deserialize)]` to `{Self}`"
)]
pub trait OldShape: Sized {
    /// The payload of a stored event in this shape.
    fn read(event: &EventRef<'_>) -> Result<Self, DecodeError>;

    /// Shows it to who looks at all of them.
    fn show<V: OldShapes>(visitor: &mut V, name: &'static str, version: u32);
}

/// Who looks at the shapes that the events of a set had before, as the laws of the test kit do.
pub trait OldShapes {
    /// The shape of that version of what is stored under that name.
    fn shape<T: DeserializeOwned>(&mut self, name: &'static str, version: u32);
}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned> OldShape for T {
    fn read(event: &EventRef<'_>) -> Result<Self, DecodeError> {
        json::read(event.data).map_err(|source| payload(event, source))
    }

    fn show<V: OldShapes>(visitor: &mut V, name: &'static str, version: u32) {
        visitor.shape::<T>(name, version);
    }
}

/// Writes the content of a variant and leaves its tag out.
#[derive(Debug)]
pub struct VariantSerializer<S> {
    inner: S,
}

#[cfg(feature = "json")]
impl<S> VariantSerializer<S> {
    /// Writes to `inner`.
    pub(crate) fn new(inner: S) -> Self {
        Self { inner }
    }
}

/// The answer to a derive that does not serialise an enum; `#[event]` accepts nothing but enums.
fn not_an_enum<T, E: ser::Error>() -> Result<T, E> {
    Err(E::custom("an event is a variant of an enum"))
}

/// All the methods of a serializer that a derive on an enum never calls.
macro_rules! never_called {
    ($($method:ident($($argument:ty),*);)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<Self::Ok, Self::Error> { not_an_enum() })*
    };
}

impl<S: Serializer> Serializer for VariantSerializer<S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Impossible<S::Ok, S::Error>;
    type SerializeTuple = Impossible<S::Ok, S::Error>;
    type SerializeTupleStruct = Impossible<S::Ok, S::Error>;
    type SerializeTupleVariant = Impossible<S::Ok, S::Error>;
    type SerializeMap = Impossible<S::Ok, S::Error>;
    type SerializeStruct = Impossible<S::Ok, S::Error>;
    type SerializeStructVariant = Fields<S::SerializeStruct>;

    /// A variant without fields is an object without fields, so that it may be given some later.
    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        SerializeStruct::end(self.inner.serialize_struct(variant, 0)?)
    }

    fn serialize_newtype_variant<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        value.serialize(self.inner)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        fields: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        self.inner.serialize_struct(variant, fields).map(Fields)
    }

    never_called! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
        serialize_none();
        serialize_unit();
        serialize_unit_struct(&'static str);
    }

    fn serialize_some<T: ?Sized + Serialize>(self, _: &T) -> Result<S::Ok, S::Error> {
        not_an_enum()
    }

    fn serialize_newtype_struct<T: ?Sized + Serialize>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<S::Ok, S::Error> {
        not_an_enum()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        not_an_enum()
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, S::Error> {
        not_an_enum()
    }

    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        not_an_enum()
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        not_an_enum()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        not_an_enum()
    }

    fn serialize_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStruct, S::Error> {
        not_an_enum()
    }
}

/// The named fields of a variant, written as an object.
#[derive(Debug)]
pub struct Fields<S>(S);

impl<S: SerializeStruct> SerializeStructVariant for Fields<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_field<T: ?Sized + Serialize>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), S::Error> {
        self.0.serialize_field(key, value)
    }

    fn skip_field(&mut self, key: &'static str) -> Result<(), S::Error> {
        self.0.skip_field(key)
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }
}

/// Reads the content of the variant with the given index.
#[derive(Debug)]
pub struct VariantDeserializer<D> {
    index: u32,
    inner: D,
}

#[cfg(feature = "json")]
impl<D> VariantDeserializer<D> {
    /// Reads from `inner`.
    pub(crate) fn new(index: u32, inner: D) -> Self {
        Self { index, inner }
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for VariantDeserializer<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        visitor.visit_enum(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, D: Deserializer<'de>> EnumAccess<'de> for VariantDeserializer<D> {
    type Error = D::Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), D::Error> {
        let index: U32Deserializer<D::Error> = self.index.into_deserializer();
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de, D: Deserializer<'de>> VariantAccess<'de> for VariantDeserializer<D> {
    type Error = D::Error;

    /// Fields that the variant once had are ignored, as serde ignores unknown fields elsewhere.
    fn unit_variant(self) -> Result<(), D::Error> {
        IgnoredAny::deserialize(self.inner).map(|_| ())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, D::Error> {
        seed.deserialize(self.inner)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, D::Error> {
        Err(de::Error::custom("the fields of an event have names"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_map(visitor)
    }
}
