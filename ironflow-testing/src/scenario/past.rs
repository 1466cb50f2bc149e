//! What has happened to an aggregate, as a store would tell it.

use std::collections::BTreeMap;
use std::fmt::Debug;

use ironflow_domain::{
    Aggregate, CommandId, CommandMetadata, Event, Events, Metadata, StreamId, StreamVersion,
    Timestamp,
};

use super::stored::Stored;
use super::story::{self, Story};
use super::{layout, round_trip, snapshots};
use crate::append::Place;
use crate::log::ToAppend;

/// The time at which scenarios begin: 2026-01-01T00:00:00Z.
pub(crate) const BEGINNING: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

/// What has happened so far, and what time it is.
pub(super) struct Past<A: Aggregate> {
    /// As a store would return them.
    pub(super) events: Vec<A::Event>,
    /// As they were written.
    history: Vec<ToAppend>,
    pub(super) story: Story,
    pub(super) now: Timestamp,
    /// Who issues the next command, and in which conversation.
    pub(super) issuer: Issuer,
    /// Which aggregate it is, where a command has said so.
    stream: Option<StreamId>,
    /// How many commands there were.
    commands: u32,
}

/// What is known about a command besides what is asked and when.
#[derive(Debug, Clone, Default)]
pub(super) struct Issuer {
    pub(super) issued_by: Option<String>,
    pub(super) correlation_id: Option<String>,
    pub(super) tenant_id: Option<String>,
    pub(super) extra: BTreeMap<String, String>,
}

impl<A: Aggregate> Clone for Past<A> {
    fn clone(&self) -> Self {
        Self {
            events: self.events.clone(),
            history: self.history.clone(),
            story: self.story.clone(),
            now: self.now,
            issuer: self.issuer.clone(),
            stream: self.stream.clone(),
            commands: self.commands,
        }
    }
}

impl<A: Aggregate> Past<A> {
    pub(super) fn set_time(&mut self, now: Timestamp) {
        self.now = now;
        self.story.time(now);
    }
}

impl<A: Aggregate<Event: Debug + PartialEq>> Past<A> {
    #[track_caller]
    pub(super) fn new() -> Self {
        Self {
            events: Vec::new(),
            history: Vec::new(),
            story: Story::about(A::NAME),
            now: BEGINNING,
            issuer: Issuer::default(),
            stream: None,
            commands: 0,
        }
    }

    /// Adds what has happened, as a store would return it; it must be possible to fold it.
    #[track_caller]
    pub(super) fn add(&mut self, happened: impl Happened<A::Event>) {
        let place = self.end();
        let (events, appended) = happened.tell(&place, self.now, &mut self.story);
        self.events.extend(events);
        self.history.push(appended);
        // Only a panic is of interest.
        let _ = self.state();
    }

    /// All that has happened, as it was written.
    #[cfg(feature = "stores")]
    pub(super) fn history(&self) -> &[ToAppend] {
        &self.history
    }

    /// Where the next append begins.
    fn end(&self) -> Place {
        let stored = self.history.iter().map(|append| append.payloads.len());
        let first = Place::first::<A::Event>();
        Place {
            stream: match &self.stream {
                Some(stream) => stream.to_string(),
                None => first.stream,
            },
            from: StreamVersion::new(stored.sum::<usize>() as u64 + 1),
        }
    }

    /// Whether anything was stored, be it dropped when it is read.
    pub(super) fn stream_exists(&self) -> bool {
        self.history
            .iter()
            .any(|append| !append.payloads.is_empty())
    }

    /// Adds what a command has led to.
    pub(super) fn record(&mut self, produced: &[A::Event], metadata: &Metadata) {
        self.events.extend_from_slice(produced);
        self.history.push(ToAppend {
            metadata: Some(metadata.clone()),
            ..ToAppend::of(produced)
        });
    }

    /// The state after all that has happened.
    #[track_caller]
    pub(super) fn state(&self) -> A {
        round_trip::replay(self.events.iter(), &self.story)
    }

    /// Fails the scenario where that is another state than `expected`.
    #[track_caller]
    pub(super) fn check_state(&mut self, expected: &A)
    where
        A: Debug + PartialEq,
    {
        let state = self.state();
        snapshots::all::<A>(&self.events, &self.story);
        if state != *expected {
            let then = story::beside(&layout::value(expected), &story::versus(expected, &state));
            self.story
                .fail("not the state that was expected", &[("State", then)])
        }
        self.story.state(expected);
    }

    /// A command names its aggregate: the one that the story is about, or the first to be named.
    #[track_caller]
    pub(super) fn stay_with(&mut self, stream: StreamId) {
        match &self.stream {
            Some(first) if *first != stream => self.story.fail(
                "the command is for another aggregate than the one before",
                &[(
                    "But",
                    format!("the story is about {first}, and this command names {stream}"),
                )],
            ),
            Some(_) => {}
            None => self.stream = Some(stream),
        }
    }

    /// What is known about the next command.
    pub(super) fn next_command(&mut self) -> CommandMetadata {
        self.commands += 1;
        let id = CommandId::new(format!("command-{}", self.commands));
        let id = id.expect("a word and a number are the id of a command");
        let Issuer {
            issued_by,
            correlation_id,
            tenant_id,
            extra,
        } = self.issuer.clone();
        let mut metadata = CommandMetadata::at(id, self.now);
        metadata.issued_by = issued_by;
        metadata.correlation_id = correlation_id;
        metadata.tenant_id = tenant_id;
        metadata.extra = extra;
        metadata
    }
}

/// What a scenario can be given: events as they are today, written with
/// [`events!`](ironflow_domain::events!), or [`stored`](crate::stored) as a program of before wrote
/// them. There is nothing to implement.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is nothing that can have happened to an aggregate with the events `{E}`",
    label = "not events of `{E}`",
    note = "write `events![…]` with events of `{E}`, or `stored(\"…\", 1, json!({{ … }}))` for what a program of before has stored"
)]
pub trait Happened<E>: sealed::Tell<E> {}

impl<E, T: sealed::Tell<E>> Happened<E> for T {}

mod sealed {
    use ironflow_domain::{StreamId, StreamVersion, Timestamp};

    use crate::append::Place;
    use crate::log::ToAppend;
    use crate::scenario::story::Story;

    pub trait Tell<E> {
        /// As a store would return it at a given time.
        #[track_caller]
        fn tell(self, place: &Place, now: Timestamp, story: &mut Story) -> (Vec<E>, ToAppend);

        /// As it is appended to a stream, in which its first event has a given place.
        #[track_caller]
        fn append(self, to: &StreamId, from: StreamVersion, story: &mut Story) -> ToAppend;
    }
}

impl<E: Event + Debug + PartialEq> sealed::Tell<E> for Events<E> {
    #[track_caller]
    fn tell(self, _: &Place, _: Timestamp, story: &mut Story) -> (Vec<E>, ToAppend) {
        story.given(&self);
        let appended = ToAppend::of(&self);
        (round_trip::all(self, story), appended)
    }

    #[track_caller]
    fn append(self, to: &StreamId, from: StreamVersion, story: &mut Story) -> ToAppend {
        story.given_to(to, from, &self);
        ToAppend::of(&round_trip::all(self, story))
    }
}

impl<E: Event + Debug + PartialEq> sealed::Tell<E> for Stored<E> {
    #[track_caller]
    fn tell(self, place: &Place, now: Timestamp, story: &mut Story) -> (Vec<E>, ToAppend) {
        let appended = self.to_append();
        match self.read(place, now, story) {
            // What it is today must survive being stored as that, too.
            Ok(events) => (round_trip::all(events, story), appended),
            Err(error) => story.fail("what is stored cannot be read", &[("But", error)]),
        }
    }

    #[track_caller]
    fn append(self, to: &StreamId, _: StreamVersion, story: &mut Story) -> ToAppend {
        self.append_to(to, story)
    }
}
