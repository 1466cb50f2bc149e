//! Snapshots of aggregates: kept beside the stream, and only ever a hint.
//!
//! | file            | what is in it                                                   |
//! |-----------------|-----------------------------------------------------------------|
//! | `form.rs`       | what a snapshot depends on besides the events of its stream     |
//! | `stored.rs`     | a snapshot as bytes                                             |
//! | `keeper.rs`     | finding the snapshot of one stream, and replacing it when due   |
//! | `background.rs` | writing without anybody waiting for it                          |
//! | `measure.rs`    | what loading costs, and whether snapshots would make it cheaper |
//! | `report.rs`     | that as a table and a verdict                                   |
//!
//! Loading goes through [`load`](super::load::load), which reads from the snapshot on and checks that
//! it belongs to the stream. What is loaded is an [`Opened`](super::load::Opened) aggregate, and that
//! is asked to keep itself when it is due.

mod background;
mod form;
mod keeper;
mod measure;
mod report;
mod stored;

pub(crate) use background::in_background;
pub(crate) use keeper::{Found, Keeper, Sought};
pub use report::{LoadingReport, SnapshotCost, StreamLoading};
pub(crate) use stored::Point;
