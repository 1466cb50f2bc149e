//! What has been told so far.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use ironflow_domain::{Event, Projection};

use super::follower::{Follower, States, Trouble};
use super::promises;
use crate::past::Past;
use crate::scenario::Happened;

/// The log, and a projection that has followed it append by append.
pub(super) struct Telling<P> {
    pub(super) past: Past,
    /// How often every append is delivered where once and more often must come to the same.
    pub(super) times: u32,
    pub(super) follower: Follower,
    state: PhantomData<fn() -> P>,
}

impl<P> Clone for Telling<P> {
    fn clone(&self) -> Self {
        Self {
            past: self.past.clone(),
            times: self.times,
            follower: self.follower.clone(),
            state: PhantomData,
        }
    }
}

impl<P: Projection + Debug + PartialEq> Telling<P> {
    #[track_caller]
    pub(super) fn new() -> Self {
        Self {
            past: Past::of(P::NAME),
            times: 1,
            follower: Follower::default(),
            state: PhantomData,
        }
    }

    /// Appends what has happened, and lets the projection take it.
    #[track_caller]
    pub(super) fn append<E: Event>(&mut self, id: impl Display, happened: impl Happened<E>) {
        if self.past.append(id, happened) {
            promises::take_the_last_append(self);
        }
    }

    /// The views as whoever asks for them would get them.
    #[track_caller]
    pub(super) fn states(&self) -> States<P> {
        match self.follower.states() {
            Ok(states) => states,
            Err(trouble) => self.fail(&trouble),
        }
    }

    /// One of them.
    #[track_caller]
    pub(super) fn state(&self, key: &str) -> Option<P> {
        match self.follower.state(key) {
            Ok(state) => state,
            Err(trouble) => self.fail(&trouble),
        }
    }

    #[track_caller]
    pub(super) fn fail(&self, trouble: &Trouble) -> ! {
        let headline = trouble.headline();
        self.past.story.fail(headline, &[("But", trouble.text())])
    }
}
