//! The whole log, once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::{Answer, Contender, Failure, Seen};

pub(crate) async fn measure<C: Contender>(
    contender: &Arc<C>,
    events: u64,
    seconds: f64,
) -> Result<Answer, Failure> {
    let seen = Seen::expecting(events);
    let begun = Instant::now();
    let replayed = timeout(Duration::from_secs_f64(seconds), contender.replay(&seen)).await;
    let answer = Answer {
        done: seen.events(),
        seconds: begun.elapsed().as_secs_f64(),
        ..Answer::default()
    };
    match replayed {
        Err(_) => Ok(answer.remark(format!("{} of {events} in {seconds} s", seen.events()))),
        Ok(Err(failure)) => Err(failure),
        Ok(Ok(())) if seen.events() != events => {
            Ok(answer.remark(format!("saw {} of {events} events", seen.events())))
        }
        Ok(Ok(())) => Ok(answer),
    }
}
