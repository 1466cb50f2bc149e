//! Given/When/Then for Ironflow domains, and the contract suite for store adapters.

#[cfg(feature = "contract")]
pub mod contract;
mod scenario;

pub use scenario::*;
