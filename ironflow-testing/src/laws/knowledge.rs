//! What has to be known about a type beyond what its `Deserialize` asks for.
//!
//! A place is where a value stands: a field of a struct, an element of a list. All values of a type
//! have the same places.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A place, as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place(u64);

impl Place {
    pub(super) const WHOLE: Self = Self(0);

    /// The place called `name` in what is read by a certain visitor.
    pub(super) fn within(visitor: &str, name: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (visitor, name).hash(&mut hasher);
        Self(hasher.finish())
    }

    /// The place called `name` in what stands here.
    pub(super) fn then(self, name: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        (self.0, name).hash(&mut hasher);
        Self(hasher.finish())
    }

    /// The way to a place, from here on.
    pub(super) fn then_to(self, place: Self) -> Self {
        let mut hasher = DefaultHasher::new();
        (self.0, place.0).hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// What is known about the places of a type.
#[derive(Debug, Clone, Default)]
pub(super) struct Knowledge {
    /// The form of a text that is not any text.
    pub(super) texts: HashMap<Place, usize>,
    /// What is taken where anything is asked for, as internally tagged and untagged enums do, and
    /// the keys of a struct that does not name its fields, as those with `flatten`.
    pub(super) shapes: HashMap<Place, Vec<Shape>>,
    /// Other names of fields.
    pub(super) aliases: HashSet<Place>,
    /// What does not vary, by the way to it from the whole: the choice for it.
    pub(super) fixed: HashMap<Place, u64>,
}

/// What a value looks like that is taken where anything is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    Null,
    Bool,
    Unsigned,
    Signed,
    Float,
    /// A text of this form.
    Text(usize),
    /// Exactly this text.
    Word(&'static str),
    /// So many elements of a shape, or any number.
    Sequence(Box<Shape>, Option<usize>),
    Object(Vec<(&'static str, Shape)>),
}
