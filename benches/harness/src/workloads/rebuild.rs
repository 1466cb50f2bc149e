//! A view of each account, filled from the whole log.

use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::{Answer, Contender, Failure};

pub(crate) async fn measure<C: Contender>(
    contender: &C,
    events: u64,
    seconds: f64,
) -> Result<Answer, Failure> {
    let begun = Instant::now();
    let rebuilt = timeout(Duration::from_secs_f64(seconds), contender.rebuild()).await;
    let mut answer = Answer {
        seconds: begun.elapsed().as_secs_f64(),
        ..Answer::default()
    };
    let Ok(rebuilt) = rebuilt else {
        return Ok(answer.remark(format!("not done in {seconds} s")));
    };
    rebuilt?;
    // What is stored is looked at afterwards.
    answer.done = contender.views().await?.events;
    if answer.done == events {
        Ok(answer)
    } else {
        let done = answer.done;
        Ok(answer.remark(format!("the views have {done} of {events} events")))
    }
}
