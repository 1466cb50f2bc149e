//! The text of a failure: what is wrong, where, and the whole story.

use std::error::Error;
use std::fmt::{self, Debug};
use std::panic::Location;

use ironflow_domain::{Event, StreamId, StreamVersion, Timestamp};
use serde_json::{Value, json};

use super::diff::{self, Field, Likeness, Row};
use super::layout::value;
use crate::book::{Entry, record};
use crate::color::colored;
use crate::snapshot;
use crate::stage::is_on_store;

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
#[derive(Debug, Clone)]
pub struct Story {
    /// Whom it is about.
    about: &'static str,
    began: &'static Location<'static>,
    steps: Vec<Step>,
    /// How many steps were written down, and as what.
    told: usize,
    known_as: Option<u64>,
}

/// One part of a sentence.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Such as `Given`.
    label: &'static str,
    kind: Kind,
    /// What the events or the command are called where they are stored; what the error is called.
    names: Vec<String>,
    /// What stands before each text, if it is not the place of an event in a list.
    marks: Vec<String>,
    /// One for each event and each view; one for anything else.
    texts: Vec<String>,
}

/// What a step is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Events,
    /// Events, as they were stored.
    Stored,
    Context,
    Command,
    Error,
    Time,
    State,
    /// What is known besides: who, how often.
    With,
}

impl Step {
    pub(crate) fn to_json(&self) -> Value {
        let Self {
            label,
            kind,
            names,
            marks,
            texts,
        } = self;
        let mut step =
            json!({ "label": label, "kind": kind.word(), "names": names, "texts": texts });
        if !marks.is_empty() {
            step["marks"] = json!(marks);
        }
        step
    }

    fn section(&self) -> String {
        section(
            self.label,
            &body(self.kind.word(), &self.marks, &self.texts),
        )
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Stored => "stored",
            Self::Context => "context",
            Self::Command => "command",
            Self::Error => "error",
            Self::Time => "time",
            Self::State => "state",
            Self::With => "with",
        }
    }
}

/// What a step of some kind says.
pub(crate) fn body(kind: &str, marks: &[String], texts: &[String]) -> String {
    if !marks.is_empty() {
        let marked = marks.iter().zip(texts);
        return join(marked.map(|(mark, text)| hang(mark, text)));
    }
    if kind != "events" {
        return join(texts.iter().cloned());
    }
    if texts.is_empty() {
        return "no events".to_owned();
    }
    let width = texts.len().to_string().len();
    join(
        (1..)
            .zip(texts)
            .map(|(n, text)| hang(&format!("{n:>width$}  "), text)),
    )
}

impl Story {
    /// Begins at the caller's line.
    #[track_caller]
    pub(crate) fn about(about: &'static str) -> Self {
        Self {
            about,
            began: Location::caller(),
            steps: Vec::new(),
            told: 0,
            known_as: None,
        }
    }

    /// What has happened; `Given` where it begins the story.
    pub(super) fn given<E: Event + Debug>(&mut self, events: &[E]) {
        let label = if self.steps.is_empty() {
            "Given"
        } else {
            "And"
        };
        self.push(label, Kind::Events, names(events), values(events));
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
        if events.is_empty() {
            let nothing = vec!["no events".to_owned()];
            self.push(label, Kind::Events, Vec::new(), nothing);
            self.mark(vec![format!("{stream}  ")]);
            return;
        }
        let places = from.get()..from.get() + events.len() as u64;
        let width = places.end.saturating_sub(1).to_string().len();
        let numbers = places.map(|place| format!("{place:>width$}  "));
        self.push(label, Kind::Events, names(events), values(events));
        self.mark(after(&format!("{stream}  "), numbers));
    }

    /// What a program of before has stored.
    pub(super) fn stored(&mut self, payloads: &[(String, u32, Value)]) {
        self.push(
            "Stored",
            Kind::Stored,
            stored_names(payloads),
            as_stored(payloads),
        );
    }

    /// What a program of before has stored in a stream.
    pub(super) fn stored_in(&mut self, stream: &StreamId, payloads: &[(String, u32, Value)]) {
        let (names, texts) = (stored_names(payloads), as_stored(payloads));
        self.push("Stored", Kind::Stored, names, texts);
        let nothing = payloads.iter().map(|_| String::new());
        self.mark(after(&format!("{stream}  "), nothing));
    }

    /// What time it is.
    pub(crate) fn time(&mut self, now: Timestamp) {
        self.push("Time", Kind::Time, Vec::new(), vec![now.to_string()]);
    }

    /// A command of the past.
    pub(super) fn after(&mut self, name: &str, command: &impl Debug) {
        let text = vec![value(command)];
        self.push("After", Kind::Command, vec![name.to_owned()], text);
    }

    /// What the next command is decided with, where that is not what was said before.
    pub(super) fn decided_with(&mut self, context: &dyn Debug) {
        let texts = vec![value(&context)];
        let before = self
            .steps
            .iter()
            .rev()
            .find(|step| step.kind == Kind::Context);
        if before.is_none_or(|before| before.texts != texts) {
            self.push("With", Kind::Context, Vec::new(), texts);
        }
    }

    pub(super) fn when(&mut self, name: &str, command: &impl Debug) {
        let text = vec![value(command)];
        self.push("When", Kind::Command, vec![name.to_owned()], text);
    }

    /// What a command led to, where it is not as it should be.
    pub(super) fn produced<E: Event + Debug>(&mut self, events: &[E]) {
        let text = vec![hang("produced  ", &numbered(events))];
        self.push("Then", Kind::Stored, names(events), text);
    }

    /// Why a command was refused, where something about that is not as it should be.
    pub(super) fn produced_error(&mut self, reason: &impl Error) {
        let text = vec![hang("produced  ", &error(reason))];
        self.push("Then", Kind::Error, Vec::new(), text);
    }

    /// What came of it, as it should be.
    pub(super) fn then<E: Event + Debug>(&mut self, events: &[E]) {
        self.push("Then", Kind::Events, names(events), values(events));
        self.tell();
    }

    /// Why it was refused, as it should be.
    pub(super) fn refused(&mut self, reason: &impl Error) {
        let debug = format!("{reason:?}");
        let end = debug.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let name = debug[..end.unwrap_or(debug.len())].to_owned();
        self.push("Then", Kind::Error, vec![name], vec![error(reason)]);
        self.tell();
    }

    /// Why nothing can be read, as it should be.
    pub(super) fn unreadable(&mut self, reason: &str) {
        let names = vec!["unreadable".to_owned()];
        self.push("Then", Kind::Error, names, vec![reason.to_owned()]);
        self.tell();
    }

    /// The state, as it should be.
    pub(super) fn state(&mut self, state: &impl Debug) {
        self.push("State", Kind::State, Vec::new(), vec![value(state)]);
        self.tell();
    }

    /// With what something happens.
    pub(crate) fn with(&mut self, label: &'static str, what: String) {
        self.push(label, Kind::With, Vec::new(), vec![what]);
    }

    /// What views came of it, each with its key before it.
    pub(crate) fn views(&mut self, views: Vec<(String, String)>) {
        let (keys, texts) = views.into_iter().unzip();
        self.push("Then", Kind::State, Vec::new(), texts);
        self.mark(keys);
    }

    /// Writes down what was said since the last time; it has turned out to be true.
    pub(crate) fn tell(&mut self) {
        let entry = Entry {
            after: self.known_as,
            about: self.about,
            began: self.began,
            steps: &self.steps[self.told..],
        };
        if let Some(id) = record(&entry) {
            self.known_as = Some(id);
            self.told = self.steps.len();
        }
    }

    fn push(&mut self, label: &'static str, kind: Kind, names: Vec<String>, texts: Vec<String>) {
        self.steps.push(Step {
            label,
            kind,
            names,
            marks: Vec::new(),
            texts,
        });
    }

    /// What stands before each text of the last step.
    fn mark(&mut self, marks: Vec<String>) {
        if let Some(step) = self.steps.last_mut() {
            step.marks = marks;
        }
    }

    /// All that was said, as a text without a margin.
    pub(super) fn text(&self) -> String {
        let text = join(self.steps.iter().map(Step::section));
        let lines = text
            .lines()
            .map(|line| line.strip_prefix("  ").unwrap_or(line));
        join(lines.map(str::to_owned))
    }

    /// Fails the scenario where it is not what its snapshot says.
    #[track_caller]
    pub(super) fn check_snapshot(&self) {
        if is_on_store() {
            // The same story is told without a store, too, and has its snapshot there.
            return;
        }
        if let Err(problem) = snapshot::compare(&snapshot::redacted(&self.text())) {
            let text = format!("{problem}\n\n{}", Place(Location::caller()));
            panic!("{}", colored(text));
        }
    }

    /// Fails the scenario at the caller's line.
    #[track_caller]
    pub(crate) fn fail(&self, headline: &str, sections: &[(&str, String)]) -> ! {
        let steps = self.steps.iter().map(Step::section);
        let sections = sections.iter().map(|(label, body)| section(label, body));
        let text = format!(
            "{headline}\n{}\n\n{}\n",
            Place(Location::caller()),
            join(steps.chain(sections))
        );
        panic!("{}", colored(text))
    }
}

/// What events are called where they are stored.
fn names<E: Event>(events: &[E]) -> Vec<String> {
    let names = events.iter().map(|event| event.kind().name.to_owned());
    names.collect()
}

/// Marks with a head before the first, and as much space before the others.
fn after(head: &str, marks: impl Iterator<Item = String>) -> Vec<String> {
    let space = " ".repeat(head.chars().count());
    let marks = marks.enumerate().map(|(n, mark)| match n {
        0 => format!("{head}{mark}"),
        _ => format!("{space}{mark}"),
    });
    marks.collect()
}

fn stored_names(payloads: &[(String, u32, Value)]) -> Vec<String> {
    payloads.iter().map(|(name, ..)| name.clone()).collect()
}

pub(crate) fn as_stored(payloads: &[(String, u32, Value)]) -> Vec<String> {
    let texts = payloads
        .iter()
        .map(|(name, version, payload)| format!("{name} version {version}  {payload}"));
    texts.collect()
}

pub(crate) fn section(label: &str, body: &str) -> String {
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
    line_difference(&before, &after)
}

/// The lines of the second of two texts; those that are not in both are marked.
pub(crate) fn line_difference(before: &str, after: &str) -> String {
    let [before, after] = [before, after].map(|text| text.lines().collect::<Vec<_>>());
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
pub(crate) fn error(error: &impl Error) -> String {
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

/// Whether two texts say the same, in whichever order: that of a `HashSet` differs each time.
pub(crate) fn says_the_same(one: &str, other: &str) -> bool {
    let sorted = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    one == other || sorted(one) == sorted(other)
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
pub(crate) fn numbered<E: Debug>(events: &[E]) -> String {
    body(Kind::Events.word(), &[], &values(events))
}

fn values<E: Debug>(events: &[E]) -> Vec<String> {
    events.iter().map(|event| value(event)).collect()
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
    told(&fields)
}

/// Fields that differ, one on a line.
pub(super) fn told(fields: &[Field]) -> String {
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
