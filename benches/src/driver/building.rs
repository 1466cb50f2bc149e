//! What it takes to build an application: a contender is a minimal one.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::process::Command;
use std::time::Instant;

use harness::Answer;
use tempfile::TempDir;

use super::Failed;
use super::contenders::{Contender, Role, Store};
use super::programs::cargo;
use super::workloads::Build;

/// As the kernel counts them: in hundredths of a second, on every Linux there is.
const TICKS_PER_SECOND: f64 = 100.0;

/// What has been built: each once.
#[derive(Default)]
pub(crate) struct Builds(HashMap<(&'static str, Store), Took>);

#[derive(Clone, Copy)]
struct Took {
    seconds: f64,
    cpu_seconds: f64,
}

impl Builds {
    /// Seconds, or how many crates there are.
    pub(crate) fn measure(&mut self, contender: &Contender, of: Build) -> Result<Answer, Failed> {
        let number = match of {
            Build::Crates => crates(contender)?,
            Build::CpuSeconds => self.built(contender)?.cpu_seconds,
            Build::Seconds => self.built(contender)?.seconds,
        };
        Ok(Answer {
            done: 1,
            seconds: number,
            ..Answer::default()
        })
    }

    fn built(&mut self, contender: &Contender) -> Result<Took, Failed> {
        let key = (contender.program, contender.store);
        if let Some(took) = self.0.get(&key) {
            return Ok(*took);
        }
        let took = clean_build(contender)?;
        self.0.insert(key, took);
        Ok(took)
    }
}

/// Cargo with what the contender needs, and no more: some programs have two stores.
fn with_its_store(contender: &Contender, arguments: &[&str]) -> Command {
    let mut cargo = cargo(contender.program);
    cargo.args(arguments);
    if contender.role == Role::Peer {
        cargo.arg("--no-default-features");
        match contender.store {
            Store::Postgres => cargo.args(["--features", "postgres"]),
            Store::Sqlite | Store::SqliteNormal => cargo.args(["--features", "sqlite"]),
            Store::Memory => &mut cargo,
        };
    }
    cargo
}

/// How many crates it is built from, itself and the harness included.
#[expect(clippy::cast_precision_loss, reason = "there are some hundred")]
fn crates(contender: &Contender) -> Result<f64, Failed> {
    let tree = [
        "tree",
        "--quiet",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
    ];
    let output = with_its_store(contender, &tree).output()?;
    if !output.status.success() {
        return Err("cargo tree failed".into());
    }
    let text = String::from_utf8(output.stdout)?;
    let crates: BTreeSet<&str> = text
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .collect();
    Ok(crates.len() as f64)
}

/// On the clock and of the processors, with everything downloaded already.
fn clean_build(contender: &Contender) -> Result<Took, Failed> {
    let target = TempDir::new()?;
    let (cpu, begun) = (cpu_seconds()?, Instant::now());
    let build = ["build", "--quiet", "--release", "--offline"];
    let status = with_its_store(contender, &build)
        .arg("--target-dir")
        .arg(target.path())
        .status()?;
    if !status.success() {
        return Err("the build failed".into());
    }
    Ok(Took {
        seconds: begun.elapsed().as_secs_f64(),
        cpu_seconds: cpu_seconds()? - cpu,
    })
}

/// What the processes that we have started and waited for have used.
fn cpu_seconds() -> Result<f64, Failed> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').ok_or("/proc/self/stat is unknown")?;
    // The first field here is the third one of proc(5), and these are its 16th and 17th.
    let ticks = fields.split_whitespace().skip(13).take(2);
    let mut sum = 0.0;
    for ticks in ticks {
        sum += ticks.parse::<f64>()?;
    }
    Ok(sum / TICKS_PER_SECOND)
}
