//! What generated code needs. Not part of the public interface: it changes without notice.

pub use serde;

pub use crate::model::event::codec::{decode, encode_variant, shape, step};

#[cfg(feature = "schema")]
pub use crate::model::event::schema::schemas;
#[cfg(feature = "schema")]
pub use schemars;

pub use crate::__with_schema as with_schema;

use crate::{Aggregate, InvalidStreamId, StreamId};

/// The stream of the aggregate `A` called `id`.
pub fn stream_of<A: Aggregate>(id: &impl std::fmt::Display) -> Result<StreamId, InvalidStreamId> {
    StreamId::new(A::CATEGORY, id)
}

/// Code that is of use only where schemas are wanted.
#[cfg(feature = "schema")]
#[doc(hidden)]
#[macro_export]
macro_rules! __with_schema {
    ($($code:tt)*) => {
        $($code)*
    };
}

/// Code that is of use only where schemas are wanted.
#[cfg(not(feature = "schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __with_schema {
    ($($code:tt)*) => {};
}
