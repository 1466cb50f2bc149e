//! The work of the harness, done with evento.

use evento::{AggregatorName, Context, EventDetails, Executor, WriteError};
use harness::{CENTS, Contender, Failure, Refused, Seen, Target, account_id};

use crate::account::{Account, Deposited, Opened, Withdrawn};

/// How an executor is made, with its tables.
pub trait Opens: Executor + Clone + Sized {
    fn open(target: &Target) -> impl Future<Output = Result<Self, Failure>> + Send;
}

pub struct Bank<E>(E);

fn failure(error: WriteError) -> Failure {
    match error {
        WriteError::InvalidOriginalVersion => Failure::Conflict,
        // With sqlx and SQLite, a writer that has waited too long for another one.
        WriteError::Unknown(error) if error.to_string().contains("locked") => Failure::Conflict,
        error => error.into(),
    }
}

impl<E: Opens> Contender for Bank<E> {
    async fn open(target: &Target) -> Result<Self, Failure> {
        E::open(target).await.map(Self)
    }

    async fn open_account(&self, account: u64) -> Result<(), Failure> {
        let owner = "Jo".to_owned();
        let created =
            evento::create_with::<Account>(account_id(account)).data(&Opened { owner })?;
        created.commit(&self.0).await.map_err(failure)?;
        Ok(())
    }

    async fn deposit(&self, account: u64, events: u32) -> Result<(), Failure> {
        let loaded = evento::load::<Account, _>(&self.0, account_id(account)).await?;
        if !loaded.item.open {
            return Err(Refused::NotOpen.into());
        }
        let mut saved = evento::save_with(loaded);
        for _ in 0..events {
            saved = saved.data(&Deposited { cents: CENTS })?;
        }
        saved.commit(&self.0).await.map_err(failure)?;
        Ok(())
    }

    async fn balance(&self, account: u64) -> Result<u64, Failure> {
        let loaded = evento::load::<Account, _>(&self.0, account_id(account)).await?;
        Ok(loaded.item.balance)
    }

    async fn replay(&self, seen: &Seen) -> Result<(), Failure> {
        let _subscription = evento::subscribe("counting")
            .all()
            .chunk_size(5_000)
            .data(seen.clone())
            .handler(on_opened())
            .handler(on_deposited())
            .handler(on_withdrawn())
            .run(&self.0)
            .await?;
        seen.all().await;
        Ok(())
    }
}

#[evento::handler(Account)]
async fn on_opened<E: Executor>(
    context: &Context<'_, E>,
    _event: EventDetails<Opened>,
) -> anyhow::Result<()> {
    context.extract::<Seen>().event(0);
    Ok(())
}

#[evento::handler(Account)]
async fn on_deposited<E: Executor>(
    context: &Context<'_, E>,
    event: EventDetails<Deposited>,
) -> anyhow::Result<()> {
    context.extract::<Seen>().event(event.data.cents);
    Ok(())
}

#[evento::handler(Account)]
async fn on_withdrawn<E: Executor>(
    context: &Context<'_, E>,
    _event: EventDetails<Withdrawn>,
) -> anyhow::Result<()> {
    context.extract::<Seen>().event(0);
    Ok(())
}
