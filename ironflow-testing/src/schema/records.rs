//! The files that say what events looked like when they were first stored.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What one version of an event looks like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// The stored name.
    pub(super) event: String,
    pub(super) version: u32,
    /// Who can read whose payloads, of this version and the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) compatibility: Option<String>,
    /// The JSON Schema of the payload.
    pub(super) schema: Value,
    /// Payloads as they are stored.
    pub(super) examples: Vec<Value>,
    /// Payloads with the least and the greatest numbers. Sums of them may be too great for any
    /// fold, so they are only read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) bounds: Vec<Value>,
    /// Payloads as they were stored by programs that wrote them otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) before: Vec<Value>,
    /// Whether they could be folded: a fold may rely on what came before.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub(super) folded: bool,
}

fn yes() -> bool {
    true
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_true(folded: &bool) -> bool {
    *folded
}

/// A stored name and a version.
pub(super) type Id = (String, u32);

/// All files of one set of events.
#[derive(Debug)]
pub(super) struct Records {
    directory: PathBuf,
    files: BTreeMap<Id, Record>,
    /// What there has ever been a file of, whether or not it is there.
    known: BTreeSet<Id>,
    /// What the index lists.
    listed: BTreeSet<Id>,
    unsaved: BTreeSet<Id>,
    forgotten: BTreeSet<Id>,
}

/// Lists all there has ever been, so that a file cannot go away unnoticed.
const INDEX: &str = "index.json";

impl Records {
    /// Reads what is in `directory`, which need not exist.
    pub(super) fn read(directory: PathBuf) -> Result<Self, String> {
        let mut records = Self {
            directory,
            files: BTreeMap::new(),
            known: BTreeSet::new(),
            listed: BTreeSet::new(),
            unsaved: BTreeSet::new(),
            forgotten: BTreeSet::new(),
        };
        let entries = match fs::read_dir(&records.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(records),
            Err(error) => return Err(failed("list", &records.directory, &error)),
        };
        for entry in entries {
            let path = entry
                .map_err(|error| failed("list", &records.directory, &error))?
                .path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            if path.file_name().is_some_and(|name| name == INDEX) {
                let index: BTreeMap<String, BTreeSet<u32>> = read_json(&path)?;
                let ids = index.into_iter().flat_map(|(name, versions)| {
                    versions
                        .into_iter()
                        .map(move |version| (name.clone(), version))
                });
                records.listed.extend(ids);
            } else {
                let record: Record = read_json(&path)?;
                let id = (record.event.clone(), record.version);
                if path != records.path(&id) {
                    return Err(format!(
                        "{} is about version {} of {}: give it back its name, {}",
                        path.display(),
                        id.1,
                        id.0,
                        records.path(&id).display()
                    ));
                }
                records.known.insert(id.clone());
                records.files.insert(id, record);
            }
        }
        records.known.extend(records.listed.iter().cloned());
        Ok(records)
    }

    pub(super) fn get(&self, name: &str, version: u32) -> Option<&Record> {
        self.files.get(&(name.to_owned(), version))
    }

    /// Whether there has ever been a file.
    pub(super) fn knows(&self, name: &str, version: u32) -> bool {
        self.known.contains(&(name.to_owned(), version))
    }

    /// Whether the index lists all there is.
    pub(super) fn is_listed(&self) -> bool {
        self.listed == self.known
    }

    /// Where all there has ever been is listed.
    pub(super) fn index(&self) -> PathBuf {
        self.directory.join(INDEX)
    }

    /// All there has ever been a file of.
    pub(super) fn known(&self) -> impl Iterator<Item = &Id> {
        self.known.iter()
    }

    pub(super) fn path(&self, (name, version): &Id) -> PathBuf {
        self.directory
            .join(format!("{}.v{version}.json", file_name(name)))
    }

    /// Adds a record, or changes one. It is written with [`save`](Self::save).
    pub(super) fn insert(&mut self, record: Record) {
        let id = (record.event.clone(), record.version);
        self.known.insert(id.clone());
        self.unsaved.insert(id.clone());
        self.files.insert(id, record);
    }

    /// Takes a record away, and the memory of it.
    pub(super) fn forget(&mut self, id: &Id) {
        self.known.remove(id);
        self.unsaved.remove(id);
        self.files.remove(id);
        self.forgotten.insert(id.clone());
    }

    /// Writes what was added or changed, and the list of all there is.
    pub(super) fn save(self) -> Result<(), String> {
        if self.unsaved.is_empty() && self.forgotten.is_empty() && self.listed == self.known {
            return Ok(());
        }
        for id in &self.forgotten {
            let path = self.path(id);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed("delete", &path, &error));
                }
                _ => {}
            }
        }
        fs::create_dir_all(&self.directory)
            .map_err(|error| failed("create", &self.directory, &error))?;
        for id in &self.unsaved {
            write_json(&self.path(id), &self.files[id])?;
        }
        let mut index: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
        for (name, version) in &self.known {
            index.entry(name).or_default().insert(*version);
        }
        write_json(&self.index(), &index)
    }
}

/// A stored name as a file can be called, also where file names know no capitals.
fn file_name(name: &str) -> String {
    let mut file_name = String::new();
    for c in name.chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c) {
            file_name.push(c);
        } else {
            let _ = write!(file_name, "%{:x};", u32::from(c));
        }
    }
    file_name
}

fn read_json<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, String> {
    let text = fs::read_to_string(path).map_err(|error| failed("read", path, &error))?;
    serde_json::from_str(&text).map_err(|error| {
        format!(
            "{} is not what was written there: {error}; restore it from version control",
            path.display()
        )
    })
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), String> {
    static WRITTEN: AtomicUsize = AtomicUsize::new(0);
    let mut text =
        serde_json::to_string_pretty(value).map_err(|error| failed("write", path, &error))?;
    text.push('\n');
    // Another test may read it at the same time: it finds the old file or the new one.
    let nth = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let unfinished = path.with_extension(format!("{}-{nth}.unfinished", std::process::id()));
    fs::write(&unfinished, text)
        .and_then(|()| fs::rename(&unfinished, path))
        .map_err(|error| failed("write", path, &error))
}

fn failed(what: &str, path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("failed to {what} {}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn names_that_differ_have_files_that_differ_whatever_the_file_system() {
        let names = [
            "x\u{e9}a",
            "x\u{e9a}",
            "order.opened",
            "order.Opened",
            "a/b",
            "a%2f;b",
            "a\nb",
        ];
        let mut files: Vec<_> = names.map(|name| file_name(name).to_lowercase()).into();
        files.sort();
        files.dedup();
        assert_eq!(files.len(), names.len(), "{files:?}");
        assert_eq!(
            file_name("order.payment_captured"),
            "order.payment_captured"
        );
    }
}
