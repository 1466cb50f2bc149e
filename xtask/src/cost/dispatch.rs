//! Instructions for folding and deciding through generated code, and through a `match` by hand.

use std::error::Error;
use std::process::Command;

use super::Measured;

/// How many events or commands one round of the program has; it says so too.
const LENGTH: f64 = 10_000.0;

/// Counts what one event or one command takes. `work` is an argument of the program.
pub(super) fn measure(work: &'static str) -> Result<Measured, Box<dyn Error>> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return Err("valgrind is not installed, and it counts the instructions".into());
    }
    let measured = Measured {
        what: work,
        unit: "instructions",
        ours: instructions(work, "generated")?,
        without: instructions(work, "by-hand")?,
        limit: 1.02,
    };
    Ok(measured.report())
}

/// What a second round adds: starting and preparing are left out.
fn instructions(work: &str, how: &str) -> Result<f64, Box<dyn Error>> {
    let (one, two) = (count(work, how, 1)?, count(work, how, 2)?);
    Ok((two - one) / LENGTH)
}

/// All instructions of one run.
fn count(work: &str, how: &str, rounds: u32) -> Result<f64, Box<dyn Error>> {
    let runner = "target.'cfg(all())'.runner = \
        ['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null']";
    let output = crate::cargo()
        .args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "ironflow-benches",
        ])
        .args(["--bin", "dispatch", "--config", runner, "--"])
        .args([work, how, &rounds.to_string()])
        .output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("failed to count instructions: {text}").into());
    }
    let (_, collected) = text
        .split_once("Collected :")
        .ok_or_else(|| format!("callgrind does not say what it has counted: {text}"))?;
    let number = collected.split_whitespace().next().unwrap_or_default();
    Ok(number.parse()?)
}
