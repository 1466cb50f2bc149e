//! What has been seen of a type: its parts, and what was asked for in each of their places.

use std::collections::{BTreeSet, HashMap};

/// A value without parts, as the type asks for it.
///
/// The width of a number is part of it: a narrower one does not take all that a wider one stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Leaf {
    Bool,
    I8,
    I16,
    I32,
    I64,
    I128,
    U8,
    U16,
    U32,
    U64,
    U128,
    F32,
    F64,
    Char,
    Text,
    Bytes,
    Unit,
    /// A variant without content, stored as its name alone.
    Bare,
    /// The name of a field, by a type that does not say which it has.
    Identifier,
    /// Whatever is there: the type decides when it sees it, so that nobody else can know.
    Anything,
    /// Something that is read over.
    Ignored,
}

impl Leaf {
    /// What it is called in a fingerprint; never to be changed.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::I128 => "i128",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::U128 => "u128",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Char => "char",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::Unit => "unit",
            Self::Bare => "bare",
            Self::Identifier => "identifier",
            Self::Anything => "anything",
            Self::Ignored => "ignored",
        }
    }
}

/// How a value with parts is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// A place for each field.
    Struct,
    /// A place for each element.
    Tuple,
    /// One place, for all elements.
    Sequence,
    /// A place for the keys, one for the values, and one for each field that is known to be wanted.
    Map,
    /// One place.
    Option,
    /// A place for the content of each variant.
    Enum,
}

impl Form {
    /// What it is called in a fingerprint; never to be changed.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Struct => "struct",
            Self::Tuple => "tuple",
            Self::Sequence => "sequence",
            Self::Map => "map",
            Self::Option => "option",
            Self::Enum => "enum",
        }
    }
}

/// What tells one part of a type from another while it is traced. Rust's names are good enough for
/// that; no fingerprint knows them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Identity {
    pub(super) form: Form,
    pub(super) visitor: &'static str,
    /// The variant it is the content of, as part and place. Serde derives a visitor for the content
    /// of each variant, and Rust has the same name for all of them.
    pub(super) variant: Option<(usize, usize)>,
    pub(super) names: &'static [&'static str],
    pub(super) places: usize,
}

/// What was asked for in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seen {
    Leaf(Leaf),
    /// The part with this number.
    Part(usize),
}

/// Where something is asked for.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// Of a field or a variant.
    pub(super) name: &'static str,
    /// What was asked for: one thing, unless the type's own code asks now for this, now for that;
    /// nothing where it was never reached.
    pub(super) seen: BTreeSet<Seen>,
    /// Another name of a field that has a place of its own.
    pub(super) is_alias: bool,
    /// Whether a field has to be there, once that is known.
    pub(super) is_required: bool,
    /// How often something was answered here.
    pub(super) tried: u32,
    /// Whether an answer was taken.
    pub(super) is_made: bool,
    /// How much had been made when the last answer was refused.
    pub(super) refused_at: Option<u64>,
    /// The dummy to answer with.
    pub(super) dummy: usize,
}

/// A way in which a value of a part was made.
#[derive(Debug, Clone)]
pub(super) struct Way {
    /// How deep it goes.
    pub(super) height: u32,
    /// Which places were answered, in that order.
    pub(super) places: Vec<usize>,
}

/// A value with parts.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) form: Form,
    pub(super) places: Vec<Place>,
    /// The easiest way that is known.
    pub(super) best: Option<Way>,
    /// Whether it was tried without any content.
    pub(super) tried_empty: bool,
    /// Whether it is known which fields may be absent.
    pub(super) knows_absent: bool,
    /// A field to begin with.
    pub(super) first: Option<usize>,
}

impl Part {
    /// Whether a value without content may be one.
    pub(super) fn can_be_empty(&self) -> bool {
        match self.form {
            Form::Sequence | Form::Option => true,
            Form::Map => self.places.len() == 2,
            Form::Struct | Form::Tuple | Form::Enum => false,
        }
    }

    /// The place with that name.
    pub(super) fn place_of(&self, name: &str) -> Option<usize> {
        self.places.iter().position(|place| place.name == name)
    }
}

/// A type, as far as it has been seen. It may hold itself.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) root: Place,
    pub(super) parts: Vec<Part>,
    known: HashMap<Identity, usize>,
}

impl Graph {
    /// The number of a part, and whether it is met for the first time.
    pub(super) fn part(&mut self, identity: &Identity) -> usize {
        if let Some(&part) = self.known.get(identity) {
            return part;
        }
        let place = |index| Place {
            name: identity.names.get(index).copied().unwrap_or_default(),
            ..Place::default()
        };
        self.parts.push(Part {
            form: identity.form,
            places: (0..identity.places).map(place).collect(),
            best: None,
            tried_empty: false,
            knows_absent: identity.form != Form::Struct,
            first: None,
        });
        let part = self.parts.len() - 1;
        self.known.insert(identity.clone(), part);
        part
    }
}
