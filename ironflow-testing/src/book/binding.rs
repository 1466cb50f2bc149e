//! Runs the tests, and compares what they have told with what was written down before.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, io};

use ironflow_domain::Catalogue;

use super::coverage::Coverage;
use super::recorder::TARGET;
use super::{json, markdown, story};
use crate::ci::is_ci;

/// Whether the book may be written.
#[derive(Debug, Clone, Copy)]
pub enum BookMode {
    /// What has changed is written.
    Write,
    /// What has changed is a failure.
    Check,
}

impl BookMode {
    /// What the environment says.
    ///
    /// # Panics
    ///
    /// When it says something else.
    #[must_use]
    pub fn from_env() -> Self {
        match env::var("IRONFLOW_STORIES").as_deref() {
            Ok("write") => Self::Write,
            Ok("check") => Self::Check,
            Ok(other) if !other.is_empty() => {
                panic!("IRONFLOW_STORIES is `{other}`: it may be `write` or `check`")
            }
            _ if is_ci() => Self::Check,
            _ => Self::Write,
        }
    }
}

/// Brings the book at `path` up to date, or fails where it is not; for `story_book!`.
///
/// # Panics
///
/// When a test fails, when no story is told, when a file cannot be read or written, or when nothing
/// may be written and something would have to be.
#[track_caller]
pub fn bind(mode: BookMode, path: &str, catalogue: &Catalogue, only: &[&str]) {
    if env::var_os(TARGET).is_some() {
        // The tests run for the sake of their stories; this one tells none.
        return;
    }
    let path = PathBuf::from(path);
    assert!(
        path.extension().is_some_and(|extension| extension == "md"),
        "a book of stories is a Markdown file, with a JSON file beside it: call it `stories.md`"
    );
    let (process, lines) = match listen(only) {
        Ok(heard) => heard,
        Err(problem) => panic!("{problem}"),
    };
    let tests = match story::read(&lines, process) {
        Ok(tests) => tests,
        Err(error) => panic!("what the tests have told cannot be read: {error}"),
    };
    match only {
        _ if !tests.is_empty() => {}
        [part] => panic!("no test with `{part}` in its name tells a story"),
        _ => panic!(
            "the tests of this binary tell no stories: put `story_book!` beside tests that say `given(..)`"
        ),
    }
    let coverage = Coverage::of(&tests, catalogue);
    let files = [
        (path.with_extension("json"), json::render(&tests, &coverage)),
        (path, markdown::render(&tests, &coverage)),
    ];
    let problems = files
        .iter()
        .filter_map(|(path, text)| settle(path, text, mode).err())
        .collect::<Vec<_>>();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Runs the tests of this binary, and returns what they have told, and which process they ran
/// in.
fn listen(only: &[&str]) -> Result<(u32, String), String> {
    static LISTENERS: AtomicU32 = AtomicU32::new(0);
    let (process, nth) = (
        std::process::id(),
        LISTENERS.fetch_add(1, Ordering::Relaxed),
    );
    let file = env::temp_dir().join(format!("ironflow-stories-{process}-{nth}.jsonl"));
    let failed = |doing: &str| {
        let place = file.display().to_string();
        let doing = doing.to_owned();
        move |error: io::Error| format!("failed to {doing} {place}: {error}")
    };
    File::create(&file).map_err(failed("create"))?;
    let heard = run(&file, only);
    let lines = fs::read_to_string(&file).map_err(failed("read"));
    fs::remove_file(&file).map_err(failed("remove"))?;
    Ok((heard?, lines?))
}

fn run(file: &Path, only: &[&str]) -> Result<u32, String> {
    let binary = env::current_exe().map_err(|error| format!("which binary is this? {error}"))?;
    let failed = |error: io::Error| format!("failed to run {}: {error}", binary.display());
    let child = Command::new(&binary)
        .args(only)
        // In a single thread a test does not run in a thread of its name.
        .args(["--quiet", "--test-threads=2"])
        .env(TARGET, file)
        // Snapshots are for the process that is asked to look at them.
        .envs([("INSTA_UPDATE", "no"), ("INSTA_FORCE_PASS", "1")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    let process = child.id();
    let Output { status, stdout, .. } = child.wait_with_output().map_err(failed)?;
    if status.success() {
        return Ok(process);
    }
    let text = String::from_utf8_lossy(&stdout);
    let failures = text.rsplit_once("failures:").map_or("", |(_, names)| names);
    Err(format!(
        "the stories cannot be written down while tests fail:{failures}"
    ))
}

/// Writes the file where that is allowed, and fails where it would have to be written and is not.
fn settle(path: &Path, text: &str, mode: BookMode) -> Result<(), String> {
    let place = path.display();
    let written = match fs::read_to_string(path) {
        Ok(written) => Some(written.replace("\r\n", "\n")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(format!("failed to read {place}: {error}")),
    };
    if written.as_deref() == Some(text) {
        return Ok(());
    }
    match mode {
        BookMode::Write => {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)
                    .map_err(|error| format!("failed to create {}: {error}", folder.display()))?;
            }
            fs::write(path, text).map_err(|error| format!("failed to write {place}: {error}"))
        }
        BookMode::Check => Err(format!(
            "{place} does not say what the tests say: {}\nrun the tests where `CI` is not set (or with `IRONFLOW_STORIES=write`), look at what has changed, and commit it",
            first_difference(written.as_deref().unwrap_or_default(), text)
        )),
    }
}

/// The first line that is another one.
fn first_difference(written: &str, told: &str) -> String {
    let (mut written, mut told) = (written.lines(), told.lines());
    let mut number = 1;
    loop {
        match (written.next(), told.next()) {
            (Some(before), Some(now)) if before == now => number += 1,
            (before, now) => {
                let [before, now] = [before, now].map(|line| match line {
                    Some(line) => format!("`{line}`"),
                    None => "nothing".to_owned(),
                });
                return format!("line {number} is {before}, and should be {now}");
            }
        }
    }
}
