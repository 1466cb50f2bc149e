//! How often to decide again after a conflict.

use std::time::Duration;

/// How often a command is decided before a conflict is given to the caller, and how long to wait in
/// between.
///
/// The wait before each further attempt is a random part of a span that doubles from `first_delay`
/// to `max_delay`, so that those who collided do not collide again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often to decide in all; at least once.
    pub attempts: u32,
    /// The longest wait before the second attempt.
    pub first_delay: Duration,
    /// The longest wait before any attempt.
    pub max_delay: Duration,
}

impl RetryPolicy {
    /// Decide once, and give every conflict to the caller.
    pub const NEVER: Self = Self {
        attempts: 1,
        first_delay: Duration::ZERO,
        max_delay: Duration::ZERO,
    };

    /// The wait after the attempt with that number, counted from 1.
    pub(crate) fn delay_after(&self, attempt: u32) -> Duration {
        let doubled = 1_u32
            .checked_shl(attempt.saturating_sub(1))
            .unwrap_or(u32::MAX);
        let longest = self.first_delay.saturating_mul(doubled).min(self.max_delay);
        longest.mul_f64(fastrand::f64())
    }
}

impl Default for RetryPolicy {
    /// Twenty attempts, waiting at most 2 ms before the second and 100 ms before the last.
    fn default() -> Self {
        Self {
            attempts: 20,
            first_delay: Duration::from_millis(2),
            max_delay: Duration::from_millis(100),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_to_its_limit_and_no_further() {
        let policy = RetryPolicy::default();
        for attempt in 1..100 {
            let longest = Duration::from_millis(2)
                .saturating_mul(1 << (attempt - 1).min(20))
                .min(policy.max_delay);
            assert!(
                policy.delay_after(attempt) <= longest,
                "after attempt {attempt}"
            );
        }
        assert!((0..100).map(|_| policy.delay_after(40)).max() > Some(Duration::from_millis(50)));
    }
}
