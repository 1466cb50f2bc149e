//! One snapshot, and the one that waits for a review.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fmt::Display};

use super::mode::{self, Mode};
use super::name::Place;
use crate::scenario::line_difference;

/// A file with one story.
pub(super) struct Snapshot {
    path: PathBuf,
    source: String,
    line: u32,
}

impl Snapshot {
    pub(super) fn new(Place { path, source }: Place, line: u32) -> Self {
        Self { path, source, line }
    }

    /// Compares, and writes what may be written.
    pub(super) fn settle(&self, story: &str, mode: Mode) -> Result<(), String> {
        let story = story.trim_end();
        self.tell_that_it_is_used()?;
        let kept = self.read()?;
        let proposal = self.path.with_extension("snap.new");
        if kept.as_deref() == Some(story) {
            return remove(&proposal);
        }
        let is_new = kept.is_none();
        let accepted = mode == Mode::Accept || (mode == Mode::AcceptNew && is_new);
        if accepted {
            self.write(&self.path, story, None)?;
            return remove(&proposal);
        }
        if mode != Mode::Keep {
            self.write(&proposal, story, Some(self.line))?;
        }
        if mode::always_passes() {
            return Ok(());
        }
        let place = self.path.display();
        let headline = if is_new {
            format!("the story has no snapshot yet: {place}")
        } else {
            format!("the story is not what its snapshot says: {place}")
        };
        let way_out = if mode == Mode::Keep {
            "nothing is written where `CI` is set or `INSTA_UPDATE` is `no`: run the test elsewhere, and review the snapshot with \
             `cargo insta review`"
        } else {
            "review it with `cargo insta review`; or accept it as it is: `INSTA_UPDATE=always cargo test`"
        };
        let difference = line_difference(kept.as_deref().unwrap_or_default(), story);
        Err(format!("{headline}\n{way_out}\n\n{difference}"))
    }

    /// What comes after the second line of hyphens.
    fn read(&self) -> Result<Option<String>, String> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text.replace("\r\n", "\n"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", &self.path, &error)),
        };
        let story = text
            .strip_prefix("---\n")
            .and_then(|text| text.split_once("\n---\n"))
            .map_or(text.as_str(), |(_, story)| story);
        Ok(Some(story.trim_end().to_owned()))
    }

    fn write(&self, path: &Path, story: &str, line: Option<u32>) -> Result<(), String> {
        let source = &self.source;
        let line = line.map_or(String::new(), |line| format!("assertion_line: {line}\n"));
        let text = format!("---\nsource: {source}\n{line}---\n{story}\n");
        let folder = path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).map_err(|error| failed("create", folder, &error))?;
        fs::write(path, text).map_err(|error| failed("write", path, &error))
    }

    /// `cargo insta test --unreferenced` deletes what no test asks for.
    fn tell_that_it_is_used(&self) -> Result<(), String> {
        let Some(list) = env::var_os("INSTA_SNAPSHOT_REFERENCES_FILE") else {
            return Ok(());
        };
        let list = PathBuf::from(list);
        let path = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(&list)
            // In one piece: other tests write to it, too.
            .and_then(|mut list| list.write_all(format!("{}\n", path.display()).as_bytes()))
            .map_err(|error| failed("write", &list, &error))
    }
}

/// What is settled needs no review any more.
fn remove(proposal: &Path) -> Result<(), String> {
    match fs::remove_file(proposal) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("remove", proposal, &error))
        }
        _ => Ok(()),
    }
}

fn failed(doing: &str, path: &Path, error: &dyn Display) -> String {
    format!("failed to {doing} {}: {error}", path.display())
}
