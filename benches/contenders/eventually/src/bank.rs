//! The work of the harness, done with eventually. It has one connection.

use std::sync::Arc;

use eventually::aggregate::AggregateRootBuilder;
use eventually::repository::Error;
use eventually::store::Select;
use eventually::{EventStore as _, Repository};
use eventually_postgres::{EventStore, EventStoreBuilder};
use futures::TryStreamExt;
use harness::{
    AccountCommand, AccountEvent, CENTS, Contender, Failure, Refused, Seen, Target, account_id,
};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::NoTls;

use crate::account::Account;

type Store = EventStore<String, AccountEvent>;

pub struct Bank {
    repository: Repository<Account, Store>,
    store: Store,
    /// Where its connection is driven.
    _runtime: Runtime,
}

impl Bank {
    async fn execute(&self, account: u64, command: AccountCommand) -> Result<(), Failure> {
        // It takes itself mutably to append, and its clones share the connection.
        let mut repository = self.repository.clone();
        let mut account = repository.get(account_id(account)).await.map_err(failure)?;
        account.handle(command).await?;
        repository.add(account).await.map(drop).map_err(failure)
    }
}

/// It does not tell a conflict from other errors of the database, but by the text.
fn failure(error: Error<Refused, eventually_postgres::store::Error>) -> Failure {
    match Failure::from(error) {
        Failure::Failed(why) if why.contains("invalid aggregate version") => Failure::Conflict,
        Failure::Failed(why) if why.contains("duplicate key") => Failure::Conflict,
        failure => failure,
    }
}

async fn connect(url: &str) -> Result<Store, Failure> {
    let (mut client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(async move {
        // What goes wrong, the client's calls say.
        let _ = connection.await;
    });
    let migrated = EventStoreBuilder::migrate_database(&mut client).await;
    let migrated = migrated.map_err(|error| Failure::Failed(format!("{error:#}")))?;
    Ok(migrated.builder(Arc::new(client)).build("account").await?)
}

impl Contender for Bank {
    async fn open(target: &Target) -> Result<Self, Failure> {
        let mut runtime = Builder::new().threaded_scheduler().enable_all().build()?;
        let store = runtime.block_on(connect(&target.url))?;
        let builder = AggregateRootBuilder::from(Account);
        Ok(Self {
            repository: Repository::new(builder, store.clone()),
            store,
            _runtime: runtime,
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
        let account = self.repository.get(account_id(account)).await;
        Ok(account.map_err(failure)?.state().balance)
    }

    async fn replay(&self, seen: &Seen) -> Result<(), Failure> {
        let mut events = self.store.stream_all(Select::All).await?;
        while let Some(event) = events.try_next().await? {
            seen.event(match event.take() {
                AccountEvent::Deposited { cents } => cents,
                AccountEvent::Opened { .. } | AccountEvent::Withdrawn { .. } => 0,
            });
        }
        Ok(())
    }
}
