//! Files of lines that only grow, and that a process which is killed does not damage.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// What the files of one process are called.
#[derive(Debug, Clone)]
pub(super) struct Files {
    place: PathBuf,
    process: u8,
}

impl Files {
    pub(super) fn new(place: &Path, process: u8) -> Self {
        let place = place.to_owned();
        Self { place, process }
    }

    /// What became of the units of its writers.
    pub(super) fn units(&self) -> PathBuf {
        self.named("units")
    }

    /// Its orders, and how they were answered.
    pub(super) fn orders(&self) -> PathBuf {
        self.named("orders")
    }

    /// What its reader has read, and how far that was.
    pub(super) fn read(&self) -> PathBuf {
        self.named("read")
    }

    /// What it said that was not for the conductor.
    pub(super) fn said(&self) -> PathBuf {
        self.named("said")
    }

    fn named(&self, name: &str) -> PathBuf {
        self.place.join(format!("{name}-{}", self.process))
    }
}

/// Where what has happened is written down.
pub(super) struct Journal(Mutex<File>);

impl Journal {
    /// Goes on with the file, which ends with a line that begins like that: what comes after was not
    /// written to its end, and is taken away. Gives back what is there.
    pub(super) fn open(path: &Path, end: &str) -> (Self, String) {
        let text = read(path, end);
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).open(path).unwrap();
        file.set_len(text.len() as u64).unwrap();
        (Self(Mutex::new(file)), text)
    }

    /// It is there when this returns, also if the process is killed then. The machine stays, so
    /// nothing has to get to the disk.
    pub(super) fn add(&self, lines: &str) {
        assert!(lines.ends_with('\n'), "{lines:?}");
        let mut file = self.0.lock().unwrap();
        file.write_all(lines.as_bytes()).unwrap();
    }
}

/// What counts of a file, which ends with a line that begins like that; nothing where it is not
/// there yet.
pub(super) fn read(path: &Path, end: &str) -> String {
    if !path.exists() {
        return String::new();
    }
    let mut text = fs::read_to_string(path).unwrap();
    text.truncate(whole(&text, end));
    text
}

fn whole(text: &str, end: &str) -> usize {
    let mut whole = text.rfind('\n').map_or(0, |at| at + 1);
    while whole > 0 {
        let start = text[..whole - 1].rfind('\n').map_or(0, |at| at + 1);
        if text[start..].starts_with(end) {
            break;
        }
        whole = start;
    }
    whole
}

#[test]
fn what_was_not_written_to_its_end_does_not_count() {
    for (text, end, counts) in [
        ("", "", ""),
        ("a", "", ""),
        ("a\nb", "", "a\n"),
        ("a\nb\n", "", "a\nb\n"),
        ("e 1\nto 1\ne 2\n", "to ", "e 1\nto 1\n"),
        ("e 1\nto 1\ne 2\nto 2", "to ", "e 1\nto 1\n"),
        ("e 1\ne 2\n", "to ", ""),
    ] {
        assert_eq!(&text[..whole(text, end)], counts, "{text:?} {end:?}");
    }
}
