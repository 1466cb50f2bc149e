//! The work of the harness, done with sourcery.
//!
//! The compiler cannot tell that the futures of its commands may be sent to another thread
//! (rust-lang/rust#100013), so each of them stays on one thread: there are two, with half of the
//! connections each. The way there and back is on sourcery's bill.

use std::rc::Rc;
use std::thread;

use harness::{Contender, Failure, Seen, Target};
use tokio::runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{LocalSet, spawn_local};

use crate::repository::Accounts;

const THREADS: u32 = 2;
const CONNECTIONS: u32 = 32;

pub struct Bank(Vec<mpsc::UnboundedSender<Job>>);

enum Work {
    Open(u64),
    Deposit(u64, u32),
    Balance(u64),
    Replay(Seen),
}

struct Job {
    work: Work,
    reply: oneshot::Sender<Result<u64, Failure>>,
}

impl Bank {
    async fn perform(&self, account: u64, work: Work) -> Result<u64, Failure> {
        let thread = usize::try_from(account)? % self.0.len();
        let (reply, done) = oneshot::channel();
        self.0[thread].send(Job { work, reply })?;
        done.await?
    }
}

/// One of the threads. It ends when nobody is left to send it something.
fn run(
    url: String,
    mut jobs: mpsc::UnboundedReceiver<Job>,
    opened: oneshot::Sender<Result<(), Failure>>,
) -> Result<(), Failure> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let all = async move {
        let accounts = match Accounts::open(&url, CONNECTIONS / THREADS).await {
            Ok(accounts) => Rc::new(accounts),
            Err(failure) => {
                // Whoever waits for it has gone, or gets to know it.
                let _ = opened.send(Err(failure));
                return;
            }
        };
        let _ = opened.send(Ok(()));
        while let Some(Job { work, reply }) = jobs.recv().await {
            let accounts = Rc::clone(&accounts);
            spawn_local(async move {
                let done = match work {
                    Work::Open(account) => accounts.open_account(account).await.map(|()| 0),
                    Work::Deposit(account, events) => {
                        accounts.deposit(account, events).await.map(|()| 0)
                    }
                    Work::Balance(account) => accounts.balance(account).await,
                    Work::Replay(seen) => accounts.replay(&seen).await.map(|()| 0),
                };
                // Nobody may be waiting any more.
                let _ = reply.send(done);
            });
        }
    };
    LocalSet::new().block_on(&runtime, all);
    Ok(())
}

impl Contender for Bank {
    async fn open(target: &Target) -> Result<Self, Failure> {
        let mut threads = Vec::new();
        for _ in 0..THREADS {
            let (thread, jobs) = mpsc::unbounded_channel();
            let (opening, opened) = oneshot::channel();
            let url = target.url.clone();
            thread::spawn(move || run(url, jobs, opening));
            opened.await??;
            threads.push(thread);
        }
        Ok(Self(threads))
    }

    async fn open_account(&self, account: u64) -> Result<(), Failure> {
        self.perform(account, Work::Open(account)).await.map(drop)
    }

    async fn deposit(&self, account: u64, events: u32) -> Result<(), Failure> {
        let deposit = Work::Deposit(account, events);
        self.perform(account, deposit).await.map(drop)
    }

    async fn balance(&self, account: u64) -> Result<u64, Failure> {
        self.perform(account, Work::Balance(account)).await
    }

    async fn replay(&self, seen: &Seen) -> Result<(), Failure> {
        self.perform(0, Work::Replay(seen.clone())).await.map(drop)
    }
}
