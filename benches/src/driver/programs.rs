//! The contenders' programs: built, found and run.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use harness::{Answer, Work};

use super::Failed;
use super::contenders::{self, Contender};

/// No piece of work takes longer, unless something hangs.
const PATIENCE: Duration = Duration::from_mins(15);

pub(crate) struct Programs {
    target: PathBuf,
    scratch: PathBuf,
}

impl Programs {
    pub(crate) fn new(scratch: &Path) -> Self {
        Self {
            target: target().join("contenders"),
            scratch: scratch.to_owned(),
        }
    }

    /// Builds them, in one target directory so that what they share is built once. Those that cannot
    /// be built are told of, and left out.
    pub(crate) fn build<'c>(&self, contenders: &[&'c Contender]) -> Vec<&'c Contender> {
        let mut built: BTreeMap<&str, bool> = BTreeMap::new();
        let mut usable = Vec::new();
        for contender in contenders {
            let program = contender.program;
            let is_built = *built.entry(program).or_insert_with(|| {
                eprintln!("building {program}");
                let status = cargo(program)
                    .args(["build", "--quiet", "--release", "--target-dir"])
                    .arg(&self.target)
                    .status();
                let is_built = status.is_ok_and(|status| status.success());
                if !is_built {
                    eprintln!("{program} cannot be built, and is left out");
                }
                is_built
            });
            if is_built {
                usable.push(*contender);
            }
        }
        usable
    }

    pub(crate) fn path(&self, contender: &Contender) -> PathBuf {
        let name = format!("contender-{}", contender.program);
        self.target.join("release").join(name)
    }

    /// Runs a piece of work in a process of its own.
    pub(crate) fn run(
        &self,
        contender: &Contender,
        variant: &str,
        url: &str,
        work: &Work,
        environment: &[(&str, OsString)],
    ) -> Result<Answer, Failed> {
        let (output, errors) = (self.scratch.join("output"), self.scratch.join("errors"));
        let mut process = Command::new(self.path(contender))
            .args([variant, url, &serde_json::to_string(work)?])
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(File::create(&output)?)
            .stderr(File::create(&errors)?)
            .spawn()?;
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = process.try_wait()? {
                break status;
            }
            if begun.elapsed() > PATIENCE {
                process.kill()?;
                process.wait()?;
                return Err("it hangs".into());
            }
            thread::sleep(Duration::from_millis(10));
        };
        if !status.success() {
            let errors = fs::read_to_string(errors)?;
            let last = errors.lines().last().unwrap_or("it did not say why");
            return Err(last.to_owned().into());
        }
        let output = fs::read_to_string(output)?;
        let answer = output.lines().last().unwrap_or_default();
        Ok(serde_json::from_str(answer)?)
    }
}

/// The cargo that runs us, in the folder of a program.
pub(crate) fn cargo(program: &str) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(folder(program));
    // What cargo has told us of ourselves is not for others: some are built anew when it changes.
    let of_ours = |name: &str| {
        ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_TARGET_DIR"]
            .iter()
            .any(|start| name.starts_with(start))
    };
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(of_ours) {
            cargo.env_remove(name);
        }
    }
    cargo
}

fn folder(program: &str) -> PathBuf {
    crate::driver::benches().join("contenders").join(program)
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    match env::var_os("CARGO_TARGET_DIR") {
        Some(target) => target.into(),
        None => crate::driver::benches().join("../target"),
    }
}

/// The versions of what a program is made of, from its lock file.
pub(crate) fn versions(program: &str) -> Result<BTreeMap<String, String>, Failed> {
    let lock = fs::read_to_string(folder(program).join("Cargo.lock"))?;
    let mut versions = BTreeMap::new();
    let mut lines = lock.lines();
    while let Some(line) = lines.next() {
        let quoted = |line: &str, key: &str| {
            let value = line.strip_prefix(key)?.strip_prefix(" = \"")?;
            value.strip_suffix('"').map(str::to_owned)
        };
        if let Some(name) = quoted(line, "name")
            && contenders::crates(program).contains(&name.as_str())
            && let Some(version) = lines.next().and_then(|line| quoted(line, "version"))
        {
            versions.insert(name, version);
        }
    }
    Ok(versions)
}
