//! Rounds in which processes that share this one end, or stand still.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::time::Instant;

use super::client::{Client, Lived};
use super::every_step::at_every_step;
use super::here::Here;
use super::orders::some;
use super::steps::End;
use super::work::Batch;

/// A process that shares this one, and ends when its runtime is dropped.
pub(super) fn live(path: &Path, batch: &Batch) -> Lived {
    let mut here = Here::start(path, batch);
    let lived = here.run();
    here.end();
    lived
}

fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap())
}

/// How many rounds somebody wants instead of the usual few.
pub(super) fn wanted_rounds() -> Option<u64> {
    number("IRONFLOW_CRASH_ROUNDS")
}

/// The usual rounds, or a share of those that are wanted, each with its number, which is told where
/// one goes wrong. Says how many there were.
pub(super) fn rounds(usual: u64, share: u64, mut round: impl FnMut(u64)) -> u64 {
    let rounds = wanted_rounds().map_or(usual, |rounds| rounds / share);
    let first = number("IRONFLOW_CRASH_SEED").unwrap_or(0);
    for seed in first..first + rounds {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| round(seed))) {
            print(&format!(
                "this was round {seed}: IRONFLOW_CRASH_SEED={seed}"
            ));
            resume_unwind(panic);
        }
    }
    rounds
}

#[allow(clippy::print_stdout, reason = "numbers, for whoever looks at a test")]
pub(super) fn print(what: &str) {
    println!("{what}");
}

#[test]
fn between_every_two_steps() {
    at_every_step(usize::MAX, &mut live);
}

#[test]
fn at_random_steps_again_and_again() {
    let begun = Instant::now();
    let mut deaths = 0;
    let rounds = rounds(60, 1, |seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        let count = random.usize(1..24);
        let tasks = random.usize(1..=count);
        let mut client = Client::new(some(&mut random, count, -40..60), tasks);
        client.queued = random.u8(..4) > 0;
        let ends: Vec<_> = (0..random.usize(1..6))
            .map(|_| End::After(random.usize(..120)))
            .collect();
        client.insist(ends, &mut live);
        deaths += client.died_at.len();
    });
    print(&format!(
        "{rounds} rounds, {deaths} deaths, {:?}",
        begun.elapsed()
    ));
}

#[test]
fn what_stood_still_goes_on_when_others_have_done_its_work() {
    let begun = Instant::now();
    let mut late = 0;
    let rounds = rounds(40, 1, |seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        let count = random.usize(1..16);
        let tasks = random.usize(1..=count);
        // None is refused: what goes on later would be a command of its own, and might be accepted.
        let mut client = Client::new(some(&mut random, count, 0..60), tasks);
        client.queued = random.u8(..4) > 0;
        let ends: Vec<_> = (0..random.usize(1..4))
            .map(|_| End::After(random.usize(..120)))
            .collect();
        let mut still = Vec::new();
        client.insist(ends, &mut |path, batch| {
            let mut here = Here::start(path, batch);
            let lived = here.run();
            if lived.died_at.is_some() {
                still.push(here);
            } else {
                here.end();
            }
            lived
        });
        for mut here in still {
            let lived = here.go_on();
            here.end();
            late += lived.answers.len();
            client.hears_late(lived);
        }
    });
    print(&format!(
        "{rounds} rounds, {late} late answers, {:?}",
        begun.elapsed()
    ));
}
