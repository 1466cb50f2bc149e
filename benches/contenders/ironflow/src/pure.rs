//! Folding and deciding in memory.

use std::hint::black_box;

use harness::CENTS;
use ironflow_domain::{Aggregate, Command};

use crate::account::{Account, AccountCommand, AccountEvent};

/// Folds five events, decides a deposit and folds what comes of it, so many times.
pub fn rounds(count: u32) -> u64 {
    let mut past = vec![AccountEvent::Opened {
        owner: "Jo".to_owned(),
    }];
    past.extend((0..4).map(|_| AccountEvent::Deposited { cents: CENTS }));
    let mut sum = 0;
    for _ in 0..count {
        let mut account = Account::replay(black_box(&past));
        let deposit = AccountCommand::Deposit {
            cents: CENTS,
            times: 1,
        };
        for event in deposit.decide(&account, &()).into_iter().flatten() {
            account.apply(&event);
        }
        sum += account.balance;
    }
    sum
}
