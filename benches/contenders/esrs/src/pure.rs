//! Folding and deciding in memory.

use std::hint::black_box;

use esrs::Aggregate;
use harness::{AccountCommand, AccountEvent, CENTS};

use crate::account::Account;

/// Folds five events, decides a deposit and folds what comes of it, so many times. Events are
/// folded by value, so each is cloned: it comes from somewhere.
pub fn rounds(count: u32) -> u64 {
    let mut past = vec![AccountEvent::Opened {
        owner: "Jo".to_owned(),
    }];
    past.extend((0..4).map(|_| AccountEvent::Deposited { cents: CENTS }));
    let mut sum = 0;
    for _ in 0..count {
        let mut account = harness::Account::default();
        for event in black_box(&past) {
            account = Account::apply_event(account, event.clone());
        }
        let deposit = AccountCommand::Deposit {
            cents: CENTS,
            times: 1,
        };
        let decided = Account::handle_command(&account, deposit);
        for event in decided.into_iter().flatten() {
            account = Account::apply_event(account, event);
        }
        sum += account.balance;
    }
    sum
}
