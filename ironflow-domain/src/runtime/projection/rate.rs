//! How fast a generation is filled, and how long that will take.

use std::time::{Duration, Instant};

use crate::Position;
use crate::runtime::projection::status::{RebuildProgress, Step};

/// Where a generation was when this process looked first.
pub(super) struct Begun {
    at: Instant,
    position: Position,
    events: u64,
}

impl Begun {
    pub(super) fn at(step: &Step) -> Self {
        Self {
            at: Instant::now(),
            position: step.position,
            events: step.events,
        }
    }

    /// How far it has come since.
    pub(super) fn progress(
        &self,
        generation: u32,
        step: &Step,
        target: Option<Position>,
        is_held: bool,
        error: Option<String>,
    ) -> RebuildProgress {
        let time = self.at.elapsed();
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
        let events = step.events.saturating_sub(self.events);
        RebuildProgress {
            generation,
            position: step.position,
            target,
            events: step.events,
            events_per_second: events.saturating_mul(1_000_000) / micros,
            time_left: target.and_then(|target| self.time_left(step, target, time)),
            is_held,
            error,
        }
    }

    /// Positions are as far apart as those before them were, as far as anybody knows.
    fn time_left(&self, step: &Step, target: Position, time: Duration) -> Option<Duration> {
        let done = between(self.position, step.position)?;
        let left = between(step.position, target)?;
        if left == 0 {
            return Some(Duration::ZERO);
        }
        let micros = time.as_micros().checked_mul(u128::from(left))?;
        let micros = micros.checked_div(u128::from(done))?;
        u64::try_from(micros).ok().map(Duration::from_micros)
    }
}

/// How far apart two positions are; nothing where the numbers do not tell.
fn between(from: Position, to: Position) -> Option<u64> {
    let can_tell = from.major() == to.major() || from == Position::START;
    can_tell.then(|| to.minor().saturating_sub(from.minor()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(position: u64, events: u64) -> Step {
        Step {
            position: Position::new(1, position),
            events,
            ..Step::default()
        }
    }

    #[test]
    fn what_is_left_takes_as_long_as_what_was_done() {
        let begun = Begun {
            at: Instant::now().checked_sub(Duration::from_secs(10)).unwrap(),
            position: Position::new(1, 1_000),
            events: 500,
        };
        let target = Some(Position::new(1, 5_000));
        let progress = begun.progress(2, &step(2_000, 1_500), target, false, None);
        assert!(
            (95..=100).contains(&progress.events_per_second),
            "{progress:?}"
        );
        let left = progress.time_left.unwrap().as_secs_f64();
        assert!((30.0..31.0).contains(&left), "{progress:?}");
        let there = begun.progress(2, &step(5_000, 4_500), target, false, None);
        assert_eq!(there.time_left, Some(Duration::ZERO));
    }

    #[test]
    fn nobody_can_tell_before_something_was_done() {
        let begun = Begun::at(&step(7, 7));
        let target = Some(Position::new(1, 9));
        assert_eq!(
            begun
                .progress(2, &step(7, 7), target, false, None)
                .time_left,
            None
        );
        assert_eq!(
            begun.progress(2, &step(8, 8), None, false, None).time_left,
            None
        );
    }
}
