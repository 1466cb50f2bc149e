//! Writing how far a reactor has come, and what is parked.

use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::Reactor;
use crate::runtime::reactor::parked::{self, Parked};
use crate::runtime::reactor::place;
use crate::runtime::reactor::run::Reacting;
use crate::runtime::reactor::trouble::Trouble;
use crate::runtime::trying::full_text;
use crate::store::{Expected, Write, WriteError};

/// The checkpoint is written once so many events are done,
const MOST_EVENTS: u64 = 100;
/// or so much time has gone by since the first of them was.
const MOST_TIME: Duration = Duration::from_millis(500);

impl<R: Reactor> Reacting<R> {
    /// Events are done.
    pub(super) fn count_done(&mut self) {
        if self.unwritten == 0 {
            self.unwritten_since = Instant::now();
        }
        self.unwritten += 1;
    }

    /// Writes what is done, where that is much.
    pub(super) async fn write_if_much(&mut self) -> Result<(), Trouble> {
        let is_much = self.unwritten >= MOST_EVENTS
            || (self.unwritten > 0 && self.unwritten_since.elapsed() >= MOST_TIME);
        if is_much {
            self.write_place().await?;
        }
        Ok(())
    }

    /// Writes where it is, if it has passed an event: whether it did something or had nothing to do, those
    /// who stand by must not take this process for gone.
    pub(super) async fn write_what_is_passed(&mut self) -> Result<(), Trouble> {
        if self.has_passed || !self.changed.is_empty() {
            self.write_place().await?;
        }
        Ok(())
    }

    /// How long this process may go without writing the checkpoint while there is something to do.
    fn is_believed_for(&self) -> Duration {
        self.times.take_over_after / 4
    }

    /// Makes sure that it is still this process that reacts, where others may have taken over.
    pub(super) async fn assure(&mut self) -> Result<(), Trouble> {
        if self.last_written.elapsed() >= self.is_believed_for() {
            self.write_place().await?;
        }
        Ok(())
    }

    /// Does something that may take long, and keeps others from taking over meanwhile. Where one has
    /// all the same, gives up.
    pub(super) async fn renewing<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, Trouble> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            overtaken = self.renew() => Err(overtaken),
        }
    }

    /// Writes the checkpoint again and again. Ends where another process has taken over.
    async fn renew(&mut self) -> Trouble {
        loop {
            tokio::time::sleep(self.is_believed_for()).await;
            match self.write_place().await {
                Ok(()) => {}
                Err(trouble @ (Trouble::Overtaken | Trouble::Gone)) => return trouble,
                Err(trouble) => {
                    let error = full_text(&trouble);
                    tracing::warn!(reactor = R::NAME, error, "failed to write the checkpoint");
                }
            }
        }
    }

    /// Writes what is done.
    pub(super) async fn write_place(&mut self) -> Result<(), Trouble> {
        self.write_place_as(self.place.owner.clone()).await
    }

    /// The same, and who reacts. What was written though the answer was lost is found to be so.
    pub(super) async fn write_place_as(&mut self, owner: Option<String>) -> Result<(), Trouble> {
        loop {
            let mut place = self.place.clone();
            place.reacted += self.unwritten;
            place.owner.clone_from(&owner);
            place.at = SystemTime::now().into();
            let parked = self.parked.as_ref().map(|parked| parked.len() as u64);
            place.parked = parked.unwrap_or(place.parked);
            let expected = self.revision.map_or(Expected::Absent, Expected::Revision);
            let mut batch = Vec::with_capacity(self.changed.len() + 1);
            for stream in &self.changed {
                let kept = self.parked.as_ref().and_then(|parked| parked.get(stream));
                batch.push(match kept {
                    Some(kept) => parked::write(kept, R::NAME)?,
                    None => Write::delete(parked::key(R::NAME, stream)),
                });
            }
            batch.push(place.write(R::NAME, expected)?);
            match self.store.write(batch).await {
                Ok(mut revisions) => {
                    self.revision = revisions.pop().flatten();
                    self.place = place;
                    self.has_passed = false;
                    self.unwritten = 0;
                    self.last_written = Instant::now();
                    for (stream, revision) in
                        std::mem::take(&mut self.changed).iter().zip(revisions)
                    {
                        let kept = self.parked.as_mut().and_then(|it| it.get_mut(stream));
                        if let Some(kept) = kept {
                            kept.revision = revision;
                        }
                    }
                    return Ok(());
                }
                Err(WriteError::Revision { key, .. }) if key == place::key(R::NAME) => {
                    let before = self.revision;
                    let was_owner = self.is_owner();
                    self.refresh().await?;
                    if !was_owner || !self.is_owner() || self.revision == before {
                        return Err(Trouble::Overtaken);
                    }
                }
                Err(WriteError::Revision { .. }) => self.read_parked().await?,
                Err(error) => return Err(error.of_the_store().into()),
            }
        }
    }

    /// Reads what is parked: others may have said what to do with it. What this process has changed
    /// stays so, unless they have changed the same.
    pub(super) async fn read_parked(&mut self) -> Result<(), Trouble> {
        let mut stored = parked::read_all(&*self.store, R::NAME).await?;
        let known: Parked = self.parked.take().unwrap_or_default();
        self.changed.retain(|stream| {
            let revision = stored.get(stream).and_then(|kept| kept.revision);
            match known.get(stream) {
                // It is done, and nothing is left to do.
                None => {
                    stored.remove(stream);
                    true
                }
                Some(kept) if kept.revision == revision => {
                    stored.insert(stream.clone(), kept.clone());
                    true
                }
                Some(_) => false,
            }
        });
        self.parked = Some(stored);
        Ok(())
    }
}
