//! A contender's program: `<variant> <url> <work as JSON>`, and an answer on the last line.

use std::env;
use std::fs;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use crate::{Answer, Contender, Failure, Target, Work, workloads};

/// One of the ways in which a program competes.
#[derive(Debug, Clone, Copy)]
pub struct Variant {
    name: &'static str,
    perform: Perform,
}

#[derive(Debug, Clone, Copy)]
enum Perform {
    OnAStore(fn(&Target, &Work) -> Result<Answer, Failure>),
    Pure(fn(u32) -> u64),
}

impl Variant {
    /// On a store.
    #[must_use]
    pub const fn store<C: Contender>(name: &'static str) -> Self {
        Self {
            name,
            perform: Perform::OnAStore(on_a_store::<C>),
        }
    }

    /// In memory: folds five events, decides a deposit and folds what comes of it, so many times.
    /// Returns the sum of the balances.
    #[must_use]
    pub const fn pure(rounds: fn(u32) -> u64) -> Self {
        Self {
            name: "pure",
            perform: Perform::Pure(rounds),
        }
    }
}

/// The main function of a contender.
#[must_use]
pub fn main(variants: &[Variant]) -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let answered = answer(variants, &arguments).and_then(|answer| {
        let answer = serde_json::to_string(&answer)?;
        writeln!(io::stdout(), "{answer}")?;
        Ok(())
    });
    match answered {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Where even that cannot be written, the exit code has to do.
            let _ = writeln!(io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}

fn answer(variants: &[Variant], arguments: &[String]) -> Result<Answer, Failure> {
    let [variant, url, work] = arguments else {
        return Err(Failure::Failed("usage: <variant> <url> <work>".to_owned()));
    };
    let work = serde_json::from_str(work)?;
    let Some(chosen) = variants.iter().find(|known| known.name == variant) else {
        return Err(Failure::Failed(format!("there is no variant {variant}")));
    };
    let answer = match (chosen.perform, &work) {
        (Perform::Pure(rounds), Work::Pure { rounds: count }) => Ok(pure(rounds, *count)),
        (Perform::Pure(_), _) => Err(Failure::Unsupported("it has no store")),
        (Perform::OnAStore(perform), work) => {
            let target = Target {
                url: url.clone(),
                variant: variant.clone(),
            };
            perform(&target, work)
        }
    };
    match answer {
        Err(Failure::Unsupported(why)) => Ok(Answer {
            unsupported: Some(why.to_owned()),
            ..Answer::default()
        }),
        answer => answer,
    }
}

fn on_a_store<C: Contender>(target: &Target, work: &Work) -> Result<Answer, Failure> {
    let runtime = Runtime::new()?;
    let answer = runtime.block_on(async {
        let contender = Arc::new(C::open(target).await?);
        workloads::perform(&contender, work).await
    });
    wait_until_closed(Path::new(&format!("{}-wal", target.url)));
    answer.map(|answer| Answer {
        peak_bytes: peak_bytes(),
        ..answer
    })
}

/// The most memory that this process has had, as Linux counts it.
fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = peak.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

/// SQLite removes its write-ahead log when the last connection is closed, which some do in threads
/// of their own. A file whose log lies beside it is no good to copy or to measure.
fn wait_until_closed(log: &Path) {
    for _ in 0..1_000 {
        if !log.exists() {
            break;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn pure(rounds: fn(u32) -> u64, count: u32) -> Answer {
    let begun = Instant::now();
    black_box(rounds(black_box(count)));
    Answer {
        done: u64::from(count),
        seconds: begun.elapsed().as_secs_f64(),
        ..Answer::default()
    }
}
