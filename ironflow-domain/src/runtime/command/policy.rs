//! How hard to try to get a command executed.

use std::time::Duration;

/// How hard to try to get a command executed: how often to decide it, how long to wait in between
/// and in all.
///
/// One for all commands is given to [`Builder::policy`](crate::Builder::policy), one for all commands
/// of a type to [`Builder::policy_of`](crate::Builder::policy_of), and one for a single command to
/// [`Execution::policy`](crate::Execution::policy); the nearest counts.
///
/// ```
/// use std::time::Duration;
/// use ironflow_domain::CommandPolicy;
///
/// let patient = CommandPolicy::new().attempts(100).deadline(Duration::from_secs(10));
/// assert_ne!(patient, CommandPolicy::default());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct CommandPolicy {
    pub(crate) attempts: u32,
    first_delay: Duration,
    max_delay: Duration,
    pub(crate) deadline: Option<Duration>,
    pub(crate) enrich_again: bool,
    pub(crate) queued: bool,
}

impl CommandPolicy {
    /// Twenty attempts, with a wait of at most 2 ms before the second and 100 ms before the last; no
    /// deadline; what was fetched for the command once is good for all attempts; the commands of a
    /// stream queue.
    pub const fn new() -> Self {
        Self {
            attempts: 20,
            first_delay: Duration::from_millis(2),
            max_delay: Duration::from_millis(100),
            deadline: None,
            enrich_again: false,
            queued: true,
        }
    }

    /// How often to decide in all, before a conflict is given to the caller; at least once.
    pub const fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// How long to wait after a conflict: before each further attempt a random part of a span that
    /// doubles from `first` to `max`, so that those who collided do not collide again.
    pub const fn back_off(mut self, first: Duration, max: Duration) -> Self {
        self.first_delay = first;
        self.max_delay = max;
        self
    }

    /// How long the command may take in all, enrichment and waiting included. After that nothing is
    /// begun any more, and the caller gets
    /// [`DeadlineExceeded`](crate::ExecuteError::DeadlineExceeded): nothing was recorded. What is
    /// already being appended by then is waited for, since nobody could tell what became of it.
    pub const fn deadline(mut self, after: Duration) -> Self {
        self.deadline = Some(after);
        self
    }

    /// Whether to fetch the context again before each further attempt: for contexts that are about
    /// what others change at the same time.
    pub const fn enrich_again(mut self, again: bool) -> Self {
        self.enrich_again = again;
        self
    }

    /// Whether to wait for the other commands of this process on the same stream, which are decided
    /// one after the other on a state that stays in memory, and recorded together. Without, every
    /// attempt reads the stream, and commands on one stream are in each other's way.
    pub const fn queued(mut self, queued: bool) -> Self {
        self.queued = queued;
        self
    }

    /// The wait after the attempt with that number, counted from 1.
    pub(crate) fn delay_after(&self, attempt: u32) -> Duration {
        let doubled = 1_u32
            .checked_shl(attempt.saturating_sub(1))
            .unwrap_or(u32::MAX);
        let longest = self.first_delay.saturating_mul(doubled).min(self.max_delay);
        longest.mul_f64(fastrand::f64())
    }
}

impl Default for CommandPolicy {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_to_its_limit_and_no_further() {
        let policy = CommandPolicy::default();
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
