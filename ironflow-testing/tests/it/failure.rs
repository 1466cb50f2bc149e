//! Runs what must fail and compares how.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, Location};
use std::sync::Once;

/// A panic that was caught.
pub(crate) struct Failure {
    pub(crate) text: String,
    /// Where the test runner would say it was, `file:line:column`.
    pub(crate) place: String,
}

thread_local! {
    /// Where the last panic was, while one is expected.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// How a scenario fails.
pub(crate) fn failure<T>(scenario: impl FnOnce() -> T) -> Failure {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PLACE.with_borrow_mut(|place| {
                if let Some(place) = place {
                    *place = info.location().map(ToString::to_string).unwrap_or_default();
                } else {
                    print(info);
                }
            });
        }));
    });
    PLACE.set(Some(String::new()));
    let result = panic::catch_unwind(AssertUnwindSafe(|| drop(scenario())));
    let place = PLACE.take().unwrap_or_default();
    let payload = result.expect_err("the scenario passed");
    let text = match payload.downcast::<String>() {
        Ok(text) => *text,
        Err(payload) => (*payload.downcast::<&str>().expect("a failure is a text")).to_owned(),
    };
    Failure {
        text: without_color(&text),
        place,
    }
}

/// At a terminal failures are in color.
fn without_color(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default();
    let others = parts.map(|part| part.split_once('m').map_or(part, |(_, text)| text));
    std::iter::once(first).chain(others).collect()
}

/// Whether a scenario that begins in the line after the caller's fails at its own line and says
/// `expected`, in which `HERE+n` is `n` lines further down than the caller's. Space before the
/// lines of `expected` is only there for the eye.
#[track_caller]
pub(crate) fn fails<T>(scenario: impl FnOnce() -> T, expected: &str) {
    let found = failure(scenario);
    let named = found
        .text
        .lines()
        .find_map(|line| line.strip_prefix("  --> "));
    assert_eq!(
        named,
        Some(found.place.as_str()),
        "the text and the panic name the same place"
    );
    says(&found.text, expected);
}

/// The same for one that can only fail somewhere else.
#[track_caller]
pub(crate) fn fails_late<T>(scenario: impl FnOnce() -> T, expected: &str) {
    says(&failure(scenario).text, expected);
}

#[track_caller]
fn says(found: &str, expected: &str) {
    let here = Location::caller();
    let expected = dedent(expected);
    let arrow = format!("  --> {}:", here.file());
    // Columns are where rustfmt happens to put a dot.
    let line = |line: &str| match line
        .strip_prefix(&arrow)
        .and_then(|place| place.split_once(':'))
    {
        Some((line, _column)) => {
            let line: u32 = line.parse().expect("a line");
            format!("  --> HERE+{}", line - here.line())
        }
        None => line.to_owned(),
    };
    let found = found.lines().map(line).collect::<Vec<_>>().join("\n");
    let found = found.trim_end();
    assert!(
        found == expected,
        "expected:\n{expected}\n\nfound:\n{found}\n"
    );
}

fn dedent(text: &str) -> String {
    let lines: Vec<&str> = text.trim_start_matches('\n').trim_end().lines().collect();
    let indent = |line: &&str| line.len() - line.trim_start().len();
    let common = lines
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(indent)
        .min()
        .unwrap_or(0);
    lines
        .iter()
        .map(|line| line.get(common..).unwrap_or(""))
        .collect::<Vec<_>>()
        .join("\n")
}
