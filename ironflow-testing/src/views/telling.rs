//! What has been told so far.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;

use ironflow_domain::{Event, Metadata, Projection, StreamId, Timestamp};

use super::follower::{Follower, States, Trouble};
use super::promises;
use crate::log::Log;
use crate::scenario::story::Story;
use crate::scenario::{BEGINNING, Happened, story};

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
        let stream = match StreamId::new(E::CATEGORY, id) {
            Ok(stream) => stream,
            Err(error) => self.story.fail(
                "that cannot be what an aggregate is called",
                &[("But", story::chain(&error))],
            ),
        };
        let version = self.log.next_version(&stream);
        let told = happened.append(&stream, version, &mut self.story);
        let metadata = told.metadata.unwrap_or_else(|| self.next_metadata());
        let metadata = match serde_json::to_string(&metadata) {
            Ok(metadata) => metadata,
            Err(error) => self.story.fail(
                "the metadata cannot be stored",
                &[("But", story::chain(&error))],
            ),
        };
        let time = told.time.unwrap_or(self.now);
        let before = self.log.appends().len();
        self.log.append(stream, told.payloads, metadata, time);
        if self.log.appends().len() > before {
            promises::take_the_last_append(self);
        }
    }

    /// What a command would have left there, as far as nothing else was said.
    fn next_metadata(&self) -> Metadata {
        let mut metadata = self.metadata.clone();
        let command = || format!("command-{}", self.log.appends().len() + 1);
        let cause = metadata.causation_id.get_or_insert_with(command).clone();
        metadata.correlation_id.get_or_insert(cause);
        metadata.issued_at.get_or_insert(self.now);
        metadata
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
