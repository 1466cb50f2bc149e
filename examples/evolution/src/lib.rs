//! Every way to change an event that has been stored: one module each, with the test that says what
//! becomes of the old ones. The book's chapter "How to change an event" shows these files.

pub mod another_event;
pub mod as_json;
pub mod by_metadata;
pub mod dropped;
pub mod merged;
pub mod new_field;
pub mod new_version;
pub mod renamed;
pub mod split;
