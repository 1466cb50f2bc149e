//! Read models that follow the log.
//!
//! | file              | what is in it                                             |
//! |-------------------|-----------------------------------------------------------|
//! | `definition.rs`   | what views depend on                                      |
//! | `head.rs`         | which generations of views there are                      |
//! | `checkpoint.rs`   | how far a generation has come                             |
//! | `stored.rs`       | all of that as JSON                                       |
//! | `lookout.rs`      | what others have changed of it                            |
//! | `registration.rs` | from a type to something that is followed                 |
//! | `keep.rs`         | which generations this process follows, and its status    |
//! | `follow.rs`       | the loop that follows one of them                         |
//! | `standby.rs`      | waiting while another process does                        |
//! | `advance.rs`      | taking pages of the log into views                        |
//! | `route.rs`        | where the events of a page go                             |
//! | `parked.rs`       | views that an event could not be applied to               |
//! | `refold.rs`       | parking them, and filling them again                      |
//! | `hub.rs`          | one read of the log for all projections                   |
//! | `outdated.rs`     | deleting views                                            |
//! | `taken.rs`, `views.rs`, `trouble.rs`, `rate.rs` | their parts                 |
//! | `status.rs`       | how it is doing                                           |
//! | `wait.rs`         | waiting for it                                            |
//! | `view.rs`         | asking it                                                 |
//! | `fold.rs`         | taking a part of the log into views in memory             |
//! | `fresh.rs`        | asking for a view that is fresh enough                    |
//! | `live.rs`         | views that are folded when asked for, and not kept        |
//! | `subscribe.rs`    | being told of changes                                     |
//! | `lag.rs`          | how far it is behind the log                              |
//! | `operate.rs`      | what operators do with it                                 |
//! | `tables.rs`       | the tables of those that fill some                        |
//! | `partitions.rs`   | its views one by one                                      |
//! | `operations.rs`   | what operators have done with these                       |

mod advance;
mod checkpoint;
mod definition;
mod fold;
mod follow;
mod fresh;
mod head;
mod hub;
mod keep;
mod lag;
mod live;
mod lookout;
mod operate;
mod operations;
mod outdated;
mod parked;
mod partitions;
mod rate;
mod refold;
mod registration;
mod route;
mod serve;
mod standby;
mod status;
pub(crate) mod stored;
mod subscribe;
mod tables;
mod taken;
mod trouble;
mod view;
mod views;
mod wait;

pub use fresh::{Fresh, FreshError, MaybeStale, OrStale};
pub use head::{PastRebuild, RebuildOutcome};
pub use live::{Live, LiveError, LiveViews};
pub use operate::{OperationError, Rebuild, RebuildCheck};
pub use operations::{ProjectionOperation, ViewOperation};
pub use parked::{ParkedEvent, ParkedView};
pub use partitions::PartitionInfo;
pub use registration::WhenChanged;
pub use status::{ProjectionState, ProjectionStatus, RebuildProgress};
pub use subscribe::{Subscription, SubscriptionError, ViewChange};
pub use view::QueryError;

pub(crate) use definition::Definition;
pub(crate) use follow::Times;
pub(crate) use hub::Hub;
pub(crate) use lookout::{Found, Lookout, Seen};
pub(crate) use registration::{Followed, Registration, Surroundings};
pub(crate) use tables::needed;
