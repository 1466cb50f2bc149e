//! Many writers on one account. None of the deposits may be lost.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clients::{self, Deposits};
use crate::{Answer, CENTS, Contender, Failure};

pub(crate) async fn measure<C: Contender>(
    contender: &Arc<C>,
    writers: usize,
    deposits: u32,
    seconds: f64,
) -> Result<Answer, Failure> {
    let all = writers as u64 * u64::from(deposits);
    let before = contender.balance(0).await?;
    let by_all = Deposits {
        clients: writers,
        events: 1,
        deadline: Instant::now() + Duration::from_secs_f64(seconds),
    };
    let done = clients::deposit(contender, &by_all, 0..all, |_| 0).await;
    let expected = before + done.answer.done * CENTS;
    let mut answer = done.into_answer();
    if answer.done < all {
        let finished = format!("{} of {all} in {seconds} s", answer.done);
        answer = answer.remark(finished);
    }
    let balance = contender.balance(0).await?;
    if balance == expected {
        Ok(answer)
    } else {
        Ok(answer.remark(format!("balance {balance} instead of {expected}")))
    }
}
