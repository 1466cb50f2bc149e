//! Trying one event.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use crate::model::event::sets::{Delivered, Item};
use crate::model::projection::{Named, panic_text};
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
    /// It was told to stop before it was done.
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
            let Err(error) = self.renewing(attempt(&*reactor, reactions, item)).await? else {
                if attempts > 1 {
                    self.tell(before);
                }
                return Ok(Outcome::Done);
            };
            let error = format!("{} failed: {error}", Named::new(event));
            tracing::warn!(reactor = R::NAME, error, attempts, "an event has failed");
            if attempts > R::RETRIES {
                return Ok(Outcome::Failed { error, attempts });
            }
            self.tell(ReactorState::Retrying { error });
            let stopping = self.stopping.clone();
            self.renewing(stopping.pause(pause_after(attempts))).await?;
            if self.stopping.is_told() {
                return Ok(Outcome::Stopped);
            }
        }
    }
}

/// Runs the user's code on an event; a panic there is an error like others.
async fn attempt<R: Reactor>(
    reactor: &R,
    reactions: &Reactions<R>,
    item: Item,
) -> Result<(), String> {
    let (set, event) = reactions.sets.of(item);
    let mut happening = set.react(event, reactor);
    // A future that has panicked is not polled again.
    let happened = poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| happening.as_mut().poll(context)));
        match polled {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(happened)) => Poll::Ready(happened.map_err(|error| full_text(&*error))),
            Err(panic) => Poll::Ready(Err(format!("it panicked: {}", panic_text(&*panic)))),
        }
    });
    happened.await
}

/// Reads an event; a panic in the user's code is an error that names it.
pub(super) fn read<R: Reactor>(
    reactions: &mut Reactions<R>,
    event: &EventRef<'_>,
) -> Result<Delivered, Trouble> {
    // What has panicked is not used again.
    match catch_unwind(AssertUnwindSafe(|| reactions.sets.read(event))) {
        Ok(read) => Ok(read?),
        Err(panic) => Err(Trouble::Unreadable(format!(
            "{} made the reactor panic when it was read: {}",
            Named::new(event),
            panic_text(&*panic)
        ))),
    }
}
