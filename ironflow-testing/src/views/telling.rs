//! What has been told so far.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use ironflow_domain::{Event, Metadata, Projection, Timestamp};

use super::follower::{Follower, States, Trouble};
use super::promises;
use crate::log::Log;
use crate::recording;
use crate::scenario::story::Story;
use crate::scenario::{BEGINNING, Happened};

/// The log, and a projection that has followed it append by append.
pub(super) struct Telling<P> {
    pub(super) story: Story,
    pub(super) log: Log,
    pub(super) now: Timestamp,
    /// What the next append carries.
    pub(super) metadata: Metadata,
    /// How often every append is delivered where once and more often must come to the same.
    pub(super) times: u32,
    pub(super) follower: Follower,
    state: PhantomData<fn() -> P>,
}

impl<P> Clone for Telling<P> {
    fn clone(&self) -> Self {
        Self {
            story: self.story.clone(),
            log: self.log.clone(),
            now: self.now,
            metadata: self.metadata.clone(),
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
            story: Story::about(P::NAME),
            log: Log::default(),
            now: BEGINNING,
            metadata: Metadata::default(),
            times: 1,
            follower: Follower::default(),
            state: PhantomData,
        }
    }

    pub(super) fn set_time(&mut self, now: Timestamp) {
        self.now = now;
        self.story.time(now);
    }

    /// Appends what has happened, and lets the projection take it.
    #[track_caller]
    pub(super) fn append<E: Event>(&mut self, id: impl Display, happened: impl Happened<E>) {
        let Self {
            story,
            log,
            now,
            metadata,
            ..
        } = self;
        if recording::append(story, log, (*now, metadata), id, happened) {
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
        self.story.fail(headline, &[("But", trouble.text())])
    }
}
