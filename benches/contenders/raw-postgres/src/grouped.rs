//! One task loads for all, and one appends for all: what has come in while the last batch was under
//! way goes into the next one. Positions appear in the order of commits, since one connection writes.

use harness::{
    AccountCommand, AccountEvent, CENTS, Contender, Failure, Random, Seen, Statement, Target,
    account_id,
};
use tokio::sync::{mpsc, oneshot};

use crate::connection::{Connection, Loaded};
use crate::rows::Rows;
use crate::schema::Schema;

/// At most that many commands go into a batch.
const BATCH: usize = 256;

/// How many may wait.
const WAITING: usize = 4_096;

struct Load {
    stream: String,
    reply: oneshot::Sender<Result<Loaded, Failure>>,
}

struct Append {
    stream: String,
    version: i64,
    events: Vec<AccountEvent>,
    reply: oneshot::Sender<Result<(), Failure>>,
}

pub struct Grouped {
    loads: mpsc::Sender<Load>,
    appends: mpsc::Sender<Append>,
    reader: Connection,
}

impl Grouped {
    async fn execute(&self, account: u64, command: AccountCommand) -> Result<(), Failure> {
        let stream = account_id(account);
        let (reply, loaded) = oneshot::channel();
        let load = Load {
            stream: stream.clone(),
            reply,
        };
        self.loads.send(load).await?;
        let (account, version) = loaded.await??;
        let (reply, appended) = oneshot::channel();
        let append = Append {
            stream,
            version,
            events: account.decide(command)?,
            reply,
        };
        self.appends.send(append).await?;
        appended.await?
    }
}

async fn load(connection: Connection, mut loads: mpsc::Receiver<Load>) {
    let mut batch = Vec::with_capacity(BATCH);
    while loads.recv_many(&mut batch, BATCH).await > 0 {
        let streams: Vec<&str> = batch.iter().map(|load| load.stream.as_str()).collect();
        // Where it fails, they all lose their answer, which fails them.
        let accounts = connection.load_all(&streams).await;
        for load in batch.drain(..) {
            if let Ok(accounts) = &accounts {
                let loaded = accounts.get(&load.stream).cloned().unwrap_or_default();
                // Nobody may be waiting any more.
                let _ = load.reply.send(Ok(loaded));
            }
        }
    }
}

async fn append(connection: Connection, schema: Schema, mut appends: mpsc::Receiver<Append>) {
    let mut random = Random::unpredictable();
    let mut batch = Vec::with_capacity(BATCH);
    while appends.recv_many(&mut batch, BATCH).await > 0 {
        let all = insert(&connection, schema, &batch, &mut random).await;
        for append in batch.drain(..) {
            // One of them was too late, and nobody knows which.
            let outcome = match &all {
                Ok(()) => Ok(()),
                Err(_) => {
                    let one = std::slice::from_ref(&append);
                    insert(&connection, schema, one, &mut random).await
                }
            };
            // Nobody may be waiting any more.
            let _ = append.reply.send(outcome);
        }
    }
}

async fn insert(
    connection: &Connection,
    schema: Schema,
    appends: &[Append],
    random: &mut Random,
) -> Result<(), Failure> {
    let mut rows = Rows::default();
    for append in appends {
        rows.add(
            schema,
            &append.stream,
            append.version,
            &append.events,
            random,
        )?;
    }
    connection.insert_all(&rows).await
}

impl Contender for Grouped {
    /// They are written in groups, so it pays to come in great numbers.
    const SEEDERS: usize = 64;

    async fn open(target: &Target) -> Result<Self, Failure> {
        let schema = Schema::of(&target.variant);
        let open = async || Connection::open(&target.url, schema).await;
        let (loads, to_load) = mpsc::channel(WAITING);
        let (appends, to_append) = mpsc::channel(WAITING);
        tokio::spawn(load(open().await?, to_load));
        tokio::spawn(append(open().await?, schema, to_append));
        Ok(Self {
            loads,
            appends,
            reader: open().await?,
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

    async fn rebuild(&self) -> Result<(), Failure> {
        self.reader.rebuild().await
    }

    async fn views(&self) -> Result<Statement, Failure> {
        self.reader.views().await
    }

    async fn replay(&self, seen: &Seen) -> Result<(), Failure> {
        self.reader.replay(seen).await
    }
}
