//! Folding and deciding in memory.

use std::hint::black_box;

use eventually::aggregate::AggregateRootBuilder;
use eventually::{Aggregate, AggregateRoot};
use futures::FutureExt;
use harness::{AccountCommand, AccountEvent, CENTS};

use crate::account::Account;

/// Folds five events, decides a deposit and folds what comes of it, so many times. Events are
/// folded by value, so each is cloned: it comes from somewhere.
pub fn rounds(count: u32) -> u64 {
    let builder = AggregateRootBuilder::from(Account);
    let mut past = vec![AccountEvent::Opened {
        owner: "Jo".to_owned(),
    }];
    past.extend((0..4).map(|_| AccountEvent::Deposited { cents: CENTS }));
    let mut sum = 0;
    for _ in 0..count {
        let events = black_box(&past).iter().cloned();
        let folded = events.fold(harness::Account::default(), |state, event| {
            Account::apply(state, event).unwrap_or_default()
        });
        let mut root: AggregateRoot<Account> = builder.build_with_state(String::new(), 5, folded);
        let deposit = AccountCommand::Deposit {
            cents: CENTS,
            times: 1,
        };
        // It never waits.
        let handled = root.handle(deposit).now_or_never().is_some();
        sum += u64::from(handled) * root.state().balance;
    }
    sum
}
