//! What is the same in all commands of a run: the aggregate they name, and nothing else.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use std::fmt;

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use ironflow_testing::laws::{Laws, commands};
use serde::Deserialize;

#[event("bank")]
pub enum BankEvent {
    Transferred,
    One,
    Other,
}

#[derive(Aggregate, Default)]
#[aggregate(event = BankEvent, error = fmt::Error)]
pub struct Bank {
    seen: u64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AccountId {
    pub branch: u16,
    pub number: Number,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Number(u16, Kind);

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub enum Kind {
    Giro,
    Savings,
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Number(number, kind) = self.number;
        write!(f, "{}-{number}-{kind:?}", self.branch)
    }
}

#[command(Bank)]
#[derive(Deserialize)]
pub struct Transfer {
    #[id]
    pub from: AccountId,
    pub to: AccountId,
}

#[command(Bank)]
#[derive(Deserialize)]
pub enum Mixed {
    One {
        count: u8,
        #[id]
        name: u32,
    },
    Other {
        #[id]
        name: AccountId,
        count: u8,
    },
}

impl Fold for Bank {
    fn fold(&mut self, _: &BankEvent) {
        self.seen += 1;
    }
}

impl Decide<Transfer> for Bank {
    fn decide(&self, Transfer { from, to }: Transfer) -> Decision<Self> {
        if from == to {
            return Err(fmt::Error);
        }
        Ok(events![BankEvent::Transferred])
    }
}

impl Decide<Mixed> for Bank {
    fn decide(&self, command: Mixed) -> Decision<Self> {
        Ok(match command {
            Mixed::One { .. } => events![BankEvent::One],
            Mixed::Other { .. } => events![BankEvent::Other],
        })
    }
}

#[test]
fn what_has_the_type_of_the_id_varies_beside_it() {
    let statistics = Laws::<Bank>::new().of(commands::<Transfer>()).check();
    let statistics = statistics.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(statistics.accepted("transfer") > 1_000, "{statistics}");
    assert!(statistics.refused("transfer") > 10, "{statistics}");
}

#[test]
fn the_variants_of_a_command_may_be_named_in_different_ways() {
    let statistics = Laws::<Bank>::new().of(commands::<Mixed>()).check();
    let statistics = statistics.unwrap_or_else(|failure| panic!("{failure}"));
    for name in ["one", "other"] {
        assert!(statistics.accepted(name) > 1_000, "{statistics}");
    }
}
