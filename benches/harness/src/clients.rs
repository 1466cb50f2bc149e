//! Many clients, each of which does one thing after the other.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::retry::{self, Random};
use crate::timing::Latencies;
use crate::{Answer, Contender, Failure};

/// Accounts are prepared with commands of at most that many events.
const BATCH: u32 = 500;

/// How long preparing may take where conflicts have to be tried again.
const PATIENCE: Duration = Duration::from_mins(10);

/// Deposits by several clients: which accounts, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Deposits {
    pub(crate) clients: usize,
    pub(crate) events: u32,
    pub(crate) deadline: Instant,
}

/// What the clients have done.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) answer: Answer,
    pub(crate) latencies: Latencies,
    pub(crate) first_failure: Option<String>,
}

impl Done {
    fn add(&mut self, other: Self) {
        self.answer.done += other.answer.done;
        self.answer.retries += other.answer.retries;
        self.answer.failures += other.answer.failures;
        self.latencies.append(other.latencies);
        self.first_failure = self.first_failure.take().or(other.first_failure);
    }

    /// As an answer, with what went wrong said in it.
    pub(crate) fn into_answer(self) -> Answer {
        let answer = self.answer.with_latencies(self.latencies);
        match self.first_failure {
            Some(failure) => answer.remark(format!("failed: {failure}")),
            None => answer,
        }
    }
}

/// Each client takes the next one of the accounts, until there is none or time is up. `account`
/// says which the n-th one is.
pub(crate) async fn deposit<C: Contender>(
    contender: &Arc<C>,
    deposits: &Deposits,
    accounts: Range<u64>,
    account: impl Fn(u64) -> u64 + Copy + Send + 'static,
) -> Done {
    let next = Arc::new(AtomicU64::new(accounts.start));
    let mut clients = JoinSet::new();
    let begun = Instant::now();
    for client in 0..deposits.clients {
        let (contender, next) = (Arc::clone(contender), Arc::clone(&next));
        let Deposits {
            events, deadline, ..
        } = *deposits;
        clients.spawn(async move {
            let mut random = Random::new(client as u64);
            let mut done = Done::default();
            while Instant::now() < deadline {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= accounts.end {
                    break;
                }
                let begun = Instant::now();
                let retries = &mut done.answer.retries;
                let deposited = retry::deposit(
                    &*contender,
                    account(n),
                    events,
                    deadline,
                    &mut random,
                    retries,
                );
                match deposited.await {
                    Ok(()) => {
                        done.answer.done += 1;
                        done.latencies.push(begun.elapsed());
                    }
                    // Time is up: it might have succeeded later.
                    Err(Failure::Conflict) => break,
                    Err(failure) => {
                        done.answer.failures += 1;
                        done.first_failure
                            .get_or_insert_with(|| failure.to_string());
                    }
                }
            }
            done
        });
    }
    let mut all = Done::default();
    while let Some(done) = clients.join_next().await {
        match done {
            Ok(done) => all.add(done),
            Err(error) => all.first_failure = Some(error.to_string()),
        }
    }
    all.answer.seconds = begun.elapsed().as_secs_f64();
    all
}

/// Prepares accounts by commands.
pub(crate) async fn seed<C: Contender>(
    contender: &Arc<C>,
    accounts: Range<u64>,
    events: u32,
) -> Result<(), Failure> {
    let next = Arc::new(AtomicU64::new(accounts.start));
    let deadline = Instant::now() + PATIENCE;
    let mut clients: JoinSet<Result<(), Failure>> = JoinSet::new();
    for client in 0..C::SEEDERS {
        let (contender, next) = (Arc::clone(contender), Arc::clone(&next));
        clients.spawn(async move {
            let mut random = Random::new(client as u64);
            loop {
                let account = next.fetch_add(1, Ordering::Relaxed);
                if account >= accounts.end {
                    return Ok(());
                }
                open(&*contender, account).await?;
                let mut left = events.saturating_sub(1);
                while left > 0 {
                    let batch = left.min(BATCH);
                    retry::deposit(&*contender, account, batch, deadline, &mut random, &mut 0)
                        .await?;
                    left -= batch;
                }
            }
        });
    }
    while let Some(seeded) = clients.join_next().await {
        seeded??;
    }
    Ok(())
}

async fn open<C: Contender>(contender: &C, account: u64) -> Result<(), Failure> {
    loop {
        match contender.open_account(account).await {
            Err(Failure::Conflict) => tokio::time::sleep(Duration::from_millis(1)).await,
            done => return done,
        }
    }
}
