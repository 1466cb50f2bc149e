//! Each command for itself, on a connection of its own.

use std::sync::{Mutex, PoisonError};

use harness::{AccountCommand, CENTS, Contender, Failure, Random, Seen, Target, account_id};

use crate::pool::Pool;
use crate::rows::Rows;
use crate::schema::Schema;

/// Loads, and appends in one statement.
pub struct OneRoundTrip(Single);

/// Loads, and appends event by event in a transaction.
pub struct Naive(Single);

struct Single {
    pool: Pool,
    schema: Schema,
    random: Mutex<Random>,
}

impl Single {
    async fn open(target: &Target) -> Result<Self, Failure> {
        let schema = Schema::of(&target.variant);
        Ok(Self {
            pool: Pool::open(&target.url, schema).await?,
            schema,
            random: Mutex::new(Random::unpredictable()),
        })
    }

    async fn execute(
        &self,
        account: u64,
        command: AccountCommand,
        at_once: bool,
    ) -> Result<(), Failure> {
        let stream = account_id(account);
        let mut lent = self.pool.lend().await?;
        let connection = lent.connection()?;
        let (account, version) = connection.load(&stream).await?;
        let events = account.decide(command)?;
        let mut rows = Rows::default();
        let mut random = self.random();
        rows.add(self.schema, &stream, version, &events, &mut random)?;
        if at_once {
            connection.insert_all(&rows).await
        } else {
            connection.insert_each(&rows).await
        }
    }

    /// A generator of its own, so that nobody waits for another.
    fn random(&self) -> Random {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        Random::new(random.number())
    }

    async fn balance(&self, account: u64) -> Result<u64, Failure> {
        let mut lent = self.pool.lend().await?;
        let (account, _) = lent.connection()?.load(&account_id(account)).await?;
        Ok(account.balance)
    }

    async fn replay(&self, seen: &Seen) -> Result<(), Failure> {
        self.pool.lend().await?.connection()?.replay(seen).await
    }
}

fn open() -> AccountCommand {
    let owner = "Jo".to_owned();
    AccountCommand::Open { owner }
}

fn deposit(times: u32) -> AccountCommand {
    AccountCommand::Deposit {
        cents: CENTS,
        times,
    }
}

impl Contender for OneRoundTrip {
    async fn open(target: &Target) -> Result<Self, Failure> {
        Single::open(target).await.map(Self)
    }

    async fn open_account(&self, account: u64) -> Result<(), Failure> {
        self.0.execute(account, open(), true).await
    }

    async fn deposit(&self, account: u64, events: u32) -> Result<(), Failure> {
        self.0.execute(account, deposit(events), true).await
    }

    async fn balance(&self, account: u64) -> Result<u64, Failure> {
        self.0.balance(account).await
    }

    async fn replay(&self, seen: &Seen) -> Result<(), Failure> {
        self.0.replay(seen).await
    }
}

impl Contender for Naive {
    async fn open(target: &Target) -> Result<Self, Failure> {
        Single::open(target).await.map(Self)
    }

    async fn open_account(&self, account: u64) -> Result<(), Failure> {
        self.0.execute(account, open(), false).await
    }

    async fn deposit(&self, account: u64, events: u32) -> Result<(), Failure> {
        self.0.execute(account, deposit(events), false).await
    }

    async fn balance(&self, account: u64) -> Result<u64, Failure> {
        self.0.balance(account).await
    }

    async fn replay(&self, seen: &Seen) -> Result<(), Failure> {
        self.0.replay(seen).await
    }
}
