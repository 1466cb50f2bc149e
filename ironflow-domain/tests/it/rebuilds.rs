//! Projections that are not as they were when their views were filled: new views are filled beside
//! the old ones, and nobody reads one as the other.

use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ironflow_domain::store::{Key, KeyRange, KeyValueStore, MemoryStore, Store, Write};
use ironflow_domain::{
    Aggregate, Decide, Decision, Fold, Ironflow, Projection, ProjectionState, QueryError, Receipt,
    WhenChanged, command, event,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::faulty::Faulty;

const SOON: Duration = Duration::from_secs(10);

#[event("meter")]
enum MeterEvent {
    Read { value: u64 },
}

#[event("house")]
enum HouseEvent {
    Heated { value: u64 },
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

#[derive(Aggregate, Default)]
#[aggregate(event = HouseEvent, error = std::fmt::Error)]
struct House;

impl Fold for House {
    fn fold(&mut self, _: &HouseEvent) {}
}

#[command(House)]
struct Heat(u64);

impl Decide<Heat> for House {
    fn decide(&self, Heat(value): Heat) -> Decision<Self> {
        Ok(vec![HouseEvent::Heated { value }].into())
    }
}

thread_local! {
    /// How many events this test has applied. Each test has a thread, and its projections with it.
    static APPLIED: Cell<u64> = const { Cell::new(0) };
}

fn applied() -> u64 {
    APPLIED.replace(0)
}

/// The same projection as one program has it: one view for each stream.
macro_rules! program {
    (
        $(#[$doc:meta])*
        $program:ident: $arguments:tt
        $state:item
        $part:item
        $($event:ident => |$view:ident, $value:ident| $change:expr;)+
    ) => {
        $(#[$doc])*
        mod $program {
            use super::*;
            use ironflow_domain::{Partition, Project, Projection, Recorded};
            use serde::{Deserialize, Serialize};

            #[derive(Projection, Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
            #[projection $arguments]
            $state

            #[derive(Default, Debug, Clone, PartialEq, Serialize, Deserialize)]
            $part

            $(
                impl Project<$event> for Totals {
                    fn partition(event: &Recorded<$event>) -> Partition<String> {
                        Partition::Key(event.stream.id().to_owned())
                    }

                    fn project(&mut self, event: &Recorded<$event>) {
                        APPLIED.set(APPLIED.get() + 1);
                        let $view = self;
                        let $value = value_of(&event.data);
                        $change;
                    }
                }
            )+
        }
    };
}

/// What all events of this domain have.
trait HasValue {
    fn value(&self) -> u64;
}

impl HasValue for MeterEvent {
    fn value(&self) -> u64 {
        let Self::Read { value } = self;
        *value
    }
}

impl HasValue for HouseEvent {
    fn value(&self) -> u64 {
        let Self::Heated { value } = self;
        *value
    }
}

fn value_of(event: &impl HasValue) -> u64 {
    event.value()
}

program! {
    first: ("totals", partition = String, of(MeterEvent))
    pub(super) struct Totals {
        pub(super) total: u64,
        pub(super) last: Last,
    }
    pub(super) struct Last {
        value: u32,
    }
    MeterEvent => |view, value| {
        view.total += value;
        view.last = Last { value: u32::try_from(value).unwrap() };
    };
}

program! {
    /// The same, written otherwise.
    unchanged: ("totals", partition = String, of(MeterEvent), version = 1)
    pub(super) struct Totals {
        last: Latest,
        total: Box<u64>,
    }
    pub(super) struct Latest {
        value: u32,
    }
    MeterEvent => |view, value| {
        *view.total += value;
        view.last = Latest { value: u32::try_from(value).unwrap() };
    };
}

program! {
    field_type: ("totals", partition = String, of(MeterEvent))
    pub(super) struct Totals {
        total: String,
        last: Last,
    }
    pub(super) struct Last {
        value: u32,
    }
    MeterEvent => |view, value| {
        view.total.extend([value.to_string(), ",".to_owned()]);
        view.last = Last { value: u32::try_from(value).unwrap() };
    };
}

program! {
    field_added: ("totals", partition = String, of(MeterEvent))
    pub(super) struct Totals {
        total: u64,
        last: Last,
        #[serde(default)]
        pub(super) readings: u32,
    }
    pub(super) struct Last {
        value: u32,
    }
    MeterEvent => |view, value| {
        view.total += value;
        view.last = Last { value: u32::try_from(value).unwrap() };
        view.readings += 1;
    };
}

program! {
    nested_type: ("totals", partition = String, of(MeterEvent))
    pub(super) struct Totals {
        total: u64,
        last: Last,
    }
    pub(super) struct Last {
        value: f64,
    }
    MeterEvent => |view, value| {
        view.total += value;
        view.last = Last { value: f64::from(u32::try_from(value).unwrap()) / 2.0 };
    };
}

program! {
    field_renamed: ("totals", partition = String, of(MeterEvent))
    pub(super) struct Totals {
        #[serde(default)]
        sum: u64,
        last: Last,
    }
    pub(super) struct Last {
        value: u32,
    }
    MeterEvent => |view, value| {
        view.sum += value;
        view.last = Last { value: u32::try_from(value).unwrap() };
    };
}

program! {
    category_added: ("totals", partition = String, of(MeterEvent, HouseEvent))
    pub(super) struct Totals {
        total: u64,
        last: Last,
    }
    pub(super) struct Last {
        value: u32,
    }
    MeterEvent => |view, value| {
        view.total += value;
        view.last = Last { value: u32::try_from(value).unwrap() };
    };
    HouseEvent => |view, value| view.total += 1000 * value;
}

program! {
    /// Counts everything twice.
    version_raised: ("totals", partition = String, of(MeterEvent), version = 2)
    pub(super) struct Totals {
        total: u64,
        last: Last,
    }
    pub(super) struct Last {
        value: u32,
    }
    MeterEvent => |view, value| {
        view.total += 2 * value;
        view.last = Last { value: u32::try_from(value).unwrap() };
    };
}

program! {
    /// What is stored in a `last` is read as whatever is there.
    opaque_number: ("totals", partition = String, of(MeterEvent))
    pub(super) struct Totals {
        last: Last,
    }
    #[serde(untagged)]
    pub(super) enum Last {
        #[default]
        Nothing,
        Number(u64),
    }
    MeterEvent => |view, value| view.last = Last::Number(value);
}

program! {
    opaque_text: ("totals", partition = String, of(MeterEvent))
    pub(super) struct Totals {
        last: Last,
    }
    #[serde(untagged)]
    pub(super) enum Last {
        #[default]
        Nothing,
        Text(String),
    }
    MeterEvent => |view, value| view.last = Last::Text(value.to_string());
}

async fn start<P: Projection>(store: impl Store) -> Ironflow {
    Ironflow::new(store)
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

/// The view of a meter as it is stored.
async fn view(ironflow: &Ironflow, meter: &str) -> Value {
    let view = ironflow.view_json("totals", meter).await.unwrap();
    view.map_or(Value::Null, |view| {
        serde_json::from_str(view.state.get()).unwrap()
    })
}

/// The same, by its type.
async fn typed<P>(ironflow: &Ironflow, meter: &str) -> Value
where
    P: Projection<Key = String> + Serialize,
{
    let view = ironflow.query::<P>(&meter.to_owned()).await.unwrap();
    json!(view)
}

fn state(ironflow: &Ironflow) -> ProjectionState {
    let statuses = ironflow.projection_statuses();
    let [status] = &statuses[..] else {
        panic!("{statuses:?}")
    };
    status.state.clone()
}

/// Which generations of the projection the store has.
async fn head(store: &impl Store) -> Value {
    let key = Key::new("projections", "totals");
    let entry = store.get(&key).await.unwrap().unwrap();
    serde_json::from_slice(&entry.value).unwrap()
}

async fn views(store: &impl Store, generation: u32) -> usize {
    let all = KeyRange::bucket(format!("projection/totals/{generation}")).limit(usize::MAX);
    store.list(all).await.unwrap().len()
}

/// Lets others run until it is so.
async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let wait = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(SOON, wait).await.unwrap();
}

/// A store in which the first program has filled views of two meters.
async fn filled() -> MemoryStore {
    let store = MemoryStore::new();
    let before = start::<first::Totals>(store.clone()).await;
    read(&before, "a", &[1, 2]).await;
    let last = read(&before, "b", &[4]).await;
    before.wait_for::<first::Totals>(&last, SOON).await.unwrap();
    let a = view(&before, "a").await;
    assert_eq!(a, json!({"total": 3, "last": {"value": 2}}));
    before.stop().await;
    assert_eq!(applied(), 3);
    store
}

/// Starts that program on views of the first one, and says what becomes of them.
async fn rebuilt<P>() -> Value
where
    P: Projection<Key = String> + Serialize + DeserializeOwned,
{
    let store = filled().await;
    let after = start::<P>(store.clone()).await;
    assert_eq!(state(&after), ProjectionState::Rebuilding);
    // None of the old ones is shown as a new one meanwhile.
    let error = after.query::<P>(&"a".to_owned()).await.err().unwrap();
    assert!(matches!(error, QueryError::Rebuilding { .. }), "{error}");
    let old = json!({"total": 3, "last": {"value": 2}});
    assert_eq!(view(&after, "a").await, old);
    let last = read(&after, "b", &[8]).await;
    after.wait_for::<P>(&last, SOON).await.unwrap();
    until(async || state(&after) == ProjectionState::Active).await;
    assert_eq!(applied(), 4);
    // The old ones are still there, for now.
    assert_eq!((views(&store, 1).await, views(&store, 2).await), (2, 2));
    let stored = json!([view(&after, "a").await, view(&after, "b").await]);
    let typed = json!([typed::<P>(&after, "a").await, typed::<P>(&after, "b").await]);
    assert_eq!(stored, typed);
    after.stop().await;

    // Once is enough.
    let again = start::<P>(store.clone()).await;
    assert_eq!(state(&again), ProjectionState::Starting);
    let last = read(&again, "c", &[0]).await;
    again.wait_for::<P>(&last, SOON).await.unwrap();
    assert_eq!(applied(), 1);
    stored
}

#[tokio::test]
async fn a_changed_field_type_fills_new_views() {
    assert_eq!(
        rebuilt::<field_type::Totals>().await,
        json!([
            {"total": "1,2,", "last": {"value": 2}},
            {"total": "4,8,", "last": {"value": 8}},
        ])
    );
}

#[tokio::test]
async fn an_added_field_fills_new_views_though_it_has_a_default() {
    assert_eq!(
        rebuilt::<field_added::Totals>().await,
        json!([
            {"total": 3, "last": {"value": 2}, "readings": 2},
            {"total": 12, "last": {"value": 8}, "readings": 2},
        ])
    );
}

#[tokio::test]
async fn a_changed_nested_type_fills_new_views() {
    assert_eq!(
        rebuilt::<nested_type::Totals>().await,
        json!([
            {"total": 3, "last": {"value": 1.0}},
            {"total": 12, "last": {"value": 4.0}},
        ])
    );
}

#[tokio::test]
async fn a_renamed_field_fills_new_views_though_it_has_a_default() {
    assert_eq!(
        rebuilt::<field_renamed::Totals>().await,
        json!([
            {"sum": 3, "last": {"value": 2}},
            {"sum": 12, "last": {"value": 8}},
        ])
    );
}

#[tokio::test]
async fn a_raised_version_fills_new_views() {
    assert_eq!(
        rebuilt::<version_raised::Totals>().await,
        json!([
            {"total": 6, "last": {"value": 2}},
            {"total": 24, "last": {"value": 8}},
        ])
    );
}

#[tokio::test]
async fn an_added_category_fills_new_views_from_its_events_too() {
    let store = filled().await;
    let outside = Ironflow::new(store.clone()).start().await.unwrap();
    outside.of::<House>("a").execute(Heat(5)).await.unwrap();
    let after = start::<category_added::Totals>(store).await;
    assert_eq!(state(&after), ProjectionState::Rebuilding);
    let last = read(&after, "b", &[8]).await;
    let arrived = after.wait_for::<category_added::Totals>(&last, SOON).await;
    arrived.unwrap();
    assert_eq!(view(&after, "a").await["total"], 5003);
    assert_eq!(view(&after, "b").await["total"], 12);
    assert_eq!(applied(), 5);
}

#[tokio::test]
async fn what_is_stored_as_before_is_not_filled_again() {
    let store = filled().await;
    let after = start::<unchanged::Totals>(store.clone()).await;
    assert_eq!(state(&after), ProjectionState::Starting);
    let last = read(&after, "a", &[8]).await;
    let arrived = after.wait_for::<unchanged::Totals>(&last, SOON).await;
    arrived.unwrap();
    assert_eq!(applied(), 1);
    assert_eq!(
        typed::<unchanged::Totals>(&after, "a").await,
        json!({"total": 11, "last": {"value": 8}})
    );
    assert_eq!(head(&store).await["serving"], 1);
}

/// A store in which the first program has filled views of so many meters.
async fn filled_with(faulty: &Faulty, meters: usize) -> Receipt {
    let before = start::<first::Totals>(faulty.clone()).await;
    let mut last = None;
    for meter in 0..meters {
        last = Some(read(&before, &meter.to_string(), &[1, 2]).await);
    }
    let last = last.unwrap();
    before.wait_for::<first::Totals>(&last, SOON).await.unwrap();
    before.stop().await;
    applied();
    last
}

#[tokio::test]
async fn a_rebuild_that_was_interrupted_goes_on_where_it_was() {
    let faulty = Faulty::default();
    let last = filled_with(&faulty, 5_000).await;

    // The beginning, and two batches of two thousand views.
    *faulty.admitted_writes.lock().unwrap() = Some(3);
    let during = start::<field_added::Totals>(faulty.clone()).await;
    until(async || matches!(state(&during), ProjectionState::Retrying { .. })).await;
    assert_eq!(views(&faulty, 2).await, 4_000);
    let meter = "3999".to_owned();
    let error = during.query::<field_added::Totals>(&meter).await.err();
    let text =
        "the views of projection totals are being filled: they are at position 8000 of the log";
    assert_eq!(error.unwrap().to_string(), text);
    drop(during);

    *faulty.admitted_writes.lock().unwrap() = None;
    applied();
    let after = start::<field_added::Totals>(faulty.clone()).await;
    assert_eq!(state(&after), ProjectionState::Rebuilding);
    let arrived = after.wait_for::<field_added::Totals>(&last, SOON).await;
    arrived.unwrap();
    assert_eq!(applied(), 2_000);
    let last = view(&after, "4999").await;
    assert_eq!(
        last,
        json!({"total": 3, "last": {"value": 2}, "readings": 2})
    );
    assert_eq!(views(&faulty, 2).await, 5_000);
    assert_eq!(head(&faulty).await["serving"], 2);
    // A rebuild at whose end there was nothing to apply is over all the same.
    until(async || state(&after) == ProjectionState::Active).await;
    after.stop().await;
    let again = start::<field_added::Totals>(faulty).await;
    assert_eq!(state(&again), ProjectionState::Starting);
}

#[tokio::test]
async fn views_are_looked_up_together_and_only_once() {
    let faulty = Faulty::default();
    filled_with(&faulty, 50).await;
    // Nothing is stored of a projection that begins.
    assert_eq!(*faulty.looked_up_together.lock().unwrap(), [0; 0]);

    let nobody = Ironflow::new(faulty.clone()).start().await.unwrap();
    for meter in 0..20 {
        read(&nobody, &meter.to_string(), &[3]).await;
    }
    let after = start::<first::Totals>(faulty.clone()).await;
    for meter in 0..20 {
        let last = read(&after, &meter.to_string(), &[4]).await;
        after.wait_for::<first::Totals>(&last, SOON).await.unwrap();
    }
    assert_eq!(*faulty.looked_up_together.lock().unwrap(), [20]);
    assert_eq!(view(&after, "19").await["total"], 10);
}

#[tokio::test]
async fn what_could_not_be_written_is_taken_again() {
    let faulty = Faulty::default();
    filled_with(&faulty, 30).await;
    let program = start::<first::Totals>(faulty.clone()).await;
    faulty.refused_writes.store(1, Ordering::SeqCst);
    let last = read(&program, "0", &[4]).await;
    program
        .wait_for::<first::Totals>(&last, SOON)
        .await
        .unwrap();
    assert_eq!(faulty.refused_writes.load(Ordering::SeqCst), 0);
    assert_eq!(view(&program, "0").await["total"], 7);

    // Many pages, of which none is written before the last.
    program.stop().await;
    for meter in ["0", "1", "0", "1"] {
        read(&program, meter, &vec![1; 5_000]).await;
    }
    let last = read(&program, "2", &[1]).await;
    faulty.refused_writes.store(1, Ordering::SeqCst);
    let after = start::<first::Totals>(faulty.clone()).await;
    after.wait_for::<first::Totals>(&last, SOON).await.unwrap();
    assert_eq!(faulty.refused_writes.load(Ordering::SeqCst), 0);
    let totals = [view(&after, "0").await, view(&after, "1").await];
    assert_eq!(totals.map(|view| view["total"].clone()), [10_007, 10_003]);
}

#[tokio::test]
async fn what_another_program_has_written_meanwhile_is_read_again() {
    let faulty = Faulty::default();
    filled_with(&faulty, 1).await;
    let one = start::<first::Totals>(faulty.clone()).await;
    let other = start::<first::Totals>(faulty.clone()).await;
    for (round, program) in [&one, &other].into_iter().cycle().take(20).enumerate() {
        let last = read(program, "0", &[1]).await;
        for program in [&one, &other] {
            program
                .wait_for::<first::Totals>(&last, SOON)
                .await
                .unwrap();
        }
        assert_eq!(view(program, "0").await["total"], 3 + 1 + round);
    }
}

#[tokio::test]
async fn a_rebuild_without_events_comes_to_its_end() {
    let store = MemoryStore::new();
    start::<first::Totals>(store.clone()).await.stop().await;
    let after = start::<field_added::Totals>(store.clone()).await;
    until(async || state(&after) == ProjectionState::Active).await;
    after.stop().await;
    let again = start::<field_added::Totals>(store).await;
    assert_eq!(state(&again), ProjectionState::Starting);
}

#[tokio::test]
async fn the_program_before_goes_on_with_its_own_views() {
    let store = filled().await;
    let old = start::<first::Totals>(store.clone()).await;
    until(async || state(&old) == ProjectionState::Active).await;
    let new = start::<field_added::Totals>(store.clone()).await;
    let last = read(&new, "a", &[8]).await;
    let arrived = new.wait_for::<field_added::Totals>(&last, SOON).await;
    arrived.unwrap();
    old.wait_for::<first::Totals>(&last, SOON).await.unwrap();

    let before = json!({"total": 11, "last": {"value": 8}});
    let after = json!({"total": 11, "last": {"value": 8}, "readings": 3});
    assert_eq!(typed::<first::Totals>(&old, "a").await, before);
    assert_eq!(view(&old, "a").await, before);
    assert_eq!(typed::<field_added::Totals>(&new, "a").await, after);
    assert_eq!(view(&new, "a").await, after);
    assert_eq!(state(&new), ProjectionState::Active);
    assert_eq!(state(&old), ProjectionState::Active);
    assert_eq!(head(&store).await["serving"], 2);

    // Another one later takes its views away, and it says so rather than nothing.
    let third = start::<version_raised::Totals>(store.clone()).await;
    until(async || views(&store, 1).await == 0).await;
    until(async || matches!(state(&old), ProjectionState::Failed { .. })).await;
    for error in [
        old.query::<first::Totals>(&"a".to_owned()).await.err(),
        old.view_json("totals", "a").await.err(),
    ] {
        assert_eq!(
            error.unwrap().to_string(),
            "generation 1 of the views of projection totals has been deleted: generation 3 serves \
             now"
        );
    }
    drop(third);
}

#[tokio::test]
async fn going_back_to_the_program_before_goes_on_with_its_views() {
    let store = filled().await;
    let new = start::<field_type::Totals>(store.clone()).await;
    let last = read(&new, "a", &[8]).await;
    new.wait_for::<field_type::Totals>(&last, SOON)
        .await
        .unwrap();
    new.stop().await;
    applied();
    let back = start::<first::Totals>(store.clone()).await;
    assert_eq!(state(&back), ProjectionState::Starting);
    let last = read(&back, "b", &[16]).await;
    back.wait_for::<first::Totals>(&last, SOON).await.unwrap();
    assert_eq!(applied(), 2);
    assert_eq!(
        view(&back, "a").await,
        json!({"total": 11, "last": {"value": 8}})
    );
    assert_eq!(
        view(&back, "b").await,
        json!({"total": 20, "last": {"value": 16}})
    );
    // Nobody follows the others any more, so these serve.
    until(async || head(&store).await["serving"] == 1).await;
    let asks = Ironflow::new(store).start().await.unwrap();
    assert_eq!(view(&asks, "b").await["total"], 20);
}

#[tokio::test]
async fn a_change_can_be_refused_at_start() {
    let store = filled().await;
    let refusing = || Ironflow::new(store.clone()).when_changed(WhenChanged::Refuse);
    let same = refusing().projection::<unchanged::Totals>().start().await;
    same.unwrap().stop().await;
    let error = refusing().projection::<field_added::Totals>().start().await;
    assert_eq!(
        error.unwrap_err().to_string(),
        "projection totals has changed, so its views have to be filled again: the shape of its \
         state has changed; to do that at start, remove `.when_changed(WhenChanged::Refuse)`"
    );
    assert_eq!(
        head(&store).await["generations"].as_array().unwrap().len(),
        1
    );
    // Where somebody has begun it, it is not refused.
    start::<field_added::Totals>(store.clone())
        .await
        .stop()
        .await;
    let begun = refusing().projection::<field_added::Totals>().start().await;
    begun.unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_programs_of_the_same_shape_share_one_rebuild() {
    for round in 0..50 {
        let store = MemoryStore::new();
        let old = start::<first::Totals>(store.clone()).await;
        for meter in ["a", "b", "c"] {
            for _ in 0..10 {
                read(&old, meter, &[1; 70]).await;
            }
        }
        if round % 2 == 0 {
            old.stop().await;
        }
        let (one, other) = tokio::join!(
            tokio::spawn(start::<field_added::Totals>(store.clone())),
            tokio::spawn(start::<field_added::Totals>(store.clone())),
        );
        let both = [one.unwrap(), other.unwrap()];
        let last = read(&both[0], "a", &[1]).await;
        for new in &both {
            let arrived = new.wait_for::<field_added::Totals>(&last, SOON).await;
            arrived.unwrap();
            for (meter, readings) in [("a", 701), ("b", 700), ("c", 700)] {
                let view = typed::<field_added::Totals>(new, meter).await;
                assert_eq!(view["readings"], readings, "{view}");
            }
        }
        assert_eq!(head(&store).await["serving"], 2);
    }
}

/// Two programs, both of which have seen what was there before one of them has changed it.
async fn start_two_at_once<P: Projection>(faulty: &Faulty) {
    faulty.meeting_readers.store(2, Ordering::SeqCst);
    let (one, other) = tokio::join!(start::<P>(faulty.clone()), start::<P>(faulty.clone()));
    assert_eq!(faulty.meeting_readers.load(Ordering::SeqCst), 0);
    let last = read(&one, "a", &[1]).await;
    for ironflow in [&one, &other] {
        ironflow.wait_for::<P>(&last, SOON).await.unwrap();
    }
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn two_programs_that_begin_the_same_generation_at_once_begin_one() {
    let faulty = Faulty::default();
    let reader = Ironflow::new(faulty.clone()).start().await.unwrap();
    start_two_at_once::<first::Totals>(&faulty).await;
    assert_eq!(head(&faulty).await["serving"], 1);
    assert_eq!(view(&reader, "a").await["total"], 1);
    start_two_at_once::<field_added::Totals>(&faulty).await;
    assert_eq!(head(&faulty).await["serving"], 2);
    assert_eq!(view(&reader, "a").await["total"], 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_programs_that_start_at_once_on_nothing_do_not_fight() {
    for _ in 0..50 {
        let store = MemoryStore::new();
        let (one, other) = tokio::join!(
            tokio::spawn(start::<first::Totals>(store.clone())),
            tokio::spawn(start::<field_added::Totals>(store.clone())),
        );
        let (one, other) = (one.unwrap(), other.unwrap());
        let last = read(&one, "a", &[1, 2]).await;
        let (first, second) = tokio::join!(
            one.wait_for::<first::Totals>(&last, SOON),
            other.wait_for::<field_added::Totals>(&last, SOON),
        );
        // Each has views of its own.
        first.unwrap();
        second.unwrap();
        assert_eq!(typed::<first::Totals>(&one, "a").await["total"], 3);
        assert_eq!(
            typed::<field_added::Totals>(&other, "a").await["readings"],
            2
        );
        assert_eq!(head(&store).await["serving"], 2);
        let newest = Ironflow::new(store).start().await.unwrap();
        assert_eq!(view(&newest, "a").await["total"], 3);
    }
}

#[tokio::test]
async fn views_before_the_last_are_deleted_in_batches_and_an_interruption_does_no_harm() {
    let faulty = Faulty::default();
    let one = start::<first::Totals>(faulty.clone()).await;
    for meter in 0..1200 {
        read(&one, &meter.to_string(), &[1]).await;
    }
    let last = read(&one, "a", &[1]).await;
    one.wait_for::<first::Totals>(&last, SOON).await.unwrap();
    one.stop().await;
    let two = start::<field_added::Totals>(faulty.clone()).await;
    two.wait_for::<field_added::Totals>(&last, SOON)
        .await
        .unwrap();
    two.stop().await;
    assert_eq!(
        (views(&faulty, 1).await, views(&faulty, 2).await),
        (1201, 1201)
    );
    assert_eq!(faulty.most_deletions.load(Ordering::SeqCst), 0);

    // The beginning, a batch of views, a batch of deletions.
    *faulty.admitted_writes.lock().unwrap() = Some(3);
    let three = start::<version_raised::Totals>(faulty.clone()).await;
    until(async || matches!(state(&three), ProjectionState::Retrying { .. })).await;
    drop(three);
    assert_eq!(views(&faulty, 1).await, 701);

    *faulty.admitted_writes.lock().unwrap() = None;
    let three = start::<version_raised::Totals>(faulty.clone()).await;
    until(async || views(&faulty, 1).await == 0).await;
    until(async || head(&faulty).await["outdated"] == json!([])).await;
    three
        .wait_for::<version_raised::Totals>(&last, SOON)
        .await
        .unwrap();
    assert_eq!(
        (views(&faulty, 2).await, views(&faulty, 3).await),
        (1201, 1201)
    );
    assert_eq!(view(&three, "a").await["total"], 2);
    // And the checkpoint.
    assert_eq!(faulty.most_deletions.load(Ordering::SeqCst), 501);
}

#[tokio::test]
async fn whoever_does_not_follow_asks_for_what_is_there_or_is_told_why_not() {
    let store = filled().await;
    let asks = Ironflow::new(store.clone()).start().await.unwrap();
    assert_eq!(typed::<first::Totals>(&asks, "a").await["total"], 3);
    assert_eq!(typed::<unchanged::Totals>(&asks, "a").await["total"], 3);
    assert_eq!(typed::<first::Totals>(&asks, "z").await, Value::Null);
    let other = |error: Option<QueryError>| match error {
        Some(error @ QueryError::OtherShape { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let a = || "a".to_owned();
    assert_eq!(
        other(asks.query::<field_added::Totals>(&a()).await.err()),
        "the views of projection totals are not this program's: the shape of its state has changed"
    );
    assert_eq!(
        other(asks.query::<version_raised::Totals>(&a()).await.err()),
        "the views of projection totals are not this program's: its version is 1 now"
    );
    assert_eq!(
        other(asks.query::<category_added::Totals>(&a()).await.err()),
        "the views of projection totals are not this program's: it reads the categories meter now"
    );

    let follows = start::<field_added::Totals>(store).await;
    until(async || state(&follows) == ProjectionState::Active).await;
    assert_eq!(
        typed::<field_added::Totals>(&asks, "a").await["readings"],
        2
    );
    assert_eq!(view(&asks, "a").await["readings"], 2);
    // Under a name that is followed here as another type.
    other(follows.query::<first::Totals>(&a()).await.err());
    other(asks.query::<first::Totals>(&a()).await.err());
    let nothing = Ironflow::new(MemoryStore::new()).start().await.unwrap();
    assert_eq!(typed::<first::Totals>(&nothing, "a").await, Value::Null);
    assert_eq!(view(&nothing, "a").await, Value::Null);
}

#[tokio::test]
async fn a_change_that_nobody_can_see_is_an_error_and_no_misreading() {
    let store = MemoryStore::new();
    let before = start::<opaque_number::Totals>(store.clone()).await;
    let last = read(&before, "a", &[1]).await;
    before
        .wait_for::<opaque_number::Totals>(&last, SOON)
        .await
        .unwrap();
    before.stop().await;

    let after = start::<opaque_text::Totals>(store).await;
    assert_eq!(state(&after), ProjectionState::Starting);
    let error = after
        .query::<opaque_text::Totals>(&"a".to_owned())
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the view a of projection totals does not fit its type: raise the `version` in \
         `#[projection(\"totals\", version = …)]`, to fill new views from the start of the log"
    );
    let last = read(&after, "a", &[2]).await;
    let error = after
        .wait_for::<opaque_text::Totals>(&last, SOON)
        .await
        .unwrap_err();
    assert!(
        error.to_string().contains("does not fit its type"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_taken_away_stops_the_projection() {
    for (bucket, name, told) in [
        (
            "projection-checkpoints",
            "totals/1",
            "generation 1 of the views of this projection is gone: start the program again",
        ),
        (
            "projections",
            "totals",
            "it was deleted: start the program again",
        ),
    ] {
        let store = filled().await;
        let follows = start::<first::Totals>(store.clone()).await;
        until(async || state(&follows) == ProjectionState::Active).await;
        let key = Key::new(bucket, name);
        store.write(vec![Write::delete(key)]).await.unwrap();
        until(async || matches!(state(&follows), ProjectionState::Failed { .. })).await;
        let last = read(&follows, "a", &[8]).await;
        let error = follows.wait_for::<first::Totals>(&last, SOON).await;
        assert_eq!(
            error.unwrap_err().to_string(),
            format!("projection totals has stopped: {told}")
        );
        // Nothing was doubled.
        assert_eq!(view(&follows, "a").await["total"], 3);
    }
}
