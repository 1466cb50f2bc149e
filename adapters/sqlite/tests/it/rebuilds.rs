//! Projections whose views are filled again, in a real file: through a restart, a kill, and beside
//! another program.

use std::cell::Cell;
use std::io::{BufReader, Write};
use std::path::Path;
use std::time::Duration;

use ironflow_domain::store::{Key, KeyRange, KeyValueStore};
use ironflow_domain::{
    Aggregate, Decide, Decision, Fold, Ironflow, Partition, Project, Projection, ProjectionState,
    Receipt, Recorded, command, event,
};
use ironflow_sqlite::Sqlite;
use serde::{Deserialize, Serialize};

use crate::given::new_file;
use crate::processes::{is_child, next_line, open_shared, start as start_child};

const SOON: Duration = Duration::from_secs(20);

#[event("meter")]
enum MeterEvent {
    Read { value: u64 },
}

#[derive(Aggregate, Default)]
#[aggregate(event = MeterEvent, error = std::fmt::Error)]
struct Meter;

impl Fold for Meter {
    fn fold(&mut self, _: &MeterEvent) {}
}

#[command(Meter)]
struct Read(Vec<u64>);

impl Decide<Read> for Meter {
    fn decide(&self, Read(values): Read) -> Decision<Self> {
        let read = |value| MeterEvent::Read { value };
        Ok(values.into_iter().map(read).collect::<Vec<_>>().into())
    }
}

thread_local! {
    /// How many events this test has applied. Each test has a thread, and its projections with it.
    static APPLIED: Cell<u64> = const { Cell::new(0) };
}

fn applied() -> u64 {
    APPLIED.replace(0)
}

/// How many events the views of a child are written after, since they took it so long.
const WRITTEN_AFTER: u64 = 4_000;
const SO_LONG: Duration = Duration::from_millis(501);

/// After how many events a child is to hang, which is when it is killed.
const HANGS_AFTER: u64 = 4_200;

#[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
#[projection("totals", partition = String, of(MeterEvent))]
struct Totals {
    total: u64,
}

impl Project<MeterEvent> for Totals {
    fn partition(event: &Recorded<MeterEvent>) -> Partition<String> {
        Partition::Key(event.stream.id().to_owned())
    }

    fn project(&mut self, event: &Recorded<MeterEvent>) {
        APPLIED.set(APPLIED.get() + 1);
        let MeterEvent::Read { value } = event.data;
        self.total += value;
    }
}

/// The same name in a newer program.
mod newer {
    use super::{
        APPLIED, Deserialize, HANGS_AFTER, MeterEvent, Partition, Project, Projection, Recorded,
        SO_LONG, Serialize, Write, is_child,
    };

    #[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
    #[projection("totals", partition = String, of(MeterEvent))]
    pub(super) struct Totals {
        pub(super) total: u64,
        #[serde(default)]
        pub(super) readings: u64,
    }

    impl Project<MeterEvent> for Totals {
        fn partition(event: &Recorded<MeterEvent>) -> Partition<String> {
            Partition::Key(event.stream.id().to_owned())
        }

        fn project(&mut self, event: &Recorded<MeterEvent>) {
            APPLIED.set(APPLIED.get() + 1);
            if is_child() && APPLIED.get() == 1 {
                std::thread::sleep(SO_LONG);
            }
            if is_child() && APPLIED.get() > HANGS_AFTER {
                let mut out = std::io::stdout().lock();
                writeln!(out, "hangs").unwrap();
                out.flush().unwrap();
                loop {
                    std::thread::park();
                }
            }
            let MeterEvent::Read { value } = event.data;
            self.total += value;
            self.readings += 1;
        }
    }
}

async fn follow<P: Projection>(store: &Sqlite) -> Ironflow {
    Ironflow::new(store.clone())
        .projection::<P>()
        .poll_interval(Duration::from_millis(5))
        .take_over_after(Duration::from_millis(50))
        .start()
        .await
        .unwrap()
}

async fn read(ironflow: &Ironflow, meter: &str, values: &[u64]) -> Receipt {
    let meter = ironflow.of::<Meter>(meter);
    meter.execute(Read(values.to_vec())).await.unwrap()
}

async fn old(ironflow: &Ironflow, meter: &str) -> Totals {
    let view = ironflow.query::<Totals>(&meter.to_owned()).await.unwrap();
    view.unwrap()
}

async fn new(ironflow: &Ironflow, meter: &str) -> newer::Totals {
    let view = ironflow.query::<newer::Totals>(&meter.to_owned()).await;
    view.unwrap().unwrap()
}

fn state(ironflow: &Ironflow) -> ProjectionState {
    ironflow.projection_statuses()[0].state.clone()
}

async fn head(store: &Sqlite) -> serde_json::Value {
    let key = Key::new("projections", "totals");
    let entry = store.get(&key).await.unwrap().unwrap();
    serde_json::from_slice(&entry.value).unwrap()
}

async fn views(store: &Sqlite, generation: u32) -> usize {
    let all = KeyRange::bucket(format!("projection/totals/{generation}")).limit(usize::MAX);
    store.list(all).await.unwrap().len()
}

/// A file in which the old program has filled views of three meters.
async fn fill(path: &Path) -> Receipt {
    let store = Sqlite::open(path).await.unwrap();
    let before = follow::<Totals>(&store).await;
    for meter in ["a", "b"] {
        for _ in 0..10 {
            read(&before, meter, &[1; 250]).await;
        }
    }
    let last = read(&before, "c", &[7]).await;
    before.wait_for::<Totals>(&last, SOON).await.unwrap();
    before.stop().await;
    drop(before);
    store.close().await;
    applied();
    last
}

#[tokio::test]
async fn views_are_filled_again_after_a_restart_with_another_shape_and_only_then() {
    let (_directory, path) = new_file();
    fill(&path).await;
    let store = Sqlite::open(&path).await.unwrap();
    let same = follow::<Totals>(&store).await;
    let last = read(&same, "c", &[1]).await;
    same.wait_for::<Totals>(&last, SOON).await.unwrap();
    assert_eq!(applied(), 1);
    same.stop().await;
    drop(same);
    store.close().await;

    let store = Sqlite::open(&path).await.unwrap();
    let after = follow::<newer::Totals>(&store).await;
    after.wait_for::<newer::Totals>(&last, SOON).await.unwrap();
    assert_eq!(applied(), 5002);
    let expected = newer::Totals {
        total: 2500,
        readings: 2500,
    };
    assert_eq!(new(&after, "b").await, expected);
    after.stop().await;
    drop(after);
    store.close().await;

    // Back to the old one, which goes on with its own.
    let store = Sqlite::open(&path).await.unwrap();
    let back = follow::<Totals>(&store).await;
    back.wait_for::<Totals>(&last, SOON).await.unwrap();
    assert_eq!(applied(), 0);
    assert_eq!(old(&back, "c").await, Totals { total: 8 });
    assert_eq!((views(&store, 1).await, views(&store, 2).await), (3, 3));
}

#[tokio::test]
async fn a_process_that_is_killed_while_it_fills_views_goes_on_where_it_was() {
    if is_child() {
        let store = open_shared().await;
        let _follows = follow::<newer::Totals>(&store).await;
        return std::future::pending().await;
    }
    let (_directory, path) = new_file();
    let last = fill(&path).await;
    let name = "rebuilds::a_process_that_is_killed_while_it_fills_views_goes_on_where_it_was";
    let mut child = start_child(name, 1, &path);
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut has_hung = false;
    while let Some(line) = next_line(&mut out) {
        if line.ends_with("hangs\n") {
            has_hung = true;
            child.kill().unwrap();
        }
    }
    assert!(!child.wait().unwrap().success());
    assert!(has_hung, "it was killed in the middle");

    let store = Sqlite::open(&path).await.unwrap();
    let after = follow::<newer::Totals>(&store).await;
    assert_eq!(state(&after), ProjectionState::Rebuilding);
    after.wait_for::<newer::Totals>(&last, SOON).await.unwrap();
    assert_eq!(applied(), 5001 - WRITTEN_AFTER);
    for meter in ["a", "b"] {
        let expected = newer::Totals {
            total: 2500,
            readings: 2500,
        };
        assert_eq!(new(&after, meter).await, expected);
    }
    assert_eq!(head(&store).await["serving"], 2);
}

#[tokio::test]
async fn the_program_before_goes_on_in_its_own_process() {
    let (_directory, path) = new_file();
    fill(&path).await;
    // Each has the file open for itself, as two processes have.
    let stores = [
        Sqlite::open(&path).await.unwrap(),
        Sqlite::open(&path).await.unwrap(),
    ];
    let before = follow::<Totals>(&stores[0]).await;
    let after = follow::<newer::Totals>(&stores[1]).await;
    let last = read(&before, "c", &[1]).await;
    after.wait_for::<newer::Totals>(&last, SOON).await.unwrap();
    before.wait_for::<Totals>(&last, SOON).await.unwrap();
    assert_eq!(old(&before, "c").await, Totals { total: 8 });
    let expected = newer::Totals {
        total: 8,
        readings: 2,
    };
    assert_eq!(new(&after, "c").await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_programs_of_the_same_shape_share_one_rebuild() {
    for _ in 0..5 {
        let (_directory, path) = new_file();
        fill(&path).await;
        let stores = [
            Sqlite::open(&path).await.unwrap(),
            Sqlite::open(&path).await.unwrap(),
        ];
        let (one, other) = tokio::join!(
            follow::<newer::Totals>(&stores[0]),
            follow::<newer::Totals>(&stores[1]),
        );
        let last = read(&one, "c", &[1]).await;
        for follows in [&one, &other] {
            let arrived = follows.wait_for::<newer::Totals>(&last, SOON).await;
            arrived.unwrap();
            for (meter, readings) in [("a", 2500), ("b", 2500), ("c", 2)] {
                assert_eq!(new(follows, meter).await.readings, readings);
            }
        }
        assert_eq!(head(&stores[0]).await["serving"], 2);
    }
}
