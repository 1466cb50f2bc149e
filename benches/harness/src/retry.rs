//! What a careful user writes around a library that does not try again itself.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::time::{Duration, Instant};

use crate::{Contender, Failure};

/// No pause before trying again is longer than this.
const LONGEST_PAUSE: Duration = Duration::from_millis(16);

/// Executes a command until it succeeds, fails for another reason than a conflict, or time is up.
/// Counts the conflicts.
///
/// Before it tries again it waits for a random time, up to twice as long as before: without that
/// the writers of one account get in each other's way even more.
pub(crate) async fn deposit<C: Contender>(
    contender: &C,
    account: u64,
    events: u32,
    deadline: Instant,
    random: &mut Random,
    retries: &mut u64,
) -> Result<(), Failure> {
    let mut pause = Duration::from_millis(1);
    loop {
        match contender.deposit(account, events).await {
            Err(Failure::Conflict) if Instant::now() < deadline => {
                *retries += 1;
                tokio::time::sleep(pause.mul_f64(random.fraction())).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            done => return done,
        }
    }
}

/// Numbers that look random: xorshift.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The same numbers in every run, and others for every seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Other numbers in every run, for ids that must never come again.
    #[must_use]
    pub fn unpredictable() -> Self {
        Self::new(RandomState::new().hash_one(()))
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// From 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a fraction need not be exact")]
    fn fraction(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
