//! The work of the harness, done with distributed. Its projections are fed by a bus, not by the
//! log, so there is nothing to replay.

use distributed::{AggregateBuilder, AggregateRepository, PostgresRepository, RepositoryError};
use harness::{CENTS, Contender, Failure, Target, account_id};
use sqlx::postgres::PgPoolOptions;

use crate::account::Account;

pub struct Bank(AggregateRepository<PostgresRepository, Account>);

impl Bank {
    async fn commit(&self, account: &mut Account) -> Result<(), Failure> {
        match self.0.commit(account).await {
            Err(RepositoryError::ConcurrentWrite { .. }) => Err(Failure::Conflict),
            done => Ok(done?),
        }
    }

    async fn load(&self, account: u64) -> Result<Account, Failure> {
        let account = self.0.get(&account_id(account)).await?;
        account.ok_or_else(|| Failure::Failed("there is no such account".to_owned()))
    }
}

impl Contender for Bank {
    async fn open(target: &Target) -> Result<Self, Failure> {
        let pool = PgPoolOptions::new().max_connections(32).min_connections(32);
        let repository = PostgresRepository::new(pool.connect(&target.url).await?);
        repository.migrate().await?;
        Ok(Self(repository.aggregate()))
    }

    async fn open_account(&self, account: u64) -> Result<(), Failure> {
        let id = account_id(account);
        let loaded = self.0.get(&id).await?;
        let mut account = loaded.unwrap_or_default();
        account.open(id, "Jo".to_owned())?;
        self.commit(&mut account).await
    }

    async fn deposit(&self, account: u64, events: u32) -> Result<(), Failure> {
        let mut account = self.load(account).await?;
        account.deposit(CENTS, events)?;
        self.commit(&mut account).await
    }

    async fn balance(&self, account: u64) -> Result<u64, Failure> {
        Ok(self.load(account).await?.balance)
    }
}
