//! The work of the harness, done with disintegrate.

use std::convert::Infallible;
use std::time::Duration;

use async_trait::async_trait;
use disintegrate::serde::json::Json;
use disintegrate::{
    Decision, DecisionError, EventListener, EventSourcedStateStore, LoadState, NoSnapshot,
    PersistedEvent, StreamQuery, query,
};
use disintegrate_postgres::{
    Error, PgDecisionMaker, PgEventId, PgEventListener, PgEventListenerConfig, PgEventStore,
    decision_maker,
};
use harness::{CENTS, Contender, Failure, Refused, Seen, Target, account_id};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use crate::account::{Account, BankEvent, Deposit, Open};
use crate::epoch;

type Store = PgEventStore<BankEvent, Json<BankEvent>>;

pub struct Bank {
    decisions: PgDecisionMaker<BankEvent, Json<BankEvent>, NoSnapshot>,
    states: EventSourcedStateStore<PgEventId, BankEvent, Store, NoSnapshot>,
    store: Store,
}

impl Bank {
    async fn decide<D>(&self, decision: D) -> Result<(), Failure>
    where
        D: Decision<Event = BankEvent, StateQuery = Account, Error = Refused>,
    {
        let decided = self.decisions.make(decision).await;
        decided.map(drop).map_err(failure)
    }
}

/// What another transaction is the cause of: the query is looked at again when it appends, and
/// serializable transactions get into each other's way on their own.
fn failure(error: DecisionError<Refused>) -> Failure {
    let is_conflict = match &error {
        DecisionError::StateStore(error) | DecisionError::EventStore(error) => {
            match error.downcast_ref::<Error>() {
                Some(Error::Concurrency) => true,
                Some(Error::Database(sqlx::Error::Database(error))) => {
                    matches!(error.code().as_deref(), Some("40001" | "40P01"))
                }
                _ => false,
            }
        }
        DecisionError::Domain(_) => false,
    };
    if is_conflict {
        Failure::Conflict
    } else {
        error.into()
    }
}

impl Contender for Bank {
    /// It conflicts with itself, on accounts that have nothing to do with each other.
    const SEEDERS: usize = 1;

    async fn open(target: &Target) -> Result<Self, Failure> {
        let options = epoch::unchecked(target.url.parse::<PgConnectOptions>()?);
        let pool = PgPoolOptions::new().max_connections(32).min_connections(32);
        let pool = pool.connect_with(options).await?;
        let store = PgEventStore::try_new(pool.clone(), Json::default()).await?;
        epoch::replace(&pool).await?;
        Ok(Self {
            decisions: decision_maker(store.clone(), NoSnapshot),
            states: EventSourcedStateStore::new(store.clone(), NoSnapshot),
            store,
        })
    }

    async fn open_account(&self, account: u64) -> Result<(), Failure> {
        let (account, owner) = (account_id(account), "Jo".to_owned());
        self.decide(Open { account, owner }).await
    }

    async fn deposit(&self, account: u64, events: u32) -> Result<(), Failure> {
        let deposit = Deposit {
            account: account_id(account),
            cents: CENTS,
            times: events,
        };
        self.decide(deposit).await
    }

    async fn balance(&self, account: u64) -> Result<u64, Failure> {
        let account = Account::new(account_id(account));
        let loaded = self.states.load(account).await;
        let loaded = loaded.map_err(|error| Failure::Failed(error.to_string()))?;
        Ok(loaded.state().balance)
    }

    async fn replay(&self, seen: &Seen) -> Result<(), Failure> {
        let counting = Counting {
            query: query!(BankEvent),
            seen: seen.clone(),
        };
        let config = PgEventListenerConfig::poller(Duration::from_millis(50));
        let listener = PgEventListener::builder(self.store.clone());
        tokio::select! {
            ended = listener.register_listener(counting, config).start() => Ok(ended?),
            () = seen.all() => Ok(()),
        }
    }
}

/// A read model that counts.
struct Counting {
    query: StreamQuery<PgEventId, BankEvent>,
    seen: Seen,
}

#[async_trait]
impl EventListener<PgEventId, BankEvent> for Counting {
    type Error = Infallible;

    fn id(&self) -> &'static str {
        "counting"
    }

    fn query(&self) -> &StreamQuery<PgEventId, BankEvent> {
        &self.query
    }

    async fn handle(&self, event: PersistedEvent<PgEventId, BankEvent>) -> Result<(), Infallible> {
        self.seen.event(match event.into_inner() {
            BankEvent::Deposited { cents, .. } => cents,
            BankEvent::Opened { .. } | BankEvent::Withdrawn { .. } => 0,
        });
        Ok(())
    }
}
