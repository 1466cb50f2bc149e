//! Folding and deciding in memory.

use std::hint::black_box;

use eventcore::{CommandLogic, StreamId};
use harness::CENTS;

use crate::account::{Account, AccountEvent, Deposit};

/// Folds five events, decides a deposit and folds what comes of it, so many times. Deciding takes
/// the state, so what is folded on is a new one.
pub fn rounds(count: u32) -> u64 {
    let Ok(account) = StreamId::try_new("acc-00000001") else {
        return 0;
    };
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
        let folded = black_box(&past).iter();
        let state = folded.fold(Account::default(), |state, event| {
            deposit.apply(state, event)
        });
        let balance = state.balance;
        let events = deposit.handle(state).map(Vec::from).unwrap_or_default();
        let after = events.iter().fold(Account::default(), |state, event| {
            deposit.apply(state, event)
        });
        sum += balance + after.balance;
    }
    sum
}
