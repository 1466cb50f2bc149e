//! Waiting while another process fills the views.
//!
//! Nobody says that it is alive. Whoever fills the views writes the checkpoint when there is
//! something to do; where it does not, another process does it. Should both do it after all, one of
//! them fails the checkpoint's guard.

use std::time::{Duration, SystemTime};

use crate::runtime::projection::checkpoint::Checkpoint;
use crate::runtime::projection::follow::Following;
use crate::runtime::projection::lookout::Found;
use crate::runtime::projection::status::Doing;
use crate::runtime::projection::trouble::Trouble;
use crate::store::{Expected, ReadLog};
use crate::{Projection, Timestamp};

impl<P: Projection> Following<P> {
    /// Follows the process that fills the views, until it is this one's turn, or told to stop.
    pub(super) async fn stand_by(&mut self) -> Result<(), Trouble> {
        let (mut seen, told_to_stop) = (self.seen.clone(), self.told_to_stop());
        tokio::pin!(told_to_stop);
        while !self.is_its_turn() {
            tokio::select! {
                biased;
                () = &mut told_to_stop => return Ok(()),
                Ok(()) = seen.changed() => {
                    let entry = match seen.borrow_and_update().clone() {
                        Found::Entry(entry) => entry,
                        Found::Nothing => return Err(Trouble::Gone(self.generation)),
                        Found::Unknown => continue,
                    };
                    if self.guard() != Expected::Revision(entry.revision) {
                        self.go_on_from(Checkpoint::parse(&entry, P::NAME)?);
                    }
                }
                due = self.due() => {
                    due?;
                    tracing::info!(projection = P::NAME, "projection is taken over");
                    self.takes_over = true;
                }
            }
        }
        Ok(())
    }

    /// Waits until an event should have been taken into the views for some time.
    async fn due(&mut self) -> Result<(), Trouble> {
        loop {
            let read = ReadLog::after(self.position).categories(P::CATEGORIES.iter().copied());
            let ahead = self.store.read_log(read.limit(1)).await?;
            if let Some(event) = ahead.events.iter().next() {
                let since = event.time.max(self.progress.at);
                self.tell(|step| step.doing = Doing::CatchingUp);
                let left = self.times.take_over_after.saturating_sub(age(since));
                tokio::time::sleep(left).await;
                return Ok(());
            }
            // There is nothing before that what has to be taken into the views.
            let position = ahead.read_to;
            self.position = position;
            self.tell(|step| (step.position, step.doing) = (position, Doing::AtEnd));
            tokio::select! {
                grown = self.store.log_grown(position) => grown?,
                () = tokio::time::sleep(self.times.poll) => {}
            }
        }
    }
}

/// How long ago that was; nothing where another clock says that it is yet to be.
pub(super) fn age(time: Timestamp) -> Duration {
    let now = Timestamp::from(SystemTime::now()).as_micros();
    let micros = now.saturating_sub(time.as_micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
