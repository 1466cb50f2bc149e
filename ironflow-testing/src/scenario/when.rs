//! One command, decided.

use std::fmt::{self, Debug};

use ironflow_domain::{Aggregate, Command, Decision};

use super::round_trip;
use super::story::{self, Story};
use super::unfinished::Unfinished;

/// What an aggregate made of a command; [`Given::when`](super::Given::when) makes it.
///
/// Go on with [`then`](Self::then), [`then_error`](Self::then_error) or
/// [`then_nothing`](Self::then_nothing). It fails the test if it is dropped instead.
#[must_use = "nothing is checked before `.then(…)`, `.then_error(…)` or `.then_nothing()`"]
pub struct When<A: Aggregate> {
    /// The new events as a store would return them, or the reason to refuse.
    pub(super) outcome: Result<Vec<A::Event>, A::Error>,
    pub(super) story: Story,
    pub(super) unfinished: Unfinished,
}

impl<A> When<A>
where
    A: Aggregate<Event: Debug + PartialEq>,
{
    #[track_caller]
    pub(super) fn new<C: Command<Aggregate = A>>(
        events: &[A::Event],
        state: &A,
        story: Story,
        command: C,
        context: &C::Context,
    ) -> Self {
        if let Some(Err(error)) = command.own_stream() {
            story.fail(
                "the command names an aggregate that cannot be one",
                &[("But", error.to_string())],
            );
        }
        let again = command.clone();
        let outcome = match round_trip::catch(|| command.decide(state, context)) {
            Ok(Ok(produced)) => {
                let mut story = story.clone();
                story.produced(&produced);
                check_purity::<A>(&produced, || again.decide(state, context), &story);
                let produced = round_trip::all(produced, &story);
                // From the first event on, as the next command would load it; only a panic is of
                // interest.
                let _ = round_trip::replay::<A>(events.iter().chain(&produced), &story);
                if C::CREATES && !events.is_empty() && !produced.is_empty() {
                    story.fail(
                        "the command is marked `creates`, and was accepted though its stream exists",
                        &[(
                            "But",
                            "no store would record it; the decision needs a rule for this, or no `creates`"
                                .to_owned(),
                        )],
                    );
                }
                Ok(produced)
            }
            Ok(Err(error)) => Err(error),
            Err(panic) => story.fail("the decision panicked", &[("Panic", panic)]),
        };
        let unfinished = Unfinished::new(
            "when(..) without a then: nothing was checked; end with .then(events), .then_error(error) or .then_nothing()",
        );
        Self {
            outcome,
            story,
            unfinished,
        }
    }
}

/// Decides again: a decision that looks at a clock or rolls dice comes out differently.
#[track_caller]
fn check_purity<A: Aggregate<Event: Debug + PartialEq>>(
    produced: &[A::Event],
    decide_again: impl FnOnce() -> Decision<A>,
    story: &Story,
) {
    let again = match round_trip::catch(decide_again) {
        // What is not equal to itself, as a `NaN`, may still be written alike.
        Ok(Ok(again))
            if again[..] == *produced || format!("{:?}", &again[..]) == format!("{produced:?}") =>
        {
            return;
        }
        Ok(Ok(again)) => story::numbered(&again),
        Ok(Err(error)) => story::error(&error),
        Err(panic) => panic,
    };
    story.fail(
        "the decision is not pure: decided again, the command came out differently",
        &[("Again", again)],
    );
}

impl<A: Aggregate<Event: Debug>> Debug for When<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("When")
            .field("outcome", &self.outcome)
            .finish_non_exhaustive()
    }
}
