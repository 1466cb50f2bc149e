//! Failures in color, for people at a terminal.

use std::io::IsTerminal as _;
use std::sync::OnceLock;
use std::{env, io};

const BOLD: &str = "1";
const RED: &str = "31";
const BOLD_RED: &str = "1;31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const BLUE: &str = "34";
const DIM: &str = "2";

/// How far the text of a section is from the margin.
const MARGIN: usize = 10;

/// The text of a failure, in color where somebody sees it: not where `CI` or `NO_COLOR` is set, nor
/// where the output goes to a file.
pub(crate) fn colored(text: String) -> String {
    static WANTED: OnceLock<bool> = OnceLock::new();
    if *WANTED.get_or_init(is_wanted) {
        paint(&text)
    } else {
        text
    }
}

fn is_wanted() -> bool {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_plain =
        is_set("NO_COLOR") || is_set("CI") || env::var("TERM").is_ok_and(|term| term == "dumb");
    !is_plain && io::stdout().is_terminal()
}

/// The headline, the place, the labels of the story, and the lines of a comparison.
fn paint(text: &str) -> String {
    let mut painted = Vec::new();
    for (number, line) in text.lines().enumerate() {
        painted.push(match (number, color_of(line)) {
            (0, _) => wrap(line, BOLD_RED),
            (_, Some(color)) => wrap_after_label(line, color),
            (_, None) => bold_label(line),
        });
    }
    painted.join("\n")
}

/// The color of a line in which something is compared, or which says where something is.
fn color_of(line: &str) -> Option<&'static str> {
    if line.starts_with("  --> ") {
        return Some(BLUE);
    }
    let body = after_margin(line).unwrap_or(line);
    for (marks, color) in [("-", RED), ("+", GREEN)] {
        if line.starts_with(&format!("{marks} ")) || body.starts_with(&format!("{marks} ")) {
            return Some(color);
        }
    }
    match body.split_once("  ")?.0 {
        "~" | "↕" => Some(YELLOW),
        "=" => Some(DIM),
        _ => None,
    }
}

/// What a line says after the label.
fn after_margin(line: &str) -> Option<&str> {
    let (start, _) = line.char_indices().nth(MARGIN)?;
    Some(&line[start..])
}

/// Leaves a label, if there is one, as it is in other lines.
fn wrap_after_label(line: &str, color: &str) -> String {
    match label(line) {
        Some(label) => {
            let (_, rest) = line.split_at(label.len());
            format!("{}{}", wrap(label, BOLD), wrap(rest, color))
        }
        None => wrap(line, color),
    }
}

fn bold_label(line: &str) -> String {
    label(line).map_or_else(
        || line.to_owned(),
        |label| format!("{}{}", wrap(label, BOLD), &line[label.len()..]),
    )
}

/// The margin with the word in it, such as `  Given   `.
fn label(line: &str) -> Option<&str> {
    let (margin, _) = line.char_indices().nth(MARGIN)?;
    let label = &line[..margin];
    let is_label = label.strip_prefix("  ").is_some_and(|word| {
        let word = word.trim_end();
        word.starts_with(|letter: char| letter.is_ascii_uppercase())
            && word.bytes().all(|letter| letter.is_ascii_alphabetic())
    });
    is_label.then_some(label)
}

fn wrap(text: &str, color: &str) -> String {
    if text.trim().is_empty() {
        return text.to_owned();
    }
    format!("\x1b[{color}m{text}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use super::paint;

    #[test]
    fn what_matters_is_in_color_and_nothing_else_changes() {
        let text = "\
not the events that were expected
  --> tests/account.rs:12:10

  Given   1  Opened { owner: \"Ann\" }
          2  Deposited { cents: 100 }
  Then       expected  produced
          =         1         1  Closed
          ~         2         2  Withdrawn { cents: 40 }
                                   cents  50 → 40
          -         3         –  Notified   ← missing
          +         –         3  Rated   ← not expected
- Given   1  Closed
ö=  of another script";
        let painted = paint(text);
        let expected = "\
\x1b[1;31mnot the events that were expected\x1b[0m
\x1b[34m  --> tests/account.rs:12:10\x1b[0m

\x1b[1m  Given   \x1b[0m1  Opened { owner: \"Ann\" }
          2  Deposited { cents: 100 }
\x1b[1m  Then    \x1b[0m   expected  produced
\x1b[2m          =         1         1  Closed\x1b[0m
\x1b[33m          ~         2         2  Withdrawn { cents: 40 }\x1b[0m
                                   cents  50 → 40
\x1b[31m          -         3         –  Notified   ← missing\x1b[0m
\x1b[32m          +         –         3  Rated   ← not expected\x1b[0m
\x1b[31m- Given   1  Closed\x1b[0m
ö=  of another script";
        assert_eq!(painted, expected);
    }
}
