//! The document, for programs.

use serde_json::{Value, json};

use super::coverage::Coverage;
use super::story::{Step, Story, Test};

pub(super) fn render(tests: &[Test], coverage: &Coverage) -> String {
    let tests = tests.iter().map(|test| {
        json!({
            "test": test.path,
            "doc": test.doc,
            "stories": test.stories.iter().map(story).collect::<Vec<_>>(),
        })
    });
    let mut outcomes = json!({});
    for ((aggregate, command), told) in &coverage.commands {
        outcomes[aggregate][command] = json!(told);
    }
    let readers = coverage.events.iter();
    let readers = readers.map(|(event, told)| (event.clone(), json!(told)));
    let book = json!({
        "tests": tests.collect::<Vec<_>>(),
        "outcomesOfCommands": outcomes,
        "readersOfEvents": Value::Object(readers.collect()),
    });
    format!("{book:#}\n")
}

fn story(told: &Story) -> Value {
    let mut value = json!({
        "about": told.about,
        "steps": told.steps.iter().map(step).collect::<Vec<_>>(),
    });
    if !told.then.is_empty() {
        value["then"] = told.then.iter().map(story).collect();
    }
    value
}

fn step(step: &Step) -> Value {
    let mut value = json!({
        "label": step.label,
        "kind": step.kind,
        "names": step.names,
        "texts": step.texts,
    });
    if !step.marks.is_empty() {
        value["marks"] = json!(step.marks);
    }
    value
}
