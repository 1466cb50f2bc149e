//! The work of the harness, done with Ironflow.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use harness::{CENTS, Contender, Failure, Seen, Shown, Target, account_id};
use ironflow_domain::store::{ReadLog, Store};
use ironflow_domain::{Decoder, Ironflow, Position, Projection, ProjectionState, ViewChange};

use crate::account::{Account, AccountCommand, AccountEvent};
use crate::statement::Statement;

/// How a store is opened.
pub trait Opens: Send + Sync + 'static {
    fn open(target: &Target) -> impl Future<Output = Result<impl Store, Failure>> + Send;
}

/// Ironflow, on the store that `O` opens.
pub struct Bank<O> {
    ironflow: Ironflow,
    store: Arc<dyn Store>,
    opened: PhantomData<O>,
}

impl<O: Opens> Bank<O> {
    /// Follows the log with a view of each account; returns when all that was recorded is in them.
    async fn caught_up(&self) -> Result<Ironflow, Failure> {
        let store = Arc::clone(&self.store);
        let ironflow = Ironflow::new(store).projection::<Statement>();
        let ironflow = ironflow.start().await?;
        loop {
            match &ironflow.projection_statuses()[0].state {
                ProjectionState::Active => return Ok(ironflow),
                ProjectionState::Failed { error } => return Err(Failure::Failed(error.clone())),
                _ => tokio::time::sleep(Duration::from_millis(1)).await,
            }
        }
    }

    async fn each_view(&self, mut see: impl FnMut(&str, &Statement) + Send) -> Result<(), Failure> {
        let mut after: Option<String> = None;
        loop {
            let page = self
                .ironflow
                .partitions(Statement::NAME, after.as_deref(), 1_000)
                .await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.key.clone());
            for view in &page {
                let statement = self.ironflow.query::<Statement>(&view.key).await?;
                if let Some(statement) = statement {
                    see(&view.key, &statement);
                }
            }
        }
    }
}

impl<O: Opens> Contender for Bank<O> {
    /// They are written in groups, so it pays to come in great numbers.
    const SEEDERS: usize = 64;

    async fn open(target: &Target) -> Result<Self, Failure> {
        let store: Arc<dyn Store> = Arc::new(O::open(target).await?);
        Ok(Self {
            ironflow: Ironflow::new(Arc::clone(&store)).start().await?,
            store,
            opened: PhantomData,
        })
    }

    async fn open_account(&self, account: u64) -> Result<(), Failure> {
        let open = AccountCommand::Open {
            owner: "Jo".to_owned(),
        };
        let account = self.ironflow.of::<Account>(account_id(account));
        account.execute(open).await?;
        Ok(())
    }

    async fn deposit(&self, account: u64, events: u32) -> Result<(), Failure> {
        let deposit = AccountCommand::Deposit {
            cents: CENTS,
            times: events,
        };
        let account = self.ironflow.of::<Account>(account_id(account));
        account.execute(deposit).await?;
        Ok(())
    }

    async fn balance(&self, account: u64) -> Result<u64, Failure> {
        let account = self.ironflow.of::<Account>(account_id(account));
        Ok(account.load().await?.state.balance)
    }

    async fn rebuild(&self) -> Result<(), Failure> {
        self.caught_up().await.map(drop)
    }

    async fn follow(&self, shown: &Shown) -> Result<(), Failure> {
        let ironflow = self.caught_up().await?;
        let mut changes = ironflow.subscribe::<Statement>()?;
        self.each_view(|key, view| shown.shows(key, view.events))
            .await?;
        while let Some(change) = changes.next().await {
            if let ViewChange::View { key, view, .. } = change? {
                shown.shows(&key, view.state.events);
            }
        }
        Ok(())
    }

    async fn views(&self) -> Result<harness::Statement, Failure> {
        let mut all = harness::Statement::default();
        self.each_view(|_, Statement { events, cents }| {
            all.events += events;
            all.cents += cents;
        })
        .await?;
        Ok(all)
    }

    async fn replay(&self, seen: &Seen) -> Result<(), Failure> {
        let mut decoder = Decoder::<AccountEvent>::new();
        let all = ReadLog::after(Position::START).payload_only();
        let mut log = self.ironflow.log(all);
        while let Some(page) = log.next().await? {
            for event in page.events.iter() {
                for event in decoder.decode(&event)? {
                    seen.event(match event {
                        AccountEvent::Deposited { cents } => cents,
                        AccountEvent::Opened { .. } | AccountEvent::Withdrawn { .. } => 0,
                    });
                }
            }
        }
        Ok(())
    }
}
