//! What has been taken into views that are not written yet.

use std::time::Instant;

use crate::Position;

/// What has been taken into views that are not written yet.
pub(super) struct Taken {
    pub(super) read_to: Position,
    pub(super) events: usize,
    pub(super) dropped: u64,
    pub(super) since: Instant,
    /// Whether parked views have missed some of it.
    pub(super) has_missed: bool,
}

impl Taken {
    pub(super) fn nothing(position: Position) -> Self {
        Self {
            read_to: position,
            events: 0,
            dropped: 0,
            since: Instant::now(),
            has_missed: false,
        }
    }
}
