//! Floor 3: execute commands, follow projections, react to events.

mod ahead;
mod begun;
mod boundary;
mod claims;
mod command;
mod ironflow;
mod lag;
mod load;
mod log_reader;
mod not_started;
mod operations;
mod projection;
mod reactor;
mod snapshot;
mod stopping;
mod trying;
mod waiting;

pub use boundary::Boundary;
pub use claims::{
    Claim, ClaimError, ClaimLost, Claimed, Claims, FinalizeError, Finalized, LostTo, Pending,
    ReleaseError, TakenOver, UnreadableClaim,
};
pub use command::{
    BoxError, CommandIdReused, CommandPolicy, Dispatch, DispatchError, Emission, EmitError, Enrich,
    ExecuteError, Execution, InvalidFactName, Reason, Receipt, RegisteredCommand, Target,
    Transaction, TransactionError, TransactionReceipt, Transactions,
};
pub use ironflow::{Builder, Ironflow, NoEnrichment, NotEnriched, StartError};
pub use lag::Lag;
pub use load::{LoadError, Loaded};
pub use log_reader::LogReader;
pub use projection::{
    Fresh, FreshError, Live, LiveError, LiveViews, MaybeStale, OperationError, OrStale,
    ParkedEvent, ParkedView, PartitionInfo, PastRebuild, ProjectionOperation, ProjectionState,
    ProjectionStatus, QueryError, Rebuild, RebuildCheck, RebuildOutcome, RebuildProgress,
    Subscription, SubscriptionError, ViewChange, ViewOperation, WhenChanged,
};
pub use reactor::{ParkedReaction, ReactorError, ReactorOperation, ReactorState, ReactorStatus};
pub use snapshot::{LoadingReport, SnapshotCost, StreamLoading};
pub use waiting::{Awaited, Follower, WaitError};
