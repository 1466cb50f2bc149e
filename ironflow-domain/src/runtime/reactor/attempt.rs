//! Trying one event.

use std::sync::Arc;

use crate::model::event::sets::{Delivered, Item};
use crate::model::projection::Named;
use crate::model::reactor::Unreacted;
use crate::runtime::reactor::run::Reacting;
use crate::runtime::reactor::status::ReactorState;
use crate::runtime::reactor::trouble::Trouble;
use crate::runtime::trying::{full_text, pause_after};
use crate::{EventRef, Reactions, Reactor};

/// What has become of an event.
pub(super) enum Outcome {
    Done,
    /// It was tried often enough.
    Failed {
        error: String,
        attempts: u32,
    },
    /// It was told to stop before it was done, or is paused.
    Stopped,
}

impl<R: Reactor> Reacting<R> {
    /// Reacts to what is delivered of an event, as often as it takes or as it may be tried.
    pub(super) async fn deliver(
        &mut self,
        reactions: &Reactions<R>,
        event: &EventRef<'_>,
        delivered: Delivered,
    ) -> Result<Outcome, Trouble> {
        let mut is_done = false;
        for item in delivered.items() {
            match self.react_to(reactions, event, item).await? {
                Outcome::Done => is_done = true,
                other => return Ok(other),
            }
        }
        if is_done {
            self.count_done();
        }
        Ok(Outcome::Done)
    }

    async fn react_to(
        &mut self,
        reactions: &Reactions<R>,
        event: &EventRef<'_>,
        item: Item,
    ) -> Result<Outcome, Trouble> {
        let before = self.state();
        let mut attempts = 0;
        loop {
            // Before each, since a pause comes between them.
            self.assure().await?;
            attempts += 1;
            let reactor = Arc::clone(&self.reactor);
            let reacted = self.renewing(reactions.react(item, &*reactor)).await?;
            let Err(error) = reacted else {
                if attempts > 1 {
                    self.tell(before);
                }
                return Ok(Outcome::Done);
            };
            let error = format!("{} failed: {}", Named::new(event), full_text(&error));
            tracing::warn!(reactor = R::NAME, error, attempts, "an event has failed");
            if attempts > R::RETRIES {
                return Ok(Outcome::Failed { error, attempts });
            }
            self.tell(ReactorState::Retrying { error });
            let (stopping, is_to_rest) = (self.stopping.clone(), self.is_to_rest());
            let pause = async {
                tokio::select! {
                    () = is_to_rest => {}
                    () = stopping.pause(pause_after(attempts)) => {}
                }
            };
            self.renewing(pause).await?;
            if self.is_interrupted() {
                return Ok(Outcome::Stopped);
            }
        }
    }
}

/// Reads an event. An error of the user's code names it.
pub(super) fn read<R: Reactor>(
    reactions: &mut Reactions<R>,
    event: &EventRef<'_>,
) -> Result<Delivered, Trouble> {
    reactions.read(event).map_err(|error| match error {
        Unreacted::Undecodable(error) => error.into(),
        Unreacted::Failed(_) | Unreacted::Panicked(_) => Trouble::Unreadable(format!(
            "{} could not be read: {}",
            Named::new(event),
            full_text(&error)
        )),
    })
}
