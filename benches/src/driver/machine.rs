//! What it was measured on.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::Failed;

/// What numbers depend on besides the programs.
pub(crate) struct Machine {
    pub(crate) facts: Vec<(&'static str, String)>,
}

impl Machine {
    pub(crate) fn text(&self) -> String {
        let facts = self
            .facts
            .iter()
            .map(|(name, value)| format!("{name}: {value}"));
        facts.collect::<Vec<_>>().join("; ")
    }
}

/// Looks at the machine; `scratch` is where the databases were.
pub(crate) fn describe(scratch: &Path, postgres: Option<String>) -> Result<Machine, Failed> {
    let mut facts = vec![
        ("cores", thread::available_parallelism()?.to_string()),
        ("processor", processor().unwrap_or_default()),
        ("system", output("uname", &["-sr"]).unwrap_or_default()),
        ("rustc", output("rustc", &["--version"]).unwrap_or_default()),
        ("file system", file_system(scratch).unwrap_or_default()),
        ("flush", format!("{} µs", flush(scratch)?.as_micros())),
        ("load", load().unwrap_or_default()),
    ];
    facts.extend(postgres.map(|version| ("PostgreSQL", version)));
    facts.retain(|(_, value)| !value.is_empty());
    Ok(Machine { facts })
}

fn processor() -> Option<String> {
    let processors = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = processors
        .lines()
        .find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// How busy the machine has been, with us and with others: over 1, 5 and 15 minutes.
fn load() -> Option<String> {
    let load = fs::read_to_string("/proc/loadavg").ok()?;
    let averages: Vec<&str> = load.split(' ').take(3).collect();
    Some(averages.join(" "))
}

fn file_system(path: &Path) -> Option<String> {
    let path = path.to_str()?;
    let output = output("df", &["--output=fstype", path])?;
    output.lines().nth(1).map(str::to_owned)
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    Some(text.trim().to_owned())
}

/// What it takes to bring one page to the disk: the median of many.
fn flush(scratch: &Path) -> Result<Duration, Failed> {
    const FLUSHES: usize = 201;
    let path = scratch.join("flush");
    let mut file = File::create(&path)?;
    let mut took = Vec::with_capacity(FLUSHES);
    for _ in 0..FLUSHES {
        file.write_all(&[1; 8_192])?;
        let begun = Instant::now();
        file.sync_data()?;
        took.push(begun.elapsed());
    }
    fs::remove_file(path)?;
    took.sort_unstable();
    Ok(took[FLUSHES / 2])
}
