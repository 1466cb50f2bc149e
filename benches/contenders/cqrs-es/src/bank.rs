//! The work of the harness, done with cqrs-es.

use async_trait::async_trait;
use cqrs_es::persist::{PersistedEventRepository, PersistedEventStore, QueryReplay};
use cqrs_es::{AggregateContext, AggregateError, CqrsFramework, EventEnvelope, EventStore, Query};
use harness::{AccountCommand, CENTS, Contender, Failure, Refused, Seen, Target, account_id};

use crate::account::Account;

/// How a repository is opened, with its tables.
pub trait Opens: Send + Sync + 'static {
    type Repository: PersistedEventRepository + Send + Sync + 'static;

    fn open(target: &Target) -> impl Future<Output = Result<Self, Failure>> + Send
    where
        Self: Sized;

    /// One more for the same connections.
    fn repository(&self) -> Self::Repository;
}

type Store<O> = PersistedEventStore<<O as Opens>::Repository, Account>;

pub struct Bank<O: Opens> {
    opened: O,
    framework: CqrsFramework<Account, Store<O>>,
    store: Store<O>,
}

impl<O: Opens> Bank<O> {
    async fn execute(&self, account: u64, command: AccountCommand) -> Result<(), Failure> {
        let account = account_id(account);
        let executed = self.framework.execute(&account, command).await;
        executed.map_err(failure)
    }
}

fn failure(error: AggregateError<Refused>) -> Failure {
    match error {
        AggregateError::AggregateConflict => Failure::Conflict,
        // With sqlx and SQLite, a writer that has waited too long for another one.
        AggregateError::UnexpectedError(error) if error.to_string().contains("locked") => {
            Failure::Conflict
        }
        error => error.into(),
    }
}

impl<O: Opens> Contender for Bank<O> {
    async fn open(target: &Target) -> Result<Self, Failure> {
        let opened = O::open(target).await?;
        let store = PersistedEventStore::new_event_store(opened.repository());
        Ok(Self {
            framework: CqrsFramework::new(store, Vec::new(), ()),
            store: PersistedEventStore::new_event_store(opened.repository()),
            opened,
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
        let mut loaded = self.store.load_aggregate(&account_id(account)).await?;
        Ok(loaded.aggregate().0.balance)
    }

    async fn replay(&self, seen: &Seen) -> Result<(), Failure> {
        let counting = Counting(seen.clone());
        let replay = QueryReplay::new(self.opened.repository(), counting);
        Ok(replay.replay_all().await?)
    }
}

/// A read model that counts.
struct Counting(Seen);

#[async_trait]
impl Query<Account> for Counting {
    async fn dispatch(&self, _: &str, events: &[EventEnvelope<Account>]) {
        for event in events {
            self.0.event(match event.payload.0 {
                harness::AccountEvent::Deposited { cents } => cents,
                harness::AccountEvent::Opened { .. } | harness::AccountEvent::Withdrawn { .. } => 0,
            });
        }
    }
}
