//! The text of a failure: what is wrong, where, and the whole story.

use std::error::Error;
use std::fmt::{self, Debug};
use std::panic::Location;

use ironflow_domain::{Event, StreamId, StreamVersion, Timestamp};
use serde_json::Value;

use super::diff::{self, Field, Likeness, Row};
use super::layout::value;

/// Of two values side by side each may be this long.
const LONG_FIELD: usize = 40;

/// A place in the user's tests, as the compiler prints it.
pub(super) struct Place(pub(super) &'static Location<'static>);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  --> {}", self.0)
    }
}

/// What has been said so far, sentence by sentence.
#[derive(Debug, Clone, Default)]
pub struct Story {
    steps: Vec<Step>,
}

/// One part of a sentence.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Such as `Given`.
    pub(crate) label: &'static str,
    /// What the events or the command are called where they are stored.
    pub(crate) names: Vec<String>,
    pub(crate) text: String,
}

impl Story {
    /// What has happened; `Given` where it begins the story.
    pub(super) fn given<E: Event + Debug>(&mut self, events: &[E]) {
        let label = self.first_or("Given", "And");
        self.push(label, names(events), numbered(events));
    }

    /// What has happened in a stream, from an event's place in it on.
    pub(super) fn given_to<E: Event + Debug>(
        &mut self,
        stream: &StreamId,
        from: StreamVersion,
        events: &[E],
    ) {
        let is_told = |step: &Step| matches!(step.label, "Given" | "Stored");
        let begins = !self.steps.iter().any(is_told);
        let label = if begins { "Given" } else { "And" };
        let text = hang(&format!("{stream}  "), &numbered_from(from.get(), events));
        self.push(label, names(events), text);
    }

    /// What a program of before has stored.
    pub(super) fn stored(&mut self, payloads: &[(String, u32, Value)]) {
        self.push("Stored", stored_names(payloads), as_stored(payloads));
    }

    /// What a program of before has stored in a stream.
    pub(super) fn stored_in(&mut self, stream: &StreamId, payloads: &[(String, u32, Value)]) {
        let text = hang(&format!("{stream}  "), &as_stored(payloads));
        self.push("Stored", stored_names(payloads), text);
    }

    /// What time it is.
    pub(crate) fn time(&mut self, now: Timestamp) {
        self.push("Time", Vec::new(), now.to_string());
    }

    /// A command of the past.
    pub(super) fn after(&mut self, name: &str, command: &impl Debug) {
        self.push("After", vec![name.to_owned()], value(command));
    }

    pub(super) fn when(&mut self, name: &str, command: &impl Debug) {
        self.push("When", vec![name.to_owned()], value(command));
    }

    /// What a command led to, where it is not as it should be.
    pub(super) fn produced<E: Event + Debug>(&mut self, events: &[E]) {
        let text = hang("produced  ", &numbered(events));
        self.push("Then", names(events), text);
    }

    /// What came of it, as it should be.
    pub(super) fn then<E: Event + Debug>(&mut self, events: &[E]) {
        self.push("Then", names(events), numbered(events));
    }

    /// Why it was refused, as it should be.
    pub(super) fn refused(&mut self, reason: &impl Error) {
        self.push("Then", Vec::new(), error(reason));
    }

    fn first_or(&self, first: &'static str, other: &'static str) -> &'static str {
        if self.steps.is_empty() { first } else { other }
    }

    pub(crate) fn push(&mut self, label: &'static str, names: Vec<String>, text: String) {
        self.steps.push(Step { label, names, text });
    }

    /// Fails the scenario at the caller's line.
    #[track_caller]
    pub(crate) fn fail(&self, headline: &str, sections: &[(&str, String)]) -> ! {
        let steps = self
            .steps
            .iter()
            .map(|step| section(step.label, &step.text));
        let sections = sections.iter().map(|(label, body)| section(label, body));
        panic!(
            "{headline}\n{}\n\n{}\n",
            Place(Location::caller()),
            join(steps.chain(sections))
        )
    }
}

/// What events are called where they are stored.
fn names<E: Event>(events: &[E]) -> Vec<String> {
    let names = events.iter().map(|event| event.kind().name.to_owned());
    names.collect()
}

fn stored_names(payloads: &[(String, u32, Value)]) -> Vec<String> {
    payloads.iter().map(|(name, ..)| name.clone()).collect()
}

fn as_stored(payloads: &[(String, u32, Value)]) -> String {
    let lines = payloads
        .iter()
        .map(|(name, version, payload)| format!("{name} version {version}  {payload}"));
    join(lines)
}

fn section(label: &str, body: &str) -> String {
    hang(&format!("  {label:<8}"), body)
}

/// The second of two values; with the lines marked that are not in both, if it needs several.
pub(crate) fn versus(one: &impl Debug, other: &impl Debug) -> String {
    let (before, after) = (value(one), value(other));
    if before == after {
        return format!("{after}\nprints the same, and is not equal: see its PartialEq");
    }
    if !after.contains('\n') {
        return after;
    }
    let [before, after] = [&before, &after].map(|text| text.lines().collect::<Vec<_>>());
    let likeness = |i: usize, j: usize| {
        if before[i] == after[j] {
            Likeness::Same
        } else {
            Likeness::Different
        }
    };
    let lines = diff::align(before.len(), after.len(), likeness)
        .into_iter()
        .map(|row| match row {
            Row::Missing(i) => format!("- {}", before[i]),
            Row::Unexpected(j) => format!("+ {}", after[j]),
            Row::Same(_, j) | Row::Differs(_, j) | Row::Moved(_, j) => format!("  {}", after[j]),
        });
    join(lines)
}

/// An error that was expected or produced.
pub(super) fn error(error: &impl Error) -> String {
    described("error ", &value(error), error)
}

/// The error that was produced, where `expected` was.
pub(super) fn error_versus<E: Error>(expected: &E, produced: &E) -> String {
    described("error ", &versus(expected, produced), produced)
}

fn described(label: &str, debug: &str, error: &impl Error) -> String {
    let display = chain(error);
    let body = if display == debug {
        display
    } else {
        format!("{debug}\n{display}")
    };
    hang(label, &body)
}

/// What an error says, and what its causes say.
pub(crate) fn chain(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&cause| cause.source());
    join(
        std::iter::once(error.to_string()).chain(causes.map(|cause| format!("caused by: {cause}"))),
    )
}

/// What was expected, and beneath it what was produced.
pub(crate) fn beside(expected: &str, produced: &str) -> String {
    format!(
        "{}\n{}",
        hang("expected  ", expected),
        hang("produced  ", produced)
    )
}

/// Events, counted from 1.
pub(super) fn numbered<E: Debug>(events: &[E]) -> String {
    numbered_from(1, events)
}

fn numbered_from<E: Debug>(first: u64, events: &[E]) -> String {
    if events.is_empty() {
        return "no events".to_owned();
    }
    let last = first + events.len() as u64 - 1;
    let width = last.to_string().len();
    join(
        (first..)
            .zip(events)
            .map(|(n, event)| hang(&format!("{n:>width$}  "), &value(event))),
    )
}

/// Expected and produced events, aligned, and how many of them are not as expected.
pub(super) fn comparison<E>(expected: &[E], produced: &[E]) -> (String, String)
where
    E: Event + Debug + PartialEq,
{
    let likeness = |i: usize, j: usize| match (&expected[i], &produced[j]) {
        (one, other) if one == other => Likeness::Same,
        (one, other) if one.kind().name == other.kind().name => Likeness::Similar,
        _ => Likeness::Different,
    };
    let rows = diff::align(expected.len(), produced.len(), likeness);
    let rows = diff::join_moved(rows, likeness);

    let count = |matches: fn(&Row) -> bool, what: &str| match rows
        .iter()
        .filter(|row| matches(row))
        .count()
    {
        0 => None,
        n => Some(format!("{n} {what}")),
    };
    let counts = [
        count(|row| matches!(row, Row::Differs(..)), "with other content"),
        count(|row| matches!(row, Row::Missing(..)), "missing"),
        count(|row| matches!(row, Row::Unexpected(..)), "not expected"),
        count(|row| matches!(row, Row::Moved(..)), "out of order"),
    ];
    let summary = counts.into_iter().flatten().collect::<Vec<_>>().join(", ");

    let lines = rows.iter().map(|row| match *row {
        Row::Same(i, j) => line('=', Some(i), Some(j), &value(&produced[j]), ""),
        Row::Differs(i, j) => {
            let body = format!(
                "{}\n{}",
                value(&produced[j]),
                difference(&expected[i], &produced[j])
            );
            line('~', Some(i), Some(j), &body, "")
        }
        Row::Missing(i) => line('-', Some(i), None, &value(&expected[i]), "missing"),
        Row::Unexpected(j) => line('+', None, Some(j), &value(&produced[j]), "not expected"),
        Row::Moved(i, j) => line('↕', Some(i), Some(j), &value(&produced[j]), "out of order"),
    });
    let table = join(std::iter::once("   expected  produced".to_owned()).chain(lines));
    (summary, table)
}

fn line(
    mark: char,
    expected: Option<usize>,
    produced: Option<usize>,
    body: &str,
    note: &str,
) -> String {
    let place =
        |index: Option<usize>| index.map_or("–".to_owned(), |index| (index + 1).to_string());
    let (first, rest) = body
        .split_once('\n')
        .map_or((body, None), |(first, rest)| (first, Some(rest)));
    let note = if note.is_empty() {
        String::new()
    } else {
        format!("   ← {note}")
    };
    let rest = rest.map_or(String::new(), |rest| format!("\n{rest}"));
    let places = format!("{mark}  {:>8}  {:>8}  ", place(expected), place(produced));
    hang(&places, &format!("{first}{note}{rest}"))
}

/// In which fields an event differs from the one that was expected.
fn difference<E: Event + Debug>(expected: &E, produced: &E) -> String {
    let [before, after] = [expected, produced].map(|event| event.encode().unwrap_or_default());
    differences(expected, produced, &before, &after)
}

/// In which fields a value differs from the one that was expected, by their stored forms.
pub(crate) fn differences<T: Debug>(
    expected: &T,
    produced: &T,
    before: &str,
    after: &str,
) -> String {
    let [old, new] = [before, after].map(serde_json::from_str::<Value>);
    let fields = match (old, new) {
        (Ok(old), Ok(new)) => diff::fields(&old, &new),
        _ => Vec::new(),
    };
    if fields.is_empty() {
        let expected = hang("  expected  ", &versus(produced, expected));
        let note = if before == after {
            "\n  the difference is not in the stored form"
        } else {
            ""
        };
        return format!("{expected}{note}");
    }
    let width = fields
        .iter()
        .map(|field| label(field).chars().count())
        .max()
        .unwrap_or(0);
    join(fields.iter().map(|field| {
        let [expected, produced] = [&field.expected, &field.produced].map(|value| {
            value
                .as_ref()
                .map_or_else(|| "absent".to_owned(), Value::to_string)
        });
        if expected.chars().count().max(produced.chars().count()) > LONG_FIELD {
            format!(
                "  {}\n    expected  {expected}\n    produced  {produced}",
                label(field)
            )
        } else {
            format!("  {:<width$}  {expected} → {produced}", label(field))
        }
    }))
}

fn label(field: &Field) -> &str {
    if field.path.is_empty() {
        "the whole"
    } else {
        &field.path
    }
}

/// Puts `prefix` before the first line and as much space before all others.
pub(crate) fn hang(prefix: &str, body: &str) -> String {
    if body.is_empty() {
        return prefix.trim_end().to_owned();
    }
    let space = " ".repeat(prefix.chars().count());
    join(body.lines().enumerate().map(|(n, line)| match n {
        0 => format!("{prefix}{line}"),
        _ => format!("{space}{line}"),
    }))
}

pub(crate) fn join(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}
