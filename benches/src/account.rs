//! A bank account whose dispatch is generated.

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event, events};

/// What has happened to an account.
#[event("account")]
pub enum AccountEvent {
    /// It may be overdrawn as far as the limit.
    Opened {
        /// Whose it is.
        owner: String,
        /// In cents.
        limit: u64,
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
    /// It may be overdrawn so far from now on.
    LimitSet {
        /// In cents.
        limit: u64,
    },
    /// Nothing goes out until it is thawed.
    Frozen {
        /// Why.
        reason: String,
    },
    /// Things are as they were before it was frozen.
    Thawed,
}

/// What may be asked of an account.
#[command(Account)]
pub enum AccountCommand {
    /// Open it.
    Open {
        /// Whose it is.
        owner: String,
        /// In cents.
        limit: u64,
    },
    /// Pay in.
    Deposit {
        /// How much.
        cents: u64,
    },
    /// Pay out.
    Withdraw {
        /// How much.
        cents: u64,
    },
    /// Set how far it may be overdrawn.
    SetLimit {
        /// In cents.
        limit: u64,
    },
    /// Freeze it; nothing happens if it is frozen.
    Freeze {
        /// Why.
        reason: String,
    },
    /// Thaw it; nothing happens if it is not frozen.
    Thaw,
}

/// Why an account refuses a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It is open.
    AlreadyOpen,
    /// It is not open.
    NotOpen,
    /// It is frozen.
    Frozen,
    /// Its limit does not allow for it.
    Overdraft,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Refused {}

/// The state of an account.
#[derive(Aggregate, Default, Debug, Clone, PartialEq, Eq)]
#[aggregate(event = AccountEvent, error = Refused)]
pub struct Account {
    pub(crate) owner: Option<String>,
    pub(crate) frozen: Option<String>,
    pub(crate) paid_in: u64,
    pub(crate) paid_out: u64,
    pub(crate) limit: u64,
}

impl Account {
    /// The state of an account that is open, and no more.
    #[must_use]
    pub fn opened(limit: u64) -> Self {
        Self {
            owner: Some("Jo".to_owned()),
            limit,
            ..Self::default()
        }
    }
}

impl Fold for Account {
    fn fold(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Opened { owner, limit } => {
                self.owner = Some(owner.clone());
                self.limit = *limit;
            }
            AccountEvent::Deposited { cents } => self.paid_in += cents,
            AccountEvent::Withdrawn { cents } => self.paid_out += cents,
            AccountEvent::LimitSet { limit } => self.limit = *limit,
            AccountEvent::Frozen { reason } => self.frozen = Some(reason.clone()),
            AccountEvent::Thawed => self.frozen = None,
        }
    }
}

impl Decide<AccountCommand> for Account {
    fn decide(&self, command: AccountCommand) -> Decision<Self> {
        match command {
            AccountCommand::Open { .. } if self.owner.is_some() => Err(Refused::AlreadyOpen),
            AccountCommand::Open { owner, limit } => {
                Ok(events![AccountEvent::Opened { owner, limit }])
            }
            _ if self.owner.is_none() => Err(Refused::NotOpen),
            AccountCommand::Deposit { cents } => Ok(events![AccountEvent::Deposited { cents }]),
            AccountCommand::Withdraw { .. } if self.frozen.is_some() => Err(Refused::Frozen),
            AccountCommand::Withdraw { cents }
                if self.paid_out + cents > self.paid_in + self.limit =>
            {
                Err(Refused::Overdraft)
            }
            AccountCommand::Withdraw { cents } => Ok(events![AccountEvent::Withdrawn { cents }]),
            AccountCommand::SetLimit { limit } => Ok(events![AccountEvent::LimitSet { limit }]),
            AccountCommand::Freeze { .. } if self.frozen.is_some() => Ok(events![]),
            AccountCommand::Freeze { reason } => Ok(events![AccountEvent::Frozen { reason }]),
            AccountCommand::Thaw if self.frozen.is_some() => Ok(events![AccountEvent::Thawed]),
            AccountCommand::Thaw => Ok(events![]),
        }
    }
}
