//! Waiting until a reactor has come far enough.

use std::time::Duration;

use tokio::sync::watch;

use crate::Reactor;
use crate::runtime::ironflow::Ironflow;
use crate::runtime::reactor::parked::{self, Kept};
use crate::runtime::reactor::status::{ReactorState, ReactorStatus};
use crate::runtime::waiting::{Awaited, Follower, LOOK_AGAIN, Place, WaitError};
use crate::store::Store;

impl<X> Ironflow<X> {
    /// Waits until a reactor is done with what became of a command (`&receipt`), an event (its id), or
    /// all up to a position, in whatever process it reacts; at most for `timeout`. What was skipped is
    /// done.
    ///
    /// # Errors
    ///
    /// When it is not done in time, when the stream is parked, when the reactor has stopped, when this
    /// process does not run it, when there is no such event, or when [too
    /// many](crate::Builder::most_waiters) wait.
    pub async fn wait_for_reactor<R: Reactor>(
        &self,
        awaited: impl Into<Awaited>,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        let follower = Follower::Reactor(R::NAME);
        let Some(place) = awaited.into().place(self.store(), follower).await? else {
            return Ok(());
        };
        let running = self.reactors().get(R::NAME);
        let running = running.ok_or(WaitError::NotFollowed { follower })?;
        let _waiting = self.waiters().one_more()?;
        let mut status = running.status();
        let done = until_done::<R>(self.store(), &place, &mut status);
        if let Ok(done) = tokio::time::timeout(timeout, done).await {
            return done;
        }
        let status = status.borrow();
        Err(WaitError::Timeout {
            follower,
            wanted: place.position,
            reached: status.position,
            timeout,
            why: why(&status.state),
        })
    }
}

async fn until_done<R: Reactor>(
    store: &dyn Store,
    place: &Place,
    status: &mut watch::Receiver<ReactorStatus>,
) -> Result<(), WaitError> {
    let follower = Follower::Reactor(R::NAME);
    loop {
        let parked = {
            let is_there = |status: &ReactorStatus| status.position >= place.position;
            let settled = |status: &ReactorStatus| status.state.is_over() || is_there(status);
            let told_to_stop = || WaitError::Stopped {
                follower,
                error: "it was told to stop".to_owned(),
            };
            let settled = status.wait_for(settled).await;
            let status = settled.map_err(|_| told_to_stop())?;
            match &status.state {
                _ if is_there(&status) => status.parked,
                ReactorState::Failed { error } => {
                    let error = error.clone();
                    return Err(WaitError::Stopped { follower, error });
                }
                _ => return Err(told_to_stop()),
            }
        };
        if parked == 0 {
            return Ok(());
        }
        let parked = parked::read_all(store, R::NAME).await?;
        let waits = |kept: &&Kept| {
            let event = &kept.reaction.event;
            let matters = place.stream.as_ref();
            let matters = matters.is_none_or(|stream| stream.to_string() == event.stream);
            matters && event.position <= place.position
        };
        match parked.into_values().find(|kept| waits(&kept)) {
            None => return Ok(()),
            Some(Kept { reaction, .. }) if !reaction.is_retried => {
                return Err(WaitError::StreamParked {
                    reactor: R::NAME,
                    stream: reaction.event.stream,
                    error: reaction.event.error,
                });
            }
            // Whether it is done then, is to be seen.
            Some(_) => drop(tokio::time::timeout(LOOK_AGAIN, status.changed()).await),
        }
    }
}

/// What holds it up.
fn why(state: &ReactorState) -> Option<String> {
    match state {
        ReactorState::Paused => Some("it is paused".to_owned()),
        ReactorState::Retrying { error } => Some(format!("it is trying again: {error}")),
        _ => None,
    }
}
