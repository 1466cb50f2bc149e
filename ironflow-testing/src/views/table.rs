//! Views as text.

use std::collections::BTreeSet;
use std::fmt::Debug;

use ironflow_domain::{Projection, Unpartitioned};

use super::follower::{self, States};
use crate::scenario::{layout, story};

/// What a view is called in a sentence.
pub(super) fn title(key: &str) -> String {
    match name(key) {
        "" => "the view".to_owned(),
        key => format!("the view {key}"),
    }
}

/// What a view is called in a list: the only one needs no name.
fn name(key: &str) -> &str {
    if key == Unpartitioned.to_string() {
        ""
    } else {
        key
    }
}

/// Views, each with its key before it.
pub(super) fn list<P: Debug>(states: &States<P>) -> String {
    let rows = rows(states);
    story::join(rows.iter().map(|(key, text)| story::hang(key, text)))
}

/// The keys of views as they stand before them, and the views.
pub(super) fn rows<P: Debug>(states: &States<P>) -> Vec<(String, String)> {
    if states.is_empty() {
        return vec![(String::new(), "no views".to_owned())];
    }
    let width = width(states.keys());
    let rows = states
        .iter()
        .map(|(key, state)| (column(key, width), layout::value(state)));
    rows.collect()
}

/// That a view is not there.
pub(super) fn absence(key: &str) -> Vec<(String, String)> {
    vec![(column(key, 0), "no view".to_owned())]
}

/// The key of a view in front of it, and some space.
fn column(key: &str, width: usize) -> String {
    match name(key) {
        "" => String::new(),
        key => format!("{key:<width$}  "),
    }
}

/// How views differ from others.
pub(super) struct Comparison {
    /// How many differ in which way; nothing where none does.
    pub(super) summary: Option<String>,
    /// All of them.
    pub(super) table: String,
}

/// Compares `expected` with `produced`, or whatever else `heads` says the two are.
pub(super) fn compare<P: Projection + Debug + PartialEq>(
    heads: [&str; 2],
    expected: &States<P>,
    produced: &States<P>,
) -> Comparison {
    let keys: BTreeSet<_> = expected.keys().chain(produced.keys()).collect();
    let width = width(keys.iter().copied());
    let [mut differ, mut missing, mut others] = [0, 0, 0];
    let mut lines = vec![format!("   {} → {}", heads[0], heads[1])];
    for key in keys {
        let (mark, body, note) = match (expected.get(key), produced.get(key)) {
            (Some(one), Some(other)) if one == other => ('=', layout::value(other), ""),
            (Some(one), Some(other)) => {
                differ += 1;
                ('~', differences(one, other), "")
            }
            (Some(one), None) => {
                missing += 1;
                ('-', layout::value(one), "   ← missing")
            }
            (None, Some(other)) => {
                others += 1;
                ('+', layout::value(other), "   ← not expected")
            }
            (None, None) => continue,
        };
        let (first, rest) = body.split_at(body.find('\n').unwrap_or(body.len()));
        let prefix = format!("{mark}  {}", column(key, width));
        lines.push(story::hang(&prefix, &format!("{first}{note}{rest}")));
    }
    let counts = [
        (differ, "with other content"),
        (missing, "missing"),
        (others, "not expected"),
    ];
    let counts: Vec<_> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    Comparison {
        summary: (!counts.is_empty()).then(|| counts.join(", ")),
        table: story::join(lines.into_iter()),
    }
}

/// A view, and beneath it in which fields it differs from another.
fn differences<P: Projection + Debug>(expected: &P, produced: &P) -> String {
    let [before, after] = [expected, produced].map(follower::json);
    format!(
        "{}\n{}",
        layout::value(produced),
        story::differences(expected, produced, &before, &after)
    )
}

fn width<'a>(keys: impl Iterator<Item = &'a String>) -> usize {
    keys.map(|key| name(key).chars().count()).max().unwrap_or(0)
}
