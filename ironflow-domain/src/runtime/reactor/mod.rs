//! Side effects that follow the log.
//!
//! | file              | what is in it                                        |
//! |-------------------|------------------------------------------------------|
//! | `place.rs`        | how far a reactor has come, as it is stored          |
//! | `parked.rs`       | streams that wait for an event that failed           |
//! | `paused.rs`       | that it is paused                                   |
//! | `operations.rs`   | what operators have done, as it is stored            |
//! | `operate.rs`      | what operators do                                    |
//! | `registration.rs` | from a value to something that reacts                |
//! | `run.rs`          | the loop: whose turn it is, and what to do with trouble |
//! | `react.rs`        | reacting to the events of a page                     |
//! | `attempt.rs`      | trying one event                                     |
//! | `retry.rs`        | parking streams, and trying them again               |
//! | `write.rs`        | writing the checkpoint                               |
//! | `trouble.rs`      | why it does not go on                                |
//! | `status.rs`       | how it is doing                                      |
//! | `lag.rs`          | how far it is behind                                 |
//! | `wait.rs`         | waiting until it has come far enough                 |

mod attempt;
mod lag;
mod operate;
mod operations;
mod parked;
mod paused;
mod place;
mod react;
mod registration;
mod retry;
mod run;
mod status;
mod trouble;
mod wait;
mod write;

pub use operate::ReactorError;
pub use operations::ReactorOperation;
pub use parked::ParkedReaction;
pub use status::{ReactorState, ReactorStatus};

pub(crate) use registration::{Registered, Running};
