//! For how long, and where the random numbers begin.

use std::env;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub(super) const SEED: &str = "IRONFLOW_SOAK_SEED";
const SECONDS: &str = "IRONFLOW_SOAK_SECONDS";

/// With what it takes to start and to compare, a quarter of a minute.
const USUAL_SECONDS: u64 = 10;

#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) seed: u64,
    pub(super) time: Duration,
}

impl Settings {
    pub(super) fn given() -> Self {
        let clock = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Self {
            // Another one each time: what a soak is for is what nobody has thought of.
            seed: number(SEED).unwrap_or_else(|| u64::from(clock().subsec_micros())),
            time: Duration::from_secs(number(SECONDS).unwrap_or(USUAL_SECONDS)),
        }
    }

    /// How to have the same once more.
    pub(super) fn again(&self) -> String {
        format!("{SEED}={} {SECONDS}={}", self.seed, self.time.as_secs())
    }
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap())
}
