//! One client loads one account, again and again.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::timing::Latencies;
use crate::{Answer, CENTS, Contender, Failure};

/// It is loaded at least so often.
const AT_LEAST: u64 = 3;

pub(crate) async fn measure<C: Contender>(
    contender: &C,
    events: u32,
    seconds: f64,
) -> Result<Answer, Failure> {
    let expected = u64::from(events - 1) * CENTS;
    let balance = contender.balance(0).await?;
    let mut latencies = Latencies::default();
    let mut loads = 0;
    let begun = Instant::now();
    let limit = Duration::from_secs_f64(seconds);
    while loads < AT_LEAST || begun.elapsed() < limit {
        let one = Instant::now();
        black_box(contender.balance(0).await?);
        latencies.push(one.elapsed());
        loads += 1;
    }
    let answer = Answer {
        done: loads * u64::from(events),
        seconds: begun.elapsed().as_secs_f64(),
        ..Answer::default()
    };
    let answer = answer.with_latencies(latencies);
    if balance == expected {
        Ok(answer)
    } else {
        Ok(answer.remark(format!("balance {balance} instead of {expected}")))
    }
}
