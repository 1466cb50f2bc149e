//! Folding and deciding in memory.

use std::hint::black_box;

use harness::CENTS;
use sourcery::{Aggregate, Handle};

use crate::account::{Account, AccountEvent, Deposit, Deposited, Opened};

/// Folds five events, decides a deposit and folds what comes of it, so many times.
pub fn rounds(count: u32) -> u64 {
    let owner = "Jo".to_owned();
    let mut past: Vec<AccountEvent> = vec![Opened { owner }.into()];
    past.extend((0..4).map(|_| AccountEvent::from(Deposited { cents: CENTS })));
    let mut sum = 0;
    for _ in 0..count {
        let mut account = Account::default();
        for event in black_box(&past) {
            Aggregate::apply(&mut account, event);
        }
        let deposit = Deposit {
            cents: CENTS,
            times: 1,
        };
        for event in account.handle(&deposit).into_iter().flatten() {
            Aggregate::apply(&mut account, &event);
        }
        sum += account.balance;
    }
    sum
}
