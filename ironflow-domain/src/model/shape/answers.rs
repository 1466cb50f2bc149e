//! What a leaf is answered with. A type that checks its value may refuse the first dummy and take
//! another.

use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{IntoDeserializer, Visitor};

use super::graph::Leaf;
use super::refusal::Refusal;

/// The texts that are tried: what ids, names, numbers and times are often checked for.
const TEXTS: [&str; 9] = [
    "",
    "a",
    "0",
    "00000000-0000-0000-0000-000000000001",
    "1970-01-01T00:00:00Z",
    "1970-01-01",
    "00:00:00",
    "0.0.0.0",
    "a@example.com",
];

/// How many dummies there are for a leaf.
pub(super) fn count(leaf: Leaf) -> usize {
    match leaf {
        Leaf::Text => TEXTS.len(),
        Leaf::Anything => 6,
        Leaf::Unit | Leaf::Bare | Leaf::Identifier | Leaf::Ignored => 1,
        // Of a number: zero, and one for what must not be zero.
        _ => 2,
    }
}

/// Answers with the dummy of that number.
pub(super) fn answer<'de, V: Visitor<'de>>(
    leaf: Leaf,
    dummy: usize,
    visitor: V,
) -> Result<V::Value, Refusal> {
    let is_first = dummy == 0;
    let small = u8::from(!is_first);
    let text = TEXTS.get(dummy).copied().unwrap_or_default();
    match leaf {
        Leaf::Bool => visitor.visit_bool(!is_first),
        Leaf::I8 => visitor.visit_i8(i8::from(!is_first)),
        Leaf::I16 => visitor.visit_i16(small.into()),
        Leaf::I32 => visitor.visit_i32(small.into()),
        Leaf::I64 => visitor.visit_i64(small.into()),
        Leaf::I128 => visitor.visit_i128(small.into()),
        Leaf::U8 => visitor.visit_u8(small),
        Leaf::U16 => visitor.visit_u16(small.into()),
        Leaf::U32 => visitor.visit_u32(small.into()),
        Leaf::U64 => visitor.visit_u64(small.into()),
        Leaf::U128 => visitor.visit_u128(small.into()),
        Leaf::F32 => visitor.visit_f32(small.into()),
        Leaf::F64 => visitor.visit_f64(small.into()),
        Leaf::Char => visitor.visit_char(if is_first { 'a' } else { '0' }),
        Leaf::Text => visitor.visit_str(text),
        Leaf::Bytes if is_first => visitor.visit_byte_buf(Vec::new()),
        Leaf::Bytes => visitor.visit_bytes(&[0]),
        Leaf::Unit | Leaf::Bare | Leaf::Ignored => visitor.visit_unit(),
        Leaf::Identifier => visitor.visit_str(""),
        Leaf::Anything => match dummy {
            0 => visitor.visit_unit(),
            1 => visitor.visit_map(MapDeserializer::new(std::iter::empty::<(u8, u8)>())),
            2 => visitor.visit_str(""),
            3 => visitor.visit_u64(0),
            4 => visitor.visit_bool(false),
            _ => visitor.visit_seq(SeqDeserializer::new(std::iter::empty::<u8>())),
        },
    }
}

/// Answers who asks for the name of a field or of a variant.
pub(super) fn name<'de, S: serde::de::DeserializeSeed<'de>>(
    name: &'static str,
    seed: S,
) -> Result<S::Value, Refusal> {
    seed.deserialize(name.into_deserializer())
}
