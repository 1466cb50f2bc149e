//! Writes down stories while tests run.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::{env, thread};

use serde_json::{Value, json};

use crate::stage::{is_on_store, telling};

/// Where to write to; set by the test that binds the book.
pub(super) const TARGET: &str = "IRONFLOW_STORIES_TO";

/// A part of a story that holds.
pub(crate) struct Entry<'a> {
    /// The part it goes on from.
    pub(crate) after: Option<u64>,
    /// Whom it is about.
    pub(crate) about: &'static str,
    pub(crate) began: &'static Location<'static>,
    pub(crate) steps: &'a [crate::scenario::Step],
}

/// Writes it down where somebody collects stories, and says what it is known by from then on.
pub(crate) fn record(entry: &Entry<'_>) -> Option<u64> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let file = target().filter(|_| !is_on_store())?;
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let Entry {
        after,
        about,
        began,
        steps,
    } = entry;
    let steps: Vec<Value> = steps.iter().map(crate::scenario::Step::to_json).collect();
    let current = thread::current();
    let telling = telling();
    let path = telling.and_then(|telling| telling.path.split_once("::"));
    let test = path.map(|(_, path)| path).or(current.name());
    assert!(
        test.is_some(),
        "a story that is told in a thread of its own belongs to no test in the book: tell it in the thread of the test"
    );
    let line = json!({
        "process": std::process::id(),
        "id": id,
        "after": after,
        "about": about,
        "test": test,
        "doc": telling.map_or("", |telling| telling.doc),
        "file": began.file().replace('\\', "/"),
        "line": began.line(),
        "column": began.column(),
        "steps": steps,
    });
    let mut file = file
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Err(error) = writeln!(file, "{line}") {
        panic!("failed to write down a story: {error}");
    }
    Some(id)
}

fn target() -> Option<&'static Mutex<File>> {
    static FILE: OnceLock<Option<Mutex<File>>> = OnceLock::new();
    let file = FILE.get_or_init(|| {
        let path = env::var_os(TARGET)?;
        match OpenOptions::new().append(true).open(&path) {
            Ok(file) => Some(Mutex::new(file)),
            Err(error) => panic!("failed to open {}: {error}", path.display()),
        }
    });
    file.as_ref()
}
