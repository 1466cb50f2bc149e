//! An account whose every event says what its decision saw.

use std::convert::Infallible;

use ironflow_domain::{Aggregate, Decide, Decision, Fold, command, event};
use serde::{Deserialize, Serialize};

/// `before` is the balance that the decision saw: a decision on what never happened shows.
#[event("account")]
pub(super) enum AccountEvent {
    Booked { amount: i64, before: i64 },
}

#[derive(Aggregate, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[aggregate(event = AccountEvent, error = Infallible, snapshot(every = 50))]
pub(super) struct Account {
    balance: i64,
}

impl Fold for Account {
    fn fold(&mut self, AccountEvent::Booked { amount, .. }: &AccountEvent) {
        self.balance += amount;
    }
}

/// Books all amounts, an event each.
#[command(Account)]
#[derive(Clone, Serialize)]
pub(super) struct Book {
    #[id]
    pub(super) account: String,
    pub(super) amounts: Vec<i64>,
}

impl Decide<Book> for Account {
    fn decide(&self, Book { amounts, .. }: Book) -> Decision<Self> {
        let mut before = self.balance;
        let mut booked = Vec::new();
        for amount in amounts {
            booked.push(AccountEvent::Booked { amount, before });
            before += amount;
        }
        Ok(booked.into())
    }
}
