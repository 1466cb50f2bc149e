//! What is said where the laws do not hold, or were not tried.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::{self, Debug, Display, Write as _};
use std::panic::Location;

use ironflow_domain::Aggregate;
use proptest::test_runner::Reason;

use super::command::Kind;
use super::declared::Laws;
use super::law::Broken;
use super::old_shapes::{Given, OldShape};
use super::run::{Count, Counts};
use super::{paste, upcasts};
use crate::scenario::{self, as_stored, section};

/// How many reasons are told of those a command was refused for.
const REASONS: usize = 3;

/// Why the laws do not hold, or why nothing was proven; it says all there is to say.
///
/// It has the story, a test to paste and the seed.
pub struct Failure(String);

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Failure {}

/// Where and when it was found.
pub(super) struct Found {
    pub(super) place: &'static Location<'static>,
    pub(super) runs: u32,
    pub(super) seed: u64,
}

impl Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { runs, seed, .. } = self;
        write!(
            f,
            "found in run {runs}; PROPTEST_RNG_SEED={seed} makes the same runs again"
        )
    }
}

/// A law is broken: the story, and a test to paste.
pub(super) fn broken<A>(laws: &Laws<A>, broken: &Broken<A>, found: &Found) -> Failure
where
    A: Aggregate<Event: Debug>,
{
    let mut text = format!(
        "a law of `{}` is broken: {}\n  --> {}\n",
        A::NAME,
        broken.law,
        found.place
    );
    let mut say = |label: &str, body: &str| {
        // Writing to a string does not fail.
        let _ = write!(text, "\n{}", section(label, body));
    };
    say("Given", &scenario::numbered(&broken.history));
    if let Some(step) = &broken.step {
        if let Some(context) = step.context() {
            say("Context", &scenario::value(&context));
        }
        say("When", &scenario::value(&step.command()));
    }
    if let Some(produced) = &broken.produced {
        say("Then", &scenario::numbered(produced));
    }
    for (label, body) in needed(&broken.evidence, broken.produced.as_deref()) {
        say(label, body);
    }
    let pasted = paste::test(laws, broken);
    let _ = write!(text, "\n\n{found}\n\nas a test:\n\n{}\n", indented(&pasted));
    Failure(text)
}

/// The evidence; which of the events it is about is of interest where there are several.
fn needed<'e, E>(
    evidence: &'e [(&'static str, String)],
    events: Option<&[E]>,
) -> impl Iterator<Item = &'e (&'static str, String)> {
    let is_one = events.is_some_and(|events| events.len() == 1);
    let evidence = evidence.iter();
    evidence.filter(move |(label, _)| *label != "Event" || !is_one)
}

/// A law is broken about what is stored in an old shape: what that is, and a test to paste.
pub(super) fn broken_upcast<A>(broken: &upcasts::Broken<A>, found: &Found) -> Failure
where
    A: Aggregate<Event: Debug>,
{
    let Found { place, runs, seed } = found;
    let mut text = format!(
        "a law of `{}` is broken: {}\n  --> {place}\n",
        A::NAME,
        broken.law,
    );
    let mut say = |label: &str, body: &str| {
        // Writing to a string does not fail.
        let _ = write!(text, "\n{}", section(label, body));
    };
    if let upcasts::Law::CanBeFolded(_) = broken.law {
        say("Given", &scenario::numbered(&broken.history));
    }
    say("Stored", &as_stored(&broken.payloads).join("\n"));
    if let Some(metadata) = broken.metadata {
        say("With", metadata);
    }
    if let Some(read) = &broken.read {
        say("Then", &scenario::numbered(read));
    }
    for (label, body) in needed(&broken.evidence, broken.read.as_deref()) {
        say(label, body);
    }
    let pasted = paste::test_of_upcast(broken);
    let _ = write!(
        text,
        "\n\nfound after {runs} runs; PROPTEST_RNG_SEED={seed} makes the same again\n\nas a test:\n\n{}\n",
        indented(&pasted)
    );
    Failure(text)
}

fn indented(code: &str) -> String {
    let lines = code.lines().map(|line| format!("    {line}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// No value of a type can be made up, or drawn.
pub(super) fn nothing_to_run<A: Aggregate>(
    place: &Location<'_>,
    kind: &Kind<A>,
    reason: &Reason,
) -> Failure {
    let (name, command) = (A::NAME, kind.r#type);
    Failure(format!(
        "the laws of `{name}` were not tried: there is no `{command}` to decide\n  --> {place}\n\n{}\n\n\
         help: say what it is drawn from: `{command}: drawn_from(…)`, its context `{command}: in_context(…)`\n",
        section("But", reason.message()),
    ))
}

/// There is no command: the laws would only be about the beginning.
pub(super) fn no_command<A: Aggregate>(place: &Location<'_>) -> Failure {
    let name = A::NAME;
    Failure(format!(
        "the laws of `{name}` were not tried: there is no command among them\n  --> {place}\n\n\
         help: name the commands: `laws!({name} {{ PlaceOrder, PayOrder: idempotent, … }})`\n"
    ))
}

/// What is said of a command is said in one place, or it is not clear what holds of it.
pub(super) fn listed_twice<A: Aggregate>(
    place: &Location<'_>,
    command: &str,
    ident: &str,
) -> Failure {
    let name = A::NAME;
    Failure(format!(
        "the laws of `{name}` were not tried: `{ident}` is among them twice, as `{command}`\n  \
         --> {place}\n\n\
         help: say it once; several sources are one: `drawn_from(prop_oneof![…])`\n"
    ))
}

/// Somebody says what is stored where nothing is.
pub(super) fn not_an_old_shape<A: Aggregate>(
    place: &Location<'_>,
    given: &Given,
    shapes: &[OldShape],
) -> Failure {
    let Given { name, version, .. } = given;
    let known: Vec<_> = shapes.iter().map(|shape| named(&shape.parts())).collect();
    let known = match &known[..] {
        [] => "there are none".to_owned(),
        known => known.join(", "),
    };
    Failure(format!(
        "the laws of `{}` were not tried: {name} version {version} is not an old version\n  --> {place}\n\n{}\n",
        A::NAME,
        section("Known", &known),
    ))
}

/// Old versions of which nothing was upcast: nothing was proven about them.
pub(super) fn never_upcast<A: Aggregate>(never: &[&upcasts::Count], found: &Found) -> Failure {
    let names: Vec<_> = never.iter().map(|count| named(&count.parts)).collect();
    let was = if names.len() == 1 { "was" } else { "were" };
    let Found { place, runs, seed } = found;
    let mut text = format!(
        "the laws of `{}` were not tried in full: {} {was} never upcast\n  --> {place}\n",
        A::NAME,
        names.join(", "),
    );
    for (count, name) in never.iter().zip(&names) {
        let _ = write!(text, "\n  {name}");
        for reason in commonest(&count.reasons) {
            let _ = write!(text, "\n    {reason}");
        }
    }
    let parts = never.iter().flat_map(|count| &count.parts);
    for (name, version) in parts.take(1) {
        let _ = write!(
            text,
            "\n\nhelp: say which payloads are stored: `stored({name:?}, {version}, [json!({{ … }})])`\n\
             help: or let the old shape have the types that the upcaster makes of its fields: what they take is made up"
        );
    }
    let _ = write!(
        text,
        "\n\n{runs} runs; PROPTEST_RNG_SEED={seed} makes the same again\n"
    );
    Failure(text)
}

/// What is stored in one append, by names and versions.
fn named(parts: &[(&'static str, u32)]) -> String {
    let parts = parts
        .iter()
        .map(|(name, version)| format!("{name} version {version}"));
    parts.collect::<Vec<_>>().join(" with ")
}

/// Commands that were never accepted: nothing was proven about them.
pub(super) fn never_accepted<A: Aggregate>(
    never: &[&(&'static str, &'static str)],
    counts: &Counts,
    found: &Found,
) -> Failure {
    let named: Vec<_> = never
        .iter()
        .map(|(_, ident)| format!("`{ident}`"))
        .collect();
    let (was, them, are) = match never {
        [_] => ("was", "it", "it is"),
        _ => ("were", "them", "they are"),
    };
    let mut text = format!(
        "the laws of `{}` were not tried in full: {} {was} never accepted\n  --> {}\n",
        A::NAME,
        named.join(", "),
        found.place
    );
    for (name, ident) in never {
        let count = counts.get(name).cloned().unwrap_or_default();
        let _ = write!(text, "\n  {ident}");
        for reason in reasons(&count) {
            let _ = write!(text, "\n    {reason}");
        }
    }
    let first = never.first().map_or("…", |(_, ident)| ident);
    let _ = write!(
        text,
        "\n\n{}\n\nhelp: draw {them} from a strategy that hits the rules: `{first}: drawn_from(…)`\n\
         help: or draw what {are} decided with: `{first}: in_context(…)`\n\
         help: where another command has to come first, it has to be among the laws, too\n\n\
         {} runs; PROPTEST_RNG_SEED={} makes the same again\n",
        table(found.runs, counts),
        found.runs,
        found.seed,
    );
    Failure(text)
}

/// The reasons that were given most often.
fn commonest(reasons: &BTreeMap<String, u64>) -> Vec<String> {
    let mut reasons: Vec<_> = reasons.iter().collect();
    reasons.sort_by(|(one, many), (other, more)| more.cmp(many).then(one.cmp(other)));
    let mut lines: Vec<_> = reasons
        .iter()
        .take(REASONS)
        .map(|(reason, times)| format!("{times} × {reason}"))
        .collect();
    if let Some(others) = reasons
        .len()
        .checked_sub(REASONS)
        .filter(|others| *others > 0)
    {
        lines.push(format!("and {others} other reasons"));
    }
    lines
}

fn reasons(count: &Count) -> Vec<String> {
    let mut lines = commonest(&count.reasons);
    if count.unchanged > 0 {
        lines.push(format!(
            "{} × accepted, and nothing recorded",
            count.unchanged
        ));
    }
    if count.misaddressed > 0 {
        lines.push(format!(
            "{} × not decided: its `#[id]` cannot name an aggregate",
            count.misaddressed
        ));
    }
    if count.elsewhere > 0 {
        lines.push(format!(
            "{} × not decided: its `#[id]` names another aggregate than the run is about",
            count.elsewhere
        ));
    }
    if lines.is_empty() {
        lines.push("it was never issued".to_owned());
    }
    lines
}

/// What became of what is stored in old shapes, if there is anything.
pub(super) fn upcasts_table(counts: &[upcasts::Count]) -> String {
    let named: Vec<_> = counts.iter().map(|count| named(&count.parts)).collect();
    let Some(width) = named.iter().map(String::len).max() else {
        return String::new();
    };
    let mut text = format!("\n\n  {:<width$}  upcast  refused", "");
    for (name, count) in named.iter().zip(counts) {
        let upcasts::Count {
            upcast, refused, ..
        } = count;
        // Writing to a string does not fail.
        let _ = write!(text, "\n  {name:<width$}  {upcast:>6}  {refused:>7}");
    }
    text
}

/// What became of the commands.
pub(super) fn table(runs: u32, counts: &Counts) -> String {
    let width = counts
        .keys()
        .map(|name| name.len())
        .max()
        .unwrap_or(0)
        .max(8);
    let mut text = format!(
        "  {:<width$}  accepted  unchanged  refused   in {runs} runs",
        ""
    );
    for (name, count) in counts {
        let Count {
            accepted,
            refused,
            unchanged,
            ..
        } = count;
        let _ = write!(
            text,
            "\n  {name:<width$}  {accepted:>8}  {unchanged:>9}  {refused:>7}"
        );
    }
    text
}
