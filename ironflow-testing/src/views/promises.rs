//! What must hold of every projection, whatever is expected of it.

use std::fmt::Debug;
use std::ops::Range;

use ironflow_domain::Projection;

use super::follower::{self, Follower, States, Trouble};
use super::table;
use super::telling::Telling;
use crate::log::Append;
use crate::scenario::{layout, story};

type Outcome<P> = Result<States<P>, Trouble>;

/// Up to so many appends are taken to see that a restart makes no difference. A story of a hundred
/// is restarted everywhere, a longer one in some places, evenly spread.
const TAKEN: usize = 10_000;
/// But in no fewer places than these.
const RESTARTS: usize = 10;

/// Lets the projection take the last append, and checks what can be checked of one.
#[track_caller]
pub(super) fn take_the_last_append<P>(telling: &mut Telling<P>)
where
    P: Projection + Debug + PartialEq,
{
    let end = telling.past.log.appends().len();
    let mut again = telling.follower.clone();
    let states = match telling
        .follower
        .take::<P>(&telling.past.log, end - 1..end, 1)
    {
        Ok(states) => states,
        Err(trouble) => telling.fail(&trouble),
    };
    check_purity(telling, &states, &mut again, end - 1..end);
    for (key, state) in &states {
        check_storage(telling, key, state);
    }
}

/// Takes the same appends again: a projection that looks at a clock or rolls dice comes out
/// differently.
#[track_caller]
fn check_purity<P>(
    telling: &Telling<P>,
    states: &States<P>,
    again: &mut Follower,
    appends: Range<usize>,
) where
    P: Projection + Debug + PartialEq,
{
    let text = match again.take::<P>(&telling.past.log, appends, 1) {
        Ok(again) => {
            let comparison = table::compare(["once", "again"], states, &again);
            if comparison.summary.is_none() {
                return;
            }
            comparison.table
        }
        Err(trouble) => trouble.text(),
    };
    telling.past.story.fail(
        "the projection is not pure: taken again, the same events led to other views",
        &[("Again", text)],
    )
}

/// What is not in its stored form is lost with the next batch.
#[track_caller]
fn check_storage<P>(telling: &Telling<P>, key: &str, state: &P)
where
    P: Projection + Debug + PartialEq,
{
    let read = telling.state(key);
    if read.as_ref() == Some(state) {
        return;
    }
    let read = read.map_or("nothing".to_owned(), |read| story::versus(state, &read));
    telling.past.story.fail(
        &format!("{} does not survive being stored", table::title(key)),
        &[
            ("View", layout::value(state)),
            ("Stored", follower::json(state)),
            ("Read", read),
        ],
    )
}

/// Checks that the views depend on what was appended, and on nothing else: not on which appends a
/// batch has, and not on where a process was stopped and another one went on.
#[track_caller]
pub(super) fn check<P>(telling: &Telling<P>)
where
    P: Projection + Debug + PartialEq,
{
    let states = telling.states();
    let appends = telling.past.log.appends();
    let end = appends.len();
    let places = (TAKEN / end.max(1)).max(RESTARTS);
    let step = end.div_ceil(places).max(1);
    for stop in (0..end).step_by(step) {
        let outcome = restarted_at(telling, stop, end);
        if stop == 0 {
            let headline = "in one batch, the appends led to other views than one by one";
            expect(
                telling,
                headline,
                ["one by one", "in one batch"],
                &states,
                outcome,
                None,
            );
        } else {
            let headline = "after a restart, the appends led to other views than without one";
            let place = format!("after {}", named(&appends[stop - 1]));
            let section = Some(("Restart", place));
            expect(
                telling,
                headline,
                ["without", "restarted"],
                &states,
                outcome,
                section,
            );
        }
    }
    if telling.times > 1 {
        check_redelivery(telling, &states);
    }
}

/// Two batches, each by a process of its own.
fn restarted_at<P>(telling: &Telling<P>, stop: usize, end: usize) -> Outcome<P>
where
    P: Projection,
{
    let mut follower = Follower::default();
    follower.take::<P>(&telling.past.log, 0..stop, 1)?;
    let mut follower = follower.restarted();
    follower.take::<P>(&telling.past.log, stop..end, 1)?;
    follower.states()
}

/// Checks that appends which are delivered more than once lead to the same views.
#[track_caller]
fn check_redelivery<P>(telling: &Telling<P>, states: &States<P>)
where
    P: Projection + Debug + PartialEq,
{
    let times = telling.times;
    let headline = format!(
        "the projection is not idempotent: delivered {times} times, an append led to other views"
    );
    let appends = telling.past.log.appends();
    let mut follower = Follower::default();
    for (at, append) in appends.iter().enumerate() {
        let section = Some(("Append", named(append)));
        let once = match follower.take::<P>(&telling.past.log, at..at + 1, 1) {
            Ok(_) => follower.states(),
            Err(trouble) => Err(trouble),
        };
        let once = match once {
            Ok(once) => once,
            Err(trouble) => telling.fail(&trouble),
        };
        for _ in 1..times {
            follower = follower.restarted();
            let outcome = follower.take::<P>(&telling.past.log, at..at + 1, 1);
            let outcome = outcome.and_then(|_| follower.states());
            expect(
                telling,
                &headline,
                ["once", "redelivered"],
                &once,
                outcome,
                section.clone(),
            );
        }
    }
    let mut follower = Follower::default();
    let outcome = follower.take::<P>(&telling.past.log, 0..appends.len(), times);
    let outcome = outcome.and_then(|_| follower.states());
    expect(
        telling,
        &headline,
        ["once", "redelivered"],
        states,
        outcome,
        None,
    );
}

/// Fails where something else came of the same appends.
#[track_caller]
fn expect<P>(
    telling: &Telling<P>,
    headline: &str,
    heads: [&str; 2],
    expected: &States<P>,
    outcome: Outcome<P>,
    section: Option<(&str, String)>,
) where
    P: Projection + Debug + PartialEq,
{
    let but = match outcome {
        Ok(states) => {
            let comparison = table::compare(heads, expected, &states);
            if comparison.summary.is_none() {
                return;
            }
            comparison.table
        }
        Err(trouble) => trouble.text(),
    };
    let sections: Vec<_> = section.into_iter().chain([("But", but)]).collect();
    telling.past.story.fail(headline, &sections)
}

/// The events of an append by their names.
fn named(append: &Append) -> String {
    let events = append.events().map(|event| {
        format!(
            "{}, version {} of {}",
            event.name, event.version, event.stream
        )
    });
    story::join(events)
}
