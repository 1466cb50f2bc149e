//! The deserializer that has no data.

use std::any::type_name;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::answers;
use super::graph::{Form, Identity, Leaf};
use super::refusal::Refusal;
use super::trace::{At, Trace};

/// How many elements of a tuple get a place each.
const MOST_ELEMENTS: usize = 4096;

/// Answers what is asked for in one place with dummies, and notes it.
pub(super) struct Reader<'t> {
    trace: &'t mut Trace,
    at: At,
    /// The visitor that the content of a variant is to be read by.
    content: Option<&'static str>,
}

impl<'t> Reader<'t> {
    pub(super) fn new(trace: &'t mut Trace, at: At) -> Self {
        Self {
            trace,
            at,
            content: None,
        }
    }

    /// Says that `S` reads the content of a variant. Where it is the visitor, too, it is one that
    /// was derived for that variant.
    fn of_variant<S>(self) -> Self {
        Self {
            content: Some(type_name::<S>()),
            ..self
        }
    }

    fn leaf<'de, V: Visitor<'de>>(self, leaf: Leaf, visitor: V) -> Result<V::Value, Refusal> {
        let dummy = self.trace.leaf(self.at, leaf)?;
        answers::answer(leaf, dummy, visitor)
    }

    fn part<'de, V: Visitor<'de>>(
        self,
        form: Form,
        names: &'static [&'static str],
        places: usize,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let visitor_name = type_name::<V>();
        let variant = match self.at {
            At::In { part, place } if self.content == Some(visitor_name) => Some((part, place)),
            _ => None,
        };
        let identity = Identity {
            form,
            visitor: visitor_name,
            variant,
            names,
            places,
        };
        let trace = self.trace;
        let (part, places) = trace.open(self.at, &identity)?;
        let content = Content {
            trace: &mut *trace,
            form,
            part,
            places: places.into_iter(),
            named: None,
        };
        let read = match form {
            Form::Struct | Form::Map => visitor.visit_map(content),
            Form::Tuple | Form::Sequence => visitor.visit_seq(content),
            Form::Option => match content.next() {
                Some((trace, at)) => trace.visit(at, |reader| visitor.visit_some(reader)),
                None => visitor.visit_none(),
            },
            Form::Enum => visitor.visit_enum(content),
        };
        trace.close(read)
    }
}

macro_rules! leaves {
    ($($method:ident: $leaf:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
            self.leaf(Leaf::$leaf, visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = Refusal;

    leaves! {
        deserialize_any: Anything,
        deserialize_bool: Bool,
        deserialize_i8: I8,
        deserialize_i16: I16,
        deserialize_i32: I32,
        deserialize_i64: I64,
        deserialize_i128: I128,
        deserialize_u8: U8,
        deserialize_u16: U16,
        deserialize_u32: U32,
        deserialize_u64: U64,
        deserialize_u128: U128,
        deserialize_f32: F32,
        deserialize_f64: F64,
        deserialize_char: Char,
        deserialize_str: Text,
        deserialize_string: Text,
        deserialize_bytes: Bytes,
        deserialize_byte_buf: Bytes,
        deserialize_unit: Unit,
        deserialize_identifier: Identifier,
        deserialize_ignored_any: Ignored,
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.part(Form::Option, &[], 1, visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.leaf(Leaf::Unit, visitor)
    }

    /// JSON does not know it: what is in it stands in its place.
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.trace.descend()?;
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.part(Form::Sequence, &[], 1, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.part(Form::Tuple, &[], len.min(MOST_ELEMENTS), visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.part(Form::Tuple, &[], len.min(MOST_ELEMENTS), visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.part(Form::Map, &["", ""], 2, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.part(Form::Struct, fields, fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.part(Form::Enum, variants, variants.len(), visitor)
    }
}

/// What is in a part: the places that are to be answered this time.
struct Content<'t> {
    trace: &'t mut Trace,
    form: Form,
    part: usize,
    places: std::vec::IntoIter<usize>,
    /// The place whose key was asked for last.
    named: Option<usize>,
}

impl<'t> Content<'t> {
    fn at(&self, place: usize) -> At {
        At::In {
            part: self.part,
            place,
        }
    }

    /// The next place, where there is one.
    fn next(mut self) -> Option<(&'t mut Trace, At)> {
        let place = self.places.next()?;
        let at = self.at(place);
        Some((self.trace, at))
    }
}

impl<'de> SeqAccess<'de> for Content<'_> {
    type Error = Refusal;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Refusal> {
        let Some(place) = self.places.next() else {
            // Whoever goes on asking is to come to an end, too.
            return self.trace.request().map(|()| None);
        };
        let at = self.at(place);
        self.trace
            .visit(at, |reader| seed.deserialize(reader))
            .map(Some)
    }
}

/// Fields by their names, or one entry of a map whose keys are not known.
impl<'de> MapAccess<'de> for Content<'_> {
    type Error = Refusal;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Refusal> {
        let Some(place) = self.places.next() else {
            return self.trace.request().map(|()| None);
        };
        if self.form == Form::Map && place == 0 {
            self.named = self.places.next();
            let at = self.at(place);
            let key = self.trace.visit(at, |reader| seed.deserialize(reader));
            return key.map(Some);
        }
        self.named = Some(place);
        self.trace.named(place);
        answers::name(self.trace.name(self.part, place), seed).map(Some)
    }

    /// Maps whose keys are not known mostly ask for key and value at once. Then the value is looked at
    /// first: a key that refuses every dummy would hide it.
    fn next_entry_seed<K: DeserializeSeed<'de>, V: DeserializeSeed<'de>>(
        &mut self,
        key_seed: K,
        value_seed: V,
    ) -> Result<Option<(K::Value, V::Value)>, Refusal> {
        if self.form == Form::Map && self.places.as_slice().first() == Some(&0) {
            let (key, value) = (self.places.next(), self.places.next());
            let (key, value) = key.zip(value).ok_or_else(Refusal::default)?;
            let at = self.at(value);
            let value = self
                .trace
                .visit(at, |reader| value_seed.deserialize(reader));
            let at = self.at(key);
            let key = self.trace.visit(at, |reader| key_seed.deserialize(reader));
            return Ok(Some((key?, value?)));
        }
        let Some(key) = self.next_key_seed(key_seed)? else {
            return Ok(None);
        };
        Ok(Some((key, self.next_value_seed(value_seed)?)))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Refusal> {
        // Without a key there is no value; serde leaves it open what happens then.
        let place = self.named.take().ok_or_else(Refusal::default)?;
        let at = self.at(place);
        self.trace.visit(at, |reader| seed.deserialize(reader))
    }
}

impl<'de, 't> EnumAccess<'de> for Content<'t> {
    type Error = Refusal;
    type Variant = Variant<'t>;

    fn variant_seed<S: DeserializeSeed<'de>>(
        self,
        seed: S,
    ) -> Result<(S::Value, Variant<'t>), Refusal> {
        let part = self.part;
        // There is none in an enum without variants.
        let place = self.places.as_slice().first().copied();
        let name = place.map(|place| self.trace.name(part, place));
        let ((trace, at), name) = self.next().zip(name).ok_or_else(Refusal::default)?;
        Ok((answers::name(name, seed)?, Variant { trace, at }))
    }
}

/// The content of a variant.
struct Variant<'t> {
    trace: &'t mut Trace,
    at: At,
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Refusal;

    fn unit_variant(self) -> Result<(), Refusal> {
        self.trace.visit(self.at, |reader| {
            reader.trace.bare(reader.at);
            Ok(())
        })
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Refusal> {
        let content = |reader: Reader<'_>| seed.deserialize(reader.of_variant::<S>());
        self.trace.visit(self.at, content)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refusal> {
        let content = |reader: Reader<'_>| reader.of_variant::<V>().deserialize_tuple(len, visitor);
        self.trace.visit(self.at, content)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let content = |reader: Reader<'_>| {
            let reader = reader.of_variant::<V>();
            reader.deserialize_struct("", fields, visitor)
        };
        self.trace.visit(self.at, content)
    }
}
