//! What must have come of a command.

use std::fmt::{self, Debug};
use std::time::Duration;

use ironflow_domain::{Aggregate, Command, Events, Metadata, Timestamp};

use super::context::{ContextAt, NoContext, Provides, WithContext};
use super::given::Given;
use super::past::{Happened, Past};
use super::story;
use super::time::Moment;
use super::when::{Decided, When};

impl<A, X> When<A, X>
where
    A: Aggregate<Event: Debug + PartialEq>,
{
    /// The command must have been accepted and have produced exactly these events, in this order.
    /// What was given is not among them.
    ///
    /// ```
    /// # use ironflow_testing::given;
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
    /// # #[event("door")] pub enum DoorEvent { Opened, Closed }
    /// # #[command(Door)] pub struct Close;
    /// # #[derive(Aggregate, Default)] #[aggregate(event = DoorEvent, error = std::fmt::Error)] pub struct Door { open: bool }
    /// # impl Fold for Door { fn fold(&mut self, event: &DoorEvent) { self.open = matches!(event, DoorEvent::Opened) } }
    /// # impl Decide<Close> for Door {
    /// #     fn decide(&self, _: Close) -> Decision<Self> {
    /// #         Ok(if self.open { events![DoorEvent::Closed] } else { events![] })
    /// #     }
    /// # }
    /// given::<Door>(events![DoorEvent::Opened]).when(Close).then(events![DoorEvent::Closed]);
    /// ```
    ///
    /// # Panics
    ///
    /// When anything else happened. The panic is at the caller's line, and its message tells the
    /// whole scenario.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a sentence reads better without a borrow"
    )]
    #[track_caller]
    pub fn then(self, expected: Events<A::Event>) -> Then<A, X> {
        let produced = self.accepted(|| story::numbered(&expected));
        if produced.events[..] == expected[..] {
            return produced.settled();
        }
        let Then { events, past, .. } = produced;
        if events.is_empty() {
            let then = story::beside(&story::numbered(&expected), "no events");
            past.story.fail(
                "nothing happened, and something should have",
                &[("Then", then)],
            )
        }
        if expected.is_empty() {
            let then = story::beside("no events", &story::numbered(&events));
            past.story.fail(
                "something happened, and nothing should have",
                &[("Then", then)],
            )
        }
        let (summary, table) = story::comparison(&expected, &events);
        past.story.fail(
            &format!("not the events that were expected: {summary}"),
            &[("Then", table)],
        )
    }

    /// The command must have been accepted without anything happening, as one that was carried out
    /// before should be.
    ///
    /// ```
    /// # use ironflow_testing::given;
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
    /// # #[event("door")] pub enum DoorEvent { Opened, Closed }
    /// # #[command(Door)] pub struct Close;
    /// # #[derive(Aggregate, Default)] #[aggregate(event = DoorEvent, error = std::fmt::Error)] pub struct Door { open: bool }
    /// # impl Fold for Door { fn fold(&mut self, event: &DoorEvent) { self.open = matches!(event, DoorEvent::Opened) } }
    /// # impl Decide<Close> for Door {
    /// #     fn decide(&self, _: Close) -> Decision<Self> {
    /// #         Ok(if self.open { events![DoorEvent::Closed] } else { events![] })
    /// #     }
    /// # }
    /// given::<Door>(events![]).when(Close).then_nothing();
    /// ```
    ///
    /// # Panics
    ///
    /// When an event was produced or the command was refused.
    #[track_caller]
    pub fn then_nothing(self) -> Then<A, X> {
        self.then(Events::none())
    }

    /// The command must have been accepted and have produced these events and no others, in any
    /// order.
    ///
    /// ```
    /// # use ironflow_testing::given;
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
    /// # #[event("door")] pub enum DoorEvent { Opened, Closed, Bolted }
    /// # #[command(Door)] pub struct Close;
    /// # #[derive(Debug, PartialEq)] pub enum Refused { Bolted(u8) }
    /// # impl std::fmt::Display for Refused { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("it is bolted") } }
    /// # impl std::error::Error for Refused {}
    /// # #[derive(Aggregate, Default, Debug, PartialEq)] #[aggregate(event = DoorEvent, error = Refused)] pub struct Door { open: bool, bolts: u8 }
    /// # impl Fold for Door {
    /// #     fn fold(&mut self, event: &DoorEvent) {
    /// #         match event { DoorEvent::Opened => self.open = true, DoorEvent::Closed => self.open = false, DoorEvent::Bolted => self.bolts += 1 }
    /// #     }
    /// # }
    /// # impl Decide<Close> for Door {
    /// #     fn decide(&self, _: Close) -> Decision<Self> {
    /// #         if self.bolts > 0 { return Err(Refused::Bolted(self.bolts)); }
    /// #         Ok(if self.open { events![DoorEvent::Closed, DoorEvent::Bolted] } else { events![] })
    /// #     }
    /// # }
    /// given::<Door>(events![DoorEvent::Opened])
    ///     .when(Close)
    ///     .then_in_any_order(events![DoorEvent::Bolted, DoorEvent::Closed]);
    /// ```
    ///
    /// # Panics
    ///
    /// When anything else happened.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a sentence reads better without a borrow"
    )]
    #[track_caller]
    pub fn then_in_any_order(self, expected: Events<A::Event>) -> Then<A, X> {
        let produced = self.accepted(|| story::numbered(&expected));
        let mut missing = expected.as_slice().to_vec();
        let mut others = Vec::new();
        for event in &produced.events {
            match missing.iter().position(|missing| missing == event) {
                Some(found) => drop(missing.remove(found)),
                None => others.push(event.clone()),
            }
        }
        if !missing.is_empty() || !others.is_empty() {
            let (summary, table) = story::comparison(&missing, &others);
            produced.past.story.fail(
                &format!("not the events that were expected, in any order: {summary}"),
                &[("Then", story::numbered(&produced.events)), ("But", table)],
            )
        }
        produced.settled()
    }

    /// The command must have been accepted and have produced these events in this order; there may
    /// be others before, between and after them.
    ///
    /// ```
    /// # use ironflow_testing::given;
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
    /// # #[event("door")] pub enum DoorEvent { Opened, Closed, Bolted }
    /// # #[command(Door)] pub struct Close;
    /// # #[derive(Debug, PartialEq)] pub enum Refused { Bolted(u8) }
    /// # impl std::fmt::Display for Refused { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("it is bolted") } }
    /// # impl std::error::Error for Refused {}
    /// # #[derive(Aggregate, Default, Debug, PartialEq)] #[aggregate(event = DoorEvent, error = Refused)] pub struct Door { open: bool, bolts: u8 }
    /// # impl Fold for Door {
    /// #     fn fold(&mut self, event: &DoorEvent) {
    /// #         match event { DoorEvent::Opened => self.open = true, DoorEvent::Closed => self.open = false, DoorEvent::Bolted => self.bolts += 1 }
    /// #     }
    /// # }
    /// # impl Decide<Close> for Door {
    /// #     fn decide(&self, _: Close) -> Decision<Self> {
    /// #         if self.bolts > 0 { return Err(Refused::Bolted(self.bolts)); }
    /// #         Ok(if self.open { events![DoorEvent::Closed, DoorEvent::Bolted] } else { events![] })
    /// #     }
    /// # }
    /// given::<Door>(events![DoorEvent::Opened])
    ///     .when(Close)
    ///     .then_among_others(events![DoorEvent::Closed]);
    /// ```
    ///
    /// # Panics
    ///
    /// When one of them is missing or out of order, or when none is expected: that would be true of
    /// anything.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a sentence reads better without a borrow"
    )]
    #[track_caller]
    pub fn then_among_others(self, expected: Events<A::Event>) -> Then<A, X> {
        let produced = self.accepted(|| story::numbered(&expected));
        let mut rest = produced.events.iter();
        let are_there = expected
            .iter()
            .all(|event| rest.any(|other| other == event));
        if expected.is_empty() {
            produced.past.story.fail(
                "no event among others is no expectation: it holds of everything",
                &[("Then", story::numbered(&produced.events))],
            )
        }
        if !are_there {
            let (_, table) = story::comparison(&expected, &produced.events);
            let table = table.replace("   ← not expected", "");
            produced.past.story.fail(
                "not all of the events that were expected are among those that happened, in this order",
                &[("Then", table)],
            )
        }
        produced.settled()
    }

    /// The command must have been accepted and have produced events of which this is true.
    ///
    /// ```
    /// # use ironflow_testing::given;
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
    /// # #[event("door")] pub enum DoorEvent { Opened, Closed, Bolted }
    /// # #[command(Door)] pub struct Close;
    /// # #[derive(Debug, PartialEq)] pub enum Refused { Bolted(u8) }
    /// # impl std::fmt::Display for Refused { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("it is bolted") } }
    /// # impl std::error::Error for Refused {}
    /// # #[derive(Aggregate, Default, Debug, PartialEq)] #[aggregate(event = DoorEvent, error = Refused)] pub struct Door { open: bool, bolts: u8 }
    /// # impl Fold for Door {
    /// #     fn fold(&mut self, event: &DoorEvent) {
    /// #         match event { DoorEvent::Opened => self.open = true, DoorEvent::Closed => self.open = false, DoorEvent::Bolted => self.bolts += 1 }
    /// #     }
    /// # }
    /// # impl Decide<Close> for Door {
    /// #     fn decide(&self, _: Close) -> Decision<Self> {
    /// #         if self.bolts > 0 { return Err(Refused::Bolted(self.bolts)); }
    /// #         Ok(if self.open { events![DoorEvent::Closed, DoorEvent::Bolted] } else { events![] })
    /// #     }
    /// # }
    /// given::<Door>(events![DoorEvent::Opened])
    ///     .when(Close)
    ///     .then_matching(|events| matches!(events, [DoorEvent::Closed, ..]));
    /// ```
    ///
    /// # Panics
    ///
    /// When it is not true, or the command was refused.
    #[track_caller]
    pub fn then_matching(self, is_expected: impl FnOnce(&[A::Event]) -> bool) -> Then<A, X> {
        let produced = self.accepted(|| "events that match".to_owned());
        if !is_expected(&produced.events) {
            produced.past.story.fail(
                "the events do not match",
                &[("Then", story::numbered(&produced.events))],
            )
        }
        produced.settled()
    }

    /// The command must have been refused with an error that equals `expected`.
    ///
    /// ```
    /// # use ironflow_testing::given;
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
    /// # #[event("door")] pub enum DoorEvent { Opened, Closed }
    /// # #[command(Door)] pub struct Knock;
    /// # #[derive(Aggregate, Default)] #[aggregate(event = DoorEvent, error = std::fmt::Error)] pub struct Door { open: bool }
    /// # impl Fold for Door { fn fold(&mut self, event: &DoorEvent) { self.open = matches!(event, DoorEvent::Opened) } }
    /// # impl Decide<Knock> for Door {
    /// #     fn decide(&self, _: Knock) -> Decision<Self> { Err(std::fmt::Error) }
    /// # }
    /// given::<Door>(events![]).when(Knock).then_error(std::fmt::Error);
    /// ```
    ///
    /// # Panics
    ///
    /// When the command was accepted, or refused with another error.
    #[doc(alias = "then_rejected")]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a sentence reads better without a borrow"
    )]
    #[track_caller]
    pub fn then_error(self, expected: A::Error) -> Then<A, X>
    where
        A::Error: PartialEq,
    {
        let (error, refused) = self.refused(|| story::error(&expected));
        if error != expected {
            let produced = story::error_versus(&expected, &error);
            let then = story::beside(&story::error(&expected), &produced);
            refused
                .past
                .story
                .fail("not the error that was expected", &[("Then", then)])
        }
        refused.refused_settled(&error)
    }

    /// The command must have been refused with an error of which this is true.
    ///
    /// ```
    /// # use ironflow_testing::given;
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
    /// # #[event("door")] pub enum DoorEvent { Opened, Closed, Bolted }
    /// # #[command(Door)] pub struct Close;
    /// # #[derive(Debug, PartialEq)] pub enum Refused { Bolted(u8) }
    /// # impl std::fmt::Display for Refused { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("it is bolted") } }
    /// # impl std::error::Error for Refused {}
    /// # #[derive(Aggregate, Default, Debug, PartialEq)] #[aggregate(event = DoorEvent, error = Refused)] pub struct Door { open: bool, bolts: u8 }
    /// # impl Fold for Door {
    /// #     fn fold(&mut self, event: &DoorEvent) {
    /// #         match event { DoorEvent::Opened => self.open = true, DoorEvent::Closed => self.open = false, DoorEvent::Bolted => self.bolts += 1 }
    /// #     }
    /// # }
    /// # impl Decide<Close> for Door {
    /// #     fn decide(&self, _: Close) -> Decision<Self> {
    /// #         if self.bolts > 0 { return Err(Refused::Bolted(self.bolts)); }
    /// #         Ok(if self.open { events![DoorEvent::Closed, DoorEvent::Bolted] } else { events![] })
    /// #     }
    /// # }
    /// given::<Door>(events![DoorEvent::Bolted])
    ///     .when(Close)
    ///     .then_error_matching(|error| matches!(error, Refused::Bolted(_)));
    /// ```
    ///
    /// # Panics
    ///
    /// When it is not true, or the command was accepted.
    #[track_caller]
    pub fn then_error_matching(self, is_expected: impl FnOnce(&A::Error) -> bool) -> Then<A, X> {
        let (error, refused) = self.refused(|| "an error that matches".to_owned());
        if !is_expected(&error) {
            refused.past.story.fail(
                "the error does not match",
                &[("Then", story::error(&error))],
            )
        }
        refused.refused_settled(&error)
    }

    /// The command must have come to what the snapshot of this story says, be it events or an
    /// error. The whole story is kept, with a word in the place of each UUID, and each point in time
    /// by how far it is from the first one.
    ///
    /// ```no_run
    /// # use ironflow_testing::given;
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
    /// # #[event("door")] pub enum DoorEvent { Opened, Closed }
    /// # #[command(Door)] pub struct Close;
    /// # #[derive(Aggregate, Default)] #[aggregate(event = DoorEvent, error = std::fmt::Error)] pub struct Door { open: bool }
    /// # impl Fold for Door { fn fold(&mut self, event: &DoorEvent) { self.open = matches!(event, DoorEvent::Opened) } }
    /// # impl Decide<Close> for Door {
    /// #     fn decide(&self, _: Close) -> Decision<Self> {
    /// #         Ok(if self.open { events![DoorEvent::Closed] } else { events![] })
    /// #     }
    /// # }
    /// given::<Door>(events![DoorEvent::Opened]).when(Close).then_snapshot();
    /// ```
    ///
    /// The snapshot is a file in `snapshots`, beside the source file of the test, in the format of
    /// [insta](https://insta.rs): where a story has changed, or is new, `cargo insta review` shows
    /// the difference and accepts it. `INSTA_UPDATE` is heeded as `insta` does; where `CI` is set,
    /// nothing is written.
    ///
    /// # Panics
    ///
    /// When the story is not what its snapshot says, or has none yet.
    #[track_caller]
    pub fn then_snapshot(self) -> Then<A, X> {
        let then = match self.ended() {
            (None, then) => then.settled(),
            (Some(error), then) => then.refused_settled(&error),
        };
        then.past.story.check_snapshot();
        then
    }

    /// What follows where the command was accepted.
    #[track_caller]
    fn accepted(self, expected: impl FnOnce() -> String) -> Then<A, X> {
        match self.ended() {
            (None, then) => then,
            (Some(error), Then { past, .. }) => {
                let then = story::beside(&expected(), &story::error(&error));
                past.story.fail(
                    "the command was refused, and should have been accepted",
                    &[("Then", then)],
                )
            }
        }
    }

    /// What follows where the command was refused, and why it was.
    #[track_caller]
    fn refused(self, expected: impl FnOnce() -> String) -> (A::Error, Then<A, X>) {
        match self.ended() {
            (Some(error), then) => (error, then),
            (None, Then { past, events, .. }) => {
                let then = story::beside(&expected(), &story::numbered(&events));
                past.story.fail(
                    "the command was accepted, and should have been refused",
                    &[("Then", then)],
                )
            }
        }
    }

    /// What came of the command, and why it was refused, if it was.
    fn ended(self) -> (Option<A::Error>, Then<A, X>) {
        let Self {
            past,
            context,
            decided: Decided { outcome, metadata },
            unfinished,
        } = self;
        unfinished.goes_on();
        let (error, events) = match outcome {
            Ok(events) => (None, events),
            Err(error) => (Some(error), Vec::new()),
        };
        let then = Then {
            past,
            context,
            events,
            metadata,
        };
        (error, then)
    }
}

/// What came of a command, as it should have; [`When::then`] and its kin make it.
///
/// The story may go on from here, also in several ways: nothing that follows changes it.
///
/// ```
/// # use ironflow_testing::given;
/// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
/// # #[event("door")] pub enum DoorEvent { Opened, Closed, Bolted }
/// # #[command(Door)] pub struct Close;
/// # #[derive(Debug, PartialEq)] pub enum Refused { Bolted(u8) }
/// # impl std::fmt::Display for Refused { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("it is bolted") } }
/// # impl std::error::Error for Refused {}
/// # #[derive(Aggregate, Default, Debug, PartialEq)] #[aggregate(event = DoorEvent, error = Refused)] pub struct Door { open: bool, bolts: u8 }
/// # impl Fold for Door {
/// #     fn fold(&mut self, event: &DoorEvent) {
/// #         match event { DoorEvent::Opened => self.open = true, DoorEvent::Closed => self.open = false, DoorEvent::Bolted => self.bolts += 1 }
/// #     }
/// # }
/// # impl Decide<Close> for Door {
/// #     fn decide(&self, _: Close) -> Decision<Self> {
/// #         if self.bolts > 0 { return Err(Refused::Bolted(self.bolts)); }
/// #         Ok(if self.open { events![DoorEvent::Closed, DoorEvent::Bolted] } else { events![] })
/// #     }
/// # }
/// let closed = given::<Door>(events![DoorEvent::Opened])
///     .when(Close)
///     .then(events![DoorEvent::Closed, DoorEvent::Bolted]);
/// closed.and_when(Close).then_error(Refused::Bolted(1));
/// closed.and(events![DoorEvent::Bolted]).when(Close).then_error(Refused::Bolted(2));
/// ```
pub struct Then<A: Aggregate, X = NoContext> {
    past: Past<A>,
    context: X,
    /// What came of the last command.
    events: Vec<A::Event>,
    metadata: Metadata,
}

impl<A, X> Then<A, X>
where
    A: Aggregate<Event: Debug + PartialEq>,
{
    fn settled(mut self) -> Self {
        self.past.story.then(&self.events);
        self.past.record(&self.events, &self.metadata);
        self
    }

    fn refused_settled(mut self, error: &A::Error) -> Self {
        self.past.story.refused(error);
        self
    }

    /// The events that the command led to, as a store would return them; none where it was refused.
    #[must_use]
    pub fn events(&self) -> &[A::Event] {
        &self.events
    }

    /// The state after all that has happened.
    #[must_use]
    pub fn state(&self) -> A {
        self.past.state()
    }

    /// What each of the events that the command led to carries: who issued it and when, what caused
    /// it, and the conversation it is part of.
    ///
    /// ```
    /// # use ironflow_testing::given;
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
    /// # #[event("door")] pub enum DoorEvent { Opened, Closed, Bolted }
    /// # #[command(Door)] pub struct Close;
    /// # #[derive(Debug, PartialEq)] pub enum Refused { Bolted(u8) }
    /// # impl std::fmt::Display for Refused { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("it is bolted") } }
    /// # impl std::error::Error for Refused {}
    /// # #[derive(Aggregate, Default, Debug, PartialEq)] #[aggregate(event = DoorEvent, error = Refused)] pub struct Door { open: bool, bolts: u8 }
    /// # impl Fold for Door {
    /// #     fn fold(&mut self, event: &DoorEvent) {
    /// #         match event { DoorEvent::Opened => self.open = true, DoorEvent::Closed => self.open = false, DoorEvent::Bolted => self.bolts += 1 }
    /// #     }
    /// # }
    /// # impl Decide<Close> for Door {
    /// #     fn decide(&self, _: Close) -> Decision<Self> {
    /// #         if self.bolts > 0 { return Err(Refused::Bolted(self.bolts)); }
    /// #         Ok(if self.open { events![DoorEvent::Closed, DoorEvent::Bolted] } else { events![] })
    /// #     }
    /// # }
    /// let closed = given::<Door>(events![DoorEvent::Opened])
    ///     .issued_by("ann")
    ///     .at("2026-04-17T14:22:01Z")
    ///     .when(Close)
    ///     .then(events![DoorEvent::Closed, DoorEvent::Bolted]);
    /// assert_eq!(closed.metadata().issued_by.as_deref(), Some("ann"));
    /// assert_eq!(closed.metadata().command.as_deref(), Some("close"));
    /// ```
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The aggregate is in this state after all that has happened.
    ///
    /// ```
    /// # use ironflow_testing::given;
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
    /// # #[event("door")] pub enum DoorEvent { Opened, Closed, Bolted }
    /// # #[command(Door)] pub struct Close;
    /// # #[derive(Debug, PartialEq)] pub enum Refused { Bolted(u8) }
    /// # impl std::fmt::Display for Refused { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("it is bolted") } }
    /// # impl std::error::Error for Refused {}
    /// # #[derive(Aggregate, Default, Debug, PartialEq)] #[aggregate(event = DoorEvent, error = Refused)] pub struct Door { open: bool, bolts: u8 }
    /// # impl Fold for Door {
    /// #     fn fold(&mut self, event: &DoorEvent) {
    /// #         match event { DoorEvent::Opened => self.open = true, DoorEvent::Closed => self.open = false, DoorEvent::Bolted => self.bolts += 1 }
    /// #     }
    /// # }
    /// # impl Decide<Close> for Door {
    /// #     fn decide(&self, _: Close) -> Decision<Self> {
    /// #         if self.bolts > 0 { return Err(Refused::Bolted(self.bolts)); }
    /// #         Ok(if self.open { events![DoorEvent::Closed, DoorEvent::Bolted] } else { events![] })
    /// #     }
    /// # }
    /// given::<Door>(events![DoorEvent::Opened])
    ///     .when(Close)
    ///     .then(events![DoorEvent::Closed, DoorEvent::Bolted])
    ///     .and_state(Door { open: false, bolts: 1 });
    /// ```
    ///
    /// # Panics
    ///
    /// When it is in another one.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "a sentence reads better without a borrow"
    )]
    #[allow(clippy::return_self_not_must_use, reason = "a sentence may end here")]
    #[track_caller]
    pub fn and_state(mut self, expected: A) -> Self
    where
        A: Debug + PartialEq,
    {
        self.past.check_state(&expected);
        self
    }

    /// The story so far is what its snapshot says; see [`When::then_snapshot`].
    ///
    /// # Panics
    ///
    /// When it is not, or there is no snapshot yet.
    #[allow(clippy::return_self_not_must_use, reason = "a sentence may end here")]
    #[track_caller]
    pub fn and_snapshot(self) -> Self {
        self.past.story.check_snapshot();
        self
    }

    /// The story so far, as a text: for snapshots of another kind, and for documents.
    ///
    /// ```
    /// # use ironflow_testing::given;
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
    /// # #[event("door")] pub enum DoorEvent { Opened, Closed }
    /// # #[command(Door)] pub struct Close;
    /// # #[derive(Aggregate, Default)] #[aggregate(event = DoorEvent, error = std::fmt::Error)] pub struct Door { open: bool }
    /// # impl Fold for Door { fn fold(&mut self, event: &DoorEvent) { self.open = matches!(event, DoorEvent::Opened) } }
    /// # impl Decide<Close> for Door {
    /// #     fn decide(&self, _: Close) -> Decision<Self> {
    /// #         Ok(if self.open { events![DoorEvent::Closed] } else { events![] })
    /// #     }
    /// # }
    /// let closed = given::<Door>(events![]).when(Close).then_nothing();
    /// assert_eq!(closed.story(), "Given   no events\nWhen    Close\nThen    no events");
    /// ```
    #[must_use]
    pub fn story(&self) -> String {
        self.past.story.text()
    }

    /// Lets the aggregate decide the next command.
    ///
    /// ```
    /// # use ironflow_testing::given;
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
    /// # #[event("door")] pub enum DoorEvent { Opened, Closed, Bolted }
    /// # #[command(Door)] pub struct Close;
    /// # #[derive(Debug, PartialEq)] pub enum Refused { Bolted(u8) }
    /// # impl std::fmt::Display for Refused { fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.write_str("it is bolted") } }
    /// # impl std::error::Error for Refused {}
    /// # #[derive(Aggregate, Default, Debug, PartialEq)] #[aggregate(event = DoorEvent, error = Refused)] pub struct Door { open: bool, bolts: u8 }
    /// # impl Fold for Door {
    /// #     fn fold(&mut self, event: &DoorEvent) {
    /// #         match event { DoorEvent::Opened => self.open = true, DoorEvent::Closed => self.open = false, DoorEvent::Bolted => self.bolts += 1 }
    /// #     }
    /// # }
    /// # impl Decide<Close> for Door {
    /// #     fn decide(&self, _: Close) -> Decision<Self> {
    /// #         if self.bolts > 0 { return Err(Refused::Bolted(self.bolts)); }
    /// #         Ok(if self.open { events![DoorEvent::Closed, DoorEvent::Bolted] } else { events![] })
    /// #     }
    /// # }
    /// given::<Door>(events![DoorEvent::Opened])
    ///     .when(Close)
    ///     .then(events![DoorEvent::Closed, DoorEvent::Bolted])
    ///     .and_when(Close)
    ///     .then_error(Refused::Bolted(1));
    /// ```
    ///
    /// # Panics
    ///
    /// As [`Given::when`].
    #[track_caller]
    pub fn and_when<C, How>(&self, command: C) -> When<A, X>
    where
        C: Command<Aggregate = A> + Debug,
        X: Provides<C::Context, How>,
    {
        When::new(self.past.clone(), self.context.clone(), command)
    }
}

/// What has happened by now, and what changes before the next command.
impl<A, X> Then<A, X>
where
    A: Aggregate<Event: Debug + PartialEq>,
    X: Clone,
{
    #[track_caller]
    fn given(&self) -> Given<A, X> {
        Given::new(self.past.clone(), self.context.clone())
    }

    /// See [`Given::and`].
    #[track_caller]
    pub fn and(&self, happened: impl Happened<A::Event>) -> Given<A, X> {
        self.given().and(happened)
    }

    /// See [`Given::context`].
    #[track_caller]
    pub fn context<Y>(&self, context: Y) -> Given<A, WithContext<Y>> {
        self.given().context(context)
    }

    /// See [`Given::context_at`].
    #[track_caller]
    pub fn context_at<Y, F>(&self, context: F) -> Given<A, ContextAt<F>>
    where
        F: Fn(Timestamp) -> Y,
    {
        self.given().context_at(context)
    }

    /// See [`Given::at`].
    #[track_caller]
    pub fn at(&self, time: impl Moment) -> Given<A, X> {
        self.given().at(time)
    }

    /// See [`Given::advance`].
    #[track_caller]
    pub fn advance(&self, time: Duration) -> Given<A, X> {
        self.given().advance(time)
    }

    /// See [`Given::issued_by`].
    #[track_caller]
    pub fn issued_by(&self, who: impl Into<String>) -> Given<A, X> {
        self.given().issued_by(who)
    }
}

impl<A: Aggregate<Event: Debug>, X> Debug for Then<A, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Then")
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}
