//! Given/When/Then for deciders.
//!
//! | file             | what is in it                                              |
//! |------------------|------------------------------------------------------------|
//! | `given.rs`       | what has happened before a command is issued               |
//! | `when.rs`        | one command, decided                                       |
//! | `then.rs`        | what must have come of it, and how the story goes on       |
//! | `stored.rs`      | what was stored before, and what it is today               |
//! | `past.rs`        | events, time and issuer, as a scenario passes them on      |
//! | `context.rs`     | what a command is decided with                             |
//! | `time.rs`        | points in time, as they are written in a test              |
//! | `round_trip.rs`  | events as a store would return them, and the state of them |
//! | `snapshots.rs`   | a state that is kept as a snapshot goes on as if it were not |
//! | `propagation.rs` | what every event of a command must carry                   |
//! | `diff.rs`        | how two sequences and two JSON values differ               |
//! | `layout.rs`      | values as text                                             |
//! | `story.rs`       | what has been said, and the text of a failure              |
//! | `unfinished.rs`  | sentences that were begun and not ended                    |

mod context;
mod diff;
mod given;
pub(crate) mod layout;
mod past;
mod propagation;
mod round_trip;
mod snapshots;
mod stored;
pub(crate) mod story;
mod then;
mod time;
pub(crate) mod unfinished;
mod when;

#[cfg(feature = "laws")]
pub(crate) use layout::value;
#[cfg(any(feature = "schema", feature = "laws"))]
pub(crate) use round_trip::catch;
#[cfg(feature = "schema")]
pub(crate) use round_trip::is_written_again;
#[cfg(feature = "laws")]
pub(crate) use round_trip::round_trip;
#[cfg(feature = "laws")]
pub(crate) use snapshots::{differs, restore};
#[cfg(feature = "laws")]
pub(crate) use story::{as_stored, error, versus};

pub(crate) use past::BEGINNING;

pub use context::{ContextAt, NoContext, Provides, WithContext};
pub use given::{Given, given};
pub use past::Happened;
pub use stored::{Stored, stored};
#[cfg(any(feature = "stores", feature = "laws"))]
pub(crate) use story::numbered;
pub(crate) use story::{Step, body, line_difference, section};
#[cfg(feature = "stores")]
pub(crate) use story::{chain, says_the_same};
pub use then::Then;
pub use time::Moment;
pub use when::When;
