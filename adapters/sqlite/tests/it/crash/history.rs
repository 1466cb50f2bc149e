//! What the file says has happened, read without the runtime, and what must hold of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ironflow_domain::store::{Key, KeyValueStore, ReadLog, StreamStore};
use ironflow_domain::{EventId, Ironflow, Position, RecordedEvent};
use ironflow_sqlite::Sqlite;
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use super::account::{Account, Balance, NotEnough};
use super::orders::Order;
use super::work::{Answer, Outcome, Proof};

/// An event, as it was booked.
#[derive(Debug)]
struct Booked {
    id: EventId,
    version: u64,
    position: Position,
    amount: i64,
}

#[derive(Debug, Default)]
pub(super) struct History {
    accounts: BTreeMap<String, Vec<Booked>>,
    /// The account, the version before it and the number of events of each command.
    commands: BTreeMap<String, (String, u64, u64)>,
}

async fn read_log(store: &Sqlite) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    let mut at = Position::START;
    loop {
        let page = store.read_log(ReadLog::after(at)).await.unwrap();
        events.extend(page.events.iter().map(|event| event.untyped().unwrap()));
        at = page.read_to;
        if page.at_end {
            return events;
        }
    }
}

fn field(event: &RecordedEvent, name: &str) -> i64 {
    let data: Value = serde_json::from_str(&event.data).unwrap();
    data[name].as_i64().unwrap()
}

impl History {
    /// Reads the log: positions and versions have no gaps, every decision saw what had happened
    /// before it, and the events of a command are in one piece.
    pub(super) async fn read(store: &Sqlite) -> Self {
        let mut history = Self::default();
        for (place, event) in (1..).zip(read_log(store).await) {
            assert_eq!(event.position, Position::new(0, place), "a gap in the log");
            let account = event.stream.id().to_owned();
            let before = history.state(&account, u64::MAX);
            assert_eq!(event.version.get(), before.events + 1, "a gap in {account}");
            assert_eq!(field(&event, "before"), before.balance, "{event:?}");
            let command = event.metadata.causation_id.clone().unwrap();
            let first = (account.clone(), before.events, 0);
            let (on, first, events) = history.commands.entry(command.clone()).or_insert(first);
            let next = (&account, before.events);
            let whole = "is not in one piece, or there twice";
            assert_eq!((&*on, *first + *events), next, "{command} {whole}");
            *events += 1;
            history.accounts.entry(account).or_default().push(Booked {
                id: event.id,
                version: event.version.get(),
                position: event.position,
                amount: field(&event, "amount"),
            });
        }
        history
    }

    pub(super) fn events(&self) -> usize {
        self.accounts.values().map(Vec::len).sum()
    }

    /// The first so many events of an account, or all of them.
    fn first(&self, account: &str, events: u64) -> impl Iterator<Item = &Booked> {
        let booked = self.accounts.get(account).into_iter().flatten();
        booked.take_while(move |booked| booked.version <= events)
    }

    /// What these come to.
    fn state(&self, account: &str, events: u64) -> Account {
        let first = self.first(account, events);
        first.fold(Account::default(), |state, booked| Account {
            balance: state.balance + booked.amount,
            events: state.events + 1,
        })
    }

    /// What was recorded of an order; nothing where nothing was.
    fn of(&self, order: &Order) -> Option<Vec<&Booked>> {
        let (account, before, events) = self.commands.get(&order.id)?;
        assert_eq!(*account, order.account, "{order:?}");
        let until = self.first(account, before + events);
        Some(until.filter(|booked| booked.version > *before).collect())
    }

    /// Whether something was recorded of it.
    pub(super) fn has(&self, order: &Order) -> bool {
        self.of(order).is_some()
    }

    /// What is there of the orders is there once and whole, and as the client was told.
    pub(super) fn agrees_with(&self, orders: &[Order], answers: &[Answer]) {
        let wanted: BTreeSet<_> = orders.iter().map(|order| &order.id).collect();
        for command in self.commands.keys() {
            assert!(wanted.contains(command), "nobody wanted {command}");
        }
        for order in orders {
            let Some(booked) = self.of(order) else {
                continue;
            };
            let amounts: Vec<_> = booked.iter().map(|booked| booked.amount).collect();
            assert_eq!(amounts, order.amounts, "{order:?}");
            for (index, booked) in booked.iter().enumerate() {
                let derived = EventId::derive(&order.command_id(), index);
                assert_eq!(booked.id, derived, "{order:?}");
            }
        }
        let mut first_told = BTreeSet::new();
        for answer in answers {
            let order = &orders[answer.order];
            match &answer.outcome {
                Outcome::Accepted(proof) => {
                    let is_first = !proof.duplicate && !answer.is_kept && !order.amounts.is_empty();
                    assert!(
                        !is_first || first_told.insert(&order.id),
                        "{} was executed twice",
                        order.id
                    );
                    self.proves(order, proof);
                }
                Outcome::Refused(reason) => self.is_reason(order, reason),
            }
        }
        for order in orders {
            let of_it = |answer: &&Answer| orders[answer.order].id == order.id;
            let outcomes: Vec<_> = answers.iter().filter(of_it).collect();
            let was_refused = |one: &&Answer| matches!(one.outcome, Outcome::Refused(_));
            let copies = orders.iter().filter(|other| other.id == order.id).count();
            if outcomes.len() >= copies && outcomes.iter().all(was_refused) {
                assert!(!self.has(order), "{} was refused, and happened", order.id);
            }
        }
    }

    /// What a client was told is what the log says.
    fn proves(&self, order: &Order, proof: &Proof) {
        let Some(booked) = self.of(order) else {
            assert!(
                order.amounts.is_empty(),
                "{} was told and is lost",
                order.id
            );
            assert!(
                proof.events.is_empty() && proof.position.is_none(),
                "{proof:?}"
            );
            let events = self.state(&order.account, u64::MAX).events;
            assert!(proof.version <= events, "{proof:?} is ahead of {events}");
            return;
        };
        let last = booked.last().unwrap();
        let events: Vec<_> = booked.iter().map(|booked| booked.id).collect();
        assert_eq!(proof.events, events, "{order:?}");
        let told = (proof.version, proof.position);
        assert_eq!(told, (last.version, Some(last.position)), "{order:?}");
    }

    /// The account was once as it is said to have been when the order was refused.
    fn is_reason(&self, order: &Order, reason: &NotEnough) {
        let state = self.state(&order.account, reason.events);
        let said = (reason.events, reason.balance);
        assert_eq!(said, (state.events, state.balance), "refused: {order:?}");
        let mut left = state.balance;
        let is_enough = order.amounts.iter().all(|amount| {
            left += amount;
            left >= 0
        });
        assert!(!is_enough, "{order:?} at {state:?}");
    }

    /// Snapshots, views and loaded states are what the events come to. Views and snapshots may be
    /// behind, unless all has been done.
    pub(super) async fn is_shown(&self, store: &Sqlite, is_whole: bool) {
        let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
        for (account, booked) in &self.accounts {
            // Before loading, which may replace it.
            self.has_snapshot(store, account).await;
            let whole = self.state(account, u64::MAX);
            let loaded = ironflow.of::<Account>(account).load().await.unwrap();
            assert_eq!(loaded.state, whole, "{account}");
            assert_eq!(loaded.version.get(), whole.events, "{account}");

            let view = ironflow.view::<Balance>(account).await.unwrap();
            let shown = view.as_ref().map_or(0, |view| {
                let last = view.last_event_position;
                let shown = booked.iter().take_while(|one| one.position <= last);
                shown.map(|one| one.version).max().unwrap_or(0)
            });
            let state = view.map(|view| view.state).unwrap_or_default();
            let told = self.state(account, shown);
            let of_events = (told.balance, told.events);
            assert_eq!(
                (state.balance, state.events),
                of_events,
                "the view of {account}"
            );
            let is_behind = state.events < whole.events;
            assert!(!is_whole || !is_behind, "the view of {account} is behind");
        }
    }

    /// The rows are what was booked first, in that order, each once.
    pub(super) fn is_in_the_table(&self, file: &Path, is_whole: bool) {
        let file = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let is_made = "SELECT count(*) FROM sqlite_schema WHERE name = 'bookings'";
        let is_made: i64 = file.query_row(is_made, [], |row| row.get(0)).unwrap();
        let rows: Vec<(String, u64, i64)> = if is_made == 0 {
            Vec::new()
        } else {
            let sql = "SELECT account, version, amount FROM bookings_1 ORDER BY rowid";
            let mut rows = file.prepare(sql).unwrap();
            let rows = rows.query_map([], |row| {
                Ok((row.get(0)?, u64::from(row.get::<_, u32>(1)?), row.get(2)?))
            });
            rows.unwrap().map(Result::unwrap).collect()
        };
        let accounts = self.accounts.iter();
        let all = accounts.flat_map(|(account, booked)| {
            let row = |one: &Booked| (one.position, (account.clone(), one.version, one.amount));
            booked.iter().map(row).collect::<Vec<_>>()
        });
        let all: BTreeMap<_, _> = all.collect();
        let all: Vec<_> = all.into_values().collect();
        assert!(all.starts_with(&rows), "{rows:?} are none of {all:?}");
        assert!(!is_whole || rows.len() == all.len(), "the table is behind");
    }

    /// What is kept beside the stream is a state that the stream has had.
    async fn has_snapshot(&self, store: &Sqlite, account: &str) {
        let key = Key::new("snapshots", format!("Account/account-{account}"));
        let Some(entry) = store.get(&key).await.unwrap() else {
            return;
        };
        let text = String::from_utf8(entry.value).unwrap();
        let (header, state) = text.split_once('\n').unwrap();
        let header: Value = serde_json::from_str(header).unwrap();
        let version = header["of"].as_u64().unwrap();
        let booked = self.first(account, version).last();
        let booked = booked.filter(|booked| booked.version == version);
        let booked = booked.unwrap_or_else(|| panic!("a snapshot of what is not there: {text}"));
        assert_eq!(header["event"], booked.id.to_string(), "{account}");
        let state: Account = serde_json::from_str(state).unwrap();
        assert_eq!(state, self.state(account, version), "{account}");
    }
}
