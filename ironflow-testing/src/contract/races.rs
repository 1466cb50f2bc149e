//! What several do at once with conditions and with several appends: tasks in one rule, processes
//! in another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ironflow_domain::store::{
    AppendError, EventQuery, ExpectedVersion, NewEvent, ReadLog, ReadStream, Store,
};
use ironflow_domain::{Position, StreamVersion};
use serde::{Deserialize, Serialize};
use tokio::task::yield_now;
use tokio::time::sleep;

use super::Fixture;
use super::given::{
    append_any, event, nothing_since, read_log, read_stream, stream, to_append, try_append,
    whole_log,
};

/// How many turns there are to take.
const TURNS: u32 = 20;

/// Takes turns with others, all with streams of their own, until all are taken: which turns were
/// taken here. What is next follows from what all have in their streams, so that nothing but a
/// condition keeps two from taking the same.
pub(super) async fn take_turns(store: &dyn Store, number: usize) -> Vec<u32> {
    let (own, other) = (
        stream(&format!("turn-{number}")),
        stream(&format!("other-{number}")),
    );
    let query = || EventQuery::all().categories(["turn"]);
    let (mut taken, mut read_to, mut won) = (0, Position::START, Vec::new());
    let mut overtaken = false;
    loop {
        let before = taken;
        loop {
            let read = ReadLog {
                query: query(),
                ..ReadLog::after(read_to)
            };
            let page = store.read_log(read).await.expect("the log can be read");
            taken += u32::try_from(page.events.len()).expect("there are few turns");
            read_to = page.read_to;
            if page.at_end {
                break;
            }
        }
        assert!(
            !overtaken || taken > before,
            "a condition has failed, and there is no event that it is about after {read_to}"
        );
        if taken >= TURNS {
            return won;
        }
        // Of no concern to the condition, and so nothing that it fails for.
        append_any(store, &other, 1).await;
        others_come_between().await;
        let turn = numbered("turn.taken", taken + 1);
        let condition = nothing_since(query(), read_to);
        overtaken = match try_append(store, &own, condition, vec![turn]).await {
            Ok(_) => {
                won.push(taken + 1);
                false
            }
            Err(AppendError::Conflict(_)) => true,
            Err(error) => panic!("an append failed: {error:?}"),
        };
    }
}

/// Every turn was taken once, by those who say so, in order.
pub(super) async fn assert_turns(store: &dyn Store, mut won: Vec<u32>) {
    let read = ReadLog::after(Position::START).categories(["turn"]);
    let recorded = read_log(store, read).await;
    let recorded: Vec<_> = recorded
        .iter()
        .map(|event| number_in(&event.data))
        .collect();
    let all: Vec<_> = (1..=i64::from(TURNS)).collect();
    assert_eq!(recorded, all, "every turn is taken once, and in order");
    won.sort_unstable();
    assert_eq!(
        won,
        (1..=TURNS).collect::<Vec<_>>(),
        "every turn has one who took it"
    );
}

/// Amounts that go from one account to another. More than two, so that there are circles.
const ACCOUNTS: usize = 3;
/// How many transfers each makes.
pub(super) const TRANSFERS: usize = 12;

/// A transfer that was made.
#[derive(Serialize, Deserialize)]
pub(super) struct Transfer {
    from: usize,
    to: usize,
    amount: i64,
}

fn account(number: usize) -> String {
    format!("account-{number}")
}

/// Transfers amounts between a few accounts, in all directions: each reads two balances, and
/// appends what they are then.
pub(super) async fn transfer(store: &dyn Store, number: usize) -> Vec<Transfer> {
    let mut made = Vec::new();
    while made.len() < TRANSFERS {
        let from = (number + made.len()) % ACCOUNTS;
        let to = (from + 1 + (number + made.len() / 2) % (ACCOUNTS - 1)) % ACCOUNTS;
        let amount = i64::try_from(1 + number * TRANSFERS + made.len());
        let amount = amount.expect("there are few transfers");
        let (debtor, debited) = balance(store, from).await;
        let (creditor, credited) = balance(store, to).await;
        others_come_between().await;
        let new = |balance| vec![numbered("balance.changed", balance)];
        let (debit, credit) = (new(debited - amount), new(credited + amount));
        let transfer = vec![
            to_append(&account(from), ExpectedVersion::Exact(debtor), debit),
            to_append(&account(to), ExpectedVersion::Exact(creditor), credit),
        ];
        match store.append_all(transfer).await {
            Ok(appended) => {
                let versions: Vec<_> = appended.iter().map(|appended| appended.version).collect();
                assert_eq!(versions, [debtor.next(), creditor.next()]);
                made.push(Transfer { from, to, amount });
            }
            Err(AppendError::Conflict(conflict)) => assert!(
                !conflict.expected.holds_at(conflict.actual),
                "it is where it was expected, and yet a conflict: {conflict}"
            ),
            Err(error) => panic!("a transfer failed: {error:?}"),
        }
    }
    made
}

/// Where the account is, and its balance.
async fn balance(store: &dyn Store, number: usize) -> (StreamVersion, i64) {
    let last = ReadStream::backward(ReadStream::LAST).limit(1);
    let page = store.read_stream(&stream(&account(number)), last).await;
    let page = page.expect("a stream can be read");
    let last = page.events.first();
    last.map_or((StreamVersion::EMPTY, 0), |last| {
        (last.version, number_in(last.data))
    })
}

/// The accounts have what was transferred to them and no more, and each transfer is one commit.
pub(super) async fn assert_transfers(store: &dyn Store, made: &[Transfer]) {
    for number in 0..ACCOUNTS {
        let (mut count, mut sum) = (0, 0);
        for Transfer { from, to, amount } in made {
            let has_part = i64::from(*to == number) - i64::from(*from == number);
            count += usize::from(has_part != 0);
            sum += has_part * amount;
        }
        let recorded = read_stream(store, &stream(&account(number))).await;
        assert_eq!(recorded.len(), count, "transfers of account {number}");
        let balance = recorded.last().map_or(0, |last| number_in(&last.data));
        assert_eq!(balance, sum, "the balance of account {number}");
    }
    assert_eq!(whole_log(store).await.len(), made.len() * 2);
}

/// Follows the log until it is `done`: it has whole transfers and nothing else at any time.
pub(super) async fn follow_transfers(store: Fixture, done: Arc<AtomicBool>) {
    let mut balances = BTreeMap::new();
    let mut at = Position::START;
    loop {
        let was_done = done.load(Ordering::SeqCst);
        let page = store.read_log(ReadLog::after(at).limit(1)).await;
        let page = page.expect("the log can be read");
        for event in page.events.iter() {
            balances.insert(event.stream.to_owned(), number_in(event.data));
        }
        let sum: i64 = balances.values().sum();
        let read_to = page.read_to;
        assert_eq!(
            sum, 0,
            "a transfer was seen in part, or lost, up to {read_to}: the balances are {balances:?}"
        );
        at = read_to;
        if page.at_end {
            if was_done {
                return;
            }
            yield_now().await;
        }
    }
}

/// Between what is read and what is appended. A store that answers at once would leave no time for
/// that, and one that checks nothing would look as if it did.
async fn others_come_between() {
    sleep(Duration::from_millis(1)).await;
}

/// An event with a number in it.
fn numbered(name: &'static str, number: impl Into<i64>) -> NewEvent {
    NewEvent {
        data: number.into().to_string(),
        ..event(name)
    }
}

fn number_in(data: &str) -> i64 {
    data.parse().expect("a payload comes back as it was")
}
