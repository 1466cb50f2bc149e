//! The account of the harness, as one writes it with Ironflow.

use harness::Refused;
use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use {AccountCommand::*, AccountEvent::*};

#[event("account")]
pub enum AccountEvent {
    Opened { owner: String },
    Deposited { cents: u64 },
    Withdrawn { cents: u64 },
}

#[command(Account)]
pub enum AccountCommand {
    Open { owner: String },
    Deposit { cents: u64, times: u32 },
    Withdraw { cents: u64 },
}

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = Refused)]
pub struct Account {
    open: bool,
    pub balance: u64,
}

impl Fold for Account {
    fn fold(&mut self, event: &AccountEvent) {
        match event {
            Opened { .. } => self.open = true,
            Deposited { cents } => self.balance += cents,
            Withdrawn { cents } => self.balance -= cents,
        }
    }
}

impl Decide<AccountCommand> for Account {
    fn decide(&self, command: AccountCommand) -> Decision<Self> {
        match command {
            Open { .. } if self.open => Err(Refused::AlreadyOpen),
            Open { owner } => Ok(events![Opened { owner }]),
            _ if !self.open => Err(Refused::NotOpen),
            Withdraw { cents } if cents > self.balance => Err(Refused::Overdraft),
            Deposit { cents, times } => Ok((0..times).map(|_| Deposited { cents }).collect()),
            Withdraw { cents } => Ok(events![Withdrawn { cents }]),
        }
    }
}
