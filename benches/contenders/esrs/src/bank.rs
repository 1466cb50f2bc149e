//! The work of the harness, done with esrs.

use async_trait::async_trait;
use esrs::AggregateState;
use esrs::handler::{EventHandler, ReplayableEventHandler};
use esrs::manager::AggregateManager;
use esrs::rebuilder::{PgRebuilder, Rebuilder};
use esrs::store::StoreEvent;
use esrs::store::postgres::{PgStore, PgStoreBuilder, PgStoreError};
use harness::{AccountCommand, AccountEvent, CENTS, Contender, Failure, Seen, Target};
use sqlx::postgres::{PgPool, PgPoolOptions};
use uuid::Uuid;

use crate::account::Account;

pub struct Bank {
    manager: AggregateManager<PgStore<Account>>,
    pool: PgPool,
}

/// Ids are UUIDs here.
fn id(account: u64) -> Uuid {
    // Spread over the index, as real ones are.
    Uuid::from_u64_pair(account.wrapping_mul(0x9E37_79B9_7F4A_7C15), account)
}

impl Bank {
    async fn execute(
        &self,
        state: AggregateState<harness::Account>,
        command: AccountCommand,
    ) -> Result<(), Failure> {
        let decided = self.manager.handle_command(state, command).await;
        decided.map_err(failure)??;
        Ok(())
    }
}

/// It does not tell a conflict from other errors of the database.
fn failure(error: PgStoreError) -> Failure {
    match &error {
        PgStoreError::Sqlx(sqlx::Error::Database(database)) if database.is_unique_violation() => {
            Failure::Conflict
        }
        _ => error.into(),
    }
}

impl Contender for Bank {
    async fn open(target: &Target) -> Result<Self, Failure> {
        let pool = PgPoolOptions::new().max_connections(32).min_connections(32);
        let pool = pool.connect(&target.url).await?;
        let store = PgStoreBuilder::new(pool.clone()).try_build().await?;
        Ok(Self {
            manager: AggregateManager::new(store),
            pool,
        })
    }

    async fn open_account(&self, account: u64) -> Result<(), Failure> {
        let state = self.manager.load(id(account)).await?;
        let state = state.unwrap_or_else(|| AggregateState::with_id(id(account)));
        let owner = "Jo".to_owned();
        self.execute(state, AccountCommand::Open { owner }).await
    }

    async fn deposit(&self, account: u64, events: u32) -> Result<(), Failure> {
        let state = self.manager.load(id(account)).await?;
        let state = state.ok_or_else(|| Failure::Failed("there is no such account".to_owned()))?;
        let deposit = AccountCommand::Deposit {
            cents: CENTS,
            times: events,
        };
        self.execute(state, deposit).await
    }

    async fn balance(&self, account: u64) -> Result<u64, Failure> {
        let state = self.manager.load(id(account)).await?;
        Ok(state.map_or(0, |state| state.inner().balance))
    }

    async fn replay(&self, seen: &Seen) -> Result<(), Failure> {
        let rebuilder = PgRebuilder::<Account>::new()
            .with_event_handlers(vec![Box::new(Counting(seen.clone()))]);
        Ok(rebuilder.all_at_once(self.pool.clone()).await?)
    }
}

/// A read model that counts.
struct Counting(Seen);

#[async_trait]
impl EventHandler<Account> for Counting {
    async fn handle(&self, event: &StoreEvent<AccountEvent>) {
        self.0.event(match event.payload {
            AccountEvent::Deposited { cents } => cents,
            AccountEvent::Opened { .. } | AccountEvent::Withdrawn { .. } => 0,
        });
    }
}

impl ReplayableEventHandler<Account> for Counting {}
