//! A state that is kept as a snapshot, restored and folded on, goes on as if it had not been.
//!
//! States need not be comparable, and what is not in a snapshot cannot be seen in it. It shows in
//! what comes of it: in the state as JSON some events later, and in the next decision.

use std::fmt::Debug;

use ironflow_domain::{Aggregate, Decision, Snapshots};
use serde_json::Value;

use super::diff::{self, Field};
use super::round_trip::catch;
use super::story::{self, Story};

/// The longest past at whose every point a snapshot is taken.
const LONGEST: usize = 64;

/// At how many points of a longer one.
const POINTS: usize = 16;

/// How often a state is restored to see whether its form has an order: a set of two comes out alike
/// every other time.
const TRIES: usize = 64;

/// A state that was kept as a snapshot at some point, and folded on to the end.
pub(super) struct Restored<A> {
    /// The events that had been folded when it was kept.
    taken_after: usize,
    pub(super) state: A,
}

/// Keeps the state as a snapshot at every point of the past, and folds on from there. What does not
/// end in the same state fails the scenario. There are none where the aggregate has no snapshots.
#[track_caller]
pub(super) fn all<A: Aggregate>(events: &[A::Event], story: &Story) -> Vec<Restored<A>> {
    let Some(snapshots) = A::snapshots() else {
        return Vec::new();
    };
    let step = match events.len() {
        0..=LONGEST => 1,
        events => events.div_ceil(POINTS),
    };
    let mut state = A::initial();
    let mut all: Vec<Restored<A>> = Vec::new();
    for at in 0..=events.len() {
        if let Some(event) = at.checked_sub(1).map(|last| &events[last]) {
            state.apply(event);
            for restored in &mut all {
                if let Err(panic) = catch(|| restored.state.apply(event)) {
                    let kept = folded_on(restored.taken_after, at);
                    story.fail(
                        "a state from a snapshot cannot be folded on",
                        &[("Kept", kept), ("Panic", panic), help()],
                    );
                }
            }
        }
        if at % step > 0 && at < events.len() {
            continue;
        }
        match restore(&snapshots, &state) {
            Ok(state) => all.push(Restored {
                taken_after: at,
                state,
            }),
            Err(problem) => story.fail(
                "the state cannot be kept as a snapshot",
                &[("Kept", format!("{}\n{problem}", kept(at)))],
            ),
        }
        for restored in &all {
            restored.compare(&snapshots, &state, at, story);
        }
    }
    all
}

impl<A: Aggregate> Restored<A> {
    #[track_caller]
    fn compare(&self, snapshots: &Snapshots<A>, state: &A, at: usize, story: &Story) {
        let kept = folded_on(self.taken_after, at);
        let fields = match difference(snapshots, state, &self.state) {
            Ok(fields) if fields.is_empty() => return,
            Ok(fields) => fields,
            Err(problem) => story.fail(
                "a state from a snapshot cannot be kept as one",
                &[("Kept", format!("{kept}\n{problem}"))],
            ),
        };
        let names = fields.iter().map(|field| match &*field.path {
            "" => "the state".to_owned(),
            path => format!("`{path}`"),
        });
        let names = names.collect::<Vec<_>>().join(", ");
        let headline = match at - self.taken_after {
            0 => format!("a snapshot loses {names}"),
            _ => format!("a snapshot loses what {names} is folded with"),
        };
        let kept = format!("{kept}\n{}", story::told(&fields));
        story.fail(&headline, &[("Kept", kept), help()])
    }

    /// A command that is decided on it comes out otherwise than the story tells.
    #[track_caller]
    pub(super) fn decided_otherwise<B: Aggregate<Event: Debug>>(
        &self,
        outcome: Result<Decision<B>, String>,
        story: &Story,
    ) -> ! {
        let outcome = match outcome {
            Ok(Ok(events)) if events.is_empty() => "no events".to_owned(),
            Ok(Ok(events)) => story::numbered(&events),
            Ok(Err(error)) => story::error(&error),
            Err(panic) => format!("it panicked: {panic}"),
        };
        let kept = format!("{}, restored and folded on", kept(self.taken_after));
        story.fail(
            "a snapshot loses what the decision looks at: the command comes out differently",
            &[("Kept", kept), ("Again", outcome), help()],
        )
    }
}

fn kept(after: usize) -> String {
    match after {
        0 => "as a snapshot before the first event".to_owned(),
        1 => "as a snapshot after 1 event".to_owned(),
        events => format!("as a snapshot after {events} events"),
    }
}

fn folded_on(taken_after: usize, at: usize) -> String {
    let kept = kept(taken_after);
    match at - taken_after {
        0 => format!("{kept}, and restored"),
        1 => format!("{kept}, restored, and folded on with 1 event"),
        more => format!("{kept}, restored, and folded on with {more} events"),
    }
}

fn help() -> (&'static str, String) {
    let help = "whatever the fold or a decision looks at must be in the snapshot;\n\
                `#[serde(skip)]` on a field is the usual reason that it is not";
    ("Help", help.to_owned())
}

/// The state, written as a snapshot and read back.
pub(crate) fn restore<A: Aggregate>(snapshots: &Snapshots<A>, state: &A) -> Result<A, String> {
    let text = written(snapshots, state)?;
    let read = catch(|| snapshots.decode(&text))?;
    read.map_err(|error| format!("{text}\ncannot be read: {error}"))
}

fn written<A: Aggregate>(snapshots: &Snapshots<A>, state: &A) -> Result<String, String> {
    let text = catch(|| snapshots.encode(state))?;
    text.map_err(|error| format!("it cannot be written: {error}"))
}

/// How the second of two states differs from the first; nothing where it does not.
#[cfg(feature = "laws")]
pub(crate) fn differs<A: Aggregate>(
    snapshots: &Snapshots<A>,
    folded: &A,
    restored: &A,
) -> Option<String> {
    match difference(snapshots, folded, restored) {
        Ok(fields) if fields.is_empty() => None,
        Ok(fields) => Some(story::told(&fields)),
        Err(problem) => Some(problem),
    }
}

/// In which fields two states differ, as they are written.
fn difference<A: Aggregate>(
    snapshots: &Snapshots<A>,
    folded: &A,
    restored: &A,
) -> Result<Vec<Field>, String> {
    let texts = [written(snapshots, folded)?, written(snapshots, restored)?];
    if texts[0] == texts[1] {
        return Ok(Vec::new());
    }
    let read = |text: &String| serde_json::from_str(text).map_err(|error| error.to_string());
    let [one, other]: [Value; 2] = [read(&texts[0])?, read(&texts[1])?];
    let fields = diff::fields(&one, &other);
    let is_reordered = sorted(one) == sorted(other);
    if !fields.is_empty() && is_reordered && has_no_order(snapshots, folded, &texts[0]) {
        return Ok(Vec::new());
    }
    Ok(fields)
}

/// Whether a state that is restored is written in another order, as one with a `HashSet` is: then
/// order means nothing in it.
fn has_no_order<A: Aggregate>(snapshots: &Snapshots<A>, state: &A, text: &str) -> bool {
    (0..TRIES).any(|_| {
        let again = restore(snapshots, state).and_then(|state| written(snapshots, &state));
        again.is_ok_and(|again| again != text)
    })
}

/// The same with the elements of every list in the same order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(elements) => {
            let mut elements: Vec<_> = elements.into_iter().map(sorted).collect();
            elements.sort_by_cached_key(Value::to_string);
            Value::Array(elements)
        }
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| (key, sorted(value)));
            Value::Object(fields.collect())
        }
        value => value,
    }
}
