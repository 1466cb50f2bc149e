//! The shape in which a type is stored as JSON, as a number that is kept beside what is stored.
//!
//! Nobody has to describe the shape: the type's `Deserialize` is asked to read from a deserializer
//! that has no data, answers every request with a dummy, and notes what was asked for. That takes
//! several passes, since one pass sees one variant of an enum.
//!
//! - [`trace`]: how often to ask, and what to answer, so that everything is seen.
//! - [`graph`]: what has been seen.
//! - [`default_form`]: the structure of the `Default`, for what asking cannot show.
//! - [`fingerprint`]: both as one number, the same one in every program and for ever.

mod answers;
mod default_form;
mod fingerprint;
mod graph;
mod hash;
mod reader;
mod refusal;
#[cfg(test)]
mod tests;
mod trace;

pub(crate) use fingerprint::Fingerprint;
pub(crate) use hash::Hash;
