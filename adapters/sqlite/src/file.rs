//! The file a store lies in, as the file system sees it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Sqlite;

/// Where a path leads, if there is something; SQLite follows links too, and has its log beside what
/// it finds there.
pub(crate) fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Where SQLite keeps the write-ahead log of a file.
pub(crate) fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

/// A file that has been opened.
///
/// SQLite goes on with what it opened, whatever becomes of the path. What it writes after the file
/// was removed is gone when the process ends.
pub(crate) struct OpenFile {
    path: PathBuf,
    log: PathBuf,
    identity: Option<Identity>,
}

impl OpenFile {
    /// The file at `path`, opened just now. A store in memory has none.
    pub(crate) fn new(path: &Path) -> Option<Self> {
        if path == Path::new(Sqlite::IN_MEMORY) {
            return None;
        }
        let path = real(path);
        let identity = fs::metadata(&path).ok().as_ref().map(identity);
        let log = log_of(&path);
        Some(Self {
            path,
            log,
            identity,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes the write-ahead log takes on the disk.
    pub(crate) fn log_bytes(&self) -> u64 {
        fs::metadata(&self.log).map_or(0, |log| log.len())
    }

    /// Whether the path still leads to the file that was opened, as far as can be told.
    pub(crate) fn is_in_place(&self) -> bool {
        use std::io::ErrorKind::{NotADirectory, NotFound};

        match fs::metadata(&self.path) {
            Ok(found) => Some(identity(&found)) == self.identity,
            // Other errors, such as rights that were given up after opening, say nothing about it.
            Err(error) => !matches!(error.kind(), NotFound | NotADirectory),
        }
    }
}

/// What tells a file from any other: the device and the inode.
#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(unix)]
fn identity(found: &fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;

    (found.dev(), found.ino())
}

/// Elsewhere a file that is open cannot be removed, and what tells it from others is not to be had.
#[cfg(not(unix))]
type Identity = ();

#[cfg(not(unix))]
fn identity(_found: &fs::Metadata) -> Identity {}
