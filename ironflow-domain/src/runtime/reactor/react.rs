//! Reacting to the events of a page of the log.

use crate::model::projection::Named;
use crate::runtime::projection::ParkedEvent;
use crate::runtime::reactor::attempt::{Outcome, read};
use crate::runtime::reactor::run::Reacting;
use crate::runtime::reactor::trouble::Trouble;
use crate::store::{LogPage, ReadLog};
use crate::{Position, Reactor, StreamVersion};

/// About how many events to read at once.
const PAGE: usize = 500;

impl<R: Reactor> Reacting<R> {
    /// Reacts to the next page of the log. Says whether that was its end.
    pub(super) async fn react_to_page(&mut self) -> Result<bool, Trouble> {
        let read = ReadLog::after(self.place.position).matching(self.reads.clone());
        let page = self.store.read_log(read.limit(PAGE)).await?;
        if !self.react_to_all(&page).await? {
            return Ok(false);
        }
        self.is_at(page.read_to, true);
        if page.at_end {
            self.write_what_is_passed().await?;
        }
        Ok(page.at_end)
    }

    /// Reacts to all events of a page; says whether it has.
    async fn react_to_all(&mut self, page: &LogPage) -> Result<bool, Trouble> {
        let mut reactions = R::reactions();
        // Where a merge begins of which not all parts have been read.
        let mut begun: Option<StreamVersion> = None;
        for event in page.events.iter() {
            if self.is_interrupted() {
                return Ok(false);
            }
            self.has_passed = true;
            if !self.is_parked(event.stream) {
                let from = *begun.get_or_insert(event.version);
                let delivered = read(&mut reactions, &event)?;
                if !reactions.sets.are_within_a_merge() {
                    begun = None;
                }
                // What was done before the checkpoint is read for the parts that come after it.
                if self.place.within.is_none_or(|done| event.position > done) {
                    match self.deliver(&reactions, &event, delivered).await? {
                        Outcome::Done => {}
                        Outcome::Stopped => return Ok(false),
                        Outcome::Failed { error, attempts } => {
                            let parked = ParkedEvent::new(Named::new(&event), error);
                            self.park(parked, from, attempts)?;
                        }
                    }
                }
            }
            self.is_at(event.position, event.left_in_commit == 0);
            if !self.changed.is_empty() {
                // Something was parked.
                self.write_place().await?;
            }
            self.write_if_much().await?;
            // Somebody may wait for it.
            self.tell(self.state());
        }
        Ok(true)
    }

    /// All is done up to there, which may be the end of an append.
    fn is_at(&mut self, position: Position, is_end: bool) {
        if is_end {
            self.place.position = position;
            self.place.within = None;
        } else {
            self.place.within = self.place.within.max(Some(position));
        }
    }
}
