//! Deposits at a steady rate, and how long it takes until a view shows each.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::{Answer, Contender, Failure, Shown};

pub(crate) async fn measure<C: Contender>(
    contender: &Arc<C>,
    accounts: u64,
    prior: u32,
    rate: u32,
    seconds: f64,
) -> Result<Answer, Failure> {
    let shown = Shown::of(accounts);
    // Everything that is there beforehand has to be shown before it begins.
    for account in 0..accounts {
        shown.recorded(account, prior.into());
    }
    let mut following = tokio::spawn({
        let (contender, shown) = (Arc::clone(contender), shown.clone());
        async move { contender.follow(&shown).await }
    });
    let shown_so_far = tokio::select! {
        shown = timeout(Duration::from_secs(10), shown.all()) => shown,
        ended = &mut following => return Err(ended?.err().unwrap_or(Failure::Failed("it ended".into()))),
    };
    drop(shown_so_far?);
    let answer = deposit(contender, &shown, accounts, prior, rate, seconds).await;
    following.abort();
    answer
}

async fn deposit<C: Contender>(
    contender: &Arc<C>,
    shown: &Shown,
    accounts: u64,
    prior: u32,
    rate: u32,
    seconds: f64,
) -> Result<Answer, Failure> {
    let begun = Instant::now();
    let mut ticks = interval(Duration::from_secs(1) / rate);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut deposits = JoinSet::new();
    let mut number = 0;
    while begun.elapsed().as_secs_f64() < seconds {
        ticks.tick().await;
        let (account, event) = (number % accounts, u64::from(prior) + number / accounts + 1);
        let (contender, shown) = (Arc::clone(contender), shown.clone());
        deposits.spawn(async move {
            contender.deposit(account, 1).await?;
            shown.recorded(account, event);
            Ok::<(), Failure>(())
        });
        number += 1;
    }
    let seconds = begun.elapsed().as_secs_f64();
    while let Some(deposited) = deposits.join_next().await {
        deposited??;
    }
    let latencies = timeout(Duration::from_secs(10), shown.all()).await?;
    let answer = Answer {
        done: number,
        seconds,
        ..Answer::default()
    };
    Ok(answer.with_latencies(latencies))
}
