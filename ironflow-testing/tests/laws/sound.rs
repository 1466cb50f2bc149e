//! A domain that keeps all laws.

#![allow(unreachable_pub, reason = "a domain is written as users write it")]

use ironflow_domain::{Aggregate, Decide, DecideWith, Decision, Fold, command, event, events};
use ironflow_testing::laws::{Laws, commands};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[event("account")]
pub enum AccountEvent {
    Opened {
        owner: String,
    },
    #[event(also_named("account.credited"))]
    Deposited {
        cents: u64,
    },
    Withdrawn {
        cents: u64,
    },
    Closed,
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    #[error("it is not open")]
    NotOpen,
    #[error("it is open, or was")]
    Taken,
    #[error("{0} is not what it may be")]
    Amount(u64),
    #[error("there is something left")]
    NotEmpty,
}

#[derive(Aggregate, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[aggregate(event = AccountEvent, error = Refused)]
pub struct Account {
    status: Status,
    balance: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
enum Status {
    #[default]
    New,
    Open,
    Closed,
}

#[command(Account, creates)]
#[derive(Deserialize)]
pub struct Open {
    #[id]
    pub account: String,
    pub owner: String,
}

#[command(Account, context = Limit)]
#[derive(Deserialize)]
pub enum Move {
    Deposit {
        #[id]
        account: String,
        cents: u64,
    },
    Withdraw {
        #[id]
        account: String,
        cents: u64,
    },
}

#[derive(Debug, Clone)]
pub struct Limit(u64);

/// It is not `Deserialize`: it has to be drawn.
#[command(Account)]
pub struct Close;

impl Fold for Account {
    fn fold(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Opened { .. } => self.status = Status::Open,
            AccountEvent::Deposited { cents } => self.balance += cents,
            AccountEvent::Withdrawn { cents } => self.balance -= cents,
            AccountEvent::Closed => self.status = Status::Closed,
        }
    }
}

impl Decide<Open> for Account {
    fn decide(&self, Open { owner, .. }: Open) -> Decision<Self> {
        match self.status {
            Status::New => Ok(events![AccountEvent::Opened { owner }]),
            Status::Open | Status::Closed => Err(Refused::Taken),
        }
    }
}

impl DecideWith<Move> for Account {
    fn decide(&self, command: Move, limit: &Limit) -> Decision<Self> {
        if self.status != Status::Open {
            return Err(Refused::NotOpen);
        }
        match command {
            Move::Deposit { cents, .. } => {
                let sum = self.balance.checked_add(cents);
                sum.filter(|sum| *sum <= limit.0)
                    .ok_or(Refused::Amount(cents))?;
                Ok(events![AccountEvent::Deposited { cents }])
            }
            Move::Withdraw { cents, .. } if cents > self.balance => Err(Refused::Amount(cents)),
            Move::Withdraw { cents, .. } => Ok(events![AccountEvent::Withdrawn { cents }]),
        }
    }
}

impl Decide<Close> for Account {
    fn decide(&self, _: Close) -> Decision<Self> {
        match self.status {
            Status::New => Err(Refused::NotOpen),
            Status::Closed => Ok(events![]),
            Status::Open if self.balance > 0 => Err(Refused::NotEmpty),
            Status::Open => Ok(events![AccountEvent::Closed]),
        }
    }
}

fn limits() -> impl Strategy<Value = Limit> {
    (100_u64..200).prop_map(Limit)
}

ironflow_testing::laws!(Account {
    Open: idempotent,
    Move: in_context(limits()),
    Close: idempotent and drawn_from(Just(Close)),
    invariant("a limit is kept", |account| account.balance < 200),
    invariant("what is closed was opened", |account, history| {
        account.status != Status::Closed
            || matches!(history.first(), Some(AccountEvent::Opened { .. }))
    }),
    invariant("what is closed is empty", is_empty_once_closed),
    snapshots,
});

fn is_empty_once_closed(account: &Account) -> bool {
    account.status != Status::Closed || account.balance == 0
}

fn laws() -> Laws<Account> {
    Laws::new()
        .of(commands::<Open>())
        .of(commands::<Move>().in_context(limits()))
        .of(commands::<Close>().drawn_from(Just(Close)))
}

#[test]
fn every_command_is_accepted_and_refused_many_times() {
    let statistics = laws().seed(1).check().expect("the domain is sound");
    for name in ["open", "deposit", "withdraw", "close"] {
        assert!(statistics.accepted(name) > 10, "{statistics}");
        assert!(statistics.refused(name) > 10, "{statistics}");
    }
}

#[test]
fn the_same_seed_makes_the_same_runs() {
    let statistics = |seed| {
        let statistics = laws().cases(64).seed(seed).check();
        statistics.expect("the domain is sound").to_string()
    };
    assert_eq!(statistics(1), statistics(1));
    assert_ne!(statistics(1), statistics(2));
}

#[test]
fn all_commands_of_a_run_name_the_same_aggregate() {
    let laws = Laws::<Ids>::new()
        .of(commands::<Note>())
        .of(commands::<Other>())
        .invariant("there is one name", |ids: &Ids| {
            ids.0.windows(2).all(|two| two[0] == two[1])
        });
    laws.hold();
}

#[event("ids")]
pub enum Noted {
    Noted { name: String },
}

#[derive(Aggregate, Default)]
#[aggregate(event = Noted, error = std::fmt::Error)]
pub struct Ids(Vec<String>);

#[command(Ids)]
#[derive(Deserialize)]
pub struct Note {
    pub text: String,
    #[id]
    pub name: Name,
}

#[command(Ids)]
#[derive(Deserialize)]
pub struct Other {
    #[id]
    pub name: Name,
    pub count: u8,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Name(String);

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Fold for Ids {
    fn fold(&mut self, Noted::Noted { name }: &Noted) {
        self.0.push(name.clone());
    }
}

impl Decide<Note> for Ids {
    fn decide(&self, Note { name, .. }: Note) -> Decision<Self> {
        Ok(events![Noted::Noted { name: name.0 }])
    }
}

impl Decide<Other> for Ids {
    fn decide(&self, Other { name, .. }: Other) -> Decision<Self> {
        Ok(events![Noted::Noted { name: name.0 }])
    }
}
