//! Stories kept in files, in the format of `insta`, so that `cargo insta review` reviews them.
//!
//! The format is written here and not by that library: it finds out where a snapshot belongs by way
//! of a macro in the test, and a sentence of ours has none.
//!
//! | file        | what is in it                                     |
//! |-------------|---------------------------------------------------|
//! | `mode.rs`   | what may be written                               |
//! | `file.rs`   | one snapshot, and the one that waits for a review |
//! | `name.rs`   | which file a story is kept in                     |
//! | `redact.rs` | what differs from run to run, taken out           |

mod file;
mod mode;
mod name;
mod redact;

use std::panic::Location;

use file::Snapshot;
use mode::Mode;
pub(crate) use redact::redacted;

/// Whether the story is what its snapshot says; the error is what to tell the user.
#[track_caller]
pub(crate) fn compare(story: &str) -> Result<(), String> {
    let caller = Location::caller();
    let place = name::place(caller)?;
    Snapshot::new(place, caller.line()).settle(story, Mode::from_env())
}
