//! Events that a store would not return as they were, and events that cannot be folded.

use std::collections::{HashMap, HashSet};

use ironflow_domain::{Aggregate, Decide, Decision, Events, Fold, command, event, events};
use ironflow_testing::given;

use crate::account::AccountEvent::*;
use crate::account::*;
use crate::failure::{fails, failure};

#[test]
fn a_given_event_loses_a_field() {
    fails(
        || {
            let events = events![Closed, Logged { secret: 7 }];
            given::<Account>(events).when(Crash).then_nothing();
        },
        "
            account.logged version 1 does not survive being stored
              --> HERE+3

              Given   1  Closed
                      2  Logged { secret: 7 }
              Event   Logged { secret: 7 }
              Stored  {}
              Read    Logged { secret: 0 }
        ",
    );
}

#[test]
fn a_produced_event_loses_a_field() {
    fails(
        || {
            given::<Account>(events![Closed])
                .when(Say(vec![Closed, Logged { secret: 7 }]))
                .then(events![Closed, Logged { secret: 7 }]);
        },
        "
            account.logged version 1 does not survive being stored
              --> HERE+3

              Given   1  Closed
              When    Say([Closed, Logged { secret: 7 }])
              Then    produced  1  Closed
                                2  Logged { secret: 7 }
              Event   Logged { secret: 7 }
              Stored  {}
              Read    Logged { secret: 0 }
        ",
    );
}

#[test]
fn an_event_cannot_be_read_back() {
    fails(
        || {
            given::<Account>(events![])
                .context(Conditions { rate: f64::NAN })
                .when(SetRate)
                .then_nothing();
        },
        r#"
            account.rated version 1 cannot be read back from its stored form
              --> HERE+4

              Given   no events
              When    SetRate
              Then    produced  1  Rated { rate: NaN }
              Event   Rated { rate: NaN }
              Stored  {"rate":null}
              Read    the payload of account.rated version 1 does not fit its type
                      caused by: invalid type: null, expected f64 at line 1 column 12
        "#,
    );
}

#[test]
fn a_long_event_shows_the_lines_that_are_lost() {
    let text = "a note that is so long that the event has to be written on several lines, one for each field".to_owned();
    fails(
        || {
            given::<Odd>(events![OddEvent::Long {
                text: text.clone(),
                lost: 1
            }])
            .when(Be)
            .then_nothing();
        },
        r#"
            odd.long version 1 does not survive being stored
              --> HERE+2

              Given   1  Long {
                             text: "a note that is so long that the event has to be written on several lines, one for each field",
                             lost: 1,
                         }
              Event   Long {
                          text: "a note that is so long that the event has to be written on several lines, one for each field",
                          lost: 1,
                      }
              Stored  {"text":"a note that is so long that the event has to be written on several lines, one for each field"}
              Read      Long {
                            text: "a note that is so long that the event has to be written on several lines, one for each field",
                      -     lost: 1,
                      +     lost: 0,
                        }
        "#,
    );
}

#[test]
fn the_fold_panics_on_a_given_event() {
    fails(
        || {
            given::<Account>(events![
                Deposited { cents: 1 },
                Withdrawn { cents: 2 },
                Closed
            ])
            .when(Crash)
            .then_nothing();
        },
        "
            the fold panicked: an event that has happened cannot be refused
              --> HERE+2

              Given   1  Deposited { cents: 1 }
                      2  Withdrawn { cents: 2 }
                      3  Closed
              Event   Withdrawn { cents: 2 }
              Panic   never overdrawn
        ",
    );
}

#[test]
fn the_fold_panics_on_a_produced_event() {
    fails(
        || {
            given::<Account>(events![Deposited { cents: 1 }])
                .when(Say(vec![Withdrawn { cents: 1 }, Withdrawn { cents: 2 }]))
                .then(events![Withdrawn { cents: 1 }, Withdrawn { cents: 2 }]);
        },
        "
            the fold panicked: an event that has happened cannot be refused
              --> HERE+3

              Given   1  Deposited { cents: 1 }
              When    Say([Withdrawn { cents: 1 }, Withdrawn { cents: 2 }])
              Then    produced  1  Withdrawn { cents: 1 }
                                2  Withdrawn { cents: 2 }
              Event   Withdrawn { cents: 2 }
              Panic   never overdrawn
        ",
    );
}

/// Events with types that are hard to store.
#[event("odd")]
enum OddEvent {
    Long {
        text: String,
        #[serde(skip)]
        lost: u8,
    },
    Mapped {
        map: HashMap<String, u8>,
    },
    Keyed {
        map: HashMap<(u8, u8), u8>,
    },
    Shuffled {
        set: Shuffled,
    },
    Deaf(Deaf),
    Tagged {
        #[serde(skip)]
        tag: Tag,
    },
}

/// Knows where it comes from, and hides it from `PartialEq`.
#[derive(Debug, Clone)]
struct Tag(&'static str);

impl Default for Tag {
    fn default() -> Self {
        Self("read")
    }
}

impl PartialEq for Tag {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Equal to a set with the same members, and written in the order of insertion, which reading turns
/// around.
#[derive(Debug, Clone)]
struct Shuffled(Vec<u8>);

impl PartialEq for Shuffled {
    fn eq(&self, other: &Self) -> bool {
        let [one, other] = [self, other].map(|set| set.0.iter().collect::<HashSet<_>>());
        one == other
    }
}

impl serde::Serialize for Shuffled {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Shuffled {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(|members| Self(members.into_iter().rev().collect()))
    }
}

/// Equal to nothing, not even to itself.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Deaf {}

impl PartialEq for Deaf {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

#[derive(Aggregate, Default)]
#[aggregate(event = OddEvent, error = Refusal)]
struct Odd {
    tag: Option<&'static str>,
}

impl Fold for Odd {
    fn fold(&mut self, event: &OddEvent) {
        if let OddEvent::Tagged { tag } = event {
            self.tag = Some(tag.0);
        }
    }
}

/// Not equal to anything: there is no `PartialEq`.
#[derive(Debug, thiserror::Error)]
#[error("refused because of what was {0}")]
struct Refusal(&'static str);

#[command(Odd)]
struct Be;

impl Decide<Be> for Odd {
    fn decide(&self, Be: Be) -> Decision<Self> {
        Ok(Events::none())
    }
}

/// Decides upon a tag that is in memory, or refuses with the one that was folded.
#[command(Odd)]
struct Repeat;

impl Decide<Repeat> for Odd {
    fn decide(&self, Repeat: Repeat) -> Decision<Self> {
        match self.tag {
            Some(tag) => Err(Refusal(tag)),
            None => Ok(Events::from([OddEvent::Tagged {
                tag: Tag("decided"),
            }])),
        }
    }
}

#[test]
fn a_hash_map_may_be_part_of_an_event() {
    let map: HashMap<String, u8> = (0..100).map(|n| (n.to_string(), n)).collect();
    given::<Odd>(events![OddEvent::Mapped { map }])
        .when(Be)
        .then_nothing();
}

#[test]
fn an_event_cannot_be_written() {
    fails(
        || {
            given::<Odd>(events![OddEvent::Keyed {
                map: [((1, 2), 3)].into()
            }])
            .when(Be)
            .then_nothing();
        },
        "
            odd.keyed version 1 cannot be written in its stored form
              --> HERE+2

              Given   1  Keyed { map: {(1, 2): 3} }
              Event   Keyed { map: {(1, 2): 3} }
              Stored  event odd.keyed cannot be stored as JSON
                      caused by: key must be a string
        ",
    );
}

#[test]
fn an_event_is_written_in_two_ways() {
    fails(
        || {
            given::<Odd>(events![OddEvent::Shuffled {
                set: Shuffled(vec![1, 2])
            }])
            .when(Be)
            .then_nothing();
        },
        r#"
            odd.shuffled version 1 has two stored forms, and equal events must be written alike (a `HashSet` is not: use a `BTreeSet`)
              --> HERE+2

              Given   1  Shuffled { set: Shuffled([1, 2]) }
              Event   Shuffled { set: Shuffled([1, 2]) }
              Stored  {"set":[1,2]}
              Again   {"set":[2,1]}
        "#,
    );
}

#[test]
fn an_event_is_not_equal_to_itself() {
    fails(
        || {
            given::<Odd>(events![OddEvent::Deaf(Deaf {})])
                .when(Be)
                .then_nothing();
        },
        "
            odd.deaf version 1 does not survive being stored
              --> HERE+2

              Given   1  Deaf(Deaf)
              Event   Deaf(Deaf)
              Stored  {}
              Read    Deaf(Deaf)
                      prints the same, and is not equal: see its PartialEq
        ",
    );
}

#[test]
fn the_decision_and_the_comparison_see_what_was_read() {
    let decision = failure(|| {
        given::<Odd>(events![OddEvent::Tagged { tag: Tag("given") }])
            .when(Repeat)
            .then_nothing();
    });
    assert!(
        decision.text.contains("refused because of what was read"),
        "{}",
        decision.text
    );
    let comparison = failure(|| {
        given::<Odd>(events![]).when(Repeat).then_nothing();
    });
    assert!(
        comparison.text.contains("Tagged { tag: Tag(\"read\") }"),
        "{}",
        comparison.text
    );
}
