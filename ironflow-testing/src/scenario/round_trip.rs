//! Events as a store would return them, and the state they fold to.
//!
//! What cannot be written, cannot be read, or comes back as something else fails the scenario here.

use std::cell::Cell;
use std::fmt::Debug;
use std::panic::{self, AssertUnwindSafe};

use ironflow_domain::{Aggregate, Decoded, Event, EventKind, EventRef};
use serde_json::Value;

use super::diff;
use super::layout;
use super::story::{self, Story};

/// Every event, written in its stored form and read back.
#[track_caller]
pub(super) fn all<E>(events: impl IntoIterator<Item = E>, story: &Story) -> Vec<E>
where
    E: Event + Debug + PartialEq,
{
    let mut read = Vec::new();
    for event in events {
        match round_trip(&event) {
            Ok(event) => read.push(event),
            Err(damage) => {
                let kind = event.kind();
                let headline = format!("{} version {} {}", kind.name, kind.version, damage.what);
                let mut sections = vec![("Event", layout::value(&event))];
                sections.extend(damage.evidence);
                story.fail(&headline, &sections)
            }
        }
    }
    read
}

/// The state after `events`.
#[track_caller]
pub(super) fn replay<'a, A>(events: impl Iterator<Item = &'a A::Event>, story: &Story) -> A
where
    A: Aggregate<Event: Debug>,
{
    let folding = Cell::new(None);
    let replay = || A::replay(events.inspect(|&event| folding.set(Some(event))));
    match catch(replay) {
        Ok(state) => state,
        Err(message) => {
            let mut sections = vec![("Panic", message)];
            if let Some(event) = folding.get() {
                sections.insert(0, ("Event", layout::value(event)));
            }
            story.fail(
                "the fold panicked: an event that has happened cannot be refused",
                &sections,
            )
        }
    }
}

/// Runs the user's code; the error is what it panicked with.
pub(crate) fn catch<T>(code: impl FnOnce() -> T) -> Result<T, String> {
    // Nothing the code could have left half-done is used after a panic: the scenario fails.
    panic::catch_unwind(AssertUnwindSafe(code)).map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
        text.unwrap_or("something that is not a text").to_owned()
    })
}

/// Why an event is not what a store would return.
pub(crate) struct Damage {
    pub(crate) what: &'static str,
    pub(crate) evidence: Vec<(&'static str, String)>,
}

/// An event, written in its stored form and read back.
pub(crate) fn round_trip<E: Event + Debug + PartialEq>(event: &E) -> Result<E, Damage> {
    let (stored, read) = through_store(event)?;
    if read != *event {
        return Err(Damage {
            what: "does not survive being stored",
            evidence: vec![("Stored", stored), ("Read", story::versus(event, &read))],
        });
    }
    check_read_again::<E>(event.kind(), &stored)?;
    Ok(read)
}

/// Whether an event is written again as it was, once it was read. That takes no `PartialEq`.
#[cfg(feature = "schema")]
pub(crate) fn is_written_again<E: Event>(event: &E) -> Result<(), Damage> {
    let (stored, _) = through_store(event)?;
    check_read_again::<E>(event.kind(), &stored)
}

/// The stored form of an event, and what is read of it.
fn through_store<E: Event>(event: &E) -> Result<(String, E), Damage> {
    let kind = event.kind();
    let stored = event.encode().map_err(|error| Damage {
        what: "cannot be written in its stored form",
        evidence: vec![("Stored", story::chain(&error))],
    })?;
    let read = E::decode(&EventRef::unrecorded(kind.name, kind.version, &stored));
    let read = read.map_err(|error| Damage {
        what: "cannot be read back from its stored form",
        evidence: vec![("Stored", stored.clone()), ("Read", story::chain(&error))],
    })?;
    let Decoded::One(read) = read else {
        return Err(Damage {
            what: "is read back as something that is not one event: its `Event` was written by hand, and is wrong",
            evidence: vec![("Stored", stored)],
        });
    };
    Ok((stored, read))
}

fn check_read_again<E: Event>(kind: &EventKind, stored: &str) -> Result<(), Damage> {
    for _ in 0..TIMES {
        // Each time it is read, a `HashSet` gets another order.
        let read = E::decode(&EventRef::unrecorded(kind.name, kind.version, stored));
        let read = read.map(Decoded::into_events).unwrap_or_default();
        for read in read {
            check_written_again(&read, stored)?;
        }
    }
    Ok(())
}

/// How often something is done again that should come out alike, and may do so by chance.
pub(super) const TIMES: usize = 12;

fn check_written_again<E: Event>(read: &E, stored: &str) -> Result<(), Damage> {
    let again = read.encode().map_err(|error| Damage {
        what: "cannot be written again after it was read",
        evidence: vec![
            ("Stored", stored.to_owned()),
            ("Again", story::chain(&error)),
        ],
    })?;
    if same_json(stored, &again) {
        return Ok(());
    }
    Err(Damage {
        what: "has two stored forms, and equal events must be written alike (a `HashSet` is not: use a `BTreeSet`)",
        evidence: vec![("Stored", stored.to_owned()), ("Again", again)],
    })
}

/// Whether two texts are the same JSON. The members of an object have no order, so that a hash map
/// may be part of an event.
fn same_json(one: &str, other: &str) -> bool {
    one == other || {
        let [one, other] = [one, other].map(serde_json::from_str::<Value>);
        matches!((one, other), (Ok(one), Ok(other)) if diff::fields(&one, &other).is_empty())
    }
}
