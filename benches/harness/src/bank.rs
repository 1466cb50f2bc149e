//! The domain: a bank account. Contenders whose macros want types of their own have the same
//! events, with the same fields.

use serde::{Deserialize, Serialize};

/// What every deposit is of.
pub const CENTS: u64 = 250;

/// The id of an account, as long as an id usually is.
#[must_use]
pub fn account_id(number: u64) -> String {
    format!("acc-{number:08}")
}

/// What has happened to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountEvent {
    /// It is open.
    Opened {
        /// Whose it is.
        owner: String,
    },
    /// Money came in.
    Deposited {
        /// How much.
        cents: u64,
    },
    /// Money went out.
    Withdrawn {
        /// How much.
        cents: u64,
    },
}

/// What may be asked of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountCommand {
    /// Open it.
    Open {
        /// Whose it is.
        owner: String,
    },
    /// Pay in, so many times the same: each is an event.
    Deposit {
        /// How much.
        cents: u64,
        /// How often.
        times: u32,
    },
    /// Pay out.
    Withdraw {
        /// How much.
        cents: u64,
    },
}

/// Why an account refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It is open.
    AlreadyOpen,
    /// It is not open.
    NotOpen,
    /// There is not enough.
    Overdraft,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::AlreadyOpen => "the account is open already",
            Self::NotOpen => "the account is not open",
            Self::Overdraft => "there is not enough",
        })
    }
}

impl std::error::Error for Refused {}

/// The state of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Whether it may be used.
    pub open: bool,
    /// What is there.
    pub balance: u64,
}

impl Account {
    /// Changes the state by one event.
    pub fn fold(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Opened { .. } => self.open = true,
            AccountEvent::Deposited { cents } => self.balance += cents,
            AccountEvent::Withdrawn { cents } => self.balance -= cents,
        }
    }

    /// The events that happen.
    ///
    /// # Errors
    ///
    /// The account's reason to refuse the command.
    pub fn decide(&self, command: AccountCommand) -> Result<Vec<AccountEvent>, Refused> {
        match command {
            AccountCommand::Open { .. } if self.open => Err(Refused::AlreadyOpen),
            AccountCommand::Open { owner } => Ok(vec![AccountEvent::Opened { owner }]),
            _ if !self.open => Err(Refused::NotOpen),
            AccountCommand::Withdraw { cents } if cents > self.balance => Err(Refused::Overdraft),
            AccountCommand::Deposit { cents, times } => Ok((0..times)
                .map(|_| AccountEvent::Deposited { cents })
                .collect()),
            AccountCommand::Withdraw { cents } => Ok(vec![AccountEvent::Withdrawn { cents }]),
        }
    }
}

/// There is no event of that name, or it cannot be read.
#[derive(Debug)]
pub struct UnknownEvent(String);

impl std::fmt::Display for UnknownEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot read the event {}", self.0)
    }
}

impl std::error::Error for UnknownEvent {}

#[derive(Serialize, Deserialize)]
struct Opened<O> {
    owner: O,
}

#[derive(Serialize, Deserialize)]
struct Amount {
    cents: u64,
}

/// How those store it who do so by hand: a name, and the fields as JSON.
impl AccountEvent {
    /// The name under which it is stored.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "account.opened",
            Self::Deposited { .. } => "account.deposited",
            Self::Withdrawn { .. } => "account.withdrawn",
        }
    }

    /// Its fields, as JSON.
    ///
    /// # Errors
    ///
    /// None that is known of.
    pub fn payload(&self) -> Result<String, serde_json::Error> {
        match self {
            Self::Opened { owner } => serde_json::to_string(&Opened { owner }),
            Self::Deposited { cents } | Self::Withdrawn { cents } => {
                serde_json::to_string(&Amount { cents: *cents })
            }
        }
    }

    /// The event that was stored so.
    ///
    /// # Errors
    ///
    /// When it is none of ours.
    pub fn read(name: &str, payload: &[u8]) -> Result<Self, UnknownEvent> {
        let amount = || {
            let amount: Result<Amount, _> = serde_json::from_slice(payload);
            amount.map(|amount| amount.cents)
        };
        let event = match name {
            "account.opened" => {
                serde_json::from_slice(payload).map(|Opened { owner }| Self::Opened { owner })
            }
            "account.deposited" => amount().map(|cents| Self::Deposited { cents }),
            "account.withdrawn" => amount().map(|cents| Self::Withdrawn { cents }),
            _ => return Err(UnknownEvent(name.to_owned())),
        };
        event.map_err(|error| UnknownEvent(format!("{name}: {error}")))
    }
}
