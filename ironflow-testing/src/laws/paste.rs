//! A counter-example as a test to paste.

use std::any::type_name;
use std::fmt::{Debug, Write as _};

use ironflow_domain::Aggregate;

use super::command::{Step, short};
use super::declared::Laws;
use super::json::json;
use super::law::{Broken, Law};
use super::rust::{Names, rust};
use super::upcasts;

const INDENT: usize = 8;

/// The test, as code.
pub(super) fn test<A>(laws: &Laws<A>, broken: &Broken<A>) -> String
where
    A: Aggregate<Event: Debug>,
{
    let writer = Writer::new::<A>(Names::new(laws.kinds.iter().flat_map(|kind| &kind.enums)));
    let body = writer.body(laws, broken);
    let name = name(broken);
    format!("#[test]\nfn {name}() {{\n{body}}}")
}

/// The test of what is stored in an old shape.
pub(super) fn test_of_upcast<A>(broken: &upcasts::Broken<A>) -> String
where
    A: Aggregate<Event: Debug>,
{
    let body = Writer::new::<A>(Names::default()).upcast(broken);
    let parts = broken
        .payloads
        .iter()
        .map(|(name, version, _)| format!("{}_of_version_{version}", words(name)));
    let what = match broken.law {
        upcasts::Law::DoNotPanic => "is_read_without_a_panic",
        upcasts::Law::ArePure => "is_read_alike_each_time",
        upcasts::Law::AreReadAsTheyWere(_) => "is_upcast_to_what_is_read_as_it_was",
        upcasts::Law::CanBeFolded(_) => "is_upcast_to_what_can_be_folded",
    };
    let name = parts.collect::<Vec<_>>().join("_and_");
    format!("#[test]\nfn {name}_{what}() {{\n{body}}}")
}

fn name<A: Aggregate>(broken: &Broken<A>) -> String {
    let command = broken
        .step
        .as_ref()
        .map(|step| step.name().replace('-', "_"));
    let command = command.unwrap_or_else(|| "the_beginning".to_owned());
    let what = match broken.law {
        Law::DecisionsDoNotPanic => "is_decided_without_a_panic",
        Law::DecisionsArePure => "is_decided_alike_each_time",
        Law::EventsAreReadAsTheyWere(_) => "records_what_is_read_as_it_was",
        Law::FoldsDoNotPanic => "records_what_can_be_folded",
        Law::CreatesOnce => "is_refused_once_the_stream_exists",
        Law::Invariant(_, name) => return format!("{command}_keeps_{}", words(name)),
        Law::SnapshotsAreTheState => "leaves_a_state_that_can_be_read",
        Law::Idempotence => "records_nothing_the_second_time",
    };
    format!("{command}_{what}")
}

fn words(text: &str) -> String {
    let letters = text.chars().map(|c| match c {
        c if c.is_ascii_alphanumeric() => c.to_ascii_lowercase(),
        _ => '_',
    });
    let letters: String = letters.collect();
    let words: Vec<_> = letters.split('_').filter(|word| !word.is_empty()).collect();
    words.join("_")
}

struct Writer {
    names: Names,
    aggregate: &'static str,
    set: &'static str,
}

impl Writer {
    fn new<A: Aggregate>(names: Names) -> Self {
        Self {
            names,
            aggregate: short(type_name::<A>()),
            set: short(type_name::<A::Event>()),
        }
    }

    /// `stored(…)`, and what it is read as; with the fold, where that is what goes wrong.
    fn upcast<A>(&self, broken: &upcasts::Broken<A>) -> String
    where
        A: Aggregate<Event: Debug>,
    {
        let Self { aggregate, set, .. } = self;
        let mut text = String::new();
        for (name, version, payload) in &broken.payloads {
            let begin = if text.is_empty() {
                format!("    stored::<{set}>")
            } else {
                format!("\n{:INDENT$}.and", "")
            };
            let begin = format!("{begin}({name:?}, {version}, json!(");
            let column = begin.trim_start_matches('\n').chars().count();
            // Writing to a string does not fail.
            let _ = write!(text, "{begin}{}))", json(payload, column, INDENT - 4));
        }
        if let Some(metadata) = broken.metadata {
            let _ = write!(
                text,
                "\n{:INDENT$}.metadata(serde_json::from_str(r#\"{metadata}\"#).unwrap())",
                ""
            );
        }
        // Where nothing is read, nobody knows what should have been.
        let read = broken.read.as_deref().unwrap_or_default();
        let _ = writeln!(
            text,
            "\n{:INDENT$}.then({});",
            "",
            self.events(read, INDENT)
        );
        if let upcasts::Law::CanBeFolded(_) = broken.law {
            let history: Vec<_> = broken.history.iter().chain(read).collect();
            let history = self.events(&history, INDENT - 4);
            let _ = write!(
                text,
                "    let history = {history};\n    let _ = {aggregate}::replay(&history);\n"
            );
        }
        text
    }

    fn body<A>(&self, laws: &Laws<A>, broken: &Broken<A>) -> String
    where
        A: Aggregate<Event: Debug>,
    {
        let produced = broken.produced.as_deref();
        let story = self.story(&broken.history, broken.step.as_ref());
        let chain = self.chain(&broken.history);
        let margin = " ".repeat(chain);
        let then = |events: &[A::Event]| format!(".then({})", self.events(events, chain));
        match &broken.law {
            Law::Invariant(at, name) => {
                let state = self.state(broken);
                let source = laws
                    .invariants
                    .get(*at)
                    .and_then(|invariant| invariant.source);
                let Some(source) = source else {
                    return format!("{state}    // Here it does not hold: {name}.\n");
                };
                let (aggregate, set) = (self.aggregate, self.set);
                let (inputs, arguments) = if source.sees_history {
                    (format!("&{aggregate}, &[{set}]"), "&state, &history")
                } else {
                    (format!("&{aggregate}"), "&state")
                };
                let code = source.code.replace('\n', "\n    ");
                format!(
                    "{state}    let holds: fn({inputs}) -> bool = {code};\n    \
                     assert!(holds({arguments}), {name:?});\n"
                )
            }
            Law::SnapshotsAreTheState => self.snapshot(broken),
            Law::Idempotence => {
                let again = broken.step.as_ref().map(|step| self.command(step, chain));
                format!(
                    "{story}{margin}{}\n{margin}.and_when({})\n{margin}.then_nothing();\n",
                    then(produced.unwrap_or_default()),
                    again.unwrap_or_default(),
                )
            }
            // The kit finds these by itself, and nobody knows what should have come of it.
            _ => match produced {
                Some(produced) => format!("{story}{margin}{};\n", then(produced)),
                None => format!("{story}{margin}.then_nothing();\n"),
            },
        }
    }

    /// The state, written and read where that goes wrong, and folded on from there.
    fn snapshot<A>(&self, broken: &Broken<A>) -> String
    where
        A: Aggregate<Event: Debug>,
    {
        let (state, aggregate) = (self.state(broken), self.aggregate);
        let Some(at) = broken.restored else {
            return format!(
                "{state}    let written = serde_json::to_string(&state).unwrap();\n    \
                 let read: {aggregate} = serde_json::from_str(&written).unwrap();\n    \
                 assert_eq!(read, state);\n"
            );
        };
        format!(
            "{state}    let (before, after) = history.split_at({at});\n    \
             let written = serde_json::to_string(&{aggregate}::replay(before)).unwrap();\n    \
             let mut read: {aggregate} = serde_json::from_str(&written).unwrap();\n    \
             for event in after {{\n        read.apply(event);\n    }}\n    \
             assert_eq!(read, state);\n"
        )
    }

    /// `given(…)`, `.context(…)` and `.when(…)`, each on a line of its own.
    fn story<A>(&self, history: &[A::Event], step: Option<&Step<A>>) -> String
    where
        A: Aggregate<Event: Debug>,
    {
        let aggregate = self.aggregate;
        let mut story = format!(
            "    given::<{aggregate}>({})\n",
            self.events(history, INDENT - 4)
        );
        let chain = self.chain(history);
        if let Some(step) = step {
            if let Some(context) = step.context() {
                let context = rust(context, "", &self.names, chain);
                // Writing to a string does not fail.
                let _ = writeln!(story, "{:chain$}.context({context})", "");
            }
            let _ = writeln!(story, "{:chain$}.when({})", "", self.command(step, chain));
        }
        story
    }

    /// The state in which something does not hold, and where that is asked for what has happened.
    fn state<A>(&self, broken: &Broken<A>) -> String
    where
        A: Aggregate<Event: Debug>,
    {
        let history: Vec<_> = broken
            .history
            .iter()
            .chain(broken.produced.iter().flatten())
            .cloned()
            .collect();
        let history = self.events(&history, INDENT - 4);
        let aggregate = self.aggregate;
        format!("    let history = {history};\n    let state = {aggregate}::replay(&history);\n")
    }

    /// How far the sentence is indented that begins with these events.
    fn chain<E: Debug>(&self, history: &[E]) -> usize {
        if self.events(history, INDENT - 4).contains('\n') {
            INDENT - 4
        } else {
            INDENT
        }
    }

    fn command<A>(&self, step: &Step<A>, indent: usize) -> String {
        rust(step.command(), step.r#type(), &self.names, indent)
    }

    fn events<E: Debug>(&self, events: &[E], indent: usize) -> String {
        let list = |indent: usize| {
            let events = events
                .iter()
                .map(|event| rust(event, self.set, &self.names, indent));
            events.collect::<Vec<_>>()
        };
        let flat = format!("events![{}]", list(0).join(", "));
        if !flat.contains('\n') && indent + flat.chars().count() <= 80 {
            return flat;
        }
        let mut tall = "events![".to_owned();
        for event in list(indent + 4) {
            let _ = write!(tall, "\n{:1$}{event},", "", indent + 4);
        }
        let _ = write!(tall, "\n{:1$}]", "", indent);
        tall
    }
}
