//! What may be written.

use std::env;

use crate::ci::is_ci;

/// What becomes of a story that is not what its snapshot says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nothing is written.
    Keep,
    /// It is written beside the snapshot, to be reviewed.
    Propose,
    /// The first time it becomes the snapshot, after that it is to be reviewed.
    AcceptNew,
    /// It becomes the snapshot.
    Accept,
}

impl Mode {
    /// What `INSTA_UPDATE` says; where it says nothing, nothing is written if `CI` is set.
    pub(super) fn from_env() -> Self {
        match env::var("INSTA_UPDATE").unwrap_or_default().as_str() {
            "no" => Self::Keep,
            "new" => Self::Propose,
            "unseen" => Self::AcceptNew,
            "always" | "force" | "1" => Self::Accept,
            other if !matches!(other, "" | "auto") => panic!(
                "INSTA_UPDATE is `{other}`: it may be `auto`, `always`, `new`, `unseen` or `no`"
            ),
            _ if is_ci() => Self::Keep,
            _ => Self::Propose,
        }
    }
}

/// Whether a difference is no failure: `cargo insta test` looks at all of them afterwards.
pub(super) fn always_passes() -> bool {
    env::var("INSTA_FORCE_PASS").is_ok_and(|value| !matches!(&*value, "" | "false" | "0"))
}
