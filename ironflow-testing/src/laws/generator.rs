//! Values from choices: a deserializer that has no data, and answers every request with what the
//! next choice stands for.

use std::any::type_name;
use std::mem;
use std::sync::LazyLock;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer,
    MapAccess, SeqAccess, VariantAccess, Visitor,
};

use super::knowledge::{Knowledge, Place, Shape};
use super::refusal::{Hint, Refusal, hints_of};
use super::values;

/// From here on a recursive type is asked to come to an end.
const DEEP: usize = 12;
const DEEPEST: usize = 48;
/// From here on there are no further elements.
const MANY: usize = 400;

/// What is taken where anything is asked for, unless more is known.
static ANYTHING: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let list = |element| Shape::Sequence(Box::new(element), None);
    vec![
        Shape::Null,
        Shape::Unsigned,
        Shape::Text(0),
        Shape::Bool,
        Shape::Object(Vec::new()),
        Shape::Signed,
        Shape::Float,
        list(Shape::Unsigned),
        Shape::Object(vec![("a", Shape::Unsigned), ("b", Shape::Text(0))]),
        list(Shape::Object(vec![("a", list(Shape::Text(0)))])),
        Shape::Object(vec![("c", list(Shape::Float)), ("a", Shape::Null)]),
    ]
});

/// A value, and what it took to make it.
#[derive(Debug)]
pub(super) struct Made<T> {
    pub(super) value: Result<T, Refusal>,
    /// How many of the choices were looked at.
    pub(super) used: usize,
    /// How many places were filled: the later something is refused, the better.
    pub(super) filled: usize,
    pub(super) last: Option<Last>,
    pub(super) hints: Vec<Hint>,
    /// The paths to the leaves.
    pub(super) leaves: Vec<Place>,
    pub(super) enums: Vec<Enum>,
}

impl<T> Made<T> {
    /// Something else made of the value.
    pub(super) fn map<U>(self, value: impl FnOnce(T) -> U) -> Made<U> {
        Made {
            value: self.value.map(value),
            used: self.used,
            filled: self.filled,
            last: self.last,
            hints: self.hints,
            leaves: self.leaves,
            enums: self.enums,
        }
    }
}

/// What was filled last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Last {
    pub(super) place: Place,
    pub(super) kind: Kind,
    /// How many choices were looked at before.
    pub(super) from: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Leaf,
    Text,
    /// What a [`Shape`] has to be known of.
    Anything,
    /// The name of a field.
    Name,
}

/// An enum that was asked for, and its variants.
pub(super) type Enum = (&'static str, &'static [&'static str]);

/// Makes a value of what `choices` stand for.
pub(super) fn make<T: DeserializeOwned>(knowledge: &Knowledge, choices: &[u64]) -> Made<T> {
    let mut state = State {
        knowledge,
        choices,
        used: 0,
        filled: 0,
        depth: 0,
        path: Place::WHOLE,
        last: None,
        leaves: Vec::new(),
        enums: Vec::new(),
    };
    let (value, hints) = hints_of(|| T::deserialize(state.at(Place::WHOLE, None)));
    Made {
        value,
        used: state.used,
        filled: state.filled,
        last: state.last,
        hints,
        leaves: state.leaves,
        enums: state.enums,
    }
}

struct State<'k> {
    knowledge: &'k Knowledge,
    choices: &'k [u64],
    used: usize,
    filled: usize,
    depth: usize,
    /// The way from the whole to what is being filled.
    path: Place,
    last: Option<Last>,
    leaves: Vec<Place>,
    enums: Vec<Enum>,
}

impl<'k> State<'k> {
    fn at(&mut self, place: Place, shape: Option<&'k Shape>) -> Generator<'_, 'k> {
        Generator {
            path: self.path.then_to(place),
            state: self,
            place,
            shape,
        }
    }

    fn choose(&mut self) -> u64 {
        let choice = self.choices.get(self.used).copied().unwrap_or(0);
        self.used += 1;
        choice
    }

    fn fill(&mut self, place: Place, kind: Kind, from: usize) {
        self.filled += 1;
        self.last = Some(Last { place, kind, from });
    }

    /// A part may be deep, but not endlessly so.
    fn within<T>(
        &mut self,
        path: Place,
        part: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        if self.depth > DEEPEST {
            return Err(Refusal::custom("the type is too deep to be made up"));
        }
        let outside = mem::replace(&mut self.path, path);
        self.depth += 1;
        let made = part(self);
        self.depth -= 1;
        self.path = outside;
        made
    }

    fn length(&mut self) -> usize {
        let choice = self.choose();
        if self.depth > DEEP || self.filled > MANY {
            0
        } else {
            values::length(choice)
        }
    }
}

struct Generator<'s, 'k> {
    state: &'s mut State<'k>,
    place: Place,
    /// The same type may stand in several places, and then one of them may vary and another not.
    path: Place,
    /// What stands here if anything is asked for.
    shape: Option<&'k Shape>,
}

impl<'k> Generator<'_, 'k> {
    fn leaf<T>(&mut self, kind: Kind, value: impl FnOnce(u64) -> T) -> T {
        let from = self.state.used;
        let choice = match self.state.knowledge.fixed.get(&self.path) {
            Some(fixed) => *fixed,
            None => self.state.choose(),
        };
        self.state.fill(self.place, kind, from);
        self.state.leaves.push(self.path);
        value(choice)
    }

    fn text(&mut self, form: Option<usize>) -> String {
        let known = self.state.knowledge.texts.get(&self.place).copied();
        let form = form.or(known).unwrap_or(0);
        self.leaf(Kind::Text, |choice| values::text(form, choice))
    }

    /// One of the shapes that are known to be taken here.
    fn choose_shape(&mut self) -> &'k Shape {
        let knowledge = self.state.knowledge;
        let shapes = knowledge.shapes.get(&self.place).map(Vec::as_slice);
        let shapes = shapes.filter(|shapes| !shapes.is_empty());
        let shapes = shapes.unwrap_or(&ANYTHING);
        let choice = match shapes {
            [_] => 0,
            _ => self.state.choose(),
        };
        &shapes[values::nth(choice, shapes.len())]
    }

    fn shaped<'de, V: Visitor<'de>>(
        &mut self,
        shape: &'k Shape,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let place = self.place;
        match shape {
            Shape::Null => visitor.visit_unit(),
            Shape::Bool => visitor.visit_bool(self.leaf(Kind::Leaf, |choice| choice % 2 == 1)),
            Shape::Unsigned => {
                // It may have to fit into a byte, and nobody says so.
                visitor.visit_u64(self.leaf(Kind::Leaf, |choice| values::unsigned(choice, 127)))
            }
            Shape::Signed => {
                visitor.visit_i64(self.leaf(Kind::Leaf, |choice| values::signed(choice, 255)))
            }
            Shape::Float => visitor.visit_f64(self.leaf(Kind::Leaf, values::float)),
            Shape::Text(form) => visitor.visit_string(self.text(Some(*form))),
            Shape::Word(word) => visitor.visit_str(word),
            Shape::Sequence(element, length) => self.state.within(self.path, |state| {
                let left = length.unwrap_or_else(|| state.length());
                visitor.visit_seq(Elements {
                    state,
                    place: Elemental::Same(place.then("[]")),
                    left,
                    shape: Some(element),
                })
            }),
            Shape::Object(fields) => self.state.within(self.path, |state| {
                visitor.visit_map(Fields {
                    state,
                    place,
                    left: fields.iter(),
                    value: None,
                })
            }),
        }
    }
}

macro_rules! numbers {
    ($($method:ident($visit:ident) $choice:ident => $value:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refusal> {
            visitor.$visit(self.leaf(Kind::Leaf, |$choice| $value))
        }
    )*};
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the choice was brought into the bounds"
)]
impl<'de> Deserializer<'de> for Generator<'_, '_> {
    type Error = Refusal;

    numbers! {
        deserialize_bool(visit_bool) choice => choice % 2 == 1;
        deserialize_u8(visit_u8) choice => values::unsigned(choice, u8::MAX.into()) as u8;
        deserialize_u16(visit_u16) choice => values::unsigned(choice, u16::MAX.into()) as u16;
        deserialize_u32(visit_u32) choice => values::unsigned(choice, u32::MAX.into()) as u32;
        deserialize_u64(visit_u64) choice => values::unsigned(choice, u64::MAX);
        deserialize_u128(visit_u128) choice => values::wide_unsigned(choice);
        deserialize_i8(visit_i8) choice => values::signed(choice, u8::MAX.into()) as i8;
        deserialize_i16(visit_i16) choice => values::signed(choice, u16::MAX.into()) as i16;
        deserialize_i32(visit_i32) choice => values::signed(choice, u32::MAX.into()) as i32;
        deserialize_i64(visit_i64) choice => values::signed(choice, u64::MAX);
        deserialize_i128(visit_i128) choice => values::wide_signed(choice);
        deserialize_f32(visit_f32) choice => small(values::float(choice));
        deserialize_f64(visit_f64) choice => values::float(choice);
        deserialize_char(visit_char) choice => values::character(choice);
        deserialize_bytes(visit_byte_buf) choice => values::text(0, choice).into_bytes();
        deserialize_byte_buf(visit_byte_buf) choice => values::text(0, choice).into_bytes();
    }

    fn deserialize_str<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refusal> {
        // The tag of an enum is asked for as a text, or as an identifier.
        if let Some(Shape::Word(word)) = self.shape {
            return visitor.visit_str(word);
        }
        visitor.visit_string(self.text(None))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_str(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Refusal> {
        if let Some(shape) = self.shape {
            return self.shaped(shape, visitor);
        }
        let from = self.state.used;
        let shape = self.choose_shape();
        let made = self.shaped(shape, visitor);
        self.state.fill(self.place, Kind::Anything, from);
        made
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let choice = self.state.choose();
        let place = self.place;
        self.state.within(self.path, |state| {
            if choice.is_multiple_of(3) || state.depth > DEEP || state.filled > MANY {
                visitor.visit_none()
            } else {
                visitor.visit_some(state.at(place, None))
            }
        })
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let (place, shape) = (self.place, self.shape);
        self.state.within(self.path, |state| {
            visitor.visit_newtype_struct(state.at(place, shape))
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let place = self.place.then("[]");
        self.state.within(self.path, |state| {
            let left = state.length();
            visitor.visit_seq(Elements {
                state,
                place: Elemental::Same(place),
                left,
                shape: None,
            })
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let place = self.place;
        self.state.within(self.path, |state| {
            visitor.visit_seq(Elements {
                state,
                place: Elemental::Own(place),
                left: len,
                shape: None,
            })
        })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        mut self,
        _name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.place = Place::within(type_name::<V>(), "");
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let place = self.place;
        self.state.within(self.path, |state| {
            visitor.visit_map(Entries {
                from: state.used,
                state,
                place,
                asked: Asked::Nothing,
                ended: false,
            })
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.state.within(self.path, |state| {
            visitor.visit_map(Named {
                state,
                visitor: type_name::<V>(),
                names: fields.iter(),
                value: None,
            })
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let path = self.path.then("variant");
        let fixed = self.state.knowledge.fixed.get(&path);
        let choice = match (variants, fixed) {
            ([_], _) => 0,
            (_, Some(fixed)) => *fixed,
            (_, None) => self.state.choose(),
        };
        // The variants of the whole are commands, and none of them is to be left out.
        if variants.len() > 1 && self.state.depth > 0 {
            self.state.leaves.push(path);
        }
        self.state.enums.push((name, variants));
        self.state.within(self.path, |state| {
            // A recursive type comes to its end in one of the variants.
            let turns = state.depth.saturating_sub(DEEP) as u64;
            let nth = values::nth(choice.wrapping_add(turns), variants.len());
            let Some(variant) = variants.get(nth).copied() else {
                return Err(Refusal::custom("an enum without variants has no value"));
            };
            let place = Place::within(type_name::<V>(), variant);
            visitor.visit_enum(Variant {
                state,
                place,
                name: variant,
            })
        })
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_str(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_unit()
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "any number will do, as long as it is finite"
)]
fn small(float: f64) -> f32 {
    (float as f32).clamp(f32::MIN, f32::MAX)
}

/// Elements of a list or of a tuple.
struct Elements<'s, 'k> {
    state: &'s mut State<'k>,
    place: Elemental,
    left: usize,
    shape: Option<&'k Shape>,
}

enum Elemental {
    /// All of them stand in the same place.
    Same(Place),
    /// Each of them has a place of its own in this one.
    Own(Place),
}

impl<'de> SeqAccess<'de> for Elements<'_, '_> {
    type Error = Refusal;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Refusal> {
        if self.left == 0 {
            return Ok(None);
        }
        let place = match self.place {
            Elemental::Same(place) => place,
            Elemental::Own(place) => place.then(&self.left.to_string()),
        };
        self.left -= 1;
        seed.deserialize(self.state.at(place, self.shape)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// The fields of a struct that names them.
struct Named<'s, 'k> {
    state: &'s mut State<'k>,
    visitor: &'static str,
    names: std::slice::Iter<'static, &'static str>,
    value: Option<Place>,
}

impl<'de> MapAccess<'de> for Named<'_, '_> {
    type Error = Refusal;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Refusal> {
        for &name in self.names.by_ref() {
            let place = Place::within(self.visitor, name);
            if !self.state.knowledge.aliases.contains(&place) {
                self.value = Some(place);
                let from = self.state.used;
                self.state.fill(place, Kind::Name, from);
                return seed.deserialize(word(name)).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Refusal> {
        let place = self.value.take().ok_or_else(no_key)?;
        seed.deserialize(self.state.at(place, None))
    }
}

/// The fields of a [`Shape::Object`].
struct Fields<'s, 'k> {
    state: &'s mut State<'k>,
    place: Place,
    left: std::slice::Iter<'k, (&'static str, Shape)>,
    value: Option<&'k (&'static str, Shape)>,
}

impl<'de> MapAccess<'de> for Fields<'_, '_> {
    type Error = Refusal;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Refusal> {
        self.value = self.left.next();
        let key = self.value.map(|(name, _)| seed.deserialize(word(name)));
        key.transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Refusal> {
        let (name, shape) = self.value.take().ok_or_else(no_key)?;
        seed.deserialize(self.state.at(self.place.then(name), Some(shape)))
    }
}

/// The entries of a map, or the fields of a struct that does not name them.
struct Entries<'s, 'k> {
    state: &'s mut State<'k>,
    place: Place,
    from: usize,
    asked: Asked<'k>,
    /// Whether there is nothing more; who asks for a key then is refused.
    ended: bool,
}

/// Whose keys are asked for. That is not known before the first.
enum Asked<'k> {
    Nothing,
    /// Those of a map: so many are left.
    Keys(usize),
    /// The names of fields.
    Names {
        left: std::slice::Iter<'k, (&'static str, Shape)>,
        value: Option<&'k (&'static str, Shape)>,
    },
}

impl<'k> Entries<'_, 'k> {
    /// Whether there is another key; if so it stands in that place.
    fn next_key(&mut self) -> Result<Place, Refusal> {
        let left = match self.asked {
            Asked::Keys(left) => left,
            _ => self.state.length(),
        };
        self.asked = Asked::Keys(left.saturating_sub(1));
        if left == 0 {
            return Err(self.end());
        }
        Ok(self.place.then("key"))
    }

    fn next_name(&mut self) -> Result<&'static str, Refusal> {
        if !matches!(self.asked, Asked::Names { .. }) {
            let known = self.state.knowledge.shapes.contains_key(&self.place);
            let place = self.place;
            let shape = known.then(|| self.state.at(place, None).choose_shape());
            let left: &'k [_] = match shape {
                Some(Shape::Object(fields)) => fields,
                _ => &[],
            };
            self.asked = Asked::Names {
                left: left.iter(),
                value: None,
            };
        }
        if let Asked::Names { left, value } = &mut self.asked {
            *value = left.next();
            if let Some((name, _)) = value {
                return Ok(name);
            }
        }
        self.state.fill(self.place, Kind::Anything, self.from);
        Err(self.end())
    }

    fn end(&mut self) -> Refusal {
        self.ended = true;
        Refusal::end()
    }
}

impl<'de> MapAccess<'de> for Entries<'_, '_> {
    type Error = Refusal;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Refusal> {
        if self.ended {
            return Ok(None);
        }
        match seed.deserialize(Key(self)) {
            Err(_) if self.ended => Ok(None),
            made => made.map(Some),
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Refusal> {
        let (place, shape) = match &mut self.asked {
            Asked::Nothing => return Err(no_key()),
            Asked::Keys(_) => (self.place.then("value"), None),
            Asked::Names { value, .. } => {
                let (name, shape) = value.take().ok_or_else(no_key)?;
                (self.place.then(name), Some(shape))
            }
        };
        seed.deserialize(self.state.at(place, shape))
    }
}

/// A key that is asked for: who asks for an identifier wants the name of a field.
struct Key<'e, 's, 'k>(&'e mut Entries<'s, 'k>);

macro_rules! keys {
    ($($method:ident($($argument:ident: $type:ty),*);)*) => {$(
        fn $method<V: Visitor<'de>>(
            self,
            $($argument: $type,)*
            visitor: V,
        ) -> Result<V::Value, Refusal> {
            let place = self.0.next_key()?;
            self.0.state.at(place, None).$method($($argument,)* visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Key<'_, '_, '_> {
    type Error = Refusal;

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_str(self.0.next_name()?)
    }

    keys! {
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
        deserialize_ignored_any();
    }
}

/// A variant of an enum, and its content.
struct Variant<'s, 'k> {
    state: &'s mut State<'k>,
    place: Place,
    name: &'static str,
}

impl<'de> EnumAccess<'de> for Variant<'_, '_> {
    type Error = Refusal;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Refusal> {
        Ok((seed.deserialize(word(self.name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, '_> {
    type Error = Refusal;

    fn unit_variant(self) -> Result<(), Refusal> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Refusal> {
        seed.deserialize(self.state.at(self.place, None))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Refusal> {
        self.state
            .at(self.place, None)
            .deserialize_tuple(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.state
            .at(self.place, None)
            .deserialize_struct("", fields, visitor)
    }
}

fn no_key() -> Refusal {
    Refusal::custom("a value was asked for before its key")
}

fn word(word: &str) -> StrDeserializer<'_, Refusal> {
    word.into_deserializer()
}
