//! Waiting while another process fills the views.
//!
//! Nobody says that it is alive. Whoever fills the views writes the checkpoint when there is
//! something to do; where it does not, another process does it. Should both do it after all, one of
//! them fails the checkpoint's guard.

use crate::model::projection::Routes;
use crate::runtime::lag::age;
use crate::runtime::log_reader::LogReader;
use crate::runtime::projection::advance::Page;
use crate::runtime::projection::checkpoint::Checkpoint;
use crate::runtime::projection::follow::{Following, PAGE};
use crate::runtime::projection::head::{SeenHead, view_key};
use crate::runtime::projection::lookout::Found;
use crate::runtime::projection::route::route;
use crate::runtime::projection::status::Doing;
use crate::runtime::projection::subscribe::Told;
use crate::runtime::projection::trouble::Trouble;
use crate::store::{Expected, ReadLog};
use crate::{Position, Projection};
use std::sync::Arc;

impl<P: Projection> Following<P> {
    /// Follows the process that fills the views, until it is this one's turn, or told to stop.
    pub(super) async fn stand_by(&mut self) -> Result<(), Trouble> {
        self.look_at_parked().await?;
        let (mut seen, told_to_stop) = (self.seen.clone(), self.stopping.told());
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
                        self.tell_of_others().await?;
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

    /// Says how far another process is, once it has told whoever wants to know which views that one has
    /// written since they were told last.
    /// The log says which they are, and what was parked and is not any more.
    pub(super) async fn tell_of_others(&mut self) -> Result<(), Trouble> {
        let to = self.progress.position;
        let told = self.updates.told(self.generation);
        self.look_at_parked().await?;
        let parked = self.parked.take().unwrap_or_default();
        if let Some(told) = told.filter(|_| self.updates.are_wanted()) {
            let freed = told.parked.iter();
            let freed = freed.filter(|key| !parked.contains_key(*key));
            self.tell_of(freed).await?;
            self.tell_of_events(told.position, to).await?;
        }
        let (position, progress, stuck) = (self.position, &self.progress, Self::stuck(&parked));
        self.tell(|step| {
            step.position = position;
            step.events = progress.events;
            step.parked = progress.parked;
            step.stuck = stuck;
        });
        let told = Told::new(to, &parked);
        self.updates.are_told(self.generation, told);
        self.is_untold = false;
        self.parked = Some(parked);
        Ok(())
    }

    /// Tells of the views as they are stored.
    async fn tell_of(&self, keys: impl Iterator<Item = &String>) -> Result<(), Trouble> {
        let keys = keys.map(|key| view_key(P::NAME, self.generation, key));
        let entries = self.store.get_all(&keys.collect::<Vec<_>>()).await?;
        let written = entries.into_iter().flatten();
        self.tell_subscribers(written.map(|entry| (entry.key.name, entry.value)));
        Ok(())
    }

    /// Tells of the views that the events between two positions went to.
    async fn tell_of_events(&self, since: Position, to: Position) -> Result<(), Trouble> {
        if since >= to {
            return Ok(());
        }
        let read = ReadLog::after(since).matching(self.reads.clone());
        let mut log = LogReader::new(Arc::clone(&self.store), read.limit(PAGE));
        let mut known = Routes::default();
        while let Some(page) = log.next().await? {
            let events = page.events.iter().filter(|event| event.position <= to);
            let routed = route::<P>(&self.store, events, &mut known).await?;
            self.tell_of(routed.keys().iter()).await?;
            if page.read_to >= to {
                break;
            }
        }
        Ok(())
    }

    /// Whether there is something to do that no event shows.
    fn is_left_to_do(&self) -> bool {
        self.has_retried() || self.is_to_be_completed()
    }

    /// Whether the views are to serve, and somebody has yet to say that they are complete.
    fn is_to_be_completed(&self) -> bool {
        let SeenHead { head, .. } = &*self.head.borrow();
        let generation = head.generation(self.generation);
        generation.is_some_and(|it| it.is_building && !it.is_held)
    }

    /// Waits until an event should have been taken into the views for some time.
    async fn due(&mut self) -> Result<(), Trouble> {
        loop {
            let ahead = self.ahead().await?;
            if let Some(event) = ahead.events(&self.reads).next() {
                let since = event.time.max(self.progress.at);
                self.tell(|step| step.doing = Doing::CatchingUp);
                let left = self.times.take_over_after.saturating_sub(age(since));
                tokio::time::sleep(left).await;
                return Ok(());
            }
            // There is nothing before that what has to be taken into the views.
            let position = ahead.log.read_to.max(self.position);
            self.position = position;
            self.tell(|step| (step.position, step.doing) = (position, Doing::AtEnd));
            if self.is_left_to_do() {
                // No event may ever come that shows that nobody does it.
                tokio::time::sleep(self.times.take_over_after).await;
                if self.is_left_to_do() {
                    return Ok(());
                }
            }
            self.has_grown = tokio::select! {
                grown = self.store.log_grown(position) => {
                    grown?;
                    true
                }
                () = self.others_read_on() => false,
                () = tokio::time::sleep(self.times.poll) => false,
            };
        }
    }

    /// What comes next in the log.
    async fn ahead(&self) -> Result<Page, Trouble> {
        let position = self.position;
        if let Some(hub) = &self.hub
            && let Some(next) = hub.next(position, self.has_grown).await?
        {
            return Ok(Page::shared(next, position));
        }
        let read = ReadLog::after(position).matching(self.reads.clone());
        Ok(Page::alone(self.store.read_log(read.limit(1)).await?))
    }
}
