//! Stories that were written down, read back.

use std::collections::BTreeMap;

use serde_json::Value;

/// All that one test has told.
#[derive(Debug)]
pub(super) struct Test {
    /// Its path, such as `commands::tests::an_order_is_placed_once`.
    pub(super) path: String,
    /// Its doc comment.
    pub(super) doc: String,
    pub(super) stories: Vec<Story>,
}

/// A story, or how one goes on.
#[derive(Debug)]
pub(super) struct Story {
    /// Whom it is about.
    pub(super) about: String,
    pub(super) steps: Vec<Step>,
    /// How it goes on from there: once, in several ways, or not at all.
    pub(super) then: Vec<Story>,
}

#[derive(Debug)]
pub(super) struct Step {
    pub(super) label: String,
    /// What it is: `events`, `command`, `error` or something else.
    pub(super) kind: String,
    pub(super) names: Vec<String>,
    /// What stands before each text, if it is not the place of an event in a list.
    pub(super) marks: Vec<String>,
    pub(super) texts: Vec<String>,
}

/// A part of a story on its way to its place.
struct Part {
    id: u64,
    test: String,
    doc: String,
    /// File, line and column.
    place: (String, u64, u64),
    story: Story,
}

/// The tests in the order in which they stand in the source.
pub(super) fn read(lines: &str, process: u32) -> Result<Vec<Test>, serde_json::Error> {
    let mut parts = BTreeMap::new();
    let mut children: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    let mut roots = Vec::new();
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line)?;
        if line["process"] != process {
            // A test may start a program that tells stories of its own.
            continue;
        }
        let number = |key: &str| line[key].as_u64();
        let id = number("id").unwrap_or_default();
        match number("after") {
            Some(after) => children.entry(after).or_default().push(id),
            None => roots.push(id),
        }
        parts.insert(id, part(&line));
    }
    let mut tests: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    for id in roots {
        if let Some(part) = whole(id, &mut parts, &children) {
            tests.entry(part.test.clone()).or_default().push(part);
        }
    }
    let mut tests: Vec<_> = tests
        .into_iter()
        .map(|(path, mut stories)| {
            // A test tells its stories one after the other, whoever else runs meanwhile.
            stories.sort_by_key(|part| part.id);
            let first = stories.iter().map(|part| part.place.clone()).min();
            let doc = stories.first().map_or("", |part| &part.doc).to_owned();
            let stories = stories.into_iter().map(|part| part.story).collect();
            let test = Test { path, doc, stories };
            (first, test)
        })
        .collect();
    tests.sort_by(|(one, first), (other, second)| {
        (module(&first.path), one, &first.path).cmp(&(module(&second.path), other, &second.path))
    });
    Ok(tests.into_iter().map(|(_, test)| test).collect())
}

/// The module a test is in, without the one that holds nothing but tests.
pub(super) fn module(path: &str) -> &str {
    let module = path.rsplit_once("::").map_or("", |(module, _)| module);
    match module {
        "tests" => "",
        module => module.strip_suffix("::tests").unwrap_or(module),
    }
}

fn part(line: &Value) -> Part {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let steps = list(&line["steps"]).into_iter().map(|step| Step {
        label: text(&step["label"]),
        kind: text(&step["kind"]),
        names: list(&step["names"]).iter().map(text).collect(),
        marks: list(&step["marks"]).iter().map(text).collect(),
        texts: list(&step["texts"]).iter().map(text).collect(),
    });
    let number = |key: &str| line[key].as_u64().unwrap_or_default();
    Part {
        id: number("id"),
        test: text(&line["test"]),
        doc: text(&line["doc"]),
        place: (text(&line["file"]), number("line"), number("column")),
        story: Story {
            about: text(&line["about"]),
            steps: steps.collect(),
            then: Vec::new(),
        },
    }
}

/// A part with all that follows it. A part that goes on in one way only is one with what follows.
fn whole(
    id: u64,
    parts: &mut BTreeMap<u64, Part>,
    children: &BTreeMap<u64, Vec<u64>>,
) -> Option<Part> {
    let mut part = parts.remove(&id)?;
    let then = children.get(&id).into_iter().flatten();
    part.story.then = then
        .filter_map(|&child| whole(child, parts, children))
        .map(|child| child.story)
        .collect();
    if let [_] = part.story.then[..]
        && let Some(only) = part.story.then.pop()
    {
        part.story.steps.extend(only.steps);
        part.story.then = only.then;
    }
    Some(part)
}
