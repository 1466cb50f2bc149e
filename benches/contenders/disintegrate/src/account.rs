//! The account of the harness, as one writes it with disintegrate.

use disintegrate::{Decision, Event, StateMutate, StateQuery};
use harness::Refused;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Event, Serialize, Deserialize)]
#[stream(AccountEvent, [Opened, Deposited, Withdrawn])]
pub enum BankEvent {
    Opened {
        #[id]
        account: String,
        owner: String,
    },
    Deposited {
        #[id]
        account: String,
        cents: u64,
    },
    Withdrawn {
        #[id]
        account: String,
        cents: u64,
    },
}

#[derive(Debug, Clone, Default, StateQuery, Serialize, Deserialize)]
#[state_query(AccountEvent)]
pub struct Account {
    #[id]
    account: String,
    open: bool,
    pub balance: u64,
}

impl Account {
    pub fn new(account: String) -> Self {
        Self {
            account,
            ..Self::default()
        }
    }
}

impl StateMutate for Account {
    fn mutate(&mut self, event: AccountEvent) {
        match event {
            AccountEvent::Opened { .. } => self.open = true,
            AccountEvent::Deposited { cents, .. } => self.balance += cents,
            AccountEvent::Withdrawn { cents, .. } => self.balance -= cents,
        }
    }
}

pub struct Open {
    pub account: String,
    pub owner: String,
}

impl Decision for Open {
    type Event = BankEvent;
    type StateQuery = Account;
    type Error = Refused;

    fn state_query(&self) -> Account {
        Account::new(self.account.clone())
    }

    fn process(&self, state: &Account) -> Result<Vec<BankEvent>, Refused> {
        if state.open {
            return Err(Refused::AlreadyOpen);
        }
        Ok(vec![BankEvent::Opened {
            account: self.account.clone(),
            owner: self.owner.clone(),
        }])
    }
}

pub struct Deposit {
    pub account: String,
    pub cents: u64,
    pub times: u32,
}

impl Decision for Deposit {
    type Event = BankEvent;
    type StateQuery = Account;
    type Error = Refused;

    fn state_query(&self) -> Account {
        Account::new(self.account.clone())
    }

    fn process(&self, state: &Account) -> Result<Vec<BankEvent>, Refused> {
        if !state.open {
            return Err(Refused::NotOpen);
        }
        let deposited = BankEvent::Deposited {
            account: self.account.clone(),
            cents: self.cents,
        };
        Ok(vec![deposited; self.times as usize])
    }
}
