//! Measures Ironflow beside its peers and beside code by hand: `--help` says how.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people at a terminal"
)]

mod driver;

use std::env;
use std::process::ExitCode;

use crate::driver::{Asked, Options, USAGE};

fn main() -> ExitCode {
    let options = match Options::parse(env::args().skip(1)) {
        Ok(Asked::ForHelp) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Ok(Asked::ToRun(options)) => options,
        Err(wrong) => {
            eprintln!("{wrong}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match driver::run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
