//! Given/When/Then for deciders.
//!
//! | file            | what is in it                                              |
//! |-----------------|------------------------------------------------------------|
//! | `given.rs`      | the past, and the context of a command                     |
//! | `when.rs`       | one command, decided                                       |
//! | `then.rs`       | what must have come of it                                  |
//! | `round_trip.rs` | events as a store would return them, and the state of them |
//! | `stored.rs`     | what was stored before, and what it is today               |
//! | `diff.rs`       | how two sequences and two JSON values differ               |
//! | `layout.rs`     | values as text                                             |
//! | `story.rs`      | the text of a failure                                      |
//! | `unfinished.rs` | sentences that were begun and not ended                    |

mod diff;
mod given;
mod layout;
mod round_trip;
mod stored;
mod story;
mod then;
mod unfinished;
mod when;

#[cfg(feature = "schema")]
pub(crate) use round_trip::catch;

pub use given::{Given, NoContext, Provides, WithContext, given};
pub use stored::{Stored, stored};
pub use when::When;
