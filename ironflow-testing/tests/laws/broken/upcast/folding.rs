//! A fold takes for granted what only decisions promise, and an upcaster does not keep.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use ironflow_testing::laws::{Laws, commands};
use ironflow_testing::stored;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::listens::{assert_pasted, assert_told};

#[event("seat")]
pub enum SeatEvent {
    Opened,
    #[event(version = 2, upcast(ReservedV1))]
    Reserved(Reserved),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reserved {
    pub rows: Vec<u32>,
}

#[derive(Debug, Deserialize)]
pub struct ReservedV1 {
    row: Option<u32>,
}

impl From<ReservedV1> for Reserved {
    fn from(ReservedV1 { row }: ReservedV1) -> Self {
        let rows = row.into_iter().collect();
        Self { rows }
    }
}

#[derive(Aggregate, Default)]
#[aggregate(event = SeatEvent, error = std::fmt::Error)]
pub struct Seats {
    is_open: bool,
    first: u32,
}

#[command(Seats)]
#[derive(Deserialize)]
pub struct Open;

#[command(Seats)]
#[derive(Deserialize)]
pub struct Reserve {
    pub row: u32,
}

impl Fold for Seats {
    fn fold(&mut self, event: &SeatEvent) {
        match event {
            SeatEvent::Opened => self.is_open = true,
            SeatEvent::Reserved(Reserved { rows }) => {
                assert!(self.is_open, "nothing is reserved before");
                self.first = rows[0];
            }
        }
    }
}

impl Decide<Open> for Seats {
    fn decide(&self, _: Open) -> Decision<Self> {
        Ok(events![SeatEvent::Opened])
    }
}

impl Decide<Reserve> for Seats {
    fn decide(&self, Reserve { row }: Reserve) -> Decision<Self> {
        if !self.is_open {
            return Err(std::fmt::Error);
        }
        Ok(events![SeatEvent::Reserved(Reserved { rows: vec![row] })])
    }
}

#[test]
fn what_cannot_be_folded_is_found() {
    let laws = Laws::<Seats>::new().of(commands::<Open>());
    let laws = laws.of(commands::<Reserve>()).seed(1);
    let failure = laws.check().expect_err("a fold panics");
    assert_told(&failure, STORY);
    assert_pasted(&failure, include_str!("folding.rs"));
}

const STORY: &str = r#"
a law of `Seats` is broken: an old event can be folded where such events happen today
  --> here

  Given   1  Opened
  Stored  seat.reserved version 1  {"row":null}
  Then    1  Reserved(Reserved { rows: [] })
  Panic   index out of bounds: the len is 0 but the index is 0
          at there

found
"#;

#[should_panic(expected = "index out of bounds")]
#[test]
fn seat_reserved_of_version_1_is_upcast_to_what_can_be_folded() {
    stored::<SeatEvent>("seat.reserved", 1, json!({ "row": null }))
        .then(events![SeatEvent::Reserved(Reserved { rows: [].into() })]);
    let history = events![
        SeatEvent::Opened,
        SeatEvent::Reserved(Reserved { rows: [].into() }),
    ];
    let _ = Seats::replay(&history);
}

/// Where all that happens is alike, nobody knows what else may.
fn few() -> Laws<Seats> {
    let few = (1_u32..3).prop_map(|row| Reserve { row });
    Laws::new()
        .of(commands::<Open>())
        .of(commands::<Reserve>().drawn_from(few))
        .seed(1)
}

#[test]
fn of_few_events_it_is_enough_that_one_can_be_folded() {
    let statistics = few().check().expect("some have a row");
    assert_eq!(statistics.upcast("seat.reserved", 1), 64);
}

#[test]
fn of_few_events_it_is_found_that_none_can_be_folded() {
    let nowhere = few().stored("seat.reserved", 1, [json!({ "row": null })]);
    let failure = nowhere.check().expect_err("a fold panics");
    assert_told(&failure, STORY);
}
