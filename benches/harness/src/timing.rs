//! Latencies and their quantiles.

use std::time::Duration;

/// How long each of many took.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn push(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub(crate) fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    pub(crate) fn sort(&mut self) {
        self.0.sort_unstable();
    }

    /// The nearest rank; nothing where nothing was timed. They have to be sorted.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "a rank in a vector that fits into memory"
    )]
    pub(crate) fn quantile_us(&self, quantile: f64) -> Option<f64> {
        let rank = (self.0.len() as f64 * quantile).ceil() as usize;
        let took = self.0.get(rank.max(1) - 1)?;
        Some(took.as_nanos() as f64 / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_nearest_rank() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.quantile_us(0.5), None);
        for n in (1..=100).rev() {
            latencies.push(Duration::from_micros(n));
        }
        latencies.sort();
        assert_eq!(latencies.quantile_us(0.5), Some(50.0));
        assert_eq!(latencies.quantile_us(0.99), Some(99.0));
    }
}
