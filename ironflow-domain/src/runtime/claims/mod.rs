//! Claims: side effects that happen once, before anything is recorded.
//!
//! Two keys for each id. `claims` holds who is at it, or the result; the store lets it lapse with
//! the lease. `claims-begun` outlives the lease: it tells whoever is next that somebody had begun.

mod begun;
mod claim;
mod claimed;
mod error;
mod heartbeat;
mod slot;
mod stored;
mod try_claim;

pub use claim::{Claim, TakenOver};
pub use claimed::{Claimed, Finalized, Pending};
pub use error::{ClaimError, ClaimLost, FinalizeError, LostTo, ReleaseError, UnreadableClaim};
pub use try_claim::Claims;
