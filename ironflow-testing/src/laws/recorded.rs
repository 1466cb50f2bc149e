//! A value that is read, and the JSON it could have been read from.
//!
//! What a type is handed while it reads is written down: its text would be read as the same, where
//! JSON has a form for it.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor,
};
use serde::{Deserialize, de};
use serde_json::{Map, Value};

/// What was handed to a `T`, which is read for that alone.
#[derive(Debug)]
pub(super) struct Recorded<T> {
    /// Nothing where JSON has no form for it, as for a key that is no text.
    pub(super) json: Option<Value>,
    r#type: PhantomData<fn() -> T>,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Recorded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut json = None;
        T::deserialize(Recording {
            inner: deserializer,
            json: &mut json,
        })?;
        Ok(Self {
            json,
            r#type: PhantomData,
        })
    }
}

/// Any part of serde's conversation about one value, and where the value is written down.
struct Recording<'r, X> {
    inner: X,
    json: &'r mut Option<Value>,
}

macro_rules! asked {
    ($($method:ident($($argument:ident: $type:ty),*);)*) => {$(
        fn $method<V: Visitor<'de>>(
            self,
            $($argument: $type,)*
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            let Self { inner, json } = self;
            inner.$method($($argument,)* Recording { inner: visitor, json })
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Recording<'_, D> {
    type Error = D::Error;

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }

    asked! {
        deserialize_any();
        deserialize_bool();
        deserialize_u8();
        deserialize_u16();
        deserialize_u32();
        deserialize_u64();
        deserialize_u128();
        deserialize_i8();
        deserialize_i16();
        deserialize_i32();
        deserialize_i64();
        deserialize_i128();
        deserialize_f32();
        deserialize_f64();
        deserialize_char();
        deserialize_str();
        deserialize_string();
        deserialize_bytes();
        deserialize_byte_buf();
        deserialize_option();
        deserialize_unit();
        deserialize_unit_struct(name: &'static str);
        deserialize_newtype_struct(name: &'static str);
        deserialize_seq();
        deserialize_tuple(len: usize);
        deserialize_tuple_struct(name: &'static str, len: usize);
        deserialize_map();
        deserialize_struct(name: &'static str, fields: &'static [&'static str]);
        deserialize_enum(name: &'static str, variants: &'static [&'static str]);
        deserialize_identifier();
        deserialize_ignored_any();
    }
}

macro_rules! handed {
    ($($method:ident($value:ident: $type:ty) => $json:expr;)*) => {$(
        fn $method<E: de::Error>(self, $value: $type) -> Result<V::Value, E> {
            *self.json = $json;
            self.inner.$method($value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Recording<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    handed! {
        visit_bool(value: bool) => Some(value.into());
        visit_u8(value: u8) => Some(value.into());
        visit_u16(value: u16) => Some(value.into());
        visit_u32(value: u32) => Some(value.into());
        visit_u64(value: u64) => Some(value.into());
        visit_u128(value: u128) => u64::try_from(value).ok().map(Value::from);
        visit_i8(value: i8) => Some(value.into());
        visit_i16(value: i16) => Some(value.into());
        visit_i32(value: i32) => Some(value.into());
        visit_i64(value: i64) => Some(value.into());
        visit_i128(value: i128) => i64::try_from(value).ok().map(Value::from);
        visit_f32(value: f32) => Some(value.into());
        visit_f64(value: f64) => Some(value.into());
        visit_char(value: char) => Some(value.to_string().into());
        visit_str(value: &str) => Some(value.into());
        visit_borrowed_str(value: &'de str) => Some(value.into());
        visit_string(value: String) => Some(value.as_str().into());
        visit_bytes(value: &[u8]) => Some(value.into());
        visit_borrowed_bytes(value: &'de [u8]) => Some(value.into());
        visit_byte_buf(value: Vec<u8>) => Some(value.as_slice().into());
    }

    fn visit_none<E: de::Error>(self) -> Result<V::Value, E> {
        *self.json = Some(Value::Null);
        self.inner.visit_none()
    }

    fn visit_unit<E: de::Error>(self) -> Result<V::Value, E> {
        *self.json = Some(Value::Null);
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Recording {
            inner: deserializer,
            json: self.json,
        })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Recording {
            inner: deserializer,
            json: self.json,
        })
    }

    fn visit_seq<S: SeqAccess<'de>>(self, seq: S) -> Result<V::Value, S::Error> {
        let mut list = Some(Vec::new());
        let value = self.inner.visit_seq(Elements {
            inner: seq,
            list: &mut list,
        })?;
        *self.json = list.map(Value::Array);
        Ok(value)
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<V::Value, M::Error> {
        let mut object = Some(Map::new());
        let value = self.inner.visit_map(Entries {
            inner: map,
            key: None,
            object: &mut object,
        })?;
        *self.json = object.map(Value::Object);
        Ok(value)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(Recording {
            inner: variant,
            json: self.json,
        })
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Recording<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Recording {
            inner: deserializer,
            json: self.json,
        })
    }
}

/// The elements of a list or of a tuple.
struct Elements<'r, S> {
    inner: S,
    /// Nothing once one of them has no form in JSON.
    list: &'r mut Option<Vec<Value>>,
}

impl<'de, S: SeqAccess<'de>> SeqAccess<'de> for Elements<'_, S> {
    type Error = S::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, S::Error> {
        let mut json = None;
        let element = self.inner.next_element_seed(Recording {
            inner: seed,
            json: &mut json,
        })?;
        if element.is_some() {
            match (self.list.as_mut(), json) {
                (Some(list), Some(json)) => list.push(json),
                _ => *self.list = None,
            }
        }
        Ok(element)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// The entries of a map, or the fields of a struct.
struct Entries<'r, M> {
    inner: M,
    /// The key whose value comes next, where it is a text in JSON.
    key: Option<String>,
    /// Nothing once one of them has no form in JSON.
    object: &'r mut Option<Map<String, Value>>,
}

impl<'de, M: MapAccess<'de>> MapAccess<'de> for Entries<'_, M> {
    type Error = M::Error;

    fn next_key_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, M::Error> {
        let mut json = None;
        let key = self.inner.next_key_seed(Recording {
            inner: seed,
            json: &mut json,
        })?;
        self.key = match json {
            Some(Value::String(text)) => Some(text),
            Some(plain @ (Value::Bool(_) | Value::Number(_))) => Some(plain.to_string()),
            _ => None,
        };
        Ok(key)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, M::Error> {
        let mut json = None;
        let value = self.inner.next_value_seed(Recording {
            inner: seed,
            json: &mut json,
        })?;
        match (self.object.as_mut(), self.key.take(), json) {
            (Some(object), Some(key), Some(json)) => {
                object.insert(key, json);
            }
            _ => *self.object = None,
        }
        Ok(value)
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, 'r, A: EnumAccess<'de>> EnumAccess<'de> for Recording<'r, A> {
    type Error = A::Error;
    type Variant = Variant<'r, A::Variant>;

    fn variant_seed<T: DeserializeSeed<'de>>(
        self,
        seed: T,
    ) -> Result<(T::Value, Self::Variant), A::Error> {
        let mut name = None;
        let (value, variant) = self.inner.variant_seed(Recording {
            inner: seed,
            json: &mut name,
        })?;
        let variant = Variant {
            inner: variant,
            name,
            json: self.json,
        };
        Ok((value, variant))
    }
}

/// The content of a variant, whose name is known.
struct Variant<'r, A> {
    inner: A,
    name: Option<Value>,
    json: &'r mut Option<Value>,
}

/// A variant with its content, as serde writes it unless told otherwise.
fn tagged(name: Option<Value>, content: Option<Value>) -> Option<Value> {
    match (name, content) {
        (Some(Value::String(name)), Some(content)) => {
            Some(Value::Object(Map::from_iter([(name, content)])))
        }
        _ => None,
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Variant<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        *self.json = self.name;
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        let mut json = None;
        let value = self.inner.newtype_variant_seed(Recording {
            inner: seed,
            json: &mut json,
        })?;
        *self.json = tagged(self.name, json);
        Ok(value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        let mut json = None;
        let recording = Recording {
            inner: visitor,
            json: &mut json,
        };
        let value = self.inner.tuple_variant(len, recording)?;
        *self.json = tagged(self.name, json);
        Ok(value)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let mut json = None;
        let recording = Recording {
            inner: visitor,
            json: &mut json,
        };
        let value = self.inner.struct_variant(fields, recording)?;
        *self.json = tagged(self.name, json);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::de::DeserializeOwned;
    use serde::{Deserialize, Serialize};
    use serde_json::{Value, json};

    use super::Recorded;

    /// What is written down is what was read.
    #[track_caller]
    fn assert_recorded<T: DeserializeOwned>(json: Value) {
        let recorded: Recorded<T> = serde_json::from_value(json.clone()).expect("it is one");
        assert_eq!(recorded.json, Some(json));
    }

    #[derive(Serialize, Deserialize)]
    enum Tagged {
        Unit,
        New(u8),
        Tuple(i64, Option<char>),
        Struct { a: f64 },
    }

    #[derive(Serialize, Deserialize)]
    #[serde(tag = "is")]
    enum Inside {
        One { list: Vec<bool> },
        Two,
    }

    #[derive(Serialize, Deserialize)]
    struct Whole {
        unit: (),
        map: BTreeMap<u8, String>,
        #[serde(flatten)]
        inside: Inside,
    }

    #[test]
    fn what_is_written_down_is_what_was_read() {
        assert_recorded::<Vec<Tagged>>(json!([
            "Unit",
            { "New": 255 },
            { "Tuple": [-1, null] },
            { "Tuple": [1, "ä"] },
            { "Struct": { "a": 0.5 } },
        ]));
        assert_recorded::<Whole>(json!({
            "unit": null, "map": { "7": "a" }, "is": "One", "list": [true],
        }));
        assert_recorded::<Inside>(json!({ "is": "Two" }));
        assert_recorded::<Value>(json!([{ "any": [1, -1, 1.5, "x", null, false] }]));
    }

    #[test]
    fn what_json_has_no_form_for_is_not_written_down() {
        use serde::de::IntoDeserializer;
        use serde::de::value::{Error, MapDeserializer};
        let pairs = MapDeserializer::<_, Error>::new([(vec![1_u8], 2_u8)].into_iter());
        let read = Recorded::<BTreeMap<Vec<u8>, u8>>::deserialize(pairs).expect("a list is a key");
        assert_eq!(read.json, None);
        let large = IntoDeserializer::<Error>::into_deserializer(u128::MAX);
        let read = Recorded::<u128>::deserialize(large).expect("a number");
        assert_eq!(read.json, None);
    }
}
