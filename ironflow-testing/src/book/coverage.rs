//! What the stories cover of what there is.

use std::collections::{BTreeMap, BTreeSet};

use ironflow_domain::{AggregateEntry, Catalogue};

use super::story::{Step, Story, Test};

/// An aggregate, and a command of it.
type Asked = (String, String);
/// What came of each command, and how often that is told.
type Outcomes = BTreeMap<Asked, BTreeMap<String, usize>>;

/// How many stories tell what.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    /// By aggregate and command, in the order of the catalogue: what came of it, and how often that
    /// is told.
    pub(super) commands: Vec<(Asked, BTreeMap<String, usize>)>,
    /// By event: for each who reads it, how often that is told.
    pub(super) events: Vec<(String, BTreeMap<String, usize>)>,
    /// All who read events.
    pub(super) readers: Vec<String>,
}

impl Coverage {
    pub(super) fn of(tests: &[Test], catalogue: &Catalogue) -> Self {
        let mut outcomes: Outcomes = BTreeMap::new();
        let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
        for story in tests.iter().flat_map(|test| &test.stories) {
            count(story, &[], &mut outcomes, &mut seen);
        }
        let commands = catalogue
            .aggregates
            .iter()
            .flat_map(|aggregate| {
                let commands = aggregate.commands.iter();
                commands.map(|command| (aggregate.name.to_owned(), command.name.to_owned()))
            })
            .map(|asked| {
                let outcomes = outcomes.remove(&asked).unwrap_or_default();
                (asked, outcomes)
            });
        let mut commands: Vec<_> = commands.collect();
        // What is told of commands that the catalogue does not know is not lost.
        commands.extend(outcomes);
        let events = catalogue.aggregates.iter().flat_map(|aggregate| {
            let seen = &seen;
            aggregate.events.iter().map(move |event| {
                let names = std::iter::once(&event.name).chain(event.also_named);
                let told = |reader: &str| {
                    let told = |name: &&str| seen.get(&((*name).to_owned(), reader.to_owned()));
                    names.clone().filter_map(told).sum()
                };
                let readers =
                    readers(aggregate, catalogue).map(|reader| (reader.to_owned(), told(reader)));
                (event.name.to_owned(), readers.collect())
            })
        });
        let mut known = BTreeSet::new();
        let all = catalogue
            .aggregates
            .iter()
            .flat_map(|aggregate| readers(aggregate, catalogue));
        Self {
            commands,
            events: events.collect(),
            readers: all
                .filter(|reader| known.insert(*reader))
                .map(str::to_owned)
                .collect(),
        }
    }
}

/// Who reads the events of an aggregate: itself, and projections.
fn readers<'a>(
    aggregate: &'a AggregateEntry,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = &'static str> + 'a {
    let projections = catalogue.readers_of(aggregate);
    std::iter::once(aggregate.name).chain(projections.map(|projection| projection.name))
}

/// Counts each way through a story once.
fn count<'a>(
    story: &'a Story,
    before: &[&'a Step],
    outcomes: &mut Outcomes,
    seen: &mut BTreeMap<(String, String), usize>,
) {
    // What led here was counted with the first way on.
    let mut command = before.iter().rev().find_map(|step| asked(step));
    for step in &story.steps {
        if let Some(asked) = asked(step) {
            command = Some(asked);
        } else if let (Some(asked), Some(outcome)) = (command, outcome(step)) {
            *outcomes
                .entry((story.about.clone(), asked.to_owned()))
                .or_default()
                .entry(outcome)
                .or_default() += 1;
            command = None;
        }
    }
    let names: BTreeSet<&String> = story
        .steps
        .iter()
        .filter(|step| matches!(step.kind.as_str(), "events" | "stored"))
        .flat_map(|step| &step.names)
        .collect();
    for name in names {
        *seen.entry((name.clone(), story.about.clone())).or_default() += 1;
    }
    let before: Vec<_> = before.iter().copied().chain(&story.steps).collect();
    for next in &story.then {
        count(next, &before, outcomes, seen);
    }
}

/// The command of a sentence, if it has one.
fn asked(step: &Step) -> Option<&str> {
    let is_command = step.kind == "command";
    is_command.then(|| step.names.first().map_or("", String::as_str))
}

/// What became of a command.
fn outcome(step: &Step) -> Option<String> {
    match step.kind.as_str() {
        "events" if step.names.is_empty() => Some("nothing".to_owned()),
        "events" => Some(step.names.join(", ")),
        "error" => Some(format!("refused: {}", step.names.join(", "))),
        _ => None,
    }
}
