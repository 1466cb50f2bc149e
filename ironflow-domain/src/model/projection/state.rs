//! The state of a projection, as one value to serde.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Kept, Projection};

/// A state that is written and read in its projection's form.
#[derive(Debug)]
pub struct State<P>(pub P);

impl<P: Projection> Default for State<P> {
    fn default() -> Self {
        Self(P::initial())
    }
}

impl<P: Projection> Serialize for State<P> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        <P::Form as Kept<P>>::keep(&self.0, serializer)
    }
}

impl<'de, P: Projection> Deserialize<'de> for State<P> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <P::Form as Kept<P>>::restore(deserializer).map(Self)
    }
}
