//! Commands on accounts that nobody has used in this process: load, fold, decide, append.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clients::{self, Deposits};
use crate::{Answer, CENTS, Commands, Contender, Failure};

/// How many commands each client executes before it counts.
const WARM_UP: u64 = 20;

/// How many of the accounts are looked at afterwards.
const CHECKED: usize = 20;

pub(crate) async fn measure<C: Contender>(
    contender: &Arc<C>,
    work: &Commands,
) -> Result<Answer, Failure> {
    let warm_up = (WARM_UP * work.clients as u64).min(work.accounts / 2);
    let deposits = |time: Duration| Deposits {
        clients: work.clients,
        events: work.events,
        deadline: Instant::now() + time,
    };
    let minute = deposits(Duration::from_mins(1));
    clients::deposit(contender, &minute, 0..warm_up, same).await;

    let limited = deposits(Duration::from_secs_f64(work.seconds));
    let done = clients::deposit(contender, &limited, warm_up..work.accounts, same).await;

    // The first ones that were taken have been finished whatever the time was.
    let whole = usize::try_from(done.answer.done)?.saturating_sub(2 * work.clients);
    let answer = done.into_answer();
    let expected = u64::from(work.prior.saturating_sub(1) + work.events) * CENTS;
    for account in (warm_up..work.accounts).take(whole).take(CHECKED) {
        let balance = contender.balance(account).await?;
        if answer.failures == 0 && balance != expected {
            return Ok(answer.remark(format!("balance {balance} instead of {expected}")));
        }
    }
    Ok(answer)
}

fn same(account: u64) -> u64 {
    account
}
