//! A domain for the tests of the kit.

use std::sync::atomic::{AtomicU64, Ordering};

use ironflow_domain::{Aggregate, Decide, DecideWith, Decision, Events, Fold, command, event};
use serde::{Deserialize, Serialize};

#[event("account")]
pub(crate) enum AccountEvent {
    Opened {
        owner: String,
    },
    Deposited {
        cents: u64,
    },
    Withdrawn {
        cents: u64,
    },
    Billed(Bill),
    Rated {
        rate: f64,
    },
    Noted {
        text: String,
    },
    Logged {
        #[serde(skip)]
        secret: u8,
    },
    Closed,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Bill {
    pub(crate) items: Vec<Item>,
    pub(crate) paid_by: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) sku: String,
    pub(crate) qty: u32,
}

pub(crate) fn bill(items: &[(&str, u32)], paid_by: Option<&str>) -> AccountEvent {
    let items = items
        .iter()
        .map(|&(sku, qty)| Item {
            sku: sku.into(),
            qty,
        })
        .collect();
    AccountEvent::Billed(Bill {
        items,
        paid_by: paid_by.map(Into::into),
    })
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("there are only {0} cents")]
    Overdraft(u64),
    #[error("the account is not open")]
    NotOpen,
    #[error("the bank is closed")]
    BankClosed(#[source] Holiday),
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("today is {0}")]
pub(crate) struct Holiday(pub(crate) &'static str);

/// Neither the state nor the context prints or compares.
#[derive(Aggregate, Default)]
#[aggregate(event = AccountEvent, error = Refused)]
pub(crate) struct Account {
    open: bool,
    balance: u64,
}

impl Fold for Account {
    fn fold(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Opened { .. } => self.open = true,
            AccountEvent::Deposited { cents } => self.balance += cents,
            AccountEvent::Withdrawn { cents } => {
                self.balance = self.balance.checked_sub(*cents).expect("never overdrawn");
            }
            AccountEvent::Closed => self.open = false,
            _ => {}
        }
    }
}

#[command(Account)]
pub(crate) struct Withdraw {
    pub(crate) cents: u64,
}

impl Decide<Withdraw> for Account {
    fn decide(&self, Withdraw { cents }: Withdraw) -> Decision<Self> {
        match cents {
            _ if !self.open => Err(Refused::NotOpen),
            0 => Ok(Events::none()),
            _ if cents > self.balance => Err(Refused::Overdraft(self.balance)),
            _ => Ok(Events::from([AccountEvent::Withdrawn { cents }])),
        }
    }
}

/// Decides upon whatever it is told to.
#[command(Account)]
pub(crate) struct Say(pub(crate) Vec<AccountEvent>);

impl Decide<Say> for Account {
    fn decide(&self, Say(events): Say) -> Decision<Self> {
        Ok(events.into())
    }
}

/// Forgets that an account is opened once.
#[command(Account, creates)]
pub(crate) struct Open(pub(crate) Events<AccountEvent>);

impl Decide<Open> for Account {
    fn decide(&self, Open(events): Open) -> Decision<Self> {
        Ok(events)
    }
}

/// Looks at what it should not look at.
#[command(Account)]
pub(crate) struct Count;

/// How often it was asked.
static COUNTED: AtomicU64 = AtomicU64::new(0);

impl Decide<Count> for Account {
    fn decide(&self, _: Count) -> Decision<Self> {
        let cents = COUNTED.fetch_add(1, Ordering::SeqCst);
        Ok(Events::from([AccountEvent::Deposited { cents }]))
    }
}

/// Names the aggregate it is for.
#[command(Account)]
pub(crate) struct Audit(#[id] pub(crate) &'static str);

impl Decide<Audit> for Account {
    fn decide(&self, _: Audit) -> Decision<Self> {
        Ok(Events::none())
    }
}

#[command(Account)]
pub(crate) struct Visit;

impl Decide<Visit> for Account {
    fn decide(&self, Visit: Visit) -> Decision<Self> {
        Err(Refused::BankClosed(Holiday("Sunday")))
    }
}

#[command(Account)]
pub(crate) struct Crash;

impl Decide<Crash> for Account {
    fn decide(&self, Crash: Crash) -> Decision<Self> {
        panic!("{} cents are too many", self.balance)
    }
}

#[command(Account, context = Conditions)]
pub(crate) struct SetRate;

pub(crate) struct Conditions {
    pub(crate) rate: f64,
}

impl DecideWith<SetRate> for Account {
    fn decide(&self, SetRate: SetRate, conditions: &Conditions) -> Decision<Self> {
        Ok(Events::from([AccountEvent::Rated {
            rate: conditions.rate,
        }]))
    }
}
