//! The account of the harness, as one writes it with eventcore: each event knows its stream, and
//! each command folds.

use eventcore::{Command, CommandError, CommandLogic, Event, NewEvents, StreamId};
use harness::Refused;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountEvent {
    Opened { account: StreamId, owner: String },
    Deposited { account: StreamId, cents: u64 },
    Withdrawn { account: StreamId, cents: u64 },
}

impl Event for AccountEvent {
    fn stream_id(&self) -> &StreamId {
        match self {
            Self::Opened { account, .. }
            | Self::Deposited { account, .. }
            | Self::Withdrawn { account, .. } => account,
        }
    }

    fn event_type_name() -> &'static str {
        "account"
    }
}

#[derive(Debug, Default)]
pub struct Account {
    open: bool,
    pub balance: u64,
}

impl Account {
    pub fn fold(mut self, event: &AccountEvent) -> Self {
        match event {
            AccountEvent::Opened { .. } => self.open = true,
            AccountEvent::Deposited { cents, .. } => self.balance += cents,
            AccountEvent::Withdrawn { cents, .. } => self.balance -= cents,
        }
        self
    }
}

#[derive(Command)]
pub struct Open {
    #[stream]
    pub account: StreamId,
    pub owner: String,
}

impl CommandLogic for Open {
    type Event = AccountEvent;
    type State = Account;

    fn apply(&self, state: Account, event: &AccountEvent) -> Account {
        state.fold(event)
    }

    fn handle(&self, state: Account) -> Result<NewEvents<AccountEvent>, CommandError> {
        if state.open {
            return Err(CommandError::business_rule_violated(Refused::AlreadyOpen));
        }
        let opened = AccountEvent::Opened {
            account: self.account.clone(),
            owner: self.owner.clone(),
        };
        Ok(vec![opened].into())
    }
}

#[derive(Command)]
pub struct Deposit {
    #[stream]
    pub account: StreamId,
    pub cents: u64,
    pub times: u32,
}

impl CommandLogic for Deposit {
    type Event = AccountEvent;
    type State = Account;

    fn apply(&self, state: Account, event: &AccountEvent) -> Account {
        state.fold(event)
    }

    fn handle(&self, state: Account) -> Result<NewEvents<AccountEvent>, CommandError> {
        if !state.open {
            return Err(CommandError::business_rule_violated(Refused::NotOpen));
        }
        let deposited = AccountEvent::Deposited {
            account: self.account.clone(),
            cents: self.cents,
        };
        Ok(vec![deposited; self.times as usize].into())
    }
}
