//! A decision overflows.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use ironflow_testing::given;
use ironflow_testing::laws::{Laws, commands};
use serde::Deserialize;

use crate::listens::{assert_pasted, assert_told};

#[event("account")]
pub enum AccountEvent {
    Deposited { cents: u32 },
    Withdrawn { cents: u32 },
}

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = std::fmt::Error)]
pub struct Account {
    balance: u32,
}

#[command(Account)]
#[derive(Deserialize)]
pub enum Move {
    Deposit { cents: u32 },
    Withdraw { cents: u32 },
}

impl Fold for Account {
    fn fold(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Deposited { cents } => self.balance += cents,
            AccountEvent::Withdrawn { cents } => self.balance -= cents,
        }
    }
}

impl Decide<Move> for Account {
    fn decide(&self, command: Move) -> Decision<Self> {
        match command {
            Move::Deposit { cents: 0 } => Err(std::fmt::Error),
            Move::Deposit { cents } if cents > 100 || self.balance > 1_000 => Err(std::fmt::Error),
            Move::Deposit { cents } => Ok(events![AccountEvent::Deposited { cents }]),
            // Below what is left it is fine.
            Move::Withdraw { cents } if self.balance < 1 => {
                let _ = cents;
                Err(std::fmt::Error)
            }
            Move::Withdraw { cents } if self.balance - cents > 5 => {
                Ok(events![AccountEvent::Withdrawn { cents }])
            }
            Move::Withdraw { .. } => Err(std::fmt::Error),
        }
    }
}

#[test]
fn a_decision_that_panics_is_found() {
    let laws = Laws::<Account>::new().of(commands::<Move>()).seed(1);
    let failure = laws.check().expect_err("a decision overflows");
    assert_told(&failure, STORY);
    assert_pasted(&failure, include_str!("deciding.rs"));
}

const STORY: &str = r"
a law of `Account` is broken: a decision accepts or refuses, and does not panic
  --> here

  Given   1  Deposited { cents: 1 }
  When    Withdraw { cents: 2 }
  Panic   attempt to subtract with overflow
          at there

found
";

#[should_panic(expected = "the decision panicked")]
#[test]
fn withdraw_is_decided_without_a_panic() {
    given::<Account>(events![AccountEvent::Deposited { cents: 1 }])
        .when(Move::Withdraw { cents: 2 })
        .then_nothing();
}
