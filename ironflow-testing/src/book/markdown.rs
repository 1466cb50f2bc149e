//! The document, for people.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::coverage::Coverage;
use super::story::{Story, Test, module};
use crate::scenario::{body, section};

const HEAD: &str =
    "<!-- Written by the tests, from what they say: run them to bring it up to date. -->

# Stories
";

pub(super) fn render(tests: &[Test], coverage: &Coverage) -> String {
    let mut text = HEAD.to_owned();
    let mut current = None;
    let mut known = HashSet::new();
    for test in tests {
        let module = module(&test.path);
        if current.replace(module) != Some(module) && !module.is_empty() {
            known.clear();
            line(&mut text, &format!("\n## {}", module.replace("::", " › ")));
        }
        line(&mut text, &format!("\n### {}", title(&test.path)));
        if !test.doc.is_empty() {
            line(&mut text, &format!("\n{}", test.doc));
        }
        for story in &test.stories {
            tell(&mut text, story, 0, &mut known);
        }
    }
    line(&mut text, "\n## What the stories cover");
    outcomes(&mut text, coverage);
    readers(&mut text, coverage);
    text
}

fn line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// The name of a test as a sentence.
fn title(path: &str) -> String {
    let name = path
        .rsplit("::")
        .next()
        .unwrap_or_default()
        .replace('_', " ");
    let mut letters = name.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => "Elsewhere".to_owned(),
    }
}

/// A story as it was told; where it goes on in several ways, each of them is quoted beneath. Long
/// events are `known` after the first time.
fn tell<'a>(text: &mut String, story: &'a Story, depth: usize, known: &mut HashSet<&'a str>) {
    let quote = "> ".repeat(depth);
    let mut told = Vec::new();
    for step in &story.steps {
        let texts = step.texts.iter().map(|text| shortened(text, known));
        let texts: Vec<_> = texts.collect();
        told.push(section(&step.label, &body(&step.kind, &step.marks, &texts)));
    }
    let told = told.join(
        "
",
    );
    line(text, &quote);
    line(text, &format!("{quote}```text"));
    for told in told.lines() {
        // The margin of a failure is not needed here.
        line(
            text,
            &format!("{quote}{}", told.strip_prefix("  ").unwrap_or(told)),
        );
    }
    line(text, &format!("{quote}```"));
    for next in &story.then {
        // Two quotes one after the other would be one.
        line(text, &quote);
        line(text, &format!("{quote}and then"));
        tell(text, next, depth + 1, known);
    }
}

/// A text of many lines that has been told before, as its first word.
fn shortened<'a>(text: &'a str, known: &mut HashSet<&'a str>) -> String {
    if !text.contains('\n') || known.insert(text) {
        return text.to_owned();
    }
    let end = text.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let (name, rest) = text.split_at(end.unwrap_or(text.len()));
    let (open, close) = if rest.starts_with('(') {
        ("(", ")")
    } else {
        (" { ", " }")
    };
    format!("{name}{open}…{close}")
}

fn outcomes(text: &mut String, coverage: &Coverage) {
    line(
        text,
        "\n| Command | What comes of it | Stories |\n|---|---|--:|",
    );
    for ((_, command), outcomes) in &coverage.commands {
        if outcomes.is_empty() {
            line(text, &format!("| {command} | **not told** | 0 |"));
        }
        for (nth, (outcome, stories)) in outcomes.iter().enumerate() {
            let command = if nth == 0 { command } else { "" };
            line(text, &format!("| {command} | {outcome} | {stories} |"));
        }
    }
}

fn readers(text: &mut String, coverage: &Coverage) {
    let mut head = "\n| Event |".to_owned();
    let mut rule = "|---|".to_owned();
    for reader in &coverage.readers {
        // Writing to a string does not fail.
        let _ = write!(head, " {reader} |");
        rule.push_str("--:|");
    }
    line(text, &head);
    line(text, &rule);
    for (event, readers) in &coverage.events {
        let cells = coverage
            .readers
            .iter()
            .map(|reader| match readers.get(reader) {
                // It does not read the event.
                None => String::new(),
                Some(0) => "**not told**".to_owned(),
                Some(stories) => stories.to_string(),
            });
        line(
            text,
            &format!("| {event} | {} |", cells.collect::<Vec<_>>().join(" | ")),
        );
    }
}
