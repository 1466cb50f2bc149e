//! From a command to its receipt.

mod content;
mod deciding;
mod emission;
mod enrich;
mod error;
mod execution;
mod guard;
mod handling;
mod issued;
mod metadata;
mod observed;
mod part;
mod pending;
mod policy;
mod queue;
mod receipt;
mod registry;
mod repeat;
mod said;
#[cfg(feature = "opentelemetry")]
mod trace;
mod transaction;

pub use emission::{Emission, EmitError, InvalidFactName};
pub use enrich::{BoxError, Enrich};
pub use error::{ExecuteError, Reason};
pub use execution::{Execution, Target};
pub use policy::CommandPolicy;
pub(crate) use queue::Queues;
pub use receipt::Receipt;
pub(crate) use registry::Registry;
pub use registry::{Dispatch, DispatchError, RegisteredCommand};
pub use repeat::CommandIdReused;
pub use transaction::{Transaction, TransactionError, TransactionReceipt, Transactions};
