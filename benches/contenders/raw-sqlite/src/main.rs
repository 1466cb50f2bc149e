//! SQLite by hand, as fast as it gets with the same guarantees: one thread writes, and commits
//! what has come in meanwhile together.

mod raw;
mod reader;
mod schema;
mod views;
mod writer;

use std::hint::black_box;
use std::process::ExitCode;

use harness::{Account, AccountCommand, AccountEvent, CENTS, Variant};

use crate::raw::Raw;

fn main() -> ExitCode {
    harness::main(&[
        Variant::store::<Raw>("full"),
        Variant::store::<Raw>("normal"),
        Variant::store::<Raw>("cached-full"),
        Variant::store::<Raw>("cached-normal"),
        Variant::store::<Raw>("bare-full"),
        Variant::store::<Raw>("bare-normal"),
        Variant::pure(rounds),
    ])
}

/// Folding and deciding with two functions.
fn rounds(count: u32) -> u64 {
    let mut past = vec![AccountEvent::Opened {
        owner: "Jo".to_owned(),
    }];
    past.extend((0..4).map(|_| AccountEvent::Deposited { cents: CENTS }));
    let mut sum = 0;
    for _ in 0..count {
        let mut account = Account::default();
        for event in black_box(&past) {
            account.fold(event);
        }
        let deposit = AccountCommand::Deposit {
            cents: CENTS,
            times: 1,
        };
        for event in account.decide(deposit).into_iter().flatten() {
            account.fold(&event);
        }
        sum += account.balance;
    }
    sum
}
