//! Sixteen tasks on one account: nothing is lost, and all are answered within the time that `work`
//! gives itself.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use ironflow_sqlite::Sqlite;

use super::effects::Effects;
use super::history::History;
use super::killed::{listen, start, work_for_parent};
use super::orders::{Order, deposits};
use super::rounds::print;
use super::steps::{Death, Life};
use super::work::{Answer, Batch, Tell, work};
use crate::given::new_file;
use crate::processes::is_child;

const TASKS: usize = 16;
const ORDERS: usize = TASKS * 125;

/// All are answered, and all are there.
async fn nothing_is_lost(path: &Path, orders: &[Order], answers: &[Answer], begun: Instant) {
    let rate = ORDERS as u128 * 1_000 / begun.elapsed().as_millis();
    print(&format!("{rate} commands per second"));
    assert_eq!(answers.len(), ORDERS);
    let store = Sqlite::open(path).await.unwrap();
    let history = History::read(&store).await;
    assert_eq!(history.events(), ORDERS);
    history.agrees_with(orders, answers);
    history.is_shown(&store, true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixteen_tasks_lose_nothing_and_finish() {
    let (_directory, path) = new_file();
    let orders = deposits(ORDERS);
    let batch = Batch {
        orders: orders.iter().cloned().enumerate().collect(),
        tasks: TASKS,
        queued: true,
        end: None,
    };
    let answers = Arc::new(Mutex::new(Vec::new()));
    let tell: Tell = {
        let answers = Arc::clone(&answers);
        Arc::new(move |answer| answers.lock().unwrap().push(answer))
    };
    let store = Sqlite::open(&path).await.unwrap();
    let begun = Instant::now();
    let life = Life::new(None, Death::Freeze);
    work(store, Effects::beside(&path), batch, life, tell).await;
    let answers = std::mem::take(&mut *answers.lock().unwrap());
    nothing_is_lost(&path, &orders, &answers, begun).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_of_eight_tasks_lose_nothing_and_finish() {
    if is_child() {
        return tokio::task::spawn_blocking(work_for_parent).await.unwrap();
    }
    let (_directory, path) = new_file();
    let orders = deposits(ORDERS);
    let begun = Instant::now();
    let children: Vec<_> = [1, 2]
        .into_iter()
        .map(|number: u8| {
            let own = |place: &usize| place % 2 == usize::from(number - 1);
            let batch = Batch {
                orders: (0..ORDERS)
                    .filter(own)
                    .map(|place| (place, orders[place].clone()))
                    .collect(),
                tasks: TASKS / 2,
                queued: true,
                end: None,
            };
            let test = "crash::hot::two_processes_of_eight_tasks_lose_nothing_and_finish";
            let (child, mut out) = start(test, number, &path, &batch);
            (child, tokio::task::spawn_blocking(move || listen(&mut out)))
        })
        .collect();
    let mut answers = Vec::new();
    for (_child, listening) in children {
        let lived = listening.await.unwrap();
        assert_eq!(lived.died_at, None);
        answers.extend(lived.answers);
    }
    nothing_is_lost(&path, &orders, &answers, begun).await;
}
