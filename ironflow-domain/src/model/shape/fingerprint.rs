//! A shape as one number.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::default_form::default_form;
use super::graph::{Form, Graph, Part, Place, Seen};
use super::hash::Hash;
use super::trace::trace;

/// How deep values are looked at: deeper JSON is not read back by `serde_json`.
const DEPTH: usize = 128;

/// The shape in which a type is stored as JSON. Two types with the same one read what the other
/// stored; after a change of the shape it is another.
///
/// Rust's names, the order of fields and of variants, and wrappers that JSON does not show are not
/// part of it, nor are other names of a field that are read too; those of a variant are, since
/// they look like variants. What only the data decides, such as the content of an untagged enum, is
/// known by the `Default` alone; and of an enum with `tag` and `content`, all contents are seen, but
/// not which belongs to which tag.
///
/// Fingerprints are stored. How they are made can never change without rebuilding everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of `T`. Takes milliseconds, and runs the code of `T` on dummy values; a
    /// panic of that is caught.
    pub(crate) fn of<T: Default + Serialize + DeserializeOwned>() -> Self {
        let shape = Hash::of("ironflow shape 1").number(hash(&trace::<T>()));
        Self(shape.number(default_form::<T>()).finish())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The hash of a type's values as trees. A type that holds itself is a tree without end, so that
/// it is cut off; and wherever two types have the same tree, they have the same hash.
pub(super) fn hash(graph: &Graph) -> u64 {
    // What is known of each part down to some depth, one level deeper every time.
    let mut parts = vec![Hash::of("cut off").finish(); graph.parts.len()];
    for _ in 0..DEPTH {
        let deeper = graph.parts.iter().map(|part| hash_part(part, &parts));
        let deeper: Vec<_> = deeper.collect();
        if deeper == parts {
            break;
        }
        parts = deeper;
    }
    hash_place(&graph.root, &parts)
}

fn hash_part(part: &Part, parts: &[u64]) -> u64 {
    let hash = Hash::of(part.form.name());
    let in_order = |hash: Hash, places: &[Place]| {
        let hash = hash.number(places.len() as u64);
        let places = places.iter().map(|place| hash_place(place, parts));
        places.fold(hash, Hash::number)
    };
    let by_name = |hash: Hash, places: &[Place]| {
        let named = places.iter().filter(|place| !place.is_alias).map(|place| {
            let may_be_absent = part.knows_absent && !place.is_required;
            Hash::of("named")
                .text(place.name)
                .number(may_be_absent.into())
                .number(hash_place(place, parts))
                .finish()
        });
        hash.set(named)
    };
    match part.form {
        Form::Tuple | Form::Sequence | Form::Option => in_order(hash, &part.places),
        Form::Struct | Form::Enum => by_name(hash, &part.places),
        Form::Map => {
            let (entry, fields) = part.places.split_at(2);
            by_name(in_order(hash, entry), fields)
        }
    }
    .finish()
}

fn hash_place(place: &Place, parts: &[u64]) -> u64 {
    let seen = |seen: &Seen| match *seen {
        Seen::Leaf(leaf) => Hash::of("leaf").text(leaf.name()).finish(),
        Seen::Part(part) => parts[part],
    };
    let mut all = place.seen.iter();
    match (all.next(), all.next()) {
        (None, _) => Hash::of("unseen").finish(),
        (Some(one), None) => seen(one),
        _ => Hash::of("either").set(place.seen.iter().map(seen)).finish(),
    }
}
