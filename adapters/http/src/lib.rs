//! The HTTP face of an Ironflow application: what is not about its own domain.
//!
//! - [`router`]: projections and streams under `/api/v1`, and `/health`; merge it with your own
//!   routes.
//! - [`Json`], [`Query`] and [`Path`]: extractors whose refusals name the field.
//! - [`CommandHeaders`]: the idempotency key, the trace and the request id of a command.
//! - [`ApiError`]: every error as `{"error", "message", "code"}`; `?` makes one of whatever
//!   Ironflow returns, and of your own domain's errors once they implement [`Rejection`].
//!
//! ```
//! use axum::{Router, extract::State, http::StatusCode, routing::post};
//! use ironflow_domain::store::MemoryStore;
//! use ironflow_domain::{Aggregate, Decide, Decision, Fold, Ironflow, command, event, events};
//! use ironflow_http::{ApiError, CommandHeaders, Json, Path, Rejection};
//! use serde::{Deserialize, Serialize};
//!
//! # #[event("counter")]
//! # pub enum CounterEvent { Counted { by: u32 } }
//! #[command(Counter)]
//! #[derive(Deserialize)]
//! pub struct Count {
//!     pub by: u32,
//! }
//! # #[derive(Debug)]
//! # pub struct TooMuch;
//! # impl std::fmt::Display for TooMuch { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("too much") } }
//! # impl std::error::Error for TooMuch {}
//! # #[derive(Aggregate, Default)]
//! # #[aggregate(event = CounterEvent, error = TooMuch)]
//! # pub struct Counter(u32);
//! # impl Fold for Counter { fn fold(&mut self, CounterEvent::Counted { by }: &CounterEvent) { self.0 += by; } }
//! # impl Decide<Count> for Counter {
//! #     fn decide(&self, Count { by }: Count) -> Decision<Self> { Ok(events![CounterEvent::Counted { by }]) }
//! # }
//!
//! impl Rejection for TooMuch {
//!     fn code(&self) -> &'static str {
//!         "too_much"
//!     }
//! }
//!
//! async fn count(
//!     State(ironflow): State<Ironflow>,
//!     Path(id): Path<String>,
//!     headers: CommandHeaders,
//!     Json(count): Json<Count>,
//! ) -> Result<StatusCode, ApiError> {
//!     headers.stamp(ironflow.of::<Counter>(id).execute(count)).await?;
//!     Ok(StatusCode::ACCEPTED)
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let ironflow = Ironflow::new(MemoryStore::new()).start().await?;
//! let app: Router = Router::new()
//!     .route("/api/counters/{id}", post(count))
//!     .with_state(ironflow.clone())
//!     .merge(ironflow_http::router(ironflow));
//! # let _ = app;
//! # Ok(())
//! # }
//! ```

mod command;
mod error;
mod extract;
mod projections;
mod router;
mod streams;

pub use command::{CommandHeaders, Stamped};
pub use error::{ApiError, Rejection};
pub use extract::{Json, Path, Query};
pub use router::{no_such_method, no_such_route, router};
