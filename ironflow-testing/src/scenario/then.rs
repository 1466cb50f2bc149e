//! What must have come of a command.

use std::fmt::Debug;

use ironflow_domain::{Aggregate, Events};

use super::story;
use super::when::When;

impl<A> When<A>
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
    pub fn then(self, expected: Events<A::Event>) {
        let Self {
            outcome,
            story,
            unfinished,
        } = self;
        unfinished.goes_on();
        match outcome {
            Ok(produced) if produced[..] == expected[..] => {}
            Ok(produced) if produced.is_empty() => {
                let then = story::beside(&story::numbered(&expected), "no events");
                story.fail(
                    "nothing happened, and something should have",
                    &[("Then", then)],
                )
            }
            Ok(produced) if expected.is_empty() => {
                let then = story::beside("no events", &story::numbered(&produced));
                story.fail(
                    "something happened, and nothing should have",
                    &[("Then", then)],
                )
            }
            Ok(produced) => {
                let (summary, table) = story::comparison(&expected, &produced);
                story.fail(
                    &format!("not the events that were expected: {summary}"),
                    &[("Then", table)],
                )
            }
            Err(error) => {
                let then = story::beside(&story::numbered(&expected), &story::error(&error));
                story.fail(
                    "the command was refused, and should have been accepted",
                    &[("Then", then)],
                )
            }
        }
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
    pub fn then_nothing(self) {
        self.then(Events::none());
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
    pub fn then_error(self, expected: A::Error)
    where
        A::Error: PartialEq,
    {
        let Self {
            outcome,
            story,
            unfinished,
        } = self;
        unfinished.goes_on();
        let (headline, produced) = match outcome {
            Err(error) if error == expected => return,
            Err(error) => (
                "not the error that was expected",
                story::error_versus(&expected, &error),
            ),
            Ok(produced) => (
                "the command was accepted, and should have been refused",
                story::numbered(&produced),
            ),
        };
        let then = story::beside(&story::error(&expected), &produced);
        story.fail(headline, &[("Then", then)])
    }
}
