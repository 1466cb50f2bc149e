//! Folding and deciding in memory.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use harness::{AccountCommand, CENTS};

use crate::account::{Account, AccountEvent};

/// Folds five events, decides a deposit and folds what comes of it, so many times.
pub fn rounds(count: u32) -> u64 {
    let mut past = vec![AccountEvent(harness::AccountEvent::Opened {
        owner: "Jo".to_owned(),
    })];
    let deposited = harness::AccountEvent::Deposited { cents: CENTS };
    past.extend((0..4).map(|_| AccountEvent(deposited.clone())));
    let mut sum = 0;
    for _ in 0..count {
        let mut account = Account::default();
        for event in black_box(&past) {
            account.apply(event.clone());
        }
        let deposit = AccountCommand::Deposit {
            cents: CENTS,
            times: 1,
        };
        let sink = EventSink::default();
        ready(account.handle(deposit, &(), &sink));
        black_box(ready(sink.collect()));
        sum += account.0.balance;
    }
    sum
}

/// What a future that never waits comes to.
fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}
