//! The state of an aggregate with snapshots is kept and restored at every point of a scenario.

use std::collections::{BTreeMap, HashMap, HashSet};

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use ironflow_testing::given;
use serde::{Deserialize, Serialize};

use crate::failure::fails;

#[event("purse")]
pub(crate) enum PurseEvent {
    Filled { cents: u64 },
    Emptied,
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("it is full")]
pub(crate) struct Full;

use PurseEvent::*;

fn filled(times: usize) -> ironflow_domain::Events<PurseEvent> {
    std::iter::repeat_n(Filled { cents: 5 }, times).collect()
}

/// Of each purse: what it keeps, how it is folded, and what it decides.
macro_rules! purse {
    (
        $module:ident,
        { $($state:tt)* },
        |$this:ident, $event:ident| $fold:expr,
        |$state_decided:ident| $decision:expr
    ) => {
        mod $module {
            use super::*;

            #[derive(Aggregate, Default, Debug, PartialEq, Serialize, Deserialize)]
            #[aggregate(event = PurseEvent, error = Full, snapshot(every = 10))]
            pub(super) struct Purse { $($state)* }

            #[command(Purse)]
            pub(super) struct Fill;

            impl Fold for Purse {
                fn fold(&mut self, $event: &PurseEvent) {
                    let $this = self;
                    $fold
                }
            }

            impl Decide<Fill> for Purse {
                fn decide(&self, _: Fill) -> Decision<Self> {
                    let $state_decided = self;
                    $decision
                }
            }
        }
    };
}

// Sets and maps have no order.
purse!(
    sound,
    { cents: u64, seen: HashSet<u64>, counts: HashMap<String, u64>, last: Option<u64> },
    |purse, event| match event {
        Filled { cents } => {
            purse.cents += cents;
            purse.seen.insert(purse.cents);
            *purse.counts.entry(cents.to_string()).or_default() += 1;
            purse.last = Some(*cents);
        }
        Emptied => purse.cents = 0,
    },
    |purse| if purse.cents > 10 { Err(Full) } else { Ok(filled(1)) }
);

// What the next event is folded with is not kept.
purse!(
    forgetful,
    { cents: u64, #[serde(skip)] times: u64 },
    |purse, event| if let Filled { cents } = event {
        purse.times += 1;
        purse.cents += cents * purse.times;
    },
    |_purse| Ok(filled(1))
);

// Only decisions look at what is not kept.
purse!(
    careless,
    { cents: u64, #[serde(skip)] times: u64 },
    |purse, event| if let Filled { cents } = event {
        purse.times += 1;
        purse.cents += cents;
    },
    |purse| if purse.times > 2 { Err(Full) } else { Ok(filled(if purse.times > 1 { 2 } else { 1 })) }
);

// It comes back as something else at once.
purse!(
    renaming,
    { #[serde(default, rename(serialize = "sum"))] cents: u64 },
    |purse, event| if let Filled { cents } = event { purse.cents += cents },
    |_purse| Ok(filled(1))
);

// JSON has no such keys.
purse!(
    unwritable,
    { seen: BTreeMap<(u64, u64), u64> },
    |purse, event| if let Filled { cents } = event { purse.seen.insert((*cents, 0), *cents); },
    |_purse| Ok(filled(1))
);

// What is written without it cannot be read without it.
purse!(
    unreadable,
    { #[serde(skip_serializing)] cents: u64 },
    |purse, event| if let Filled { cents } = event { purse.cents += cents },
    |_purse| Ok(filled(1))
);

// Only an event that is not expected of a restored state shows it.
purse!(
    fragile,
    { #[serde(skip)] times: u64 },
    |purse, event| match event {
        Filled { .. } => purse.times += 1,
        Emptied => purse.times = purse.times.checked_sub(2).expect("it was filled twice"),
    },
    |_purse| Ok(events![Emptied])
);

#[test]
fn a_state_that_is_kept_goes_on_as_it_was() {
    given::<sound::Purse>(filled(2))
        .when(sound::Fill)
        .then(filled(1))
        .and_when(sound::Fill)
        .then_error(Full);
    // Not at every one of so many points.
    given::<sound::Purse>(filled(300))
        .and(events![Emptied])
        .when(sound::Fill)
        .then(filled(1));
}

#[test]
fn what_the_fold_looks_at_is_kept() {
    fails(
        || {
            given::<forgetful::Purse>(filled(2))
                .when(forgetful::Fill)
                .then(filled(1))
        },
        "
        a snapshot loses what `cents` is folded with
          --> HERE+3

          Given   1  Filled { cents: 5 }
                  2  Filled { cents: 5 }
          When    Fill
          Kept    as a snapshot after 1 event, restored, and folded on with 1 event
                    cents  15 → 10
          Help    whatever the fold or a decision looks at must be in the snapshot;
                  `#[serde(skip)]` on a field is the usual reason that it is not
        ",
    );
    fails(
        || {
            given::<forgetful::Purse>(filled(1))
                .when(forgetful::Fill)
                .then(filled(1))
        },
        "
        a snapshot loses what `cents` is folded with
          --> HERE+3

          Given   1  Filled { cents: 5 }
          When    Fill
          Then    produced  1  Filled { cents: 5 }
          Kept    as a snapshot after 1 event, restored, and folded on with 1 event
                    cents  15 → 10
          Help    whatever the fold or a decision looks at must be in the snapshot;
                  `#[serde(skip)]` on a field is the usual reason that it is not
        ",
    );
    let state = || forgetful::Purse::replay(&filled(3));
    fails(
        || given::<forgetful::Purse>(filled(3)).then_state(state()),
        "
        a snapshot loses what `cents` is folded with
          --> HERE+1

          Given   1  Filled { cents: 5 }
                  2  Filled { cents: 5 }
                  3  Filled { cents: 5 }
          Kept    as a snapshot after 1 event, restored, and folded on with 1 event
                    cents  15 → 10
          Help    whatever the fold or a decision looks at must be in the snapshot;
                  `#[serde(skip)]` on a field is the usual reason that it is not
        ",
    );
}

#[test]
fn what_a_decision_looks_at_is_kept() {
    fails(
        || {
            given::<careless::Purse>(filled(2))
                .when(careless::Fill)
                .then(filled(2))
        },
        "
        a snapshot loses what the decision looks at: the command comes out differently
          --> HERE+3

          Given   1  Filled { cents: 5 }
                  2  Filled { cents: 5 }
          When    Fill
          Then    produced  1  Filled { cents: 5 }
                            2  Filled { cents: 5 }
          Kept    as a snapshot after 1 event, restored and folded on
          Again   1  Filled { cents: 5 }
          Help    whatever the fold or a decision looks at must be in the snapshot;
                  `#[serde(skip)]` on a field is the usual reason that it is not
        ",
    );
    fails(
        || {
            given::<careless::Purse>(filled(3))
                .when(careless::Fill)
                .then_error(Full)
        },
        "
        a snapshot loses what the decision looks at: the command comes out differently
          --> HERE+3

          Given   1  Filled { cents: 5 }
                  2  Filled { cents: 5 }
                  3  Filled { cents: 5 }
          When    Fill
          Then    produced  error Full
                                  it is full
          Kept    as a snapshot after 1 event, restored and folded on
          Again   1  Filled { cents: 5 }
                  2  Filled { cents: 5 }
          Help    whatever the fold or a decision looks at must be in the snapshot;
                  `#[serde(skip)]` on a field is the usual reason that it is not
        ",
    );
}

#[test]
fn what_is_read_is_what_was_written() {
    fails(
        || {
            given::<renaming::Purse>(filled(1))
                .when(renaming::Fill)
                .then(filled(1))
        },
        "
        a snapshot loses `sum`
          --> HERE+3

          Given   1  Filled { cents: 5 }
          When    Fill
          Kept    as a snapshot after 1 event, and restored
                    sum  5 → 0
          Help    whatever the fold or a decision looks at must be in the snapshot;
                  `#[serde(skip)]` on a field is the usual reason that it is not
        ",
    );
}

#[test]
fn what_cannot_be_kept_is_found_out() {
    fails(
        || {
            given::<unwritable::Purse>(filled(1))
                .when(unwritable::Fill)
                .then(filled(1))
        },
        "
        the state cannot be kept as a snapshot
          --> HERE+3

          Given   1  Filled { cents: 5 }
          When    Fill
          Kept    as a snapshot after 1 event
                  it cannot be written: key must be a string
        ",
    );
    fails(
        || {
            given::<unreadable::Purse>(filled(1))
                .when(unreadable::Fill)
                .then(filled(1))
        },
        "
        the state cannot be kept as a snapshot
          --> HERE+3

          Given   1  Filled { cents: 5 }
          When    Fill
          Kept    as a snapshot before the first event
                  {}
                  cannot be read: missing field `cents` at line 1 column 2
        ",
    );
    fails(
        || {
            given::<fragile::Purse>(filled(2))
                .when(fragile::Fill)
                .then(events![Emptied])
        },
        "
        a state from a snapshot cannot be folded on
          --> HERE+3

          Given   1  Filled { cents: 5 }
                  2  Filled { cents: 5 }
          When    Fill
          Then    produced  1  Emptied
          Kept    as a snapshot after 1 event, restored, and folded on with 2 events
          Panic   it was filled twice
          Help    whatever the fold or a decision looks at must be in the snapshot;
                  `#[serde(skip)]` on a field is the usual reason that it is not
        ",
    );
}
