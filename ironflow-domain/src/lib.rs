//! Event sourcing for Rust: a domain is plain types, everything around it is generated or adapted.
//!
//! - **Model** (pure, no I/O, no clock): [`macro@event`], [`macro@command`], [`Aggregate`],
//!   [`Fold`], [`Decide`], [`Projection`], [`Metadata`].
//! - **Store** (feature `store`): two ports, [`StreamStore`](store::StreamStore) and
//!   [`KeyValueStore`](store::KeyValueStore), and an [in-memory store](store::MemoryStore) that
//!   keeps both promises.
//! - **Runtime** (feature `runtime`): [`Ironflow`] executes commands and follows projections.
//!
//! ```
//! use ironflow_domain::store::MemoryStore;
//! use ironflow_domain::{Aggregate, Decide, Decision, Fold, Ironflow, command, event, events};
//!
//! #[event("counter")]
//! pub enum CounterEvent {
//!     Counted { by: u32 },
//! }
//!
//! #[command(Counter)]
//! pub struct Count {
//!     pub by: u32,
//! }
//!
//! #[derive(Aggregate, Default)]
//! #[aggregate(event = CounterEvent, error = TooMuch)]
//! pub struct Counter(u32);
//!
//! # #[derive(Debug)]
//! # pub struct TooMuch;
//! # impl std::fmt::Display for TooMuch { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("too much") } }
//! # impl std::error::Error for TooMuch {}
//! impl Fold for Counter {
//!     fn fold(&mut self, CounterEvent::Counted { by }: &CounterEvent) {
//!         self.0 += by;
//!     }
//! }
//!
//! impl Decide<Count> for Counter {
//!     fn decide(&self, Count { by }: Count) -> Decision<Self> {
//!         if self.0 + by > 10 { Err(TooMuch) } else { Ok(events![CounterEvent::Counted { by }]) }
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let ironflow = Ironflow::new(MemoryStore::new()).start().await?;
//! let receipt = ironflow.of::<Counter>("a").execute(Count { by: 7 }).await?;
//! assert_eq!(receipt.stream.as_str(), "counter-a");
//! assert!(ironflow.of::<Counter>("a").execute(Count { by: 7 }).await.is_err());
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "derive")]
mod macros;
mod model;
#[cfg(feature = "runtime")]
mod runtime;
#[cfg(feature = "store")]
pub mod store;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

#[cfg(feature = "derive")]
pub use macros::{Aggregate, Projection, Reactor, SqlProjection, command, event};
pub use model::*;
#[cfg(feature = "runtime")]
pub use runtime::*;
#[cfg(feature = "schema")]
pub use schemars::Schema;
