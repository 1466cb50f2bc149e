//! What becomes of a book.

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use ironflow_testing::__private::{BookMode, bind};
use tempfile::TempDir;

use crate::stories::catalogue;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/book/stories.md");

/// What the binding of the book says; nothing where all is well.
fn bound(mode: BookMode, path: &Path, only: &str) -> Option<String> {
    let path = path.to_str().expect("a path of text");
    let bind = || bind(mode, path, &catalogue(), &[only]);
    let panic = panic::catch_unwind(AssertUnwindSafe(bind)).err()?;
    match panic.downcast::<String>() {
        Ok(text) => Some(*text),
        Err(panic) => Some((*panic.downcast::<&str>().expect("a failure is a text")).to_owned()),
    }
}

#[test]
fn a_book_that_is_not_there_is_written_unless_it_may_not_be() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("docs/stories.md");
    let problem = bound(BookMode::Check, &path, "stories::").unwrap();
    assert!(
        problem.contains("line 1 is nothing, and should be `<!-- Written"),
        "{problem}"
    );
    assert!(!path.exists());

    assert_eq!(bound(BookMode::Write, &path, "stories::"), None);
    assert_eq!(fs::read(&path).unwrap(), fs::read(COMMITTED).unwrap());
    assert_eq!(bound(BookMode::Check, &path, "stories::"), None);
}

#[test]
fn a_book_that_says_something_else_is_a_failure_that_says_where() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("stories.md");
    let json = path.with_extension("json");
    assert_eq!(bound(BookMode::Write, &path, "stories::"), None);
    let said = fs::read_to_string(&path).unwrap();
    fs::write(&path, said.replace("A door is closed", "A door is shut")).unwrap();
    fs::write(&json, "{}").unwrap();
    let problem = bound(BookMode::Check, &path, "stories::").unwrap();
    for part in [
        "stories.json does not say what the tests say: line 1 is `{}`, and should be `{`",
        "stories.md does not say what the tests say: line 7 is `### A door is shut and held`, and should be `### A door is closed and held`",
        "IRONFLOW_STORIES=write",
    ] {
        assert!(problem.contains(part), "{problem}");
    }
    assert_eq!(bound(BookMode::Write, &path, "stories::"), None);
    assert_eq!(fs::read_to_string(&path).unwrap(), said);
    let json: serde_json::Value = serde_json::from_slice(&fs::read(&json).unwrap()).unwrap();
    assert_eq!(
        json["outcomesOfCommands"]["Door"]["open"]["refused: Held"],
        2
    );
}

#[test]
fn while_a_test_fails_nothing_is_written_and_it_is_named() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("stories.md");
    let problem = bound(BookMode::Write, &path, "failing::").unwrap();
    assert!(
        problem.contains("unusual::failing::it_fails_while_somebody_listens"),
        "{problem}"
    );
    assert!(!path.exists());
}

#[test]
fn a_book_of_nothing_is_no_book() {
    let home = TempDir::new().unwrap();
    let problem = bound(BookMode::Write, &home.path().join("stories.md"), "silent::").unwrap();
    assert!(
        problem.starts_with("no test with `silent::` in its name tells a story"),
        "{problem}"
    );
}
