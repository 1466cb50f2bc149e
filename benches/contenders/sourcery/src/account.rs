//! The account of the harness, as one writes it with sourcery: a type for every event.

use harness::Refused;
use serde::{Deserialize, Serialize};
use sourcery::{Apply, DomainEvent, Handle};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub owner: String,
}

impl DomainEvent for Opened {
    const KIND: &'static str = "account.opened";
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposited {
    pub cents: u64,
}

impl DomainEvent for Deposited {
    const KIND: &'static str = "account.deposited";
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawn {
    pub cents: u64,
}

impl DomainEvent for Withdrawn {
    const KIND: &'static str = "account.withdrawn";
}

pub struct Open {
    pub owner: String,
}

pub struct Deposit {
    pub cents: u64,
    pub times: u32,
}

#[derive(Debug, Default, Serialize, Deserialize, sourcery::Aggregate)]
#[aggregate(
    id = Uuid,
    error = Refused,
    events(Opened, Deposited, Withdrawn),
    derives(Debug)
)]
pub struct Account {
    open: bool,
    pub balance: u64,
}

impl Apply<Opened> for Account {
    fn apply(&mut self, _event: &Opened) {
        self.open = true;
    }
}

impl Apply<Deposited> for Account {
    fn apply(&mut self, event: &Deposited) {
        self.balance += event.cents;
    }
}

impl Apply<Withdrawn> for Account {
    fn apply(&mut self, event: &Withdrawn) {
        self.balance -= event.cents;
    }
}

impl Handle<Open> for Account {
    fn handle(&self, command: &Open) -> Result<Vec<AccountEvent>, Refused> {
        if self.open {
            return Err(Refused::AlreadyOpen);
        }
        let owner = command.owner.clone();
        Ok(vec![Opened { owner }.into()])
    }
}

impl Handle<Deposit> for Account {
    fn handle(&self, command: &Deposit) -> Result<Vec<AccountEvent>, Refused> {
        if !self.open {
            return Err(Refused::NotOpen);
        }
        let cents = command.cents;
        let events = (0..command.times).map(|_| Deposited { cents }.into());
        Ok(events.collect())
    }
}
