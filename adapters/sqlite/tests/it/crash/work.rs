//! What a process does for its client, and what it answers.

use std::sync::Arc;
use std::time::Duration;

use ironflow_domain::store::{ReadLog, StreamStore};
use ironflow_domain::{
    Claimed, Claims, CommandPolicy, EventId, ExecuteError, FinalizeError, Ironflow, Position,
    Receipt, TakenOver,
};
use ironflow_sqlite::Sqlite;
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::account::{Balance, Book, Bookings, NotEnough};
use super::effects::Effects;
use super::orders::Order;
use super::steps::{End, Life, Stepped};

/// Much more than it takes, also where others are busy.
const SOON: Duration = Duration::from_mins(2);

/// What one process is to do.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Batch {
    /// With the place that each has among all of the client's.
    pub(super) orders: Vec<(usize, Order)>,
    /// How many tasks there are, to each of which they are dealt in turn.
    pub(super) tasks: usize,
    /// Whether commands on one account wait for each other.
    pub(super) queued: bool,
    /// Where the process ends itself.
    pub(super) end: Option<End>,
}

/// What the client is told of one order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) order: usize,
    pub(super) outcome: Outcome,
    /// Whether it is the result of a claim that was finalized before.
    pub(super) is_kept: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Outcome {
    Accepted(Proof),
    Refused(NotEnough),
}

impl Outcome {
    /// The version of the account that it rests on, or made.
    pub(super) fn version(&self) -> u64 {
        match self {
            Self::Accepted(proof) => proof.version,
            Self::Refused(reason) => reason.events,
        }
    }

    pub(super) fn is_repeat(&self) -> bool {
        matches!(self, Self::Accepted(proof) if proof.duplicate)
    }
}

/// What a receipt says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Proof {
    pub(super) version: u64,
    pub(super) position: Option<Position>,
    pub(super) events: Vec<EventId>,
    pub(super) duplicate: bool,
}

impl From<&Receipt> for Proof {
    fn from(receipt: &Receipt) -> Self {
        Self {
            version: receipt.version.get(),
            position: receipt.position,
            events: receipt.event_ids.clone(),
            duplicate: receipt.duplicate,
        }
    }
}

/// Where answers go.
pub(super) type Tell = Arc<dyn Fn(Answer) + Send + Sync>;

/// Executes the orders, and waits until the views show them.
pub(super) async fn work(store: Sqlite, effects: Effects, batch: Batch, life: Life, tell: Tell) {
    let file = store.clone();
    let store = Stepped {
        store,
        life: life.clone(),
    };
    let pause = Duration::from_millis(1);
    let policy = CommandPolicy::new()
        // Those that do not wait for each other may be in each other's way for long.
        .attempts(10_000)
        .back_off(pause, 5 * pause)
        .queued(batch.queued);
    let ironflow = Ironflow::new(store)
        .projection::<Balance>()
        .projection::<Bookings>()
        .take_over_after(Duration::from_millis(20))
        .poll_interval(Duration::from_millis(20))
        .policy(policy)
        .start()
        .await
        .unwrap();
    let worker = Worker {
        // Nothing lapses while its owner lives: the client lets it when the owner is dead.
        claims: ironflow.claims().lease(Duration::from_hours(1)),
        ironflow,
        effects,
        life,
        tell,
    };
    let mut hands: Vec<Vec<_>> = (0..batch.tasks).map(|_| Vec::new()).collect();
    for (turn, order) in batch.orders.into_iter().enumerate() {
        hands[turn % batch.tasks].push(order);
    }
    let mut working = JoinSet::new();
    for hand in hands {
        let worker = worker.clone();
        working.spawn(async move {
            for (place, order) in hand {
                worker.answer(place, order).await;
            }
        });
    }
    let answered = async {
        while let Some(worked) = working.join_next().await {
            worked.unwrap();
        }
    };
    timeout(SOON, answered).await.expect("all are answered");
    let end = end_of_the_log(&file).await;
    let shown = worker.ironflow.wait_for::<Balance>(end, SOON).await;
    shown.unwrap();
    let shown = worker.ironflow.wait_for::<Bookings>(end, SOON).await;
    shown.unwrap();
    worker.ironflow.stop().await;
}

/// What is read there is no step of the process.
async fn end_of_the_log(file: &Sqlite) -> Position {
    let mut read = ReadLog::after(Position::START);
    loop {
        let page = file.read_log(read.clone()).await.unwrap();
        if page.at_end {
            return page.read_to;
        }
        read.after = page.read_to;
    }
}

#[derive(Clone)]
struct Worker {
    ironflow: Ironflow,
    claims: Claims,
    effects: Effects,
    life: Life,
    tell: Tell,
}

impl Worker {
    async fn answer(&self, place: usize, order: Order) {
        let (outcome, is_kept) = if order.is_claimed {
            self.charge(&order).await
        } else {
            (self.book(&order).await, false)
        };
        let answer = Answer {
            order: place,
            outcome,
            is_kept,
        };
        let told = async { (self.tell)(answer) };
        self.life.around("the answer", told).await;
    }

    async fn book(&self, order: &Order) -> Outcome {
        let book = Book {
            account: order.account.clone(),
            amounts: order.amounts.clone(),
        };
        let executed = self.ironflow.execute(book).command_id(&*order.id).await;
        match executed {
            Ok(receipt) => Outcome::Accepted(Proof::from(&receipt)),
            Err(ExecuteError::Rejected(reason)) => Outcome::Refused(reason),
            Err(error) => panic!("{}: {error}", order.id),
        }
    }

    /// Does what must come before the command, once. Says whether that was done before.
    async fn charge(&self, order: &Order) -> (Outcome, bool) {
        loop {
            let claim = match self.claims.try_claim(&*order.id, order).await.unwrap() {
                Claimed::Won(claim) => claim,
                Claimed::Finalized(done) => return (done.result().unwrap(), true),
                // A repeat of the order in this process.
                Claimed::Pending(_) => {
                    sleep(Duration::from_millis(1)).await;
                    continue;
                }
            };
            let former = claim.taken_over().map(TakenOver::claims::<Order>);
            if let Some(former) = &former {
                assert_eq!(former.as_ref().unwrap(), std::slice::from_ref(order));
            }
            // Whoever stood still for longer than its lease knows it, and leaves it to others.
            let effect = async {
                if !self.life.has_stood_still() {
                    self.effects.add(&order.id, former.is_some());
                }
            };
            self.life.around("the side effect", effect).await;
            let outcome = self.book(order).await;
            match claim.finalize(&outcome).await {
                Ok(()) => return (outcome, false),
                Err(FinalizeError::Lost(_)) if self.life.has_stood_still() => {}
                Err(error) => panic!("{}: {error}", order.id),
            }
        }
    }
}
