//! Folding and deciding in memory.

use std::hint::black_box;

use disintegrate::{Decision, StateMutate};
use harness::CENTS;

use crate::account::{AccountEvent, Deposit};

/// Folds five events, decides a deposit and folds what comes of it, so many times. Events are
/// folded by value, so each is cloned: it comes from somewhere.
pub fn rounds(count: u32) -> u64 {
    let account = "acc-00000001".to_owned();
    let mut past = vec![AccountEvent::Opened {
        account: account.clone(),
        owner: "Jo".to_owned(),
    }];
    past.extend((0..4).map(|_| AccountEvent::Deposited {
        account: account.clone(),
        cents: CENTS,
    }));
    let deposit = Deposit {
        account,
        cents: CENTS,
        times: 1,
    };
    let mut sum = 0;
    for _ in 0..count {
        let mut account = deposit.state_query();
        for event in black_box(&past) {
            account.mutate(event.clone());
        }
        for event in deposit.process(&account).into_iter().flatten() {
            if let Ok(event) = AccountEvent::try_from(event) {
                account.mutate(event);
            }
        }
        sum += account.balance;
    }
    sum
}
