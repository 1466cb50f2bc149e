//! One command, decided.

use std::fmt::{self, Debug};
use std::sync::Arc;

#[cfg(feature = "stores")]
use ironflow_domain::CommandMetadata;
use ironflow_domain::{Aggregate, Command, Decision, Event, Metadata};

use super::context::Provides;
use super::past::Past;
use super::round_trip::TIMES;
use super::story::says_the_same;
use super::story::{self, Story};
use super::unfinished::Unfinished;
use super::{propagation, round_trip, snapshots};
#[cfg(feature = "stores")]
use crate::stage::{Expected, perform};

/// What an aggregate made of a command; [`Given::when`](super::Given::when) makes it.
///
/// Go on with [`then`](Self::then), [`then_error`](Self::then_error) or
/// [`then_nothing`](Self::then_nothing). It fails the test if it is dropped instead.
#[must_use = "nothing is checked before `.then(…)`, `.then_error(…)` or `.then_nothing()`"]
pub struct When<A: Aggregate, X = super::NoContext> {
    pub(super) past: Past<A>,
    pub(super) context: X,
    pub(super) decided: Decided<A>,
    pub(super) unfinished: Unfinished,
}

/// The new events, or the reason to refuse.
type Outcome<A> = Result<Vec<<A as Aggregate>::Event>, <A as Aggregate>::Error>;

/// What became of a command.
pub(super) struct Decided<A: Aggregate> {
    /// The new events as a store would return them, or the reason to refuse.
    pub(super) outcome: Outcome<A>,
    /// What each of the new events carries.
    pub(super) metadata: Metadata,
}

impl<A, X> When<A, X>
where
    A: Aggregate<Event: Debug + PartialEq>,
{
    #[track_caller]
    pub(super) fn new<C, How>(mut past: Past<A>, context: X, command: C) -> Self
    where
        C: Command<Aggregate = A> + Debug,
        X: Provides<C::Context, How>,
    {
        let provided = context.provide(past.now);
        if let Some(context) = C::shown(&provided) {
            past.story.decided_with(context);
        }
        past.story.when(command.name(), &command);
        let decided = decide(&mut past, command, &provided);
        let unfinished = Unfinished::new(
            "when(..) without a then: nothing was checked; end with .then(events), .then_error(error) or .then_nothing()",
        );
        Self {
            past,
            context,
            decided,
            unfinished,
        }
    }
}

/// Lets the aggregate decide, and checks whatever can be checked without knowing what is expected.
#[track_caller]
pub(super) fn decide<C>(
    past: &mut Past<C::Aggregate>,
    command: C,
    context: &Arc<C::Context>,
) -> Decided<C::Aggregate>
where
    C: Command<Aggregate: Aggregate<Event: Debug + PartialEq>>,
{
    match command.own_stream() {
        None => {}
        Some(Ok(stream)) => past.stay_with(stream),
        Some(Err(error)) => past.story.fail(
            "the command names an aggregate that cannot be one",
            &[("But", error.to_string())],
        ),
    }
    let issued = past.next_command();
    let metadata = propagation::metadata(&issued, command.name(), &past.story);
    let Past { events, story, .. } = &*past;
    let again = command.clone();
    let restored = snapshots::all::<C::Aggregate>(events, story);
    #[cfg(feature = "stores")]
    let staged = command.clone();
    let outcome = match round_trip::catch(|| command.decide(&past.state(), context)) {
        Ok(Ok(produced)) => {
            let mut story = story.clone();
            story.produced(&produced);
            // On a state folded anew, so that a fold that looks at a clock is found out, too.
            let decide_again = || again.clone().decide(&past.state(), context);
            check_purity::<C::Aggregate>(&produced, decide_again, &story);
            for snapshot in &restored {
                match round_trip::catch(|| again.clone().decide(&snapshot.state, context)) {
                    Ok(Ok(other)) if is_alike(&other, &produced) => {}
                    other => snapshot.decided_otherwise::<C::Aggregate>(other, &story),
                }
            }
            let produced = round_trip::all(produced, &story);
            // From the first event on, as the next command would load it; only a panic is of
            // interest.
            let _ = round_trip::replay::<C::Aggregate>(events.iter().chain(&produced), &story);
            if !produced.is_empty() {
                let by_now: Vec<_> = events.iter().chain(&produced).cloned().collect();
                snapshots::all::<C::Aggregate>(&by_now, &story);
            }
            if C::CREATES && past.stream_exists() && !produced.is_empty() {
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
        Ok(Err(error)) => {
            let decide_again = |state: &_| again.clone().decide(state, context);
            check_refusal::<C::Aggregate>(&error, || decide_again(&past.state()), story);
            for snapshot in &restored {
                match round_trip::catch(|| decide_again(&snapshot.state)) {
                    Ok(Err(other)) if is_same_reason(&other, &error) => {}
                    other => {
                        let mut story = story.clone();
                        story.produced_error(&error);
                        snapshot.decided_otherwise::<C::Aggregate>(other, &story)
                    }
                }
            }
            Err(error)
        }
        Err(panic) => story.fail("the decision panicked", &[("Panic", panic)]),
    };
    #[cfg(feature = "stores")]
    on_stage(past, &staged, context, &issued, &metadata, &outcome);
    Decided { outcome, metadata }
}

/// The same on the store of this story, if it has one.
#[cfg(feature = "stores")]
#[track_caller]
fn on_stage<C>(
    past: &Past<C::Aggregate>,
    command: &C,
    context: &Arc<C::Context>,
    issued: &CommandMetadata,
    metadata: &Metadata,
    outcome: &Outcome<C::Aggregate>,
) where
    C: Command<Aggregate: Aggregate<Event: Debug + PartialEq>>,
{
    let expected = Expected {
        history: past.history(),
        issued,
        metadata,
        outcome,
    };
    if let Some(difference) = perform(command, context, &expected) {
        let then = story::beside(&difference.expected, &difference.produced);
        past.story.fail(&difference.headline, &[("Then", then)])
    }
}

/// What is not equal to itself, as a `NaN`, may still be written alike.
fn is_alike<E: Event + PartialEq>(some: &[E], others: &[E]) -> bool {
    let is_written_alike = |(one, other): (&E, &E)| match (one.encode(), other.encode()) {
        (Ok(text), Ok(other_text)) => one.kind() == other.kind() && text == other_text,
        _ => false,
    };
    let is_pairwise_alike = || some.iter().zip(others).all(is_written_alike);
    some == others || (some.len() == others.len() && is_pairwise_alike())
}

fn is_same_reason(one: &impl Debug, other: &impl Debug) -> bool {
    says_the_same(&format!("{one:?}"), &format!("{other:?}"))
}

/// Decides again what was refused.
#[track_caller]
fn check_refusal<A: Aggregate<Event: Debug + PartialEq>>(
    reason: &A::Error,
    decide_again: impl FnOnce() -> Decision<A>,
    story: &Story,
) {
    let again = match round_trip::catch(decide_again) {
        Ok(Err(again)) if is_same_reason(&again, reason) => return,
        Ok(Err(again)) => story::error(&again),
        Ok(Ok(events)) => story::numbered(&events),
        Err(panic) => panic,
    };
    story.fail(
        "the decision is not pure: decided again, the command came out differently",
        &[("Then", story::error(reason)), ("Again", again)],
    );
}

/// Decides again: a decision that looks at a clock or rolls dice comes out differently.
#[track_caller]
fn check_purity<A: Aggregate<Event: Debug + PartialEq>>(
    produced: &[A::Event],
    mut decide_again: impl FnMut() -> Decision<A>,
    story: &Story,
) {
    // What depends on chance, as the order of a `HashSet` does, may come out alike once.
    for _ in 0..TIMES {
        check_once::<A>(produced, &mut decide_again, story);
    }
}

#[track_caller]
fn check_once<A: Aggregate<Event: Debug + PartialEq>>(
    produced: &[A::Event],
    decide_again: impl FnOnce() -> Decision<A>,
    story: &Story,
) {
    let again = match round_trip::catch(decide_again) {
        Ok(Ok(again)) if is_alike(&again, produced) => return,
        Ok(Ok(again)) => story::numbered(&again),
        Ok(Err(error)) => story::error(&error),
        Err(panic) => panic,
    };
    story.fail(
        "the decision is not pure: decided again, the command came out differently",
        &[("Again", again)],
    );
}

impl<A: Aggregate<Event: Debug>, X> Debug for When<A, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("When")
            .field("outcome", &self.decided.outcome)
            .finish_non_exhaustive()
    }
}
