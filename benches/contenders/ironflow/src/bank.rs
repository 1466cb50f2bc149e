//! The work of the harness, done with Ironflow.

use std::marker::PhantomData;

use harness::{CENTS, Contender, Failure, Seen, Target, account_id};
use ironflow_domain::store::{ReadLog, Store};
use ironflow_domain::{Decoder, Ironflow, Position};

use crate::account::{Account, AccountCommand, AccountEvent};

/// How a store is opened.
pub trait Opens: Send + Sync + 'static {
    fn open(target: &Target) -> impl Future<Output = Result<impl Store, Failure>> + Send;
}

/// Ironflow, on the store that `O` opens.
pub struct Bank<O> {
    ironflow: Ironflow,
    opened: PhantomData<O>,
}

impl<O: Opens> Contender for Bank<O> {
    /// They are written in groups, so it pays to come in great numbers.
    const SEEDERS: usize = 64;

    async fn open(target: &Target) -> Result<Self, Failure> {
        let store = O::open(target).await?;
        Ok(Self {
            ironflow: Ironflow::new(store).start().await?,
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
