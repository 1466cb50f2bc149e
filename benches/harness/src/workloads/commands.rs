//! Commands on many accounts: load, fold, decide, append.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::clients::{self, Deposits};
use crate::{Answer, CENTS, Commands, Contender, Failure, Uses};

/// How many commands each client executes before it counts, where each account is used once.
const WARM_UP: u64 = 20;

/// How many of the accounts are looked at afterwards.
const CHECKED: u64 = 20;

pub(crate) async fn measure<C: Contender>(
    contender: &Arc<C>,
    work: &Commands,
) -> Result<Answer, Failure> {
    match work.uses {
        Uses::Once => once(contender, work).await,
        Uses::Again => again(contender, work).await,
    }
}

async fn once<C: Contender>(contender: &Arc<C>, work: &Commands) -> Result<Answer, Failure> {
    let warm_up = (WARM_UP * work.clients as u64).min(work.accounts / 2);
    clients::deposit(contender, &warming_up(work), 0..warm_up, same).await;
    let done = clients::deposit(contender, &counted(work), warm_up..work.accounts, same).await;

    // The first ones that were taken have been finished whatever the time was.
    let whole = done.answer.done.saturating_sub(2 * work.clients as u64);
    let answer = done.into_answer();
    let checked = warm_up..warm_up + whole.min(CHECKED);
    check(contender, work, answer, checked, 1..=1).await
}

async fn again<C: Contender>(contender: &Arc<C>, work: &Commands) -> Result<Answer, Failure> {
    let accounts = work.accounts;
    clients::deposit(contender, &warming_up(work), 0..accounts, same).await;
    let in_turn = move |n| n % accounts;
    let done = clients::deposit(contender, &counted(work), 0..u64::MAX, in_turn).await;

    // Each of them had its turn as often, but for those that were taken last.
    let turns = done.answer.done.saturating_sub(2 * work.clients as u64) / accounts;
    let answer = done.into_answer();
    let checked = 0..accounts.min(CHECKED);
    check(contender, work, answer, checked, turns + 1..=turns + 3).await
}

fn same(account: u64) -> u64 {
    account
}

fn warming_up(work: &Commands) -> Deposits {
    deposits(work, Duration::from_mins(1))
}

fn counted(work: &Commands) -> Deposits {
    deposits(work, Duration::from_secs_f64(work.seconds))
}

fn deposits(work: &Commands, time: Duration) -> Deposits {
    Deposits {
        clients: work.clients,
        events: work.events,
        deadline: Instant::now() + time,
    }
}

/// Whether so many deposits were made on each of the accounts, unless something else was wrong.
async fn check<C: Contender>(
    contender: &Arc<C>,
    work: &Commands,
    answer: Answer,
    accounts: Range<u64>,
    times: RangeInclusive<u64>,
) -> Result<Answer, Failure> {
    if answer.failures > 0 {
        return Ok(answer);
    }
    for account in accounts {
        let balance = contender.balance(account).await?;
        let deposited = (balance / CENTS).saturating_sub(u64::from(work.prior.saturating_sub(1)));
        let events = u64::from(work.events);
        if deposited % events != 0 || !times.contains(&(deposited / events)) {
            let wrong = format!("balance {balance} after {times:?} deposits");
            return Ok(answer.remark(wrong));
        }
    }
    Ok(answer)
}
