//! One task that loads, decides and appends for all, and keeps the accounts it has used in memory.
//! They are a hint: the unique index is the judge, since another process may have written.

use std::collections::HashMap;

use harness::{AccountCommand, CENTS, Contender, Failure, Random, Seen, Target, account_id};
use tokio::sync::{mpsc, oneshot};

use crate::connection::{Connection, Loaded};
use crate::rows::Rows;
use crate::schema::Schema;

/// At most that many commands go into a batch.
const BATCH: usize = 256;

/// How many may wait.
const WAITING: usize = 4_096;

/// At most about that many accounts stay in memory.
const KEPT: usize = 1_024;

struct Job {
    stream: String,
    command: AccountCommand,
    reply: oneshot::Sender<Result<(), Failure>>,
}

pub struct Cached {
    jobs: mpsc::Sender<Job>,
    reader: Connection,
}

impl Cached {
    async fn execute(&self, account: u64, command: AccountCommand) -> Result<(), Failure> {
        let (reply, outcome) = oneshot::channel();
        let job = Job {
            stream: account_id(account),
            command,
            reply,
        };
        self.jobs.send(job).await?;
        outcome.await?
    }
}

struct Writer {
    connection: Connection,
    schema: Schema,
    random: Random,
    accounts: HashMap<String, Loaded>,
}

impl Writer {
    async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut batch = Vec::with_capacity(BATCH);
        while jobs.recv_many(&mut batch, BATCH).await > 0 {
            if let Ok(outcomes) = self.execute(&batch).await {
                for (job, outcome) in batch.drain(..).zip(outcomes) {
                    // Nobody may be waiting any more.
                    let _ = job.reply.send(outcome);
                }
                continue;
            }
            // One of them was decided on an old state, and nobody knows which.
            for job in batch.drain(..) {
                self.accounts.clear();
                let one = self.execute(std::slice::from_ref(&job)).await;
                let outcome = one.and_then(|mut outcomes| outcomes.pop().unwrap_or(Ok(())));
                // Nobody may be waiting any more.
                let _ = job.reply.send(outcome);
            }
        }
    }

    /// What becomes of each; or that nothing at all was written.
    async fn execute(&mut self, jobs: &[Job]) -> Result<Vec<Result<(), Failure>>, Failure> {
        if self.accounts.len() > KEPT {
            self.accounts.clear();
        }
        let unknown: Vec<&str> = jobs
            .iter()
            .map(|job| job.stream.as_str())
            .filter(|stream| !self.accounts.contains_key(*stream))
            .collect();
        if !unknown.is_empty() {
            let loaded = self.connection.load_all(&unknown).await?;
            self.accounts.extend(loaded);
        }
        let mut rows = Rows::default();
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            outcomes.push(self.decide(job, &mut rows));
        }
        if !rows.is_empty()
            && let Err(failure) = self.connection.insert_all(&rows).await
        {
            self.accounts.clear();
            return Err(failure);
        }
        Ok(outcomes)
    }

    fn decide(&mut self, job: &Job, rows: &mut Rows) -> Result<(), Failure> {
        let (account, version) = self.accounts.entry(job.stream.clone()).or_default();
        let events = account.decide(job.command.clone())?;
        rows.add(
            self.schema,
            &job.stream,
            *version,
            &events,
            &mut self.random,
        )?;
        for event in &events {
            account.fold(event);
            *version += 1;
        }
        Ok(())
    }
}

impl Contender for Cached {
    /// They are written in groups, so it pays to come in great numbers.
    const SEEDERS: usize = 64;

    async fn open(target: &Target) -> Result<Self, Failure> {
        let schema = Schema::of(&target.variant);
        let writer = Writer {
            connection: Connection::open(&target.url, schema).await?,
            schema,
            random: Random::unpredictable(),
            accounts: HashMap::new(),
        };
        let (jobs, to_execute) = mpsc::channel(WAITING);
        tokio::spawn(writer.run(to_execute));
        Ok(Self {
            jobs,
            reader: Connection::open(&target.url, schema).await?,
        })
    }

    async fn open_account(&self, account: u64) -> Result<(), Failure> {
        let owner = "Jo".to_owned();
        self.execute(account, AccountCommand::Open { owner }).await
    }

    async fn deposit(&self, account: u64, events: u32) -> Result<(), Failure> {
        let deposit = AccountCommand::Deposit {
            cents: CENTS,
            times: events,
        };
        self.execute(account, deposit).await
    }

    async fn balance(&self, account: u64) -> Result<u64, Failure> {
        let (account, _) = self.reader.load(&account_id(account)).await?;
        Ok(account.balance)
    }

    async fn replay(&self, seen: &Seen) -> Result<(), Failure> {
        self.reader.replay(seen).await
    }
}
