//! The same account as one would write it without Ironflow: two functions with a `match`.

use crate::account::{Account, AccountCommand, AccountEvent, Refused};

/// Changes the state by one event.
pub fn fold(account: &mut Account, event: &AccountEvent) {
    match event {
        AccountEvent::Opened { owner, limit } => {
            account.owner = Some(owner.clone());
            account.limit = *limit;
        }
        AccountEvent::Deposited { cents } => account.paid_in += cents,
        AccountEvent::Withdrawn { cents } => account.paid_out += cents,
        AccountEvent::LimitSet { limit } => account.limit = *limit,
        AccountEvent::Frozen { reason } => account.frozen = Some(reason.clone()),
        AccountEvent::Thawed => account.frozen = None,
    }
}

/// The events that happen.
///
/// # Errors
///
/// The account's reason to refuse the command.
pub fn decide(account: &Account, command: AccountCommand) -> Result<Vec<AccountEvent>, Refused> {
    match command {
        AccountCommand::Open { .. } if account.owner.is_some() => Err(Refused::AlreadyOpen),
        AccountCommand::Open { owner, limit } => Ok(vec![AccountEvent::Opened { owner, limit }]),
        _ if account.owner.is_none() => Err(Refused::NotOpen),
        AccountCommand::Deposit { cents } => Ok(vec![AccountEvent::Deposited { cents }]),
        AccountCommand::Withdraw { .. } if account.frozen.is_some() => Err(Refused::Frozen),
        AccountCommand::Withdraw { cents }
            if account.paid_out + cents > account.paid_in + account.limit =>
        {
            Err(Refused::Overdraft)
        }
        AccountCommand::Withdraw { cents } => Ok(vec![AccountEvent::Withdrawn { cents }]),
        AccountCommand::SetLimit { limit } => Ok(vec![AccountEvent::LimitSet { limit }]),
        AccountCommand::Freeze { .. } if account.frozen.is_some() => Ok(vec![]),
        AccountCommand::Freeze { reason } => Ok(vec![AccountEvent::Frozen { reason }]),
        AccountCommand::Thaw if account.frozen.is_some() => Ok(vec![AccountEvent::Thawed]),
        AccountCommand::Thaw => Ok(vec![]),
    }
}
