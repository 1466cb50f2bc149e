//! A state that forgets something when it is written.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use ironflow_testing::laws::{Laws, commands};
use serde::{Deserialize, Serialize};

use crate::listens::{assert_pasted, assert_told};

#[event("counter")]
pub enum CounterEvent {
    Counted { by: u8 },
}

#[derive(Aggregate, Default, Debug, PartialEq, Serialize, Deserialize)]
#[aggregate(event = CounterEvent, error = std::fmt::Error)]
pub struct Counter {
    sum: u64,
    #[serde(skip)]
    high: bool,
}

#[command(Counter)]
#[derive(Deserialize)]
pub struct Count {
    pub by: u8,
}

impl Fold for Counter {
    fn fold(&mut self, CounterEvent::Counted { by }: &CounterEvent) {
        self.sum += u64::from(*by);
        self.high |= self.sum > 9;
    }
}

impl Decide<Count> for Counter {
    fn decide(&self, Count { by }: Count) -> Decision<Self> {
        Ok(events![CounterEvent::Counted { by }])
    }
}

#[test]
fn a_state_that_is_read_as_another_is_found() {
    let laws = Laws::<Counter>::new()
        .of(commands::<Count>())
        .snapshots()
        .seed(1);
    let failure = laws.check().expect_err("a field is skipped");
    assert_told(&failure, STORY);
    assert_pasted(&failure, include_str!("snapshot.rs"));
}

const STORY: &str = r"
a law of `Counter` is broken: a state that was written and read folds on to the same
  --> here

  Given   no events
  When    Count { by: 10 }
  Then    1  Counted { by: 10 }
  Read    Counter { sum: 10, high: false }

found
";

#[should_panic(expected = "left == right")]
#[test]
fn count_leaves_a_state_that_can_be_read() {
    let history = events![CounterEvent::Counted { by: 10 }];
    let state = Counter::replay(&history);
    let written = serde_json::to_string(&state).unwrap();
    let read: Counter = serde_json::from_str(&written).unwrap();
    assert_eq!(read, state);
}

#[derive(Aggregate, Default, Debug, Serialize, Deserialize)]
#[aggregate(event = CounterEvent, error = std::fmt::Error)]
pub struct Lazy {
    sum: u64,
    #[serde(skip)]
    last: u64,
}

impl PartialEq for Lazy {
    fn eq(&self, other: &Self) -> bool {
        self.sum == other.sum
    }
}

#[command(Lazy)]
#[derive(Deserialize)]
pub struct Add {
    pub by: u8,
}

impl Fold for Lazy {
    fn fold(&mut self, CounterEvent::Counted { by }: &CounterEvent) {
        self.sum += u64::from(*by) + self.last;
        self.last = u64::from(*by);
    }
}

impl Decide<Add> for Lazy {
    fn decide(&self, Add { by }: Add) -> Decision<Self> {
        Ok(events![CounterEvent::Counted { by }])
    }
}

#[test]
fn a_state_that_folds_on_to_another_is_found() {
    let laws = Laws::<Lazy>::new()
        .of(commands::<Add>())
        .snapshots()
        .seed(1);
    let failure = laws
        .check()
        .expect_err("the next fold needs what is skipped");
    assert_pasted(&failure, include_str!("snapshot.rs"));
}

#[should_panic(expected = "left == right")]
#[test]
fn add_leaves_a_state_that_can_be_read() {
    let history = events![
        CounterEvent::Counted { by: 1 },
        CounterEvent::Counted { by: 0 },
    ];
    let state = Lazy::replay(&history);
    let (before, after) = history.split_at(1);
    let written = serde_json::to_string(&Lazy::replay(before)).unwrap();
    let mut read: Lazy = serde_json::from_str(&written).unwrap();
    for event in after {
        read.apply(event);
    }
    assert_eq!(read, state);
}
