//! Commands that are given again under the same id until they are answered, also by the next process
//! when this one has been killed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use ironflow_domain::store::StoreErrorKind;
use ironflow_domain::{CommandPolicy, EventId, ExecuteError, Ironflow, Position, Receipt};
use ironflow_postgres::Postgres;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::account::Book;
use super::journal::{Files, Journal};
use super::writer::pause;
use crate::given::whole;

const TASKS: u8 = 3;
const ACCOUNTS: u8 = 5;

/// What a line begins with about an order that is going to be given, and about one that was
/// answered.
const ORDERED: &str = "ordered";
const ANSWERED: &str = "answered";

/// An order, as the journal has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) account: String,
    pub(super) amounts: Vec<i64>,
    pub(super) answer: Option<Answer>,
}

/// What is known of an order that was answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) position: Position,
    pub(super) events: Vec<EventId>,
}

/// The orders in a journal, in the order in which they were given.
pub(super) fn all(journal: &str) -> Vec<Order> {
    let mut orders: Vec<Order> = Vec::new();
    let mut places = HashMap::new();
    for line in journal.lines() {
        let mut words = line.split(' ');
        let mut next = || words.next().unwrap();
        match (next(), next(), next()) {
            (ORDERED, id, account) => {
                places.insert(id, orders.len());
                orders.push(Order {
                    id: id.to_owned(),
                    account: account.to_owned(),
                    amounts: words.map(|amount| amount.parse().unwrap()).collect(),
                    answer: None,
                });
            }
            (ANSWERED, id, position) => {
                let answer = Answer {
                    position: position.parse().unwrap(),
                    events: words.map(|id| id.parse().unwrap()).collect(),
                };
                orders[places[id]].answer = Some(answer);
            }
            _ => panic!("{line:?} is no line of a journal of orders"),
        }
    }
    orders
}

/// Lets each task give orders until they are to stop, and have the last ones answered.
pub(super) async fn give(
    store: &Postgres,
    files: &Files,
    (process, life): (u8, u16),
    random: &mut Rng,
    stop: &watch::Receiver<bool>,
    giving: &mut JoinSet<()>,
) {
    // Processes are in each other's way for as long as it takes.
    let policy = CommandPolicy::new()
        .attempts(10_000)
        .back_off(Duration::from_millis(1), Duration::from_millis(50));
    let ironflow = Ironflow::new(store.clone()).policy(policy);
    let ironflow = ironflow.start().await.unwrap();
    let (journal, before) = Journal::open(&files.orders(), "");
    let mut open = all(&before);
    open.retain(|order| order.answer.is_none());
    let desk = Desk {
        ironflow,
        journal: Arc::new(journal),
        open: Arc::new(Mutex::new(open)),
    };
    for task in 0..TASKS {
        let name = format!("order-{process}-{life}-{task}");
        let giving_on = desk.clone().give_on(name, random.fork(), stop.clone());
        giving.spawn(giving_on);
    }
}

#[derive(Clone)]
struct Desk {
    ironflow: Ironflow,
    journal: Arc<Journal>,
    /// Those that a process before this one was not answered.
    open: Arc<Mutex<Vec<Order>>>,
}

impl Desk {
    async fn give_on(self, name: String, mut random: Rng, stop: watch::Receiver<bool>) {
        let left = || self.open.lock().unwrap().pop();
        while let Some(order) = left() {
            self.answered(&order).await;
        }
        let mut number = 0;
        while !*stop.borrow() {
            number += 1;
            let account = format!("{}", random.u8(..ACCOUNTS));
            let count = if random.u8(..6) == 0 { 10 } else { 1 };
            let order = Order {
                id: format!("{name}-{number}"),
                account,
                amounts: (0..count).map(|_| random.i64(-100..100)).collect(),
                answer: None,
            };
            self.note(ORDERED, &order.id, &order.account, &order.amounts);
            let receipt = self.answered(&order).await;
            if random.u8(..8) == 0 {
                let again = self.executed(&order).await;
                assert!(again.duplicate, "{order:?} had an effect again");
                assert_eq!(again.event_ids, receipt.event_ids, "{order:?}");
            }
            pause(&mut random).await;
        }
    }

    async fn answered(&self, order: &Order) -> Receipt {
        let receipt = self.executed(order).await;
        let position = receipt.position.unwrap();
        self.note(ANSWERED, &order.id, &position, &receipt.event_ids);
        receipt
    }

    /// Gives the order again and again until it is known to be executed.
    async fn executed(&self, order: &Order) -> Receipt {
        loop {
            let book = Book {
                account: order.account.clone(),
                amounts: order.amounts.clone(),
            };
            let executing = self.ironflow.execute(book).command_id(&*order.id);
            match executing.await {
                Ok(receipt) => return receipt,
                Err(ExecuteError::Store(error))
                    if matches!(
                        error.kind(),
                        // The store has waited before it gave up.
                        StoreErrorKind::Unavailable | StoreErrorKind::InDoubt
                    ) => {}
                Err(error) => panic!("{order:?}: {}", whole(&error)),
            }
        }
    }

    fn note(&self, what: &str, id: &str, third: &impl ToString, others: &[impl ToString]) {
        let mut words = vec![what.to_owned(), id.to_owned(), third.to_string()];
        words.extend(others.iter().map(ToString::to_string));
        self.journal.add(&format!("{}\n", words.join(" ")));
    }
}
