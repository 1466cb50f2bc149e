//! A claim that was won.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::{Mutex, watch};
use tokio::time::Instant;

use crate::runtime::claims::claimed;
use crate::runtime::claims::heartbeat::{Heartbeat, Held, Lapse};
use crate::runtime::claims::slot::Change;
use crate::runtime::claims::stored::{self, Outcome, Record};
use crate::store::{Entry, StoreError};
use crate::{ClaimLost, CommandId, FinalizeError, ReleaseError, UnreadableClaim};

/// An id that is the caller's alone, to do what must happen once: then [`finalize`](Self::finalize)
/// it.
///
/// While this lives, a task renews the claim in the store. Where the process dies, the claim lapses
/// with its [lease](crate::Claims::lease), and the next to claim the id is told what was
/// [taken over](Self::taken_over).
///
/// Dropping it leaves the claim to lapse, too: whether a side effect has happened is not known, as
/// when the future that was waiting for the answer is cancelled. Where you know that none has,
/// [`release`](Self::release) it.
///
/// ```
/// # use ironflow_domain::store::MemoryStore;
/// # use ironflow_domain::{Claimed, Claims};
/// # async fn charge(id: &str, cents: u32) -> Result<String, std::fmt::Error> { Ok(format!("{id}: {cents}")) }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let claims = Claims::new(MemoryStore::new());
/// if let Claimed::Won(claim) = claims.try_claim("cmd-1", &1200).await? {
///     // The provider's own idempotency key, for where the claim is taken over.
///     let payment = charge(claim.id().as_str(), 1200).await?;
///     claim.finalize(&payment).await?;
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a claim that is dropped stands until its lease has lapsed: finalize or release it"]
pub struct Claim {
    id: CommandId,
    record: Record,
    taken_over: Option<TakenOver>,
    keep_for: Duration,
    held: Arc<Mutex<Held>>,
    lapse: watch::Receiver<Lapse>,
    heartbeat: Heartbeat,
}

/// What owners had claimed who then neither finalized nor released: their side effects may have
/// happened.
///
/// Shown at [`Claim::taken_over`].
#[derive(Debug, Clone)]
pub struct TakenOver {
    id: CommandId,
    claims: Vec<Box<RawValue>>,
}

impl TakenOver {
    /// What they had claimed, each once, the first of them first. There is at least one.
    ///
    /// # Errors
    ///
    /// When one was not a `C`.
    pub fn claims<C: DeserializeOwned>(&self) -> Result<Vec<C>, UnreadableClaim> {
        let claims = self.claims.iter();
        claims.map(|claim| claimed::read(&self.id, claim)).collect()
    }
}

impl Claim {
    /// With what was written at that time or later.
    pub(super) fn start(
        id: CommandId,
        record: Record,
        held: Held,
        written: Instant,
        [lease, keep_for]: [Duration; 2],
    ) -> Self {
        let former = held.begun.former();
        let taken_over = (!former.is_empty()).then(|| TakenOver {
            id: id.clone(),
            claims: former.to_vec(),
        });
        let held = Arc::new(Mutex::new(held));
        let (heartbeat, lapse) = Heartbeat::start(Arc::clone(&held), lease, written);
        Self {
            id,
            record,
            taken_over,
            keep_for,
            held,
            lapse,
            heartbeat,
        }
    }

    /// The id that is claimed; the idempotency key to give to others.
    #[must_use]
    pub fn id(&self) -> &CommandId {
        &self.id
    }

    /// What was claimed before by owners that died, or dropped the claim, or lost it; nothing where
    /// there were none.
    ///
    /// Their side effects may have happened, so find out before you repeat them. Where they neither
    /// finalized nor released the id, this is never missing, for as long as
    /// [results are kept](crate::Claims::keep_for). It may be there although nothing has happened:
    /// an owner may have died before it did anything.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ironflow_domain::store::MemoryStore;
    /// # use ironflow_domain::{Claimed, Claims};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let claims = Claims::new(MemoryStore::new()).lease(Duration::from_millis(100));
    /// drop(claims.try_claim("cmd-1", &1200).await?);
    /// # let claim = loop {
    /// #     match claims.try_claim("cmd-1", &1200).await? {
    /// #         Claimed::Won(claim) => break claim,
    /// #         _ => tokio::time::sleep(Duration::from_millis(5)).await,
    /// #     }
    /// # };
    /// // Won again, after the lease:
    /// let former = claim.taken_over().expect("it was dropped");
    /// assert_eq!(former.claims::<u32>()?, [1200]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn taken_over(&self) -> Option<&TakenOver> {
        self.taken_over.as_ref()
    }

    /// Whether the lease has lapsed, as far as the owner knows: it stood still for too long, the
    /// store was out of reach, or someone else has the id.
    ///
    /// The lease counts from before its last renewal was sent, so the owner knows it no later than
    /// the store. Whoever asks, asks before a side effect; none can be stopped that is on its way.
    ///
    /// ```
    /// # use ironflow_domain::store::MemoryStore;
    /// # use ironflow_domain::{Claimed, Claims};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let claims = Claims::new(MemoryStore::new());
    /// # let Claimed::Won(claim) = claims.try_claim("cmd-1", &1200).await? else { panic!() };
    /// assert!(!claim.is_lost());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.lapse
            .borrow()
            .is_none_or(|lapse| lapse <= Instant::now())
    }

    /// Waits until the claim [is lost](Self::is_lost): to stop work that somebody else may do by
    /// now.
    ///
    /// ```
    /// # use ironflow_domain::store::MemoryStore;
    /// # use ironflow_domain::{Claimed, Claims};
    /// # async fn render(_: u32) -> String { String::new() }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let claims = Claims::new(MemoryStore::new());
    /// # let Claimed::Won(claim) = claims.try_claim("cmd-1", &1200).await? else { panic!() };
    /// tokio::select! {
    ///     report = render(1200) => claim.finalize(&report).await?,
    ///     () = claim.lost() => println!("someone else will do it"),
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn lost(&self) {
        let mut lapse = self.lapse.clone();
        // An error says that the heartbeat has ended, and nothing keeps the claim any more.
        drop(lapse.wait_for(Option::is_none).await);
    }

    /// Keeps the result: whoever claims the id gets it, for as long as
    /// [results are kept](crate::Claims::keep_for).
    ///
    /// A store that is unavailable is asked again until the lease has lapsed. Dropping the future
    /// keeps the result, or leaves the claim to lapse.
    ///
    /// # Errors
    ///
    /// [`FinalizeError::Lost`] when the claim is not the caller's any more; nothing was changed
    /// then. Only the store decides: a result is kept also where [`is_lost`](Self::is_lost) was too
    /// careful.
    pub async fn finalize<R: Serialize + ?Sized>(self, result: &R) -> Result<(), FinalizeError> {
        let result = to_raw_value(result).map_err(|error| FinalizeError::Unwritable {
            id: self.id.clone(),
            source: error.into(),
        });
        let Self {
            id,
            mut record,
            keep_for,
            held,
            lapse,
            heartbeat,
            ..
        } = self;
        record.finalized = Some(Outcome { result: result? });
        // It would write the claim over the result.
        drop(heartbeat);
        let mut held = held.lock().await;
        let deadline = deadline(&lapse);
        let failed = |source| FinalizeError::Store {
            id: id.clone(),
            source,
        };
        let value = stored::write(held.claim.key(), &record).map_err(failed)?;
        let change = held.claim.put_until(deadline, &value, keep_for).await;
        if let Change::Foreign(entry) = change.map_err(failed)? {
            return Err(lost(&id, entry.as_ref(), failed)?);
        }
        // Nobody looks at the note while there is a result, and it expires soon after that.
        if let Err(error) = held.begun.clear(deadline).await {
            let error: &(dyn Error + 'static) = &error;
            tracing::warn!(%id, error, "a finalized claim could not be tidied up");
        }
        Ok(())
    }

    /// Gives the id free at once. Only where you know that no side effect has happened: the next to
    /// claim it is not told that you had begun.
    ///
    /// What was [taken over](Self::taken_over) from others it is told all the same.
    ///
    /// # Errors
    ///
    /// [`ReleaseError::Lost`] when the claim is not the caller's any more; whoever has it keeps it,
    /// and a result stays.
    ///
    /// ```
    /// # use ironflow_domain::store::MemoryStore;
    /// # use ironflow_domain::{Claimed, Claims};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let claims = Claims::new(MemoryStore::new());
    /// # let Claimed::Won(claim) = claims.try_claim("cmd-1", &1200).await? else { panic!() };
    /// claim.release().await?;
    /// let Claimed::Won(again) = claims.try_claim("cmd-1", &1200).await? else { panic!() };
    /// assert!(again.taken_over().is_none());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn release(self) -> Result<(), ReleaseError> {
        let Self {
            id,
            held,
            lapse,
            heartbeat,
            ..
        } = self;
        // It would claim the id again.
        drop(heartbeat);
        let mut held = held.lock().await;
        let deadline = deadline(&lapse);
        let failed = |source| ReleaseError::Store {
            id: id.clone(),
            source,
        };
        // First, so that nobody claims the id in between and is told of what has not happened.
        // Where someone else has changed it, the claim is lost, which the next step finds out.
        held.begun.take_back(deadline).await.map_err(failed)?;
        let was_released = held.claim.delete_until(deadline).await.map_err(failed)?;
        let Change::Foreign(entry) = was_released else {
            return Ok(());
        };
        // It has not lapsed, so it was an earlier try that deleted it, whose answer was lost.
        if held.claim.is_in_doubt() && Instant::now() < deadline {
            return Ok(());
        }
        Err(lost(&id, entry.as_ref(), failed)?)
    }
}

/// Until when the claim stands by the clock of its owner.
fn deadline(lapse: &watch::Receiver<Lapse>) -> Instant {
    lapse.borrow().unwrap_or_else(Instant::now)
}

fn lost<E: From<ClaimLost>>(
    id: &CommandId,
    entry: Option<&Entry>,
    failed: impl Fn(StoreError) -> E,
) -> Result<E, E> {
    Ok(ClaimLost::to(id, entry).map_err(failed)?.into())
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("id", &self.id)
            .field("taken_over", &self.taken_over)
            .field("is_lost", &self.is_lost())
            .finish_non_exhaustive()
    }
}
