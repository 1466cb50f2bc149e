//! An account whose every event says what its decision saw.

use std::error::Error;
use std::fmt;

use ironflow_domain::{
    Aggregate, Decide, Decision, Fold, Partition, Project, ProjectSql, Projection, Recorded,
    SqlProjection, Statements, command, event,
};
use serde::{Deserialize, Serialize};

/// `before` is the balance that the decision saw: a decision on what never happened shows.
#[event("account")]
pub(super) enum AccountEvent {
    Booked { amount: i64, before: i64 },
}

/// How much there was, after how many events, when something was refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct NotEnough {
    pub(super) balance: i64,
    pub(super) events: u64,
}

impl fmt::Display for NotEnough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there are {} after {}", self.balance, self.events)
    }
}

impl Error for NotEnough {}

#[derive(Aggregate, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[aggregate(event = AccountEvent, error = NotEnough, snapshot(every = 3))]
pub(super) struct Account {
    pub(super) balance: i64,
    pub(super) events: u64,
}

impl Fold for Account {
    fn fold(&mut self, AccountEvent::Booked { amount, .. }: &AccountEvent) {
        self.balance += amount;
        self.events += 1;
    }
}

/// Books all amounts, an event each, or none where there is not enough for one of them.
#[command(Account)]
#[derive(Serialize)]
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
            if before + amount < 0 {
                return Err(NotEnough {
                    balance: self.balance,
                    events: self.events,
                });
            }
            booked.push(AccountEvent::Booked { amount, before });
            before += amount;
        }
        Ok(booked.into())
    }
}

/// The same as a view.
#[derive(Projection, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
#[projection("balances", partition = String, of(AccountEvent))]
pub(super) struct Balance {
    pub(super) balance: i64,
    pub(super) events: u64,
}

impl Project<AccountEvent> for Balance {
    fn partition(event: &Recorded<AccountEvent>) -> Partition<String> {
        Partition::Key(event.stream.id().to_owned())
    }

    fn project(&mut self, event: &Recorded<AccountEvent>) {
        let AccountEvent::Booked { amount, .. } = event.data;
        self.balance += amount;
        self.events += 1;
    }
}

/// All that was booked, a row each. Nothing in the table keeps a row from being there twice.
#[derive(SqlProjection)]
#[projection("bookings", of(AccountEvent))]
#[table(
    "bookings",
    columns = "account TEXT NOT NULL, version BIGINT NOT NULL, amount BIGINT NOT NULL"
)]
pub(super) struct Bookings;

impl ProjectSql<AccountEvent> for Bookings {
    fn project(event: &Recorded<AccountEvent>, sql: &mut Statements) {
        let AccountEvent::Booked { amount, .. } = event.data;
        sql.execute(
            "INSERT INTO {bookings} (account, version, amount) VALUES ($1, $2, $3)",
            (event.stream.id(), event.version.get(), amount),
        );
    }
}
