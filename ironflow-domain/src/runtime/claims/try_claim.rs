//! Where ids are claimed.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::to_raw_value;
use tokio::time::Instant;

use crate::runtime::claims::begun::Begun;
use crate::runtime::claims::claimed::Prior;
use crate::runtime::claims::heartbeat::Held;
use crate::runtime::claims::slot::{Change, Slot};
use crate::runtime::claims::stored::{self, Owner, Record};
use crate::store::{KeyValueStore, StoreError, StoreErrorKind};
use crate::{Claim, ClaimError, Claimed, CommandId, InvalidCommandId, Ironflow};

/// How often an id is tried that is held and then free again.
const ROUNDS: usize = 100;

/// A heartbeat needs time to get through.
const SHORTEST_LEASE: Duration = Duration::from_millis(100);
const LONGEST_LEASE: Duration = Duration::from_hours(24);

/// Claims ids for side effects that come before an append, such as a card that is charged: whoever
/// claims an id first does it, everyone else gets the result.
///
/// Exactly one caller has an id at a time, in all processes that share the store. An owner that
/// dies is followed by another when its [lease](Self::lease) has lapsed.
///
/// No lease stops a side effect that is on its way. An owner that stands still for longer than its
/// lease may act when someone else has the id already, so give the id to the other side as
/// idempotency key wherever it takes one.
///
/// A command whose only effect are its events needs no claim:
/// [`command_id`](crate::Execution::command_id) is enough.
///
/// ```
/// use ironflow_domain::store::MemoryStore;
/// use ironflow_domain::{Claimed, Ironflow};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, PartialEq, Debug)]
/// struct Charging { cents: u32 }
/// #[derive(Serialize, Deserialize, PartialEq, Debug)]
/// struct Payment { number: u32 }
/// # struct Provider;
/// # impl Provider {
/// #     async fn charge(&self, _: &ironflow_domain::CommandId, _: u32) -> Result<Payment, std::fmt::Error> { Ok(Payment { number: 7 }) }
/// # }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let provider = Provider;
/// let ironflow = Ironflow::new(MemoryStore::new()).start().await?;
/// let claims = ironflow.claims();
/// # for attempt in 0..2 {
/// match claims.try_claim("cmd-1", &Charging { cents: 1200 }).await? {
///     Claimed::Won(claim) => {
///         let payment = provider.charge(claim.id(), 1200).await?;
///         claim.finalize(&payment).await?;
///     }
///     Claimed::Pending(pending) => println!("try again after {}", pending.until()),
///     Claimed::Finalized(done) => assert_eq!(done.result::<Payment>()?, Payment { number: 7 }),
/// }
/// # }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Claims {
    store: Arc<dyn KeyValueStore>,
    lease: Duration,
    keep_for: Duration,
}

impl Claims {
    /// Claims in a store, with a lease of 30 seconds and results that are kept for seven days. They
    /// are in the buckets `claims` and `claims-begun`.
    ///
    /// ```
    /// use ironflow_domain::Claims;
    /// use ironflow_domain::store::MemoryStore;
    ///
    /// let claims = Claims::new(MemoryStore::new());
    /// ```
    #[must_use]
    pub fn new(store: impl KeyValueStore) -> Self {
        Self {
            store: Arc::new(store),
            lease: Duration::from_secs(30),
            keep_for: Duration::from_hours(7 * 24),
        }
    }

    /// How long a claim of an owner that has died stands, and the longest that one can stand still
    /// without losing it: 30 seconds unless given; between 100 ms and a day. Owners renew it three
    /// times in this time.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ironflow_domain::Claims;
    /// # use ironflow_domain::store::MemoryStore;
    /// let claims = Claims::new(MemoryStore::new()).lease(Duration::from_secs(5));
    /// ```
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.clamp(SHORTEST_LEASE, LONGEST_LEASE);
        self
    }

    /// How long results are kept, and that somebody had begun: seven days unless given. After that
    /// the id is free as if it had never been claimed.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ironflow_domain::Claims;
    /// # use ironflow_domain::store::MemoryStore;
    /// let claims = Claims::new(MemoryStore::new()).keep_for(Duration::from_hours(24));
    /// ```
    #[must_use]
    pub fn keep_for(mut self, time: Duration) -> Self {
        self.keep_for = time;
        self
    }

    /// Claims an id, or says who has it or what came of it.
    ///
    /// What it is claimed with is kept beside it: the caller may compare. It tells a repeat from
    /// the same id on another command, and whoever takes over what was begun.
    ///
    /// Where the future is dropped, or fails, after it has claimed the id, nobody has it until the
    /// lease has lapsed.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, or in one without timers (`enable_time`).
    ///
    /// ```
    /// # use ironflow_domain::store::MemoryStore;
    /// # use ironflow_domain::{Claimed, Claims};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let claims = Claims::new(MemoryStore::new());
    /// let Claimed::Won(claim) = claims.try_claim("cmd-1", &1200).await? else {
    ///     panic!("nobody else has claimed it")
    /// };
    /// assert_eq!(claim.id().as_str(), "cmd-1");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn try_claim<I, C>(&self, id: I, claim: &C) -> Result<Claimed, ClaimError>
    where
        I: TryInto<CommandId>,
        I::Error: Into<InvalidCommandId>,
        C: Serialize + ?Sized,
    {
        let id = id.try_into().map_err(Into::into)?;
        let claim = to_raw_value(claim).map_err(|error| ClaimError::Unwritable {
            id: id.clone(),
            source: error.into(),
        })?;
        let failed = |source| ClaimError::Store {
            id: id.clone(),
            source,
        };
        for _ in 0..ROUNDS {
            // Nobody else is mistaken for this round, nor it for an earlier one.
            let record = Record {
                owner: Owner::random(),
                claim: claim.clone(),
                finalized: None,
            };
            if let Some(claimed) = self.round(&id, record).await.map_err(failed)? {
                return Ok(claimed);
            }
        }
        Err(failed(StoreError::new(
            StoreErrorKind::Unavailable,
            format!("each of {ROUNDS} times it was held, and then free again"),
        )))
    }

    /// Nothing where it is worth another round: whoever had it has it no more, or it was won and
    /// lost again.
    async fn round(&self, id: &CommandId, record: Record) -> Result<Option<Claimed>, StoreError> {
        let key = stored::claim_key(id);
        let value = stored::write(&key, &record)?;
        let mut claim = Slot::seen(Arc::clone(&self.store), key, record.owner.clone(), None);
        let written = Instant::now();
        let lapses = written + self.lease;
        // The caller can try again, and may have better things to do than to wait.
        let patience = written + self.lease / 10;
        match claim.put_until(patience, &value, self.lease).await? {
            Change::Made => {}
            Change::Foreign(None) => return Ok(None),
            Change::Foreign(Some(entry)) => return Ok(Some(Prior::read(id, &entry)?.into())),
        }
        match self.begin(id, &record, patience, lapses).await {
            Ok(Some(begun)) => {
                let held = Held {
                    claim,
                    value,
                    begun,
                };
                let times = [self.lease, self.keep_for];
                Ok(Some(Claimed::Won(Claim::start(
                    id.clone(),
                    record,
                    held,
                    written,
                    times,
                ))))
            }
            not_begun => {
                // Nothing was begun: nobody should have to wait for the lease.
                if let Err(error) = claim.delete_until(patience).await {
                    let error: &(dyn Error + 'static) = &error;
                    tracing::warn!(%id, error, "a claim stands until its lease has lapsed");
                }
                not_begun.map(|_| None)
            }
        }
    }

    /// Notes that the winner has begun; nothing where its lease lapsed meanwhile.
    async fn begin(
        &self,
        id: &CommandId,
        record: &Record,
        patience: Instant,
        lapses: Instant,
    ) -> Result<Option<Begun>, StoreError> {
        // However late the owner dies after a heartbeat, the note is there for as long as a result
        // would be after the lease has lapsed.
        let lasts = self.keep_for.saturating_add(self.lease * 2);
        let begun = Begun::write(&self.store, id, record, lasts, patience, lapses).await?;
        match begun {
            Some(mut begun) if Instant::now() >= lapses => {
                begun.take_back(patience).await?;
                Ok(None)
            }
            begun => Ok(begun),
        }
    }
}

impl<X> Ironflow<X> {
    /// Claims ids for side effects that come before an append; see [`Claims`].
    ///
    /// ```
    /// # use ironflow_domain::{Ironflow, store::MemoryStore};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ironflow = Ironflow::new(MemoryStore::new()).start().await?;
    /// let claims = ironflow.claims();
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn claims(&self) -> Claims {
        Claims::new(self.shared_store())
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("lease", &self.lease)
            .field("keep_for", &self.keep_for)
            .finish_non_exhaustive()
    }
}
