//! Waiting until a projection has come far enough.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::runtime::ironflow::Ironflow;
use crate::runtime::projection::parked;
use crate::runtime::projection::status::{ProjectionState, ProjectionStatus};
use crate::runtime::waiting::{Awaited, Follower, LOOK_AGAIN, WaitError};
use crate::{Position, Projection};

impl<X> Ironflow<X> {
    /// Waits until the views of `P` show what became of a command (`&receipt`), an event (its id), or
    /// all up to a position, at most for `timeout`. Nobody asks the store for it, however many wait.
    ///
    /// # Errors
    ///
    /// When they do not in time, when the projection has stopped, when this process does not follow
    /// it, when there is no such event, or when [too many](crate::Builder::most_waiters) wait.
    pub async fn wait_for<P: Projection>(
        &self,
        awaited: impl Into<Awaited>,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        self.wait_for_name(P::NAME, awaited.into(), timeout).await
    }

    /// The same, for one of the views: where that is parked, it is an error.
    ///
    /// # Errors
    ///
    /// As those of [`wait_for`](Self::wait_for), and when the view is parked.
    pub async fn wait_for_view<P: Projection>(
        &self,
        key: &P::Key,
        awaited: impl Into<Awaited>,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        let key = key.to_string();
        self.wait_for_view_named(P::NAME, &key, awaited.into(), timeout)
            .await
    }

    pub(super) async fn wait_for_view_named(
        &self,
        name: &'static str,
        key: &str,
        awaited: Awaited,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        let begun = Instant::now();
        loop {
            let left = timeout.saturating_sub(begun.elapsed());
            self.wait_for_name(name, awaited.clone(), left).await?;
            let Some(followed) = self.projections().get(name) else {
                return Ok(());
            };
            let mut status = followed.status.clone();
            let (generation, parked) = {
                let status = status.borrow_and_update();
                (status.generation, status.parked)
            };
            if parked == 0 {
                return Ok(());
            }
            let key_of_parked = parked::key(name, generation, key);
            let Some(entry) = self.store().get(&key_of_parked).await? else {
                return Ok(());
            };
            if let Some(event) = parked::read(&entry, name)?.event {
                let error = event.error;
                let (projection, key) = (name, key.to_owned());
                return Err(WaitError::Parked {
                    projection,
                    key,
                    error,
                });
            }
            // It is being filled again, and does not show what came meanwhile.
            if begun.elapsed() >= timeout {
                let status = status.borrow();
                return Err(WaitError::Timeout {
                    follower: Follower::Projection(name),
                    wanted: status.position,
                    reached: status.position,
                    timeout,
                    why: why(&status.state),
                });
            }
            drop(tokio::time::timeout(LOOK_AGAIN, status.changed()).await);
        }
    }

    /// Waits until the views of a [rebuild](Self::rebuild) answer here; or would, if they were not
    /// [held](crate::Rebuild::hold).
    ///
    /// # Errors
    ///
    /// When they do not in time, such as where it was cancelled, when the projection has stopped, or
    /// when this process does not follow it.
    pub async fn wait_for_rebuild<P: Projection>(
        &self,
        generation: u32,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        let is_rebuilt = |status: &ProjectionStatus| status.is_rebuilt(generation);
        self.wait_for_generation::<P>(generation, timeout, is_rebuilt)
            .await
    }

    /// Waits until the views of that number answer here, such as after a
    /// [release](Self::release).
    ///
    /// # Errors
    ///
    /// As those of [`wait_for_rebuild`](Self::wait_for_rebuild).
    pub async fn wait_until_serving<P: Projection>(
        &self,
        generation: u32,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        let serves =
            |status: &ProjectionStatus| status.generation == generation && status.answers();
        self.wait_for_generation::<P>(generation, timeout, serves)
            .await
    }

    async fn wait_for_generation<P: Projection>(
        &self,
        generation: u32,
        timeout: Duration,
        is_there: impl Fn(&ProjectionStatus) -> bool,
    ) -> Result<(), WaitError> {
        let name = P::NAME;
        let follower = Follower::Projection(name);
        let running = self.projections().get(name);
        let running = running.ok_or(WaitError::NotFollowed { follower })?;
        let mut status = running.status.clone();
        let waiting = status.wait_for(|status| is_there(status));
        match tokio::time::timeout(timeout, waiting).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(WaitError::Stopped {
                follower,
                error: "it was told to stop".to_owned(),
            }),
            Err(_) => Err(WaitError::NotRebuilt {
                projection: name,
                generation,
                timeout,
            }),
        }
    }

    async fn wait_for_name(
        &self,
        name: &'static str,
        awaited: Awaited,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        let follower = Follower::Projection(name);
        let Some(place) = awaited.place(self.store(), follower).await? else {
            return Ok(());
        };
        let wanted = place.position;
        let running = self.projections().get(name);
        let running = running.ok_or(WaitError::NotFollowed { follower })?;
        let _waiting = self.waiters().one_more()?;
        let mut status = running.status.clone();
        let arrived = tokio::time::timeout(timeout, wait_until(&mut status, wanted)).await;
        if let Ok(arrived) = arrived {
            return arrived.map_err(|error| WaitError::Stopped { follower, error });
        }
        let status = status.borrow();
        Err(WaitError::Timeout {
            follower,
            wanted,
            reached: status.position,
            timeout,
            why: why(&status.state),
        })
    }
}

/// Waits until the position is reached; the error says why it never will be.
async fn wait_until(
    status: &mut watch::Receiver<ProjectionStatus>,
    wanted: Position,
) -> Result<(), String> {
    let is_there = |status: &ProjectionStatus| status.answers() && status.position >= wanted;
    let settled = |status: &ProjectionStatus| status.state.is_over() || is_there(status);
    let stopped = || "it was told to stop".to_owned();
    let status = status.wait_for(settled).await.map_err(|_| stopped())?;
    match &status.state {
        _ if is_there(&status) => Ok(()),
        ProjectionState::Failed { error } => Err(error.clone()),
        _ => Err(stopped()),
    }
}

/// What holds it up.
fn why(state: &ProjectionState) -> Option<String> {
    match state {
        ProjectionState::Paused => Some("it is paused".to_owned()),
        ProjectionState::Rebuilding => Some("it is being rebuilt".to_owned()),
        ProjectionState::Retrying { error } => Some(format!("it is trying again: {error}")),
        _ => None,
    }
}
