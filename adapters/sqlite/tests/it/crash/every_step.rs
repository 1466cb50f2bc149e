//! A round for each step that a process takes with one order of each kind.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Instant;

use super::client::{Client, Live};
use super::orders::one_of_each;
use super::rounds::{live, print};
use super::steps::{End, Step};
use super::work::Batch;

/// What a process does with one order of each kind, its start and its projection included. It dies
/// before and after each.
const STEPS: [&str; 21] = [
    "append_all",
    "deletion of claims-begun",
    "find_event",
    "get of claims",
    "get of claims-begun",
    "get of projection-checkpoints",
    "get of projections",
    "get of snapshots",
    "get_all of projection",
    "read_log",
    "read_stream",
    "the answer",
    "the side effect",
    "write of claims",
    "write of claims-begun",
    "write of projection and projection-checkpoints",
    "write of projection and projection-checkpoints with statements",
    "write of projection-checkpoints",
    "write of projection-checkpoints and projections",
    "write of projection-checkpoints and projections with statements",
    "write of snapshots",
];

/// The steps of a process that is not disturbed, after others.
fn steps(has_begun: bool) -> Vec<Step> {
    let mut steps = None;
    let mut live = |path: &Path, batch: &Batch| {
        let lived = live(path, batch);
        steps = Some(lived.steps.clone());
        lived
    };
    let mut client = Client::new(one_of_each(), 1);
    if has_begun {
        client.ask_first(&mut live);
    }
    client.ask_all(&mut live);
    steps.unwrap()
}

/// In each round a process ends at another step; at each step the first so many times that it is
/// taken. It is the first process, but at steps that only others take.
pub(super) fn at_every_step(times: usize, live: &mut Live<'_>) {
    let begun = Instant::now();
    let first = steps(false);
    let mut later = steps(true);
    later.retain(|step| first.iter().all(|known| known.name != step.name));
    let all = first.into_iter().map(|step| (step, false));
    let mut all: Vec<_> = all
        .chain(later.into_iter().map(|step| (step, true)))
        .collect();
    all.retain(|(step, _)| step.time < times);
    let rounds = all.len();
    let mut died_at = BTreeSet::new();
    for (step, has_begun) in all {
        let mut client = Client::new(one_of_each(), 1);
        if has_begun {
            client.ask_first(live);
        }
        client.insist([End::At(step)], live);
        died_at.extend(client.died_at);
    }
    let before_and_after = |step: &&str| [format!("before {step}"), format!("after {step}")];
    let all: BTreeSet<_> = STEPS.iter().flat_map(before_and_after).collect();
    assert_eq!(
        died_at, all,
        "what a process does is another than `STEPS` says"
    );
    print(&format!("{rounds} rounds, {:?}", begun.elapsed()));
}
