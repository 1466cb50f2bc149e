//! Whom a server runs as.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Doing, ServiceError};

/// Whom a server runs as: whoever runs the tests, but never root, as which Postgres refuses to run.
#[derive(Debug, Clone, Copy)]
pub(crate) enum User {
    Ourselves,
    Unprivileged { uid: u32, gid: u32 },
}

impl User {
    pub(crate) fn of_servers() -> Result<Self, ServiceError> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Ourselves);
        }
        for name in ["postgres", "nobody"] {
            if let (Some(uid), Some(gid)) = (id("-u", name), id("-g", name)) {
                return Ok(Self::Unprivileged { uid, gid });
            }
        }
        Err(ServiceError::failed(
            "find a user to run Postgres as, since it refuses to run as root",
            "there is neither a user `postgres` nor a user `nobody`",
        ))
    }

    pub(crate) fn run(self, command: &mut Command) {
        if let Self::Unprivileged { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
    }

    /// Gives a directory to whom the server runs as; everybody else is kept out of it.
    pub(crate) fn own(self, directory: &Path) -> Result<(), ServiceError> {
        let Self::Unprivileged { uid, gid } = self else {
            return Ok(());
        };
        chown(directory, Some(uid), Some(gid))
            .doing(|| format!("give {} to whom Postgres runs as", directory.display()))
    }

    /// Whether the server may execute a file or enter a directory. Only the system knows: any directory above may be closed.
    pub(crate) fn reaches(self, path: &Path) -> bool {
        let mut test = Command::new("sh");
        test.args(["-c", "test -x \"$1\"", "test"])
            .arg(path)
            .current_dir("/")
            .stdin(Stdio::null());
        self.run(&mut test);
        test.status().is_ok_and(|status| status.success())
    }

    /// A place for temporary files that the server reaches: root may have one that only root does.
    pub(crate) fn temporary_files(self) -> Result<PathBuf, ServiceError> {
        let first = std::env::temp_dir();
        let places = [first.clone(), "/tmp".into(), "/var/tmp".into()];
        let reached = places.into_iter().find(|place| self.reaches(place));
        let place = reached.unwrap_or(first);
        fs::canonicalize(&place).doing(|| format!("find {}", place.display()))
    }
}

/// A number of a user, as the system tells it.
fn id(which: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([which, name]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
