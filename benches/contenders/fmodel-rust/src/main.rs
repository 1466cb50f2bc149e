//! fmodel-rust, which has no store: folding and deciding in memory.

use std::hint::black_box;
use std::process::ExitCode;

use fmodel_rust::decider::Decider;
use harness::{Account, AccountCommand, AccountEvent, CENTS, Refused, Variant};

fn main() -> ExitCode {
    harness::main(&[Variant::pure(rounds)])
}

fn decider() -> Decider<'static, AccountCommand, Account, AccountEvent, Refused> {
    Decider {
        decide: Box::new(|command, state| state.decide(command.clone())),
        evolve: Box::new(|state, event| {
            let mut state = state.clone();
            state.fold(event);
            state
        }),
        initial_state: Box::new(Account::default),
    }
}

/// Folds five events, decides a deposit and folds what comes of it, so many times.
fn rounds(count: u32) -> u64 {
    let decider = decider();
    let mut past = vec![AccountEvent::Opened {
        owner: "Jo".to_owned(),
    }];
    past.extend((0..4).map(|_| AccountEvent::Deposited { cents: CENTS }));
    let deposit = AccountCommand::Deposit {
        cents: CENTS,
        times: 1,
    };
    let mut sum = 0;
    for _ in 0..count {
        let mut account = (decider.initial_state)();
        for event in black_box(&past) {
            account = (decider.evolve)(&account, event);
        }
        let decided = (decider.decide)(&deposit, &account);
        for event in decided.into_iter().flatten() {
            account = (decider.evolve)(&account, &event);
        }
        sum += account.balance;
    }
    sum
}
