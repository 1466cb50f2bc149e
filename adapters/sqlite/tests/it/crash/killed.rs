//! Rounds in which real processes end.

use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ChildStdout;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;

use super::client::{Client, Lived, runtime};
use super::effects::Effects;
use super::every_step::at_every_step;
use super::orders::some;
use super::rounds::{print, rounds, wanted_rounds};
use super::steps::{Death, Life, Step};
use super::work::{Answer, Batch, Tell, work};
use crate::processes::{Mortal, hear, is_child, open_shared, own_number, shared_path, tell};

/// Where a child finds what it is to do.
fn batch_path(store: &Path, number: u8) -> PathBuf {
    store.with_file_name(format!("batch-{number}"))
}

/// Does what the parent has written down, and tells it every answer.
pub(super) fn work_for_parent() {
    let path = shared_path();
    let batch = fs::read(batch_path(&path, own_number())).unwrap();
    let batch: Batch = serde_json::from_slice(&batch).unwrap();
    let told: Tell = Arc::new(|answer| {
        let answer = serde_json::to_string(&answer).unwrap();
        tell(&format!("answer {answer}"));
    });
    // The steps of a single thread come in one order.
    let runtime = if batch.tasks > 1 {
        Builder::new_multi_thread().enable_all().build().unwrap()
    } else {
        runtime()
    };
    let life = Life::new(batch.end.clone(), Death::Abort);
    runtime.block_on(async {
        let store = open_shared().await;
        work(store.clone(), Effects::beside(&path), batch, life, told).await;
        store.close().await;
    });
    tell("done");
}

/// A process at the store in that file, which does that.
pub(super) fn start(
    test: &str,
    number: u8,
    path: &Path,
    batch: &Batch,
) -> (Mortal, BufReader<ChildStdout>) {
    let batch = serde_json::to_vec(batch).unwrap();
    fs::write(batch_path(path, number), batch).unwrap();
    Mortal::start(test, number, path)
}

/// What a child says, until it is done or dead.
pub(super) fn listen(out: &mut BufReader<ChildStdout>) -> Lived {
    let mut lived = Lived {
        died_at: Some("somewhere".to_owned()),
        ..Lived::default()
    };
    while let Some(told) = hear(out) {
        if let Some(answer) = told.strip_prefix("answer ") {
            let answer: Answer = serde_json::from_str(answer).unwrap();
            lived.answers.push(answer);
        } else if let Some(step) = told.strip_prefix("died ") {
            let step: Step = serde_json::from_str(step).unwrap();
            lived.died_at = Some(step.name);
        } else if told == "done" {
            lived.died_at = None;
        }
    }
    lived
}

/// A child that fails has not died as it was to.
fn is_no_failure(child: &mut Mortal) {
    const PANICKED: i32 = 101;
    assert_ne!(child.0.wait().unwrap().code(), Some(PANICKED));
}

#[test]
fn processes_end_between_every_two_steps() {
    if is_child() {
        return work_for_parent();
    }
    let test = "crash::killed::processes_end_between_every_two_steps";
    // Processes take their time: all of the steps only where many rounds are wanted.
    let times = if wanted_rounds().is_some() {
        usize::MAX
    } else {
        2
    };
    at_every_step(times, &mut |path, batch| {
        let (mut child, mut out) = start(test, 1, path, batch);
        let lived = listen(&mut out);
        is_no_failure(&mut child);
        lived
    });
}

/// Longer than most processes live.
const MOMENTS: u64 = 30_000;

#[test]
fn processes_are_killed_at_random_moments() {
    if is_child() {
        return work_for_parent();
    }
    let begun = Instant::now();
    let test = "crash::killed::processes_are_killed_at_random_moments";
    let mut deaths = 0;
    let rounds = rounds(15, 10, |seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        let count = random.usize(1..40);
        let mut client = Client::new(some(&mut random, count, -40..60), 16);
        client.queued = random.u8(..4) > 0;
        let mut kills = random.usize(1..6);
        client.insist([], &mut |path, batch| {
            let (mut child, mut out) = start(test, 1, path, batch);
            if kills == 0 {
                let lived = listen(&mut out);
                is_no_failure(&mut child);
                return lived;
            }
            kills -= 1;
            let moment = Duration::from_micros(random.u64(..MOMENTS));
            thread::scope(|scope| {
                let listening = scope.spawn(|| listen(&mut out));
                thread::sleep(moment);
                // On Unix this is SIGKILL: it has no chance to tidy up.
                child.0.kill().unwrap();
                is_no_failure(&mut child);
                listening.join().unwrap()
            })
        });
        deaths += client.died_at.len();
    });
    print(&format!(
        "{rounds} rounds, {deaths} deaths, {:?}",
        begun.elapsed()
    ));
}
