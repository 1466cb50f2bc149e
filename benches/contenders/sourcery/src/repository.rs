//! What one does with sourcery.

use std::fmt;

use harness::{CENTS, Failure, Seen};
use sourcery::repository::CommandError;
use sourcery::store::postgres::Store;
use sourcery::{ApplyProjection, Repository};
use sqlx::postgres::PgPoolOptions;
use uuid::Uuid;

use crate::account::{Account, Deposit, Deposited, Open, Opened, Withdrawn};

pub struct Accounts(Repository<Store<()>>);

/// Ids are UUIDs here.
fn id(account: u64) -> Uuid {
    // Spread over the index, as real ones are.
    Uuid::from_u64_pair(account.wrapping_mul(0x9E37_79B9_7F4A_7C15), account)
}

fn failure<A, C, S, N>(error: CommandError<A, C, S, N>) -> Failure
where
    A: fmt::Debug,
    C: std::error::Error + 'static,
    S: std::error::Error + 'static,
    N: std::error::Error + 'static,
{
    match error {
        CommandError::Concurrency(_) => Failure::Conflict,
        error => Failure::Failed(format!("{error:?}")),
    }
}

impl Accounts {
    pub async fn open(url: &str, connections: u32) -> Result<Self, Failure> {
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .min_connections(connections);
        let store = Store::new(pool.connect(url).await?);
        store.migrate().await?;
        Ok(Self(Repository::new(store)))
    }

    pub async fn open_account(&self, account: u64) -> Result<(), Failure> {
        let (id, owner) = (id(account), "Jo".to_owned());
        let open = Open { owner };
        let executed = self.0.execute_command::<Account, Open>(&id, &open, &());
        executed.await.map_err(failure)
    }

    pub async fn deposit(&self, account: u64, events: u32) -> Result<(), Failure> {
        let id = id(account);
        let deposit = Deposit {
            cents: CENTS,
            times: events,
        };
        let executed = self
            .0
            .execute_command::<Account, Deposit>(&id, &deposit, &());
        executed.await.map_err(failure)
    }

    pub async fn balance(&self, account: u64) -> Result<u64, Failure> {
        let account = self.0.load::<Account>(&id(account)).await?;
        Ok(account.balance)
    }

    pub async fn replay(&self, seen: &Seen) -> Result<(), Failure> {
        let counted = self.0.load_projection::<Counted>(&()).await?;
        for cents in counted.0 {
            seen.event(cents);
        }
        Ok(())
    }
}

/// A read model that has seen everything: it is made by the library, so it can be counted only when
/// it is finished.
#[derive(Debug, Default, sourcery::Projection)]
#[projection(id = Uuid, events(Opened, Deposited, Withdrawn))]
struct Counted(Vec<u64>);

impl ApplyProjection<Opened> for Counted {
    fn apply_projection(&mut self, _id: &Uuid, _event: &Opened, _metadata: &()) {
        self.0.push(0);
    }
}

impl ApplyProjection<Deposited> for Counted {
    fn apply_projection(&mut self, _id: &Uuid, event: &Deposited, _metadata: &()) {
        self.0.push(event.cents);
    }
}

impl ApplyProjection<Withdrawn> for Counted {
    fn apply_projection(&mut self, _id: &Uuid, _event: &Withdrawn, _metadata: &()) {
        self.0.push(0);
    }
}
