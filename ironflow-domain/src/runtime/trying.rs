//! Trying again what has failed.

use std::time::Duration;

/// The longest wait before it is tried again.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// 100 ms after the first failure, doubling up to the longest pause.
pub(crate) fn pause_after(failures: u32) -> Duration {
    let doubled = 1_u32
        .checked_shl(failures.saturating_sub(1))
        .unwrap_or(u32::MAX);
    Duration::from_millis(100)
        .saturating_mul(doubled)
        .min(LONGEST_PAUSE)
}

/// An error with all its causes.
pub(crate) fn full_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
