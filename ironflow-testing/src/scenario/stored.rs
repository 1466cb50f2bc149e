//! What a program of before has stored, and what it is today.

use std::fmt::Debug;
use std::marker::PhantomData;

use ironflow_domain::{Event, Events, Metadata, SchemaVersion, StreamId, Timestamp};
use serde_json::Value;

use super::past::BEGINNING;
use super::round_trip;
use super::story::{self, Story};
use super::time::Moment;
use super::unfinished::Unfinished;
use crate::append::{self, Place};
use crate::log::{Payload, ToAppend};

/// Begins a sentence about upcasting with an event as a program of before has stored it: its name,
/// the version of its shape, its payload.
///
/// ```
/// use ironflow_domain::{Events, event, events};
/// use ironflow_testing::stored;
/// use serde_json::json;
/// # use serde::Deserialize;
///
/// #[event("parcel", split("parcel.moved", Moved))]
/// pub enum ParcelEvent {
///     Left { place: String },
///     Arrived { place: String },
/// }
///
/// #[derive(Deserialize)]
/// pub struct Moved {
///     from: String,
///     to: String,
/// }
///
/// impl From<Moved> for Events<ParcelEvent> {
///     fn from(Moved { from, to }: Moved) -> Self {
///         events![ParcelEvent::Left { place: from }, ParcelEvent::Arrived { place: to }]
///     }
/// }
///
/// # fn main() {
/// stored::<ParcelEvent>("parcel.moved", 1, json!({ "from": "Ely", "to": "Rye" })).then(events![
///     ParcelEvent::Left { place: "Ely".into() },
///     ParcelEvent::Arrived { place: "Rye".into() },
/// ]);
/// # }
/// ```
#[track_caller]
pub fn stored<E: Event>(name: &str, version: u32, payload: Value) -> Stored<E> {
    Stored {
        payloads: vec![(name.to_owned(), version, payload)],
        metadata: Metadata::default(),
        time: None,
        unfinished: Unfinished::new(
            "stored(..) without a then: nothing was checked; end with .then(events) or .then_unreadable(text)",
        ),
        set: PhantomData,
    }
}

/// What was stored in one append; [`stored`] makes it.
///
/// Go on with [`then`](Self::then). It fails the test if it is dropped instead.
#[derive(Debug)]
#[must_use = "nothing is checked before `.then(…)`"]
pub struct Stored<E> {
    payloads: Vec<(String, u32, Value)>,
    metadata: Metadata,
    time: Option<Timestamp>,
    unfinished: Unfinished,
    set: PhantomData<fn() -> E>,
}

impl<E: Event + Debug + PartialEq> Stored<E> {
    /// An event that was stored after it, in the same append.
    pub fn and(mut self, name: &str, version: u32, payload: Value) -> Self {
        self.payloads.push((name.to_owned(), version, payload));
        self
    }

    /// The metadata it was stored with; none unless given.
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.metadata = metadata;
        self
    }

    /// When it was stored; at the time of its scenario unless given.
    ///
    /// # Panics
    ///
    /// When a text is not a time in RFC 3339.
    #[track_caller]
    pub fn at(mut self, time: impl Moment) -> Self {
        self.time = Some(time.timestamp());
        self
    }

    /// It is read as exactly these events, in this order.
    ///
    /// # Panics
    ///
    /// When it is read as something else, or cannot be read.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a sentence reads better without a borrow"
    )]
    #[track_caller]
    pub fn then(self, expected: Events<E>) {
        let mut story = Story::about(E::CATEGORY);
        let read = self.read(&Place::first::<E>(), BEGINNING, &mut story);
        match read {
            Ok(read) if read[..] == expected[..] => {
                // What it is today must survive being stored as that, too.
                let read = round_trip::all(read, &story);
                story.then(&read);
            }
            Ok(read) => {
                let (summary, table) = story::comparison(&expected, &read);
                story.fail(
                    &format!("what is stored is not read as was expected: {summary}"),
                    &[("Then", table)],
                )
            }
            Err(error) => {
                let then = story::beside(&story::numbered(&expected), &error);
                story.fail("what is stored cannot be read", &[("Then", then)])
            }
        }
    }

    /// It cannot be read, for a reason that has this text in it.
    ///
    /// # Panics
    ///
    /// When it can be read, or cannot for another reason.
    #[track_caller]
    pub fn then_unreadable(self, reason: &str) {
        assert!(
            !reason.is_empty(),
            "every reason has an empty text in it: say what this one must be about"
        );
        let mut story = Story::about(E::CATEGORY);
        let read = self.read(&Place::first::<E>(), BEGINNING, &mut story);
        match read {
            Err(error) if error.contains(reason) => story.unreadable(&error),
            Err(error) => {
                let then = story::beside(reason, &error);
                story.fail(
                    "what is stored cannot be read, for another reason than was expected",
                    &[("Then", then)],
                )
            }
            Ok(read) => {
                let then = story::beside(reason, &story::numbered(&read));
                story.fail(
                    "what is stored can be read, and should not be",
                    &[("Then", then)],
                )
            }
        }
    }

    /// As it was written.
    pub(super) fn to_append(&self) -> ToAppend {
        let payloads = self.payloads.iter().map(|(name, version, json)| Payload {
            name: name.clone(),
            version: SchemaVersion::new(*version),
            json: json.to_string(),
        });
        ToAppend {
            payloads: payloads.collect(),
            metadata: (self.metadata != Metadata::default()).then(|| self.metadata.clone()),
            time: self.time,
        }
    }

    /// What is read at a given time, or why nothing is.
    pub(super) fn read(
        self,
        place: &Place,
        now: Timestamp,
        story: &mut Story,
    ) -> Result<Vec<E>, String> {
        let Self {
            payloads,
            metadata,
            time,
            unfinished,
            set: _,
        } = self;
        unfinished.goes_on();
        story.stored(&payloads);
        let metadata = serde_json::to_string(&metadata).map_err(|error| story::chain(&error))?;
        let stored = payloads
            .iter()
            .map(|(name, version, payload)| (name.as_str(), *version, payload));
        let read = append::read(place, stored, &metadata, time.unwrap_or(now));
        read.map_err(|error| story::chain(&error.source))
    }

    /// What is appended to a stream.
    pub(super) fn append_to(self, to: &StreamId, story: &mut Story) -> ToAppend {
        let appended = self.to_append();
        self.unfinished.goes_on();
        story.stored_in(to, &self.payloads);
        appended
    }
}
