//! The workspace's own commands.

#![allow(clippy::print_stderr, reason = "a program for people at a terminal")]

mod cost;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

const USAGE: &str = "\
Usage:
  cargo xtask test [ARGUMENTS]   all tests of the workspace, the documentation's included;
                                 arguments go to cargo test, as in: cargo xtask test -p orders
  cargo xtask cost               what our macros cost when a crate is built and when it runs, beside code
                                 without them; fails where that is too much, or valgrind is missing

The stores tested so far need no service: everything runs in memory or on SQLite files in temporary folders.";

fn main() -> ExitCode {
    let mut arguments = env::args_os().skip(1);
    match arguments.next().as_deref().and_then(|task| task.to_str()) {
        Some("test") => test(arguments.collect()),
        Some("cost") => match cost::run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("{error}");
                ExitCode::FAILURE
            }
        },
        Some("-h" | "--help") => {
            eprintln!("{USAGE}");
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}

/// Runs all tests, or those that the arguments select.
fn test(arguments: Vec<OsString>) -> ExitCode {
    let mut cargo = cargo();
    cargo.args(["test", "--no-fail-fast"]);
    if !arguments
        .iter()
        .any(|argument| argument == "-p" || argument == "--package")
    {
        cargo.args(["--workspace", "--all-features"]);
    }
    cargo.args(arguments);
    match cargo.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("cannot run cargo: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The cargo that runs us, at the root of the workspace.
fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}
