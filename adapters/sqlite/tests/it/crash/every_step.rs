//! A round for each step that a process takes with one order of each kind.

use std::collections::BTreeSet;
use std::time::Instant;

use super::client::{Client, Live};
use super::orders::one_of_each;
use super::rounds::{live, print};
use super::steps::{End, Step};

/// What a process does with one order of each kind, its start and its projection included. It dies
/// before and after each.
const STEPS: [&str; 17] = [
    "append_all",
    "deletion of claims-begun",
    "find_event",
    "get of claims",
    "get of claims-begun",
    "get of projection",
    "get of projection-checkpoints",
    "get of snapshots",
    "read_log",
    "read_stream",
    "the answer",
    "the side effect",
    "write of claims",
    "write of claims-begun",
    "write of projection and projection-checkpoints",
    "write of projection-checkpoints",
    "write of snapshots",
];

/// The steps of a process that is not disturbed.
fn steps() -> Vec<Step> {
    let mut steps = None;
    Client::new(one_of_each(), 1).insist([], &mut |path, batch| {
        let lived = live(path, batch);
        steps.get_or_insert_with(|| lived.steps.clone());
        lived
    });
    steps.unwrap()
}

/// In each round a process ends at another step; at each step the first so many times that it is
/// taken.
pub(super) fn at_every_step(times: usize, live: &mut Live<'_>) {
    let begun = Instant::now();
    let mut steps = steps();
    steps.retain(|step| step.time < times);
    let rounds = steps.len();
    let mut died_at = BTreeSet::new();
    for step in steps {
        let mut client = Client::new(one_of_each(), 1);
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
