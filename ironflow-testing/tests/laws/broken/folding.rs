//! A fold overflows.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use ironflow_testing::given;
use ironflow_testing::laws::{Laws, commands};
use serde::Deserialize;

use crate::listens::{assert_pasted, assert_told};

#[event("account")]
pub enum AccountEvent {
    Deposited { cents: u32, note: Option<Note> },
}

#[derive(Debug, Clone, PartialEq, serde::Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Note {
    Gift,
    Text(String),
}

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = std::fmt::Error)]
pub struct Account {
    balance: u32,
}

#[command(Account)]
#[derive(Deserialize)]
pub struct Deposit {
    pub cents: u32,
    pub note: Option<Note>,
}

impl Fold for Account {
    fn fold(&mut self, AccountEvent::Deposited { cents, .. }: &AccountEvent) {
        self.balance += cents;
    }
}

impl Decide<Deposit> for Account {
    fn decide(&self, Deposit { cents, note }: Deposit) -> Decision<Self> {
        // Whoever gives a lot says why.
        if cents > 1_000 && note.is_none() {
            return Err(std::fmt::Error);
        }
        Ok(events![AccountEvent::Deposited { cents, note }])
    }
}

#[test]
fn a_fold_that_panics_is_found() {
    let laws = Laws::<Account>::new().of(commands::<Deposit>()).seed(1);
    let failure = laws.check().expect_err("a fold overflows");
    assert_told(&failure, STORY);
    assert_pasted(&failure, include_str!("folding.rs"));
}

const STORY: &str = r"
a law of `Account` is broken: an event that has happened can be folded
  --> here

  Given   1  Deposited { cents: 1, note: None }
  When    Deposit { cents: 4294967295, note: Some(Gift) }
  Then    1  Deposited { cents: 4294967295, note: Some(Gift) }
  Panic   attempt to add with overflow
          at there

found
";

#[should_panic(expected = "the fold panicked")]
#[test]
fn deposit_records_what_can_be_folded() {
    given::<Account>(events![AccountEvent::Deposited {
        cents: 1,
        note: None
    }])
    .when(Deposit {
        cents: 4_294_967_295,
        note: Some(Note::Gift),
    })
    .then(events![AccountEvent::Deposited {
        cents: 4_294_967_295,
        note: Some(Note::Gift)
    },]);
}
