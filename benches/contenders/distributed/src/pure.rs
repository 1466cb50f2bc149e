//! Folding and deciding in memory. What is folded are encoded events: there is no other way.

use std::hint::black_box;

use distributed::Entity;
use distributed::hydrate;
use harness::CENTS;

use crate::account::Account;

/// Folds five events, decides a deposit and folds what comes of it, so many times.
pub fn rounds(count: u32) -> u64 {
    let mut past = Account::default();
    let opened = past.open("acc-00000001".to_owned(), "Jo".to_owned());
    if opened.and_then(|()| past.deposit(CENTS, 4)).is_err() {
        return 0;
    }
    let mut sum = 0;
    for _ in 0..count {
        let entity: Entity = black_box(&past).entity.clone();
        let Ok(mut account) = hydrate::<Account>(entity) else {
            return 0;
        };
        if account.deposit(CENTS, 1).is_ok() {
            sum += account.balance;
        }
    }
    sum
}
