//! Rounds in which a task makes no further step and its runtime is dropped.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::client::{Client, Lived, open, runtime};
use super::effects::Effects;
use super::every_step::at_every_step;
use super::orders::some;
use super::steps::{Death, End, Life};
use super::work::{Batch, Tell, work};

/// A process that shares this one, and all of whose tasks end at a step. What the store has been
/// asked for by then, it does.
pub(super) fn live(path: &Path, batch: &Batch) -> Lived {
    let (own, after) = (runtime(), runtime());
    let life = Life::new(batch.end.clone(), Death::Freeze);
    let answers = Arc::new(Mutex::new(Vec::new()));
    let tell: Tell = {
        let answers = Arc::clone(&answers);
        Arc::new(move |answer| answers.lock().unwrap().push(answer))
    };
    let store = own.block_on(open(path));
    let effects = Effects::beside(path);
    let working = work(store.clone(), effects, batch.clone(), life.clone(), tell);
    let died_at = own.block_on(async {
        tokio::select! {
            step = life.ended() => Some(step.name),
            () = working => None,
        }
    });
    drop(own);
    after.block_on(store.close());
    Lived {
        answers: std::mem::take(&mut *answers.lock().unwrap()),
        died_at,
        steps: life.steps(),
    }
}

/// So many rounds, each with its number, which is told where one goes wrong. Says how many there
/// were.
pub(super) fn rounds(usual: u64, share: u64, mut round: impl FnMut(u64)) -> u64 {
    let number = |name| env::var(name).ok().map(|text| text.parse().unwrap());
    let rounds = number("IRONFLOW_CRASH_ROUNDS").map_or(usual, |rounds: u64| rounds / share);
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
    at_every_step(&mut live);
}

#[test]
fn at_random_steps_again_and_again() {
    let begun = Instant::now();
    let mut deaths = 0;
    let rounds = rounds(100, 1, |seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        let count = random.usize(1..24);
        let tasks = random.usize(1..=count);
        let mut client = Client::new(some(&mut random, count), tasks);
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
