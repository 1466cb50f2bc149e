//! A domain among neighbours whose attributes have the names of ours: clap's `#[command]`,
//! tracing's `event!`, serde's and thiserror's on every item.

pub mod by_path;
pub mod imported;
