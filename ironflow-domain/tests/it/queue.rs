//! The commands of one process on one stream wait for each other.

use std::cell::Cell;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use ironflow_domain::store::{MemoryStore, StoreErrorKind};
use ironflow_domain::{
    Aggregate, BoxError, Builder, CommandMetadata, CommandPolicy, Decide, DecideWith, Decision,
    Enrich, ExecuteError, Fold, Ironflow, command, event, events,
};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

use crate::bank::append_stray;
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
async fn a_panic_is_that_of_its_own_command() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    let first = occupy(&store, &bar).await;
    let tasks: Vec<_> = [1, 666, 1, 13, 1]
        .into_iter()
        .map(|by| spawn_raise(&bar, by))
        .collect();
    in_line().await;
    store.open_gate();
    first.await.unwrap().unwrap();
    let mut panics = Vec::new();
    for task in tasks {
        match task.await {
            Ok(outcome) => drop(outcome.unwrap()),
            Err(error) => panics.push(*error.into_panic().downcast::<&str>().unwrap()),
        }
    }
    assert_eq!(panics, ["a beast", "an unlucky number"]);
    assert_eq!(sum(&bar).await, 4);
}

#[tokio::test]
async fn a_panic_while_the_stream_is_folded_is_that_of_whoever_asked() {
    let memory = MemoryStore::new();
    append_stray(&memory, "tab-1", "tab.raised", r#"{"by":13}"#).await;
    for queued in [true, false] {
        let policy = CommandPolicy::new().queued(queued);
        let bar = start(Ironflow::new(memory.clone()).policy(policy)).await;
        let tasks: Vec<_> = (0..3).map(|_| spawn_raise(&bar, 1)).collect();
        for task in tasks {
            let panic = task.await.unwrap_err().into_panic();
            assert_eq!(panic.downcast_ref(), Some(&"an unlucky number"));
        }
    }
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
async fn what_waits_behind_others_is_not_begun_when_it_is_too_late() {
    let store = Watched::new(&MemoryStore::new()).plain();
    let bar = bar(&store).await;
    let first = occupy(&store, &bar).await;
    let second = spawn_raise(&bar, 1);
    let late = {
        let bar = Arc::clone(&bar);
        tokio::spawn(async move { bar.execute(raise(10)).policy(soon()).await })
    };
    in_line().await;
    store.let_through(1);
    first.await.unwrap().unwrap();
    store.arrived(2).await;
    // The second one is being recorded; the third one has not been begun.
    let late = tokio::time::timeout(Duration::from_secs(10), late).await;
    let error = late.expect("nobody waits longer").unwrap().unwrap_err();
    assert!(matches!(error, ExecuteError::DeadlineExceeded { .. }));
    store.open_gate();
    second.await.unwrap().unwrap();
    assert_eq!(sum(&bar).await, 2);
}

#[tokio::test]
async fn a_failure_is_told_to_all_whom_it_concerns_and_the_next_ones_go_on() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    bar.execute(raise(1)).await.unwrap();
    let first = occupy(&store, &bar).await;
    let others: Vec<_> = (0..3).map(|_| spawn_raise(&bar, 1)).collect();
    let refused = {
        let bar = Arc::clone(&bar);
        tokio::spawn(async move { bar.execute(pay(3)).await })
    };
    in_line().await;
    store.let_through(1);
    first.await.unwrap().unwrap();
    store.arrived(3).await;
    store.refused_commits.store(1, Ordering::SeqCst);
    store.open_gate();
    for other in others {
        match other.await.unwrap().unwrap_err() {
            ExecuteError::Store(error) => assert_eq!(error.kind(), StoreErrorKind::Unavailable),
            error => panic!("{error}"),
        }
    }
    // It was accepted on what then did not happen.
    match refused.await.unwrap() {
        Err(ExecuteError::Store(_)) => {}
        other => panic!("it was to be recorded with the others: {other:?}"),
    }
    assert_eq!(bar.execute(raise(1)).await.unwrap().version.get(), 3);
    assert_eq!(sum(&bar).await, 3);
}

#[tokio::test]
async fn a_refusal_that_rests_on_what_did_not_happen_is_not_given() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    bar.execute(raise(5)).await.unwrap();
    let first = occupy(&store, &bar).await;
    let (all, rest) = {
        let (one, other) = (Arc::clone(&bar), Arc::clone(&bar));
        (
            tokio::spawn(async move { one.execute(pay(6)).await }),
            tokio::spawn(async move {
                // After the other one is in the queue.
                tokio::task::yield_now().await;
                other.execute(pay(1)).await
            }),
        )
    };
    in_line().await;
    store.let_through(1);
    first.await.unwrap().unwrap();
    // Both are decided, the second one refused since the first one pays all.
    store.arrived(3).await;
    store.refused_commits.store(1, Ordering::SeqCst);
    store.open_gate();
    assert!(matches!(
        all.await.unwrap().unwrap_err(),
        ExecuteError::Store(_)
    ));
    rest.await.unwrap().unwrap();
    assert_eq!(sum(&bar).await, 5);
}

#[tokio::test]
async fn a_command_that_nobody_waits_for_any_more_is_not_decided() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    let first = occupy(&store, &bar).await;
    let gone = spawn_raise(&bar, 100);
    in_line().await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let last = spawn_raise(&bar, 1);
    store.open_gate();
    first.await.unwrap().unwrap();
    last.await.unwrap().unwrap();
    assert_eq!(sum(&bar).await, 2);
}

#[tokio::test]
async fn what_is_being_appended_is_appended_though_nobody_waits_for_it() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    store.close_gate();
    let gone = spawn_raise(&bar, 100);
    store.arrived(1).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    let last = spawn_raise(&bar, 1);
    store.open_gate();
    assert_eq!(last.await.unwrap().unwrap().version.get(), 2);
    assert_eq!(sum(&bar).await, 101);
}

#[tokio::test]
async fn a_command_that_waits_too_long_is_not_executed() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    let first = occupy(&store, &bar).await;
    let late = bar.execute(raise(100)).policy(soon()).await.unwrap_err();
    assert_eq!(late.to_string(), "raise was not executed within 20ms");
    store.open_gate();
    first.await.unwrap().unwrap();
    bar.execute(raise(1)).await.unwrap();
    assert_eq!(sum(&bar).await, 2);
}

#[tokio::test]
async fn what_is_being_appended_when_it_is_too_late_is_waited_for() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    store.close_gate();
    let slow = {
        let bar = Arc::clone(&bar);
        tokio::spawn(async move { bar.execute(raise(1)).policy(soon()).await })
    };
    store.arrived(1).await;
    // Another one comes too late meanwhile, so this one does as well.
    assert!(bar.execute(raise(1)).policy(soon()).await.is_err());
    assert!(bar.execute(raise(1)).policy(soon()).await.is_err());
    store.open_gate();
    assert_eq!(slow.await.unwrap().unwrap().version.get(), 1);
}

#[tokio::test]
async fn a_store_that_never_answers_is_not_waited_for_longer() {
    let store = Watched::new(&MemoryStore::new());
    let bar = bar(&store).await;
    let late = async |policy: CommandPolicy, id: Option<&str>| {
        let mut raising = bar.execute(raise(1)).policy(policy);
        if let Some(id) = id {
            raising = raising.command_id(id);
        }
        let error = raising.await.unwrap_err();
        assert!(
            matches!(error, ExecuteError::DeadlineExceeded { .. }),
            "{error}"
        );
    };
    store.hangs_reading.store(true, Ordering::SeqCst);
    late(soon(), None).await;
    late(soon().queued(false), None).await;
    let transactions = bar.transactions().unwrap();
    let transaction = transactions.execute(raise(1)).policy(soon()).await;
    assert_eq!(
        transaction.unwrap_err().to_string(),
        "transaction was not executed within 20ms"
    );
    store.hangs_reading.store(false, Ordering::SeqCst);
    store.hangs_finding.store(true, Ordering::SeqCst);
    late(soon(), Some("id")).await;
    let transaction = transactions.execute(raise(1)).policy(soon());
    assert!(transaction.command_id("id").await.is_err());
    store.hangs_finding.store(false, Ordering::SeqCst);
    // A queue that hangs keeps its stream, and nothing else.
    assert_eq!(
        bar.execute(Raise { tab: "2", by: 1 })
            .await
            .unwrap()
            .version
            .get(),
        1
    );
    assert_eq!(store.counts().1, 1);
}

#[tokio::test]
async fn an_answer_that_is_not_certain_is_not_waited_for_longer() {
    let memory = MemoryStore::new();
    let store = Watched::new(&memory);
    let bar = bar(&store).await;
    bar.execute(raise(1)).await.unwrap();
    // Whether it is still refused has to be read.
    store.hangs_reading.store(true, Ordering::SeqCst);
    let refused = bar.execute(pay(5)).policy(soon()).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::DeadlineExceeded { .. }));
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

#[tokio::test]
async fn what_was_fetched_is_good_for_all_attempts_unless_it_is_not() {
    for (again, fetched) in [(false, 1), (true, 2)] {
        let memory = MemoryStore::new();
        let store = Watched::new(&memory);
        let clerk = Clerk::default();
        let policy = CommandPolicy::new().queued(false).enrich_again(again);
        let builder = Ironflow::new(store.clone()).enrich(clerk.clone());
        let bar = start(builder.policy_of::<Settle>(policy)).await;
        bar.execute(raise(5)).await.unwrap();
        store.close_gate();
        let settled = {
            let bar = Arc::clone(&bar);
            tokio::spawn(async move { bar.execute(Settle { tab: "1" }).await })
        };
        store.arrived(2).await;
        let there = start(Ironflow::new(memory)).await;
        there.execute(raise(1)).await.unwrap();
        store.open_gate();
        assert_eq!(settled.await.unwrap().unwrap().version.get(), 3);
        assert_eq!(clerk.0.load(Ordering::SeqCst), fetched);
    }
}

#[tokio::test]
async fn the_nearest_policy_counts() {
    let memory = MemoryStore::new();
    let store = Watched::new(&memory);
    let once = CommandPolicy::new().attempts(1).queued(false);
    let builder = Ironflow::new(store.clone()).policy(once);
    let builder = builder.policy_of::<Pay>(once.attempts(2));
    let bar = start(builder).await;
    bar.execute(raise(100)).await.unwrap();

    let there = start(Ironflow::new(memory)).await;
    let overtaken = async |bar: &Arc<Ironflow>, policy: Option<CommandPolicy>| {
        store.close_gate();
        let (_, _, before) = store.counts();
        let bar = Arc::clone(bar);
        let paying = tokio::spawn(async move {
            let mut paying = bar.execute(pay(1));
            if let Some(policy) = policy {
                paying = paying.policy(policy);
            }
            paying.await
        });
        store.arrived(before + 1).await;
        there.execute(raise(1)).await.unwrap();
        store.open_gate();
        paying.await.unwrap()
    };
    overtaken(&bar, None).await.unwrap();
    let conflict = overtaken(&bar, Some(once)).await.unwrap_err();
    assert!(matches!(
        conflict,
        ExecuteError::Conflict { attempts: 1, .. }
    ));
}

#[tokio::test]
async fn commands_keep_their_order_when_they_are_decided_again() {
    let memory = MemoryStore::new();
    let store = Watched::new(&memory);
    let bar = bar(&store).await;
    bar.execute(raise(1)).await.unwrap();
    let first = occupy(&store, &bar).await;
    let raised = spawn_raise(&bar, 5);
    let paid = {
        let bar = Arc::clone(&bar);
        tokio::spawn(async move { bar.execute(pay(8)).await })
    };
    in_line().await;
    store.let_through(1);
    first.await.unwrap().unwrap();
    store.arrived(3).await;
    let there = start(Ironflow::new(memory)).await;
    there.execute(raise(1)).await.unwrap();
    store.open_gate();
    assert_eq!(raised.await.unwrap().unwrap().version.get(), 4);
    assert_eq!(paid.await.unwrap().unwrap().version.get(), 5);
}

#[event("vault")]
pub(crate) enum VaultEvent {
    Opened,
}

/// Whoever drops the state, or what was to be done with it, uses the same queues.
#[derive(Aggregate)]
#[aggregate(event = VaultEvent, error = NotEnough)]
pub(crate) struct Vault(Curious);

impl Default for Vault {
    fn default() -> Self {
        Self(Curious)
    }
}

impl Fold for Vault {
    fn fold(&mut self, _: &VaultEvent) {}
}

#[command(Vault)]
pub(crate) struct Unlock {
    #[id]
    vault: u32,
    curious: Curious,
}

impl Decide<Unlock> for Vault {
    fn decide(&self, _: Unlock) -> Decision<Self> {
        Ok(events![VaultEvent::Opened])
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Curious;

static CURIOUS: OnceLock<Arc<Ironflow>> = OnceLock::new();

impl Drop for Curious {
    fn drop(&mut self) {
        thread_local!(static IS_BUSY: Cell<bool> = const { Cell::new(false) });
        if let Some(bar) = CURIOUS.get()
            && !IS_BUSY.replace(true)
        {
            let unlock = bar.execute(Unlock {
                vault: 1,
                curious: Self,
            });
            assert!(poll_once(&mut unlock.into_future()).is_pending());
            IS_BUSY.set(false);
        }
    }
}

#[test]
fn what_is_dropped_may_use_what_it_is_dropped_by() {
    let (done, is_done) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        runtime().block_on(async {
            let store = Watched::new(&MemoryStore::new());
            let bar = start(Ironflow::new(store.clone()).cached_streams(1)).await;
            let unlock = |vault| {
                let curious = Curious;
                bar.execute(Unlock { vault, curious }).into_future()
            };
            unlock(1).await.unwrap();
            store.close_gate();
            let mut first = unlock(1);
            assert!(poll_once(&mut first).is_pending());
            store.arrived(2).await;
            let mut second = unlock(1);
            assert!(poll_once(&mut second).is_pending());
            CURIOUS.set(Arc::clone(&bar)).unwrap();
            // Its command is in the line, and nobody else has it.
            drop(second);
            store.open_gate();
            first.await.unwrap();
            // The states of others have to go.
            for vault in 2..5 {
                unlock(vault).await.unwrap();
            }
        });
        done.send(()).unwrap();
    });
    let is_done = is_done.recv_timeout(Duration::from_secs(10));
    assert_eq!(is_done, Ok(()), "someone waits for a lock for ever");
}

/// Tasks of a runtime like this are gone when it is.
fn runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().unwrap()
}

#[test]
fn a_runtime_that_stops_leaves_nobody_waiting() {
    let (one, other) = (Runtime::new().unwrap(), runtime());
    let store = Watched::new(&MemoryStore::new());
    let bar = one.block_on(bar(&store));
    store.close_gate();
    let first = {
        let bar = Arc::clone(&bar);
        one.spawn(async move { bar.execute(raise(1)).await })
    };
    one.block_on(store.arrived(1));
    let mut waiting = {
        let bar = Arc::clone(&bar);
        Box::pin(async move { bar.execute(raise(10)).await })
    };
    let is_done = other.block_on(async { poll_once(&mut waiting).is_ready() });
    assert!(!is_done, "it is in line");
    drop(one);
    store.open_gate();
    let receipt = other.block_on(waiting).unwrap();
    assert!(!receipt.duplicate);
    assert!(other.block_on(first).unwrap_err().is_cancelled());
    assert_eq!(other.block_on(sum(&bar)), 10);
}

#[test]
fn a_runtime_that_stops_in_the_middle_leaves_a_doubt() {
    let (one, other) = (runtime(), runtime());
    let store = Watched::new(&MemoryStore::new());
    let bar = one.block_on(bar(&store));
    store.close_gate();
    let policy = CommandPolicy::new().attempts(1);
    let mut raising = bar.execute(raise(1)).policy(policy).into_future();
    one.block_on(async {
        assert!(poll_once(&mut raising).is_pending());
        store.arrived(1).await;
    });
    drop(one);
    match other.block_on(raising).unwrap_err() {
        ExecuteError::Store(error) => assert_eq!(error.kind(), StoreErrorKind::InDoubt),
        error => panic!("{error}"),
    }
}

#[test]
fn a_runtime_that_stops_when_all_was_done_leaves_a_receipt() {
    let (one, other) = (runtime(), runtime());
    let store = Watched::new(&MemoryStore::new());
    let bar = one.block_on(bar(&store));
    one.block_on(bar.execute(raise(10)).into_future()).unwrap();
    store.close_gate_for_answers();
    let mut paying = bar.execute(pay(10)).into_future();
    let is_done = one.block_on(async {
        let is_done = poll_once(&mut paying).is_ready();
        store.arrived(2).await;
        is_done
    });
    assert!(!is_done, "its answer has to come yet");
    drop(one);
    store.open_gate();
    let receipt = other.block_on(paying).unwrap();
    assert_eq!(receipt.version.get(), 2);
    assert_eq!(other.block_on(sum(&bar)), 0);
}

/// Such a runtime does nothing while nobody waits for something in it.
#[test]
fn nobody_waits_for_a_runtime_that_rests() {
    let (one, other) = (runtime(), runtime());
    let store = Watched::new(&MemoryStore::new());
    let bar = one.block_on(bar(&store));
    store.close_gate();
    let mut raising = bar.execute(raise(1)).into_future();
    one.block_on(async {
        assert!(poll_once(&mut raising).is_pending());
        store.arrived(1).await;
    });
    store.open_gate();
    let paying = async {
        let paying = bar.execute(raise(10)).into_future();
        tokio::time::timeout(Duration::from_secs(10), paying).await
    };
    let receipt = other.block_on(paying).expect("nobody waits for ever");
    assert_eq!(receipt.unwrap().version.get(), 1);
    assert_eq!(one.block_on(raising).unwrap().version.get(), 2);
}

/// Nobody has to wait for anything where nothing has to be waited for.
#[test]
fn no_runtime_is_needed_for_what_does_not_wait() {
    let mut starting = Box::pin(Ironflow::new(MemoryStore::new()).start());
    let Poll::Ready(Ok(bar)) = poll_once(&mut starting) else {
        panic!("there is nothing to wait for")
    };
    let mut raising = bar.execute(raise(1)).into_future();
    let Poll::Ready(Ok(receipt)) = poll_once(&mut raising) else {
        panic!("there is nothing to wait for")
    };
    assert_eq!(receipt.version.get(), 1);
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}
