//! The commands of one process on one stream wait for each other.

mod deadlines;
mod failures;
mod locks;
mod policies;
mod runtimes;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use ironflow_domain::store::MemoryStore;
use ironflow_domain::{
    Aggregate, BoxError, Builder, CommandMetadata, CommandPolicy, Decide, DecideWith, Decision,
    Enrich, ExecuteError, Fold, Ironflow, command, event, events,
};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::watched::Watched;

#[event("tab")]
pub(crate) enum TabEvent {
    Raised { by: u32 },
    Paid { by: u32 },
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("there are {0} on it")]
pub(crate) struct NotEnough(u32);

#[derive(Aggregate, Default, Debug, PartialEq)]
#[aggregate(event = TabEvent, error = NotEnough)]
pub(crate) struct Tab {
    sum: u32,
}

impl Fold for Tab {
    fn fold(&mut self, event: &TabEvent) {
        match event {
            TabEvent::Raised { by: 13 } => panic!("an unlucky number"),
            TabEvent::Raised { by } => self.sum += by,
            TabEvent::Paid { by } => self.sum -= by,
        }
    }
}

#[command(Tab)]
pub(crate) struct Raise {
    #[id]
    tab: &'static str,
    by: u32,
}

impl Decide<Raise> for Tab {
    fn decide(&self, Raise { by, .. }: Raise) -> Decision<Self> {
        assert!(by != 666, "a beast");
        Ok(events![TabEvent::Raised { by }])
    }
}

#[command(Tab)]
pub(crate) struct Pay {
    #[id]
    tab: &'static str,
    by: u32,
}

impl Decide<Pay> for Tab {
    fn decide(&self, Pay { by, .. }: Pay) -> Decision<Self> {
        match by {
            0 => Ok(events![]),
            by if by > self.sum => Err(NotEnough(self.sum)),
            by => Ok(events![TabEvent::Paid { by }]),
        }
    }
}

/// Is refused, and counted.
#[command(Tab)]
pub(crate) struct Beg {
    #[id]
    tab: &'static str,
}

static BEGGED: AtomicUsize = AtomicUsize::new(0);

impl Decide<Beg> for Tab {
    fn decide(&self, _: Beg) -> Decision<Self> {
        BEGGED.fetch_add(1, Ordering::SeqCst);
        Err(NotEnough(self.sum))
    }
}

/// Pays all there was when it was asked.
#[command(Tab, context = u32)]
pub(crate) struct Settle {
    #[id]
    tab: &'static str,
}

impl DecideWith<Settle> for Tab {
    fn decide(&self, _: Settle, sum: &u32) -> Decision<Self> {
        Ok(events![TabEvent::Paid { by: *sum }])
    }
}

/// Knows how often it was asked.
#[derive(Default, Clone)]
pub(crate) struct Clerk(Arc<AtomicUsize>);

impl Enrich<Settle> for Clerk {
    async fn enrich(&self, _: &Settle, _: &CommandMetadata) -> Result<u32, BoxError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(1)
    }
}

fn raise(by: u32) -> Raise {
    Raise { tab: "1", by }
}

fn pay(by: u32) -> Pay {
    Pay { tab: "1", by }
}

async fn start<X: Send + Sync + 'static>(builder: Builder<X>) -> Arc<Ironflow<X>> {
    Arc::new(builder.start().await.unwrap())
}

async fn bar(store: &Watched) -> Arc<Ironflow> {
    start(Ironflow::new(store.clone())).await
}

type Outcome = Result<ironflow_domain::Receipt, ExecuteError<NotEnough>>;

fn spawn_raise(bar: &Arc<Ironflow>, by: u32) -> JoinHandle<Outcome> {
    let bar = Arc::clone(bar);
    tokio::spawn(async move { bar.execute(raise(by)).await })
}

async fn sum(bar: &Ironflow) -> u32 {
    bar.of::<Tab>("1").load().await.unwrap().state.sum
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn commands_on_a_hot_stream_are_recorded_together_and_none_is_lost() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let bar = Arc::clone(&bar);
            tokio::spawn(async move {
                for _ in 0..125 {
                    bar.execute(raise(1)).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let (reads, appends, _) = store.counts();
    assert_eq!((reads, appends), (1, 2_000), "nothing was decided twice");
    assert_eq!(sum(&bar).await, 2_000);
}

#[tokio::test]
async fn what_arrives_while_the_store_is_busy_is_recorded_together() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    let first = occupy(&store, &bar).await;
    let others: Vec<_> = (0..10).map(|_| spawn_raise(&bar, 1)).collect();
    in_line().await;
    store.open_gate();
    let mut receipts = vec![first.await.unwrap().unwrap()];
    for other in others {
        receipts.push(other.await.unwrap().unwrap());
    }
    assert_eq!(store.counts(), (1, 11, 2));
    let mut versions: Vec<_> = receipts.iter().map(|one| one.version.get()).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=11).collect::<Vec<_>>());
    let mut positions: Vec<_> = receipts.iter().map(|one| one.position).collect();
    positions.sort_unstable();
    positions.dedup();
    assert_eq!(positions.len(), 11, "each has its own");
}

/// A command that is being recorded, and stays so until the gate is opened: whatever is asked of the
/// same stream from here on has to wait.
async fn occupy(store: &Watched, bar: &Arc<Ironflow>) -> JoinHandle<Outcome> {
    let (_, _, commits) = store.counts();
    store.close_gate();
    let first = spawn_raise(bar, 1);
    store.arrived(commits + 1).await;
    first
}

/// Waits until all that was spawned is in line: it goes so far without waiting for anything.
async fn in_line() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

/// Not yet decided by then.
fn soon() -> CommandPolicy {
    CommandPolicy::new().deadline(Duration::from_millis(20))
}

#[tokio::test]
async fn a_store_that_appends_once_at_a_time_is_asked_for_no_more() {
    let store = Watched::new(&MemoryStore::new()).plain();
    let bar = bar(&store).await;
    store.close_gate();
    let tasks: Vec<_> = (0..5).map(|_| spawn_raise(&bar, 1)).collect();
    store.arrived(1).await;
    store.open_gate();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(store.counts(), (1, 5, 5));
    assert_eq!(sum(&bar).await, 5);
}

#[tokio::test]
async fn a_state_stays_in_memory() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    for _ in 0..3 {
        bar.execute(raise(1)).await.unwrap();
    }
    assert_eq!(store.counts(), (1, 3, 3));
}

#[tokio::test]
async fn states_that_were_not_used_for_long_are_forgotten() {
    let store = Watched::new(&MemoryStore::new());
    let bar = start(Ironflow::new(store.clone()).cached_streams(4)).await;
    let tabs = ["1", "2", "3", "4", "5", "6", "7", "8"];
    for tab in tabs {
        bar.execute(Raise { tab, by: 1 }).await.unwrap();
    }
    let (before, ..) = store.counts();
    bar.execute(Raise { tab: "8", by: 1 }).await.unwrap();
    assert_eq!(store.counts().0, before, "it was used last");
    bar.execute(Raise { tab: "1", by: 1 }).await.unwrap();
    assert_eq!(store.counts().0, before + 1, "it was used first");
}

#[tokio::test]
async fn nothing_is_kept_where_nothing_is_to_be() {
    let store = Watched::new(&MemoryStore::new());
    let bar = start(Ironflow::new(store.clone()).cached_streams(0)).await;
    for _ in 0..3 {
        bar.execute(raise(1)).await.unwrap();
    }
    assert_eq!(store.counts().0, 3);
}

#[tokio::test]
async fn what_another_process_recorded_is_known_before_anything_is_refused_or_ignored() {
    let memory = MemoryStore::new();
    let store = Watched::new(&memory);
    let (here, there) = (bar(&store).await, bar(&Watched::new(&memory)).await);
    here.execute(raise(10)).await.unwrap();

    // Here it would be refused.
    there.execute(raise(10)).await.unwrap();
    let receipt = here.execute(pay(15)).await.unwrap();
    assert_eq!(receipt.version.get(), 3);
    // Here it would be accepted.
    there.execute(pay(5)).await.unwrap();
    let refused = here.execute(pay(5)).await.unwrap_err();
    assert_eq!(refused.rejection(), Some(&NotEnough(0)));
    // Here nothing would happen, to a stream of another version.
    there.execute(raise(1)).await.unwrap();
    assert_eq!(here.execute(pay(0)).await.unwrap().version.get(), 5);
    assert_eq!(
        store.counts().0,
        4,
        "once in the beginning, and each time there was something new"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_on_one_stream_lose_nothing() {
    let memory = MemoryStore::new();
    let policy = CommandPolicy::new().attempts(1_000);
    let mut tasks = Vec::new();
    for _ in 0..3 {
        let bar = start(Ironflow::new(memory.clone()).policy(policy)).await;
        for _ in 0..4 {
            let bar = Arc::clone(&bar);
            tasks.push(tokio::spawn(async move {
                for _ in 0..50 {
                    bar.execute(raise(2)).await.unwrap();
                    bar.execute(pay(1)).await.unwrap();
                }
            }));
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    let bar = start(Ironflow::new(memory)).await;
    assert_eq!(sum(&bar).await, 600);
}

#[tokio::test]
async fn many_refusals_let_others_have_their_turn() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    bar.execute(raise(1)).await.unwrap();
    let refused: Vec<_> = (0..1_000)
        .map(|_| {
            let bar = Arc::clone(&bar);
            tokio::spawn(async move { bar.execute(Beg { tab: "1" }).await })
        })
        .collect();
    while BEGGED.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let in_one_go = BEGGED.load(Ordering::SeqCst);
    assert!(in_one_go < 500, "{in_one_go} were decided in one go");
    for refused in refused {
        let error = refused.await.unwrap().unwrap_err();
        assert_eq!(error.rejection(), Some(&NotEnough(1)));
    }
    assert_eq!(BEGGED.load(Ordering::SeqCst), 1_000, "each once");
}

#[tokio::test]
async fn the_same_command_at_once_has_one_effect_and_one_receipt() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    let first = occupy(&store, &bar).await;
    let same: Vec<_> = (0..5)
        .map(|_| {
            let bar = Arc::clone(&bar);
            tokio::spawn(async move { bar.execute(raise(10)).command_id("same").await.unwrap() })
        })
        .collect();
    let other = spawn_raise(&bar, 1);
    in_line().await;
    store.open_gate();
    first.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
    let mut receipts = Vec::new();
    for one in same {
        receipts.push(one.await.unwrap());
    }
    assert_eq!(receipts.iter().filter(|one| !one.duplicate).count(), 1);
    assert!(
        receipts
            .iter()
            .all(|one| one.event_ids == receipts[0].event_ids)
    );
    assert!(
        receipts
            .iter()
            .all(|one| one.version == receipts[0].version)
    );
    assert_eq!(sum(&bar).await, 12);
}

#[tokio::test]
async fn streams_do_not_wait_for_each_other() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    let first = occupy(&store, &bar).await;
    let other = {
        let bar = Arc::clone(&bar);
        tokio::spawn(async move { bar.execute(Raise { tab: "2", by: 1 }).await })
    };
    store.arrived(2).await;
    store.open_gate();
    first.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
}

/// More than are kept: looking at all of them with every command takes a minute.
#[tokio::test]
async fn many_streams_at_once_cost_little_each() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    store.close_gate();
    let begun = Instant::now();
    let tasks: Vec<_> = (0..12_000)
        .map(|tab: u32| {
            let bar = Arc::clone(&bar);
            let tab = tab.to_string().leak();
            tokio::spawn(async move { bar.execute(Raise { tab, by: 1 }).await })
        })
        .collect();
    store.arrived(12_000).await;
    let took = begun.elapsed();
    store.open_gate();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert!(took < Duration::from_secs(15), "{took:?}");
}

/// Tasks of a runtime like this are gone when it is.
fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
