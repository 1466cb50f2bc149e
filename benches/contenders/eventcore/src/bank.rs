//! The work of the harness, done with eventcore. It tries again itself; what reaches the harness
//! has failed several times.

use std::convert::Infallible;

use eventcore::{
    CommandError, CommandLogic, ProjectionConfig, Projector, RetryPolicy, StreamId, StreamPosition,
    execute, run_projection,
};
use eventcore_postgres::PostgresEventStore;
use eventcore_types::EventStore;
use futures_util::{StreamExt, pin_mut};
use harness::{CENTS, Contender, Failure, Seen, Target, account_id};
use sqlx::postgres::PgPoolOptions;

use crate::account::{Account, AccountEvent, Deposit, Open};

pub struct Bank(PostgresEventStore);

impl Bank {
    async fn execute(&self, command: impl CommandLogic) -> Result<(), Failure> {
        match execute(&self.0, command, RetryPolicy::new()).await {
            Ok(_) => Ok(()),
            Err(CommandError::ConcurrencyError(_)) => Err(Failure::Conflict),
            Err(error) => Err(error.into()),
        }
    }
}

impl Contender for Bank {
    async fn open(target: &Target) -> Result<Self, Failure> {
        let pool = PgPoolOptions::new().max_connections(32).min_connections(32);
        let store = PostgresEventStore::from_pool(pool.connect(&target.url).await?);
        store.migrate().await;
        Ok(Self(store))
    }

    async fn open_account(&self, account: u64) -> Result<(), Failure> {
        let account = StreamId::try_new(account_id(account))?;
        let owner = "Jo".to_owned();
        self.execute(Open { account, owner }).await
    }

    async fn deposit(&self, account: u64, events: u32) -> Result<(), Failure> {
        let deposit = Deposit {
            account: StreamId::try_new(account_id(account))?,
            cents: CENTS,
            times: events,
        };
        self.execute(deposit).await
    }

    async fn balance(&self, account: u64) -> Result<u64, Failure> {
        let stream = StreamId::try_new(account_id(account))?;
        let events = self.0.read_stream::<AccountEvent>(stream).await?;
        pin_mut!(events);
        let mut account = Account::default();
        while let Some(event) = events.next().await {
            account = account.fold(&event?);
        }
        Ok(account.balance)
    }

    /// A run that is not continuous ends after one page.
    async fn replay(&self, seen: &Seen) -> Result<(), Failure> {
        let config = ProjectionConfig::default().continuous();
        tokio::select! {
            ended = run_projection(Counting(seen.clone()), &self.0, config) => Ok(ended?),
            () = seen.all() => Ok(()),
        }
    }
}

/// A read model that counts.
struct Counting(Seen);

impl Projector for Counting {
    type Event = AccountEvent;
    type Error = Infallible;
    type Context = ();

    fn apply(
        &mut self,
        event: AccountEvent,
        _position: StreamPosition,
        _context: &mut (),
    ) -> Result<(), Infallible> {
        self.0.event(match event {
            AccountEvent::Deposited { cents, .. } => cents,
            AccountEvent::Opened { .. } | AccountEvent::Withdrawn { .. } => 0,
        });
        Ok(())
    }

    fn name(&self) -> &str {
        "counting"
    }
}
