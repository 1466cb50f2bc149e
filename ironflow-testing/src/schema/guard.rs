//! Holds what is declared against what was recorded.

use std::collections::BTreeSet;
use std::env;
use std::fmt::Write as _;
use std::path::PathBuf;

use ironflow_domain::{Aggregate, Described, Event, EventKind, Fate, PastKind, SchemaVersion};
use serde_json::Value;

use super::compare::{Comparison, Verdict, shape_only};
use super::example::{self, Numbers};
use super::gone::Gone;
use super::payload::{self, Made, Unmade};
use super::records::{Id, Record, Records};
use super::skeleton;
use super::written::Rewriting;
use crate::ci::is_ci;
use crate::scenario::catch;

/// Whether the guard may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// What is seen for the first time is recorded; so is a change both sides can read.
    Record,
    /// Nothing is written: what is not recorded yet is a failure. This is for CI.
    Check,
    /// As [`Record`](Self::Record), and a shape, or the form it is written in, may change under the
    /// same version as long as what was stored can be read: for when no program of before is running
    /// any more.
    Backward,
    /// As [`Record`](Self::Record), and events may take any shape, go away, and go back to an
    /// earlier version: for changes before anything was stored.
    Overwrite,
}

impl Mode {
    /// What the environment says: `IRONFLOW_SCHEMA` may be `record`, `check`, `backward` or
    /// `overwrite`; where it is not set, nothing is written if `CI` is.
    ///
    /// # Panics
    ///
    /// When it is something else.
    #[must_use]
    pub fn from_env() -> Self {
        match env::var("IRONFLOW_SCHEMA").as_deref() {
            Ok("record") => Self::Record,
            Ok("check") => Self::Check,
            Ok("backward") => Self::Backward,
            Ok("overwrite") => Self::Overwrite,
            Ok(other) if !other.is_empty() => panic!(
                "IRONFLOW_SCHEMA is `{other}`: it may be `record`, `check`, `backward` or `overwrite`"
            ),
            _ if is_ci() => Self::Check,
            _ => Self::Record,
        }
    }
}

/// Guards the stored forms of events, in a directory that is kept under version control.
/// [`schema_guard!`](crate::schema_guard!) makes one in `schema`, beside the crate's `Cargo.toml`.
#[derive(Debug, Clone)]
pub struct SchemaGuard {
    directory: PathBuf,
    mode: Mode,
}

impl SchemaGuard {
    /// A guard that keeps its files in `directory`, one folder for each category.
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>, mode: Mode) -> Self {
        Self {
            directory: directory.into(),
            mode,
        }
    }

    /// Holds the events of an aggregate against what was recorded, and records what is new.
    ///
    /// # Errors
    ///
    /// A text that says all that is wrong, and the ways out.
    pub fn check<A>(&self) -> Result<(), String>
    where
        A: Aggregate<Event: Described>,
    {
        let directory = self.directory.join(A::CATEGORY);
        let records = Records::read(directory)?;
        let unseen = A::Event::KINDS.iter().filter(|kind| {
            let mut known = records.known();
            !known.any(|(name, _)| kind.is_named(name))
        });
        let mut check = Check::<A> {
            unseen: unseen.collect(),
            records,
            mode: self.mode,
            problems: Vec::new(),
            changed: BTreeSet::new(),
            folding: Folding::of_declared(),
        };
        for (kind, schema) in A::Event::KINDS.iter().zip(A::Event::schemas()) {
            check.current(kind, &shape_only(&Value::from(schema)))?;
        }
        if self.mode == Mode::Check && !check.records.is_listed() {
            check.problems.push(format!(
                "not all that is recorded is listed\n    {}\n  Restore the file from version control, or run the tests where \
                 they may write, and commit it.",
                check.records.index().display()
            ));
        }
        check.recorded();
        check.merges();
        match check.problems.as_slice() {
            [] => check.records.save(),
            problems => Err(problems.join("\n\n")),
        }
    }
}

/// One look at the events of `A`.
struct Check<A: Aggregate> {
    records: Records,
    /// The variants of which nothing was recorded before.
    unseen: Vec<&'static EventKind>,
    mode: Mode,
    problems: Vec<String>,
    /// What has another shape than was recorded.
    changed: BTreeSet<Id>,
    folding: Folding<A>,
}

/// What the declaration says about a stored name.
enum Declared {
    Now(&'static EventKind),
    Past(&'static PastKind),
    Nothing,
}

impl<A: Aggregate<Event: Described>> Check<A> {
    /// Everything that was ever recorded must still be there, and be read.
    fn recorded(&mut self) {
        let known: Vec<Id> = self.records.known().cloned().collect();
        let mut gone = BTreeSet::new();
        for id in known {
            let (name, version) = &id;
            let declared = declared::<A::Event>(name);
            let stored = SchemaVersion::new(*version);
            let (last, retired) = match declared {
                Declared::Now(kind) => (Some(kind.version), kind.retired),
                Declared::Past(kind) if kind.fate == Fate::Retired => continue,
                Declared::Past(kind) => (kind.version, kind.retired),
                Declared::Nothing => {
                    if self.mode == Mode::Overwrite {
                        self.records.forget(&id);
                    } else if gone.insert(name.clone()) {
                        self.problems.push(self.gone(name));
                    }
                    continue;
                }
            };
            if retired.contains(&stored) {
                continue;
            }
            if last.is_some_and(|last| stored > last) {
                let problem = format!(
                    "{name} was recorded in version {version}, and is declared up to version {}\n    {}\n  Versions only \
                     grow: declare that version again.{NOTHING_STORED}",
                    last.map_or(0, SchemaVersion::get),
                    self.records.path(&id).display()
                );
                self.give_up(&id, problem);
                continue;
            }
            let Some(record) = self.records.get(name, *version) else {
                self.give_up(&id, self.deleted(&id));
                continue;
            };
            let is_part = matches!(declared, Declared::Past(past) if matches!(past.fate, Fate::Merged { .. }));
            if !is_part && !self.changed.contains(&id) {
                let record = record.clone();
                for example in record.examples.iter().chain(&record.before) {
                    self.read(&id, record.folded, &[(name, *version, example)]);
                }
                for bound in &record.bounds {
                    self.read_bounds(&id, &[(name, *version, bound)]);
                }
            }
        }
    }

    /// What was recorded and is not declared any more: a problem, unless nothing is stored.
    fn give_up(&mut self, id: &Id, problem: String) {
        if self.mode == Mode::Overwrite {
            self.records.forget(id);
        } else {
            self.problems.push(problem);
        }
    }

    /// The parts of a merge can be read together only: each version of each part, with the newest
    /// of the others.
    fn merges(&mut self) {
        for names in A::Event::MERGES {
            let parts: Vec<Vec<Record>> = names.iter().map(|name| self.versions(name)).collect();
            let newest: Option<Vec<&Record>> = parts.iter().map(|part| part.last()).collect();
            let Some(newest) = newest else {
                // A part that was never recorded.
                continue;
            };
            for (place, part) in parts.iter().enumerate() {
                for record in part {
                    let mut together = newest.clone();
                    together[place] = record;
                    self.read_together(&together);
                }
            }
        }
    }

    /// What was recorded under that name and may be stored, the newest version last.
    fn versions(&self, name: &str) -> Vec<Record> {
        let Declared::Past(declared) = declared::<A::Event>(name) else {
            return Vec::new();
        };
        let of_that_name = self.records.known().filter(|(known, _)| known == name);
        of_that_name
            .filter(|(_, version)| !declared.retired.contains(&SchemaVersion::new(*version)))
            .filter_map(|(name, version)| self.records.get(name, *version).cloned())
            .collect()
    }

    /// Reads the parts of a merge, each of their examples at least once.
    fn read_together(&mut self, parts: &[&Record]) {
        for (place, part) in parts.iter().enumerate() {
            for bound in &part.bounds {
                let stored = parts.iter().enumerate().filter_map(|(other, record)| {
                    let first = if other == place {
                        bound
                    } else {
                        record.examples.first()?
                    };
                    Some((record.event.as_str(), record.version, first))
                });
                let stored: Vec<_> = stored.collect();
                self.read_bounds(&(part.event.clone(), part.version), &stored);
            }
        }
        let folded = parts.iter().all(|part| part.folded);
        let count = parts.iter().map(|part| part.examples.len()).max();
        for nth in 0..count.unwrap_or(0) {
            let stored: Vec<_> = parts
                .iter()
                .filter_map(|part| {
                    let example = part.examples.iter().cycle().nth(nth)?;
                    Some((part.event.as_str(), part.version, example))
                })
                .collect();
            if let Some((name, version, _)) = stored.last() {
                self.read(&((*name).to_owned(), *version), folded, &stored);
            }
        }
    }

    /// Reads what was stored in one append, and folds it where that could be done when it was
    /// recorded. What an earlier version is read as is an event of today, and goes through its
    /// stored form as any other.
    fn read(&mut self, id: &Id, folded: bool, stored: &[(&str, u32, &Value)]) {
        let read = payload::read::<A::Event>(stored).and_then(|events| {
            if !is_current::<A::Event>(id) {
                payload::written_again(&events)?;
            }
            match self.folding.fold(&events) {
                Err(panic) if folded => Err(format!(
                    "cannot be folded any more, and what has happened cannot be refused: the fold panicked, {panic}"
                )),
                _ => Ok(()),
            }
        });
        if let Err(why) = read {
            self.unread(id, &why, stored);
        }
    }

    /// Reads what has the least or the greatest numbers in it.
    fn read_bounds(&mut self, id: &Id, stored: &[(&str, u32, &Value)]) {
        if let Some(why) = payload::misfit::<A::Event>(stored) {
            self.unread(id, &why, stored);
        }
    }

    fn unread(&mut self, id: &Id, why: &str, stored: &[(&str, u32, &Value)]) {
        let (name, version) = id;
        let payload = stored
            .iter()
            .map(|(_, _, example)| example.to_string())
            .collect::<Vec<_>>()
            .join("\n    ");
        self.problems.push(format!(
            "{name} version {version} was recorded, and {why}\n    {}\n    {payload}",
            self.records.path(id).display()
        ));
    }

    /// The current version must have the shape it was recorded in.
    fn current(&mut self, kind: &'static EventKind, schema: &Value) -> Result<(), String> {
        let version = kind.version.get();
        // Under a new name, a version still has the shape it had under the old one.
        let names = std::iter::once(&kind.name).chain(kind.also_named);
        let recorded: Vec<Record> = names
            .filter_map(|name| self.records.get(name, version).cloned())
            .collect();
        let made = made::<A::Event>(kind);
        let mut is_told = false;
        for record in &recorded {
            let comparison = Comparison::of(&record.schema, schema);
            if comparison.is_same() {
                is_told |= self.written(kind, schema, record, &made)?;
                continue;
            }
            let is_ours = record.event == kind.name;
            let examples_are_read = record.examples.iter().all(|example| {
                payload::read::<A::Event>(&[(&record.event, version, example)]).is_ok()
            });
            let verdict = match (self.mode, comparison.verdict()) {
                // Nobody is left who could not read it.
                (Mode::Backward, Verdict::Backward) => Verdict::Full,
                (_, verdict) => verdict,
            };
            match (verdict, self.mode) {
                (Verdict::Full, Mode::Check) if is_ours => {
                    self.problems.push(self.not_committed(
                        kind,
                        "has changed so that both sides can read it, and that is not recorded",
                    ));
                }
                (Verdict::Full, _) if !is_ours => {}
                (Verdict::Full, _) => {
                    let mut changed = record.clone();
                    schema.clone_into(&mut changed.schema);
                    changed.add(&made);
                    self.records.insert(changed.clone());
                    is_told |= self.written(kind, schema, &changed, &made)?;
                }
                (_, Mode::Overwrite) if is_ours => self.record(kind, schema, &made),
                (_, Mode::Overwrite) => {
                    self.records.forget(&(record.event.clone(), record.version));
                }
                (verdict, _) => {
                    let change = Change {
                        kind,
                        record,
                        schema,
                        comparison,
                        verdict,
                        examples_are_read,
                    };
                    self.changed.insert((record.event.clone(), record.version));
                    self.problems.push(self.changed(&change));
                }
            }
        }
        if let (Err(Unmade::Unreadable(why)), false) = (&made, is_told) {
            self.problems.push(why.clone());
        }
        if recorded.iter().any(|record| record.event == kind.name) {
            return Ok(());
        }
        match self.mode {
            // Its file was deleted, which has been reported.
            Mode::Record | Mode::Backward | Mode::Check
                if self.records.knows(kind.name, version) => {}
            Mode::Check => {
                let problem = self.not_committed(kind, "is not recorded yet");
                self.problems.push(problem);
            }
            Mode::Record | Mode::Backward | Mode::Overwrite => self.record(kind, schema, &made),
        }
        Ok(())
    }

    /// What was recorded of the current version must be written as it was. Whether a problem with
    /// that was told.
    fn written(
        &mut self,
        kind: &'static EventKind,
        schema: &Value,
        record: &Record,
        made: &Result<Made, Unmade>,
    ) -> Result<bool, String> {
        let rewriting = Rewriting::of::<A::Event>(record, schema)?;
        if rewriting.is_same() {
            return Ok(false);
        }
        let is_ours = record.event == kind.name;
        match self.mode {
            Mode::Overwrite if is_ours => self.record(kind, schema, made),
            Mode::Overwrite => {
                self.records.forget(&(record.event.clone(), record.version));
            }
            Mode::Backward if is_ours && rewriting.unread.is_none() => {
                let mut record = record.clone();
                let is_otherwise = |one: &Value| rewriting.otherwise.contains(one);
                record.examples.retain(|example| !is_otherwise(example));
                record.bounds.retain(|bound| !is_otherwise(bound));
                record.before.extend(rewriting.otherwise);
                record.add(made);
                self.records.insert(record);
            }
            Mode::Record | Mode::Check | Mode::Backward => {
                let path = self.records.path(&(record.event.clone(), record.version));
                self.problems.push(rewriting.problem(record, &path));
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Records the current version as it is.
    fn record(&mut self, kind: &'static EventKind, schema: &Value, made: &Result<Made, Unmade>) {
        let version = kind.version.get();
        let made = match made {
            Ok(made) => made,
            Err(Unmade::Refused(why)) => return self.problems.push(why.clone()),
            // That has been told.
            Err(Unmade::Unreadable(_)) => return,
        };
        let before = version.checked_sub(1).and_then(|before| {
            let mut names = std::iter::once(&kind.name).chain(kind.also_named);
            names.find_map(|name| self.records.get(name, before))
        });
        let compatibility = before.map(|before| {
            let is_read = !kind.retired.contains(&SchemaVersion::new(before.version));
            let comparison = Comparison::of(&before.schema, schema);
            Verdict::of(is_read, comparison.forward.is_empty()).to_string()
        });
        let folded = made.examples.iter().all(|example| {
            payload::read::<A::Event>(&[(kind.name, version, example)])
                .is_ok_and(|events| self.folding.fold(&events).is_ok())
        });
        self.records.insert(Record {
            event: kind.name.to_owned(),
            version,
            compatibility,
            schema: schema.clone(),
            examples: made.examples.clone(),
            bounds: made.bounds.clone(),
            before: Vec::new(),
            folded,
        });
    }

    fn deleted(&self, id: &Id) -> String {
        let (name, version) = id;
        format!(
            "the file of {name} version {version} is gone\n    {}\n  What was stored stays stored, and must be read: restore \
             the file from version control. If no event of that version is stored anywhere, say so: {}.",
            self.records.path(id).display(),
            match declared::<A::Event>(name) {
                Declared::Now(kind) if kind.version.get() > *version =>
                    "write `_` for its shape in `upcast(…)`".to_owned(),
                Declared::Now(_) =>
                    "record it anew with `IRONFLOW_SCHEMA=overwrite cargo test`".to_owned(),
                Declared::Past(_) | Declared::Nothing =>
                    format!("`retired(\"{name}\")` on the enum"),
            }
        )
    }

    /// A name that was recorded, and that nothing is declared under.
    fn gone(&self, name: &str) -> String {
        let of_that_name = self.records.known().filter(|(known, _)| known == name);
        let versions: Vec<u32> = of_that_name.map(|(_, version)| *version).collect();
        let newest = versions.last().copied().unwrap_or_default();
        let record = self.records.get(name, newest);
        let alike: Vec<_> = A::Event::KINDS
            .iter()
            .zip(A::Event::schemas())
            .filter(|(kind, schema)| {
                kind.version.get() == newest
                    && self.unseen.contains(kind)
                    && record.is_some_and(|record| {
                        Comparison::of(&record.schema, schema.as_value()).is_same()
                    })
            })
            .map(|(kind, _)| kind)
            .collect();
        Gone {
            name,
            versions: &versions,
            path: &self.records.path(&(name.to_owned(), newest)),
            newest: record,
            alike: &alike,
            category: A::CATEGORY,
            set: set_name::<A::Event>(),
        }
        .problem()
    }

    fn not_committed(&self, kind: &EventKind, what: &str) -> String {
        let id = (kind.name.to_owned(), kind.version.get());
        format!(
            "{} version {} {what}\n    {}\n  Run the tests where they may write, and commit the file.",
            id.0,
            id.1,
            self.records.path(&id).display()
        )
    }

    fn changed(&self, change: &Change<'_>) -> String {
        let Change {
            kind,
            record,
            schema,
            comparison,
            verdict,
            examples_are_read,
        } = change;
        let id = (record.event.clone(), record.version);
        let set = set_name::<A::Event>();
        let mut text = format!(
            "{} version {} has another shape than what was recorded (compatibility: {verdict})\n    {}\n",
            id.0,
            id.1,
            self.records.path(&id).display()
        );
        for change in &comparison.changes {
            let _ = writeln!(text, "  {change}");
        }
        let unread = if *examples_are_read {
            "By its schema, what was stored cannot be read (the recorded examples can: a schema does not show \
             `#[serde(alias = …)]`):"
        } else {
            "What was stored cannot be read:"
        };
        for (what, reasons) in [
            (unread, &comparison.backward),
            (
                "A program of before, still running, cannot read what this one writes:",
                &comparison.forward,
            ),
        ] {
            if !reasons.is_empty() {
                let _ = writeln!(text, "  {what}");
            }
            for reason in reasons {
                let _ = writeln!(text, "    {reason}");
            }
        }
        text.push_str(
            "  Ways out:\n  - Keep the version and let both sides read it: leave fields as they were, and give new ones \
             `#[serde(default)]`. What is only called otherwise in the program keeps its stored name: `#[serde(rename = \
             \"…\")]`.\n",
        );
        if comparison.backward.is_empty() {
            text.push_str(
                "  - If no program of before is running any more when this one writes: `IRONFLOW_SCHEMA=backward cargo \
                 test` records the new shape beside the old examples.\n",
            );
        }
        let code = skeleton::upcast(kind, set, &record.schema, schema);
        let code: Vec<_> = code
            .lines()
            .map(|line| format!("        {line}").trim_end().to_owned())
            .collect();
        let code = code.join("\n");
        let _ = write!(
            text,
            "  - A new version, and the step from the old one:\n\n{code}\n\n  -{NOTHING_STORED}"
        );
        text
    }
}

/// The way out that is open as long as nothing is stored.
const NOTHING_STORED: &str =
    " If no event of it has been stored anywhere yet: `IRONFLOW_SCHEMA=overwrite cargo test`.";

/// A shape that is not what was recorded.
struct Change<'a> {
    kind: &'a EventKind,
    record: &'a Record,
    schema: &'a Value,
    comparison: Comparison,
    verdict: Verdict,
    examples_are_read: bool,
}

impl Record {
    /// Adds examples to those that were recorded.
    fn add(&mut self, made: &Result<Made, Unmade>) {
        let Ok(made) = made else {
            return;
        };
        for (known, new) in [
            (&mut self.examples, &made.examples),
            (&mut self.bounds, &made.bounds),
        ] {
            for example in new {
                if !known.contains(example) {
                    known.push(example.clone());
                }
            }
        }
    }
}

/// Payloads of the current version, made from its schema.
fn made<E: Described>(kind: &EventKind) -> Result<Made, Unmade> {
    let mut schemas = E::KINDS.iter().zip(E::schemas());
    // The shape alone, as it is recorded, has none of the examples the user gave.
    let schema = schemas.find_map(|(known, schema)| (known == kind).then_some(schema));
    payload::made::<E>(kind, &schema.map(Value::from).unwrap_or_default())
}

/// Folds events that did not happen to any aggregate.
///
/// Many a fold relies on what its decisions promise, such as that nobody withdraws what is not
/// there. So each event is folded into the initial state, and into those that come of the events
/// declared before others; one that fits is enough.
struct Folding<A: Aggregate> {
    /// One event of each kind, in the order of declaration, as far as they can be folded.
    before: Vec<A::Event>,
}

impl<A: Aggregate<Event: Described>> Folding<A> {
    fn of_declared() -> Self {
        let mut before = Vec::new();
        for (kind, schema) in A::Event::KINDS.iter().zip(A::Event::schemas()) {
            let examples =
                example::examples(&Value::from(schema), example::KEYS[0], Numbers::Usual);
            let example = examples.unwrap_or_default().into_iter().next();
            let stored = example.unwrap_or_default();
            let events = payload::read::<A::Event>(&[(kind.name, kind.version.get(), &stored)]);
            for event in events.unwrap_or_default() {
                if catch(|| A::replay(before.iter().chain([&event]))).is_ok() {
                    before.push(event);
                }
            }
        }
        Self { before }
    }

    /// Whether all of `events` can be folded; the error is what the fold of the initial state
    /// panicked with.
    fn fold(&self, events: &[A::Event]) -> Result<(), String> {
        let Err(first) = catch(|| A::replay(events)) else {
            return Ok(());
        };
        let fits = (1..=self.before.len())
            .any(|count| catch(|| A::replay(self.before[..count].iter().chain(events))).is_ok());
        if fits { Ok(()) } else { Err(first) }
    }
}

/// Whether events are recorded in that version today.
fn is_current<E: Event>((name, version): &Id) -> bool {
    let mut kinds = E::KINDS.iter();
    kinds.any(|kind| kind.is_named(name) && kind.version.get() == *version)
}

/// What an enum is called in the program.
fn set_name<E>() -> &'static str {
    let set = std::any::type_name::<E>();
    set.rsplit("::").next().unwrap_or(set)
}

fn declared<E: Event>(name: &str) -> Declared {
    if let Some(kind) = E::KINDS.iter().find(|kind| kind.is_named(name)) {
        return Declared::Now(kind);
    }
    match E::PAST.iter().find(|kind| kind.name == name) {
        Some(kind) => Declared::Past(kind),
        None => Declared::Nothing,
    }
}
