use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};
use {AccountCommand::*, AccountEvent::*};

#[event("account")] // stored as account.opened, account.deposited, account.withdrawn
pub enum AccountEvent {
    Opened { owner: String },
    Deposited { cents: u64 },
    Withdrawn { cents: u64 },
}

#[command(Account)]
pub enum AccountCommand {
    Open { owner: String },
    Deposit { cents: u64 },
    Withdraw { cents: u64 },
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Refused {
    #[error("the account is open already")]
    AlreadyOpen,
    #[error("the account is not open")]
    NotOpen,
    #[error("the balance is {0} cents")]
    Overdraft(u64),
}

#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = Refused)]
pub struct Account {
    open: bool,
    balance: u64,
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
            Withdraw { cents } if cents > self.balance => Err(Refused::Overdraft(self.balance)),
            Deposit { cents } => Ok(events![Deposited { cents }]),
            Withdraw { cents } => Ok(events![Withdrawn { cents }]),
        }
    }
}

#[test]
fn a_customer_withdraws_what_is_there() {
    ironflow_testing::given::<Account>(events![
        Opened { owner: "Jo".into() },
        Deposited { cents: 100 }
    ])
    .when(Withdraw { cents: 40 })
    .then(events![Withdrawn { cents: 40 }]);
}

#[test]
fn an_overdraft_is_refused() {
    ironflow_testing::given::<Account>(events![Opened { owner: "Jo".into() }])
        .when(Withdraw { cents: 1 })
        .then_error(Refused::Overdraft(0));
}
