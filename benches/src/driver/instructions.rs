//! Instructions for folding and deciding, counted by valgrind.

use std::path::Path;
use std::process::Command;

use harness::{Answer, Work};

use super::Failed;

/// So many rounds, and twice as many: what starting takes is left out.
const ROUNDS: u32 = 1_000;

pub(crate) fn count(program: &Path) -> Result<Answer, Failed> {
    let (one, two) = (run(program, ROUNDS)?, run(program, 2 * ROUNDS)?);
    Ok(Answer {
        done: two - one,
        seconds: f64::from(ROUNDS),
        ..Answer::default()
    })
}

fn run(program: &Path, rounds: u32) -> Result<u64, Failed> {
    let work = serde_json::to_string(&Work::Pure { rounds })?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["pure", "", &work])
        .output()
        .map_err(|_| "valgrind is not installed")?;
    let text = String::from_utf8_lossy(&output.stderr);
    let (_, collected) = text
        .split_once("Collected :")
        .ok_or("valgrind does not say what it has counted")?;
    let number = collected.split_whitespace().next().unwrap_or_default();
    Ok(number.parse()?)
}
