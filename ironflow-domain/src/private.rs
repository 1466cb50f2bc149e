//! What generated code needs. Not part of the public interface: it changes without notice.

pub use serde;

pub use crate::model::event::codec::{decode, encode_variant, shape, step};

use crate::{Aggregate, InvalidStreamId, StreamId};

/// The stream of the aggregate `A` called `id`.
pub fn stream_of<A: Aggregate>(id: &impl std::fmt::Display) -> Result<StreamId, InvalidStreamId> {
    StreamId::new(A::CATEGORY, id)
}
