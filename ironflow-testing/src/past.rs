//! What has happened so far, as a sentence tells it.

use std::fmt::Display;
use std::time::Duration;

use ironflow_domain::{Event, Metadata, StreamId, Timestamp};

use crate::log::Log;
use crate::scenario::story::Story;
use crate::scenario::{BEGINNING, Happened, Moment, story};

/// What has happened so far, and how that was told.
#[derive(Clone)]
pub(crate) struct Past {
    pub(crate) story: Story,
    pub(crate) log: Log,
    /// When the next append is recorded,
    now: Timestamp,
    /// and what it carries.
    pub(crate) metadata: Metadata,
}

impl Past {
    /// Nothing, of whoever has that name.
    #[track_caller]
    pub(crate) fn of(name: &'static str) -> Self {
        Self {
            story: Story::about(name),
            log: Log::default(),
            now: BEGINNING,
            metadata: Metadata::default(),
        }
    }

    /// It is that time now.
    #[track_caller]
    pub(crate) fn at(&mut self, time: impl Moment) {
        self.now = time.timestamp();
        self.story.time(self.now);
    }

    /// So much time goes by.
    pub(crate) fn advance(&mut self, time: Duration) {
        self.now = self.now + time;
        self.story.time(self.now);
    }

    /// Appends what has happened to the stream of an aggregate. Says whether that was anything.
    #[track_caller]
    pub(crate) fn append<E: Event>(
        &mut self,
        id: impl Display,
        happened: impl Happened<E>,
    ) -> bool {
        let Self {
            story,
            log,
            now,
            metadata,
        } = self;
        let stream = match StreamId::new(E::CATEGORY, id) {
            Ok(stream) => stream,
            Err(error) => story.fail(
                "that cannot be what an aggregate is called",
                &[("But", story::chain(&error))],
            ),
        };
        let version = log.next_version(&stream);
        let told = happened.append(&stream, version, story);
        let before = log.appends().len();
        let metadata = told
            .metadata
            .unwrap_or_else(|| of_the_next_command(metadata.clone(), before, *now));
        let metadata = match serde_json::to_string(&metadata) {
            Ok(metadata) => metadata,
            Err(error) => story.fail(
                "the metadata cannot be stored",
                &[("But", story::chain(&error))],
            ),
        };
        log.append(stream, told.payloads, metadata, told.time.unwrap_or(*now));
        log.appends().len() > before
    }
}

/// What a command would have left there, as far as nothing else was said.
fn of_the_next_command(mut metadata: Metadata, before: usize, now: Timestamp) -> Metadata {
    let command = || format!("command-{}", before + 1);
    let cause = metadata.causation_id.get_or_insert_with(command).clone();
    metadata.correlation_id.get_or_insert(cause);
    metadata.issued_at.get_or_insert(now);
    metadata
}
