//! Many commands at once on a store that fails, forgets to answer and is written to by others; what
//! everyone was told is compared with what is in the store.
//!
//! Time is the test's own, and chance has a seed: a failure names it, and comes back with it.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use ironflow_domain::store::{
    Append, AppendError, Appended, Capabilities, Entry, ExpectedVersion, Key, KeyRange,
    KeyValueStore, ListStreams, LogPage, MemoryStore, NewEvent, ReadLog, ReadStream, Revision,
    StoreError, StoreErrorKind, StreamInfo, StreamPage, StreamStore, Write, WriteError,
    async_trait,
};
use ironflow_domain::{
    Aggregate, CommandPolicy, Decide, Decision, EventId, ExecuteError, Fold, Ironflow, Metadata,
    Position, Reason, Receipt, RecordedEvent, SchemaVersion, StreamId, StreamVersion,
    TransactionError, TransactionReceipt, command, event, events,
};
use serde::{Deserialize, Serialize};
use tokio::task::LocalSet;
use tokio::time::{sleep, timeout};

#[event("till", dropped("till.viewed"))]
pub(crate) enum TillEvent {
    /// `seen` is what was in it before.
    Put {
        cents: u32,
        seen: u32,
    },
    Taken {
        cents: u32,
        seen: u32,
    },
}

/// What the refusal was decided on.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("after {moves} moves there are {sum} in it")]
pub(crate) struct TooLittle {
    moves: u32,
    sum: u32,
}

#[derive(Aggregate, Default, Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[aggregate(event = TillEvent, error = TooLittle, snapshot(every = 3))]
pub(crate) struct Till {
    moves: u32,
    sum: u32,
}

impl Fold for Till {
    fn fold(&mut self, event: &TillEvent) {
        self.moves += 1;
        match event {
            TillEvent::Put { cents, .. } => self.sum += cents,
            TillEvent::Taken { cents, .. } => self.sum -= cents,
        }
    }
}

#[command(Till)]
#[derive(Serialize, Debug, PartialEq)]
pub(crate) enum Use {
    /// So many events of one cent each.
    Put {
        times: u32,
    },
    Take {
        cents: u32,
    },
    /// Takes what is more than so much.
    Skim {
        above: u32,
    },
    Break,
}

impl Decide<Use> for Till {
    fn decide(&self, command: Use) -> Decision<Self> {
        let Self { moves, sum } = *self;
        match command {
            Use::Put { times } => Ok((0..times)
                .map(|put| TillEvent::Put {
                    cents: 1,
                    seen: sum + put,
                })
                .collect()),
            Use::Take { cents } if cents > sum => Err(TooLittle { moves, sum }),
            Use::Take { cents } => Ok(events![TillEvent::Taken { cents, seen: sum }]),
            Use::Skim { above } if sum > above => Ok(events![TillEvent::Taken {
                cents: sum - above,
                seen: sum
            }]),
            Use::Skim { .. } => Ok(events![]),
            Use::Break => panic!("as it was told to"),
        }
    }
}

/// Puts something in where nothing ever was.
#[command(Till, creates)]
#[derive(Serialize, Debug)]
pub(crate) struct Begin;

impl Decide<Begin> for Till {
    fn decide(&self, _: Begin) -> Decision<Self> {
        let seen = self.sum;
        Ok(events![TillEvent::Put { cents: 5, seen }])
    }
}

/// What goes wrong, and when.
#[derive(Clone)]
struct Stormy {
    store: MemoryStore,
    chance: Arc<Mutex<Rng>>,
    capabilities: Capabilities,
}

impl Stormy {
    /// Whether something happens that happens so often in a hundred.
    fn happens(&self, percent: u32) -> bool {
        self.chance.lock().unwrap().u32(0..100) < percent
    }

    async fn wait(&self) {
        if self.happens(60) {
            let micros = self.chance.lock().unwrap().u64(0..3_000);
            sleep(Duration::from_micros(micros)).await;
        }
    }

    async fn read(&self) -> Result<(), StoreError> {
        self.wait().await;
        if self.happens(1) {
            return Err(failure(StoreErrorKind::Unavailable));
        }
        Ok(())
    }

    /// Someone else looks at the till, and leaves a trace of that.
    async fn view(&self, stream: &StreamId) {
        let event = NewEvent {
            id: EventId::from(uuid::Uuid::now_v7()),
            name: "till.viewed".into(),
            schema_version: SchemaVersion::new(1),
            source: "api".into(),
            data: "{}".to_owned(),
            metadata: Metadata::default(),
        };
        let append = Append {
            stream: stream.clone(),
            expected: ExpectedVersion::Any,
            events: vec![event],
        };
        self.store.append(append).await.unwrap();
    }
}

fn failure(kind: StoreErrorKind) -> StoreError {
    StoreError::new(kind, "failed as it was told to")
}

#[async_trait]
impl StreamStore for Stormy {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        Ok(self.append_all(vec![append]).await?.remove(0))
    }

    async fn append_all(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        assert!(
            appends.len() <= 1 || self.capabilities.several_streams,
            "it cannot do that"
        );
        self.wait().await;
        if self.happens(10) {
            self.view(&appends[0].stream).await;
        }
        if self.happens(3) {
            return Err(failure(StoreErrorKind::Unavailable).into());
        }
        if self.happens(3) {
            // It happens, if it still can, when nobody thinks of it any more.
            let (store, wait) = (self.store.clone(), self.clone());
            tokio::spawn(async move {
                wait.wait().await;
                drop(store.append_all(appends).await);
            });
            return Err(failure(StoreErrorKind::InDoubt).into());
        }
        let appended = self.store.append_all(appends).await;
        self.wait().await;
        if appended.is_ok() && self.happens(3) {
            return Err(failure(StoreErrorKind::InDoubt).into());
        }
        appended
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        mut read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        self.read().await?;
        // Several pages, with something in between.
        read.limit = read.limit.min(7);
        let page = self.store.read_stream(stream, read).await;
        self.wait().await;
        page
    }

    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError> {
        self.store.read_log(read).await
    }

    async fn log_grown(&self, position: Position) -> Result<(), StoreError> {
        self.store.log_grown(position).await
    }

    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
        self.read().await?;
        let event = self.store.find_event(id).await;
        self.wait().await;
        event
    }

    async fn stream_info(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StoreError> {
        self.read().await?;
        self.store.stream_info(stream).await
    }

    async fn list_streams(&self, list: ListStreams) -> Result<Vec<StreamInfo>, StoreError> {
        self.store.list_streams(list).await
    }
}

#[async_trait]
impl KeyValueStore for Stormy {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.read().await?;
        let entry = self.store.get(key).await;
        self.wait().await;
        entry
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        self.store.list(range).await
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        self.read().await?;
        let written = self.store.write(batch).await;
        self.read().await?;
        written
    }
}

/// What someone asked for.
#[derive(Debug, Clone, PartialEq)]
enum Asked {
    Begin {
        till: usize,
    },
    Use {
        till: usize,
        what: Use,
    },
    Both {
        first: (usize, Use),
        then: (usize, Use),
    },
}

/// What someone was told.
#[derive(Debug)]
enum Told {
    Done(Receipt),
    BothDone(TransactionReceipt),
    /// Nothing was recorded for this call.
    Refused,
    /// It may have been recorded.
    Unknown,
}

/// What is known about an id.
#[derive(Default, Debug)]
struct Known {
    told: Vec<Told>,
}

struct Storm {
    store: MemoryStore,
    ironflows: Vec<Ironflow>,
    chance: RefCell<Rng>,
    known: RefCell<BTreeMap<String, (Asked, Known)>>,
    /// What was told of states: the till, between which versions, and what.
    states: RefCell<Vec<(usize, u64, u64, Seen)>>,
}

#[derive(Debug)]
enum Seen {
    Exactly(TooLittle),
    /// At that version there was not more than so much.
    Nothing {
        version: u64,
        above: Option<u32>,
    },
    At {
        version: u64,
        instead_of: u64,
    },
    Something,
}

const TILLS: usize = 3;

fn till(till: usize) -> StreamId {
    StreamId::new("till", till).unwrap()
}

fn events_of(what: &Use) -> Option<usize> {
    match what {
        Use::Put { times } => Some(*times as usize),
        Use::Take { .. } => Some(1),
        Use::Skim { .. } => None,
        Use::Break => Some(0),
    }
}

impl Storm {
    async fn new(seed: u64) -> Self {
        let store = MemoryStore::new();
        let chance = Arc::new(Mutex::new(Rng::with_seed(seed)));
        let mut ironflows = Vec::new();
        for cached in [1_024, 1, 0, 1_024] {
            let capabilities = if ironflows.len() == 3 {
                Capabilities::default()
            } else {
                Capabilities::ALL
            };
            let store = Stormy {
                store: store.clone(),
                chance: Arc::clone(&chance),
                capabilities,
            };
            let builder = Ironflow::new(store).cached_streams(cached);
            ironflows.push(builder.start().await.unwrap());
        }
        Self {
            store,
            ironflows,
            chance: RefCell::new(Rng::with_seed(!seed)),
            known: RefCell::default(),
            states: RefCell::default(),
        }
    }

    fn pick(&self, below: u32) -> u32 {
        self.chance.borrow_mut().u32(0..below)
    }

    fn place(&self, below: usize) -> usize {
        self.chance.borrow_mut().usize(0..below)
    }

    fn pick_till(&self) -> usize {
        self.place(TILLS)
    }

    fn pick_use(&self) -> Use {
        match self.pick(20) {
            0..8 => Use::Put {
                times: self.pick(4),
            },
            8..15 => Use::Take {
                cents: self.pick(6),
            },
            15..19 => Use::Skim {
                above: self.pick(8),
            },
            _ => Use::Break,
        }
    }

    /// Something new, or something that was asked for before.
    fn ask(&self) -> (String, Asked) {
        let known = self.known.borrow();
        if !known.is_empty() && self.pick(3) == 0 {
            let back = self.place(known.len().min(4));
            let (id, (asked, _)) = known.iter().rev().nth(back).unwrap();
            return (id.clone(), asked.clone());
        }
        let id = format!("{:06}", known.len());
        let asked = match self.pick(10) {
            0 => Asked::Begin {
                till: self.pick_till(),
            },
            1 | 2 => Asked::Both {
                first: (self.pick_till(), self.pick_use()),
                then: (self.pick_till(), self.pick_use()),
            },
            _ => Asked::Use {
                till: self.pick_till(),
                what: self.pick_use(),
            },
        };
        (id, asked)
    }

    async fn version(&self, of: usize) -> u64 {
        let info = self.store.stream_info(&till(of)).await.unwrap();
        info.map_or(0, |info| info.version.get())
    }

    fn policy(&self) -> CommandPolicy {
        let mut policy = CommandPolicy::new().queued(self.pick(4) > 0);
        if self.pick(5) == 0 {
            policy = policy.deadline(Duration::from_micros(self.pick(6_000).into()));
        }
        if self.pick(5) == 0 {
            policy = policy.attempts(1);
        }
        policy
    }

    async fn go(self: Rc<Self>) {
        for _ in 0..8 {
            let (id, asked) = self.ask();
            self.known
                .borrow_mut()
                .entry(id.clone())
                .or_insert_with(|| (asked.clone(), Known::default()));
            let calling = {
                let (storm, id, asked) = (Rc::clone(&self), id.clone(), asked.clone());
                tokio::task::spawn_local(async move { storm.call(&id, asked).await })
            };
            let told = if self.pick(6) == 0 {
                let micros = self.pick(6_000).into();
                let abort = calling.abort_handle();
                let told = timeout(Duration::from_micros(micros), calling).await;
                told.unwrap_or_else(|_| {
                    abort.abort();
                    Ok(Told::Unknown)
                })
            } else {
                calling.await
            };
            let told = told.unwrap_or_else(|error| {
                let panic = error.into_panic();
                assert_eq!(panic.downcast_ref(), Some(&"as it was told to"), "{id}");
                Told::Refused
            });
            let mut known = self.known.borrow_mut();
            let (_, known) = known.get_mut(&id).unwrap();
            known.told.push(told);
        }
    }

    async fn call(&self, id: &str, asked: Asked) -> Told {
        let ironflow = &self.ironflows[self.place(4)];
        let policy = self.policy();
        match asked {
            Asked::Both { first, then } => {
                let several = self.place(3);
                let transactions = self.ironflows[several].transactions().unwrap();
                let from = [self.version(first.0).await, self.version(then.0).await];
                let tills = [first.0, then.0];
                let outcome = transactions
                    .execute_on(first.0, first.1)
                    .execute_on(then.0, then.1)
                    .command_id(id)
                    .policy(policy)
                    .await;
                match outcome {
                    Ok(receipt) => Told::BothDone(receipt),
                    Err(TransactionError::Refused { index, source, .. }) => {
                        // The second one on the same till was decided on what the first one led to.
                        if index == 0 || tills[0] != tills[1] {
                            self.saw(tills[index], from[index], &source).await;
                        }
                        told(id, &source)
                    }
                    Err(TransactionError::Execute(error)) => told(id, &error),
                    Err(error) => panic!("{id}: {error}"),
                }
            }
            Asked::Begin { till } => {
                let from = self.version(till).await;
                let execution = ironflow.of::<Till>(till).execute(Begin);
                let outcome = execution.command_id(id).policy(policy).await;
                self.answered(id, till, from, None, outcome).await
            }
            Asked::Use { till, what } => {
                let from = self.version(till).await;
                let above = match what {
                    Use::Skim { above } => Some(above),
                    _ => None,
                };
                let execution = ironflow.of::<Till>(till).execute(what);
                let mut execution = execution.command_id(id).policy(policy);
                if self.pick(8) == 0 {
                    let version = StreamVersion::new(from.saturating_sub(self.pick(2).into()));
                    execution = execution.expected_version(ExpectedVersion::Exact(version));
                }
                let outcome = execution.await;
                self.answered(id, till, from, above, outcome).await
            }
        }
    }

    async fn answered(
        &self,
        id: &str,
        till: usize,
        from: u64,
        above: Option<u32>,
        outcome: Result<Receipt, ExecuteError<TooLittle>>,
    ) -> Told {
        let error = match outcome {
            Ok(receipt) => {
                assert_eq!(receipt.command_id.as_str(), id);
                if receipt.event_ids.is_empty() {
                    let version = receipt.version.get();
                    let to = self.version(till).await;
                    let seen = Seen::Nothing { version, above };
                    self.states.borrow_mut().push((till, from, to, seen));
                }
                return Told::Done(receipt);
            }
            Err(error) => error.boxed(),
        };
        self.saw(till, from, &error).await;
        told(id, &error)
    }

    /// A refusal says what it was decided on.
    async fn saw(&self, till: usize, from: u64, error: &ExecuteError<Reason>) {
        let seen = match error {
            ExecuteError::Rejected(reason) => Seen::Exactly(*reason.downcast_ref().unwrap()),
            ExecuteError::AlreadyExists { .. } => Seen::Something,
            ExecuteError::Conflict { conflict, .. } => match conflict.expected {
                ExpectedVersion::Exact(expected) => Seen::At {
                    version: conflict.actual.get(),
                    instead_of: expected.get(),
                },
                _ => panic!("{conflict}"),
            },
            _ => return,
        };
        let to = self.version(till).await;
        self.states.borrow_mut().push((till, from, to, seen));
    }

    async fn check(&self) {
        let mut histories = Vec::new();
        let mut by_id: HashMap<String, Vec<(usize, u64, EventId, Position)>> = HashMap::new();
        for till in 0..TILLS {
            let stream = StreamId::new("till", till).unwrap();
            let from = StreamVersion::new(1);
            let read = ReadStream::forward(from).limit(usize::MAX);
            let page = self.store.read_stream(&stream, read).await.unwrap();
            let mut state = Till::default();
            let mut history = vec![state];
            for event in page.events.iter() {
                let metadata = event.read_metadata().unwrap();
                let version = event.version.get();
                if let Some(id) = metadata.causation_id {
                    let at = by_id.entry(id).or_default();
                    at.push((till, version, event.id, event.position));
                    let data: serde_json::Value = serde_json::from_str(event.data).unwrap();
                    let seen = data["seen"].as_u64();
                    let sum = Some(u64::from(state.sum));
                    assert_eq!(
                        seen, sum,
                        "{version} of till {till} was decided on another state"
                    );
                    let cents = u32::try_from(data["cents"].as_u64().unwrap()).unwrap();
                    state.moves += 1;
                    match event.name {
                        "till.put" => state.sum += cents,
                        _ => state.sum = state.sum.checked_sub(cents).expect("there was less"),
                    }
                }
                history.push(state);
            }
            for ironflow in &self.ironflows {
                let loaded = loop {
                    if let Ok(loaded) = ironflow.of::<Till>(till).load().await {
                        break loaded;
                    }
                };
                assert_eq!(loaded.state, state, "as the snapshots have it");
                assert_eq!(loaded.version.get(), history.len() as u64 - 1);
                let views = loaded.version.get() - u64::from(state.moves);
                assert_eq!(loaded.dropped, views);
            }
            histories.push(history);
        }
        for (till, from, to, seen) in &*self.states.borrow() {
            let history = &histories[*till];
            let versions = (0_u64..).zip(history).take_while(|at| at.0 <= *to);
            let mut versions = versions.skip_while(|at| at.0 < *from);
            let is_true = versions.any(|(version, state)| match *seen {
                Seen::Exactly(told) => (told.moves, told.sum) == (state.moves, state.sum),
                Seen::Nothing { version: at, above } => {
                    at == version && above.is_none_or(|above| state.sum <= above)
                }
                Seen::At {
                    version: at,
                    instead_of,
                } => at == version && at != instead_of,
                Seen::Something => version > 0,
            });
            assert!(
                is_true,
                "till {till} was not so from {from} to {to}: {seen:?}"
            );
        }
        for (id, (asked, known)) in &*self.known.borrow() {
            let recorded = by_id.remove(id).unwrap_or_default();
            check_id(id, asked, known, &recorded);
        }
        assert!(by_id.is_empty(), "nobody asked for {by_id:?}");
    }
}

fn told(id: &str, error: &ExecuteError<Reason>) -> Told {
    match error {
        ExecuteError::Rejected(_)
        | ExecuteError::AlreadyExists { .. }
        | ExecuteError::Conflict { .. }
        | ExecuteError::DeadlineExceeded { .. } => Told::Refused,
        ExecuteError::Store(error) if error.kind() == StoreErrorKind::Unavailable => Told::Refused,
        ExecuteError::Store(error) if error.kind() == StoreErrorKind::InDoubt => Told::Unknown,
        error => panic!("{id}: {error:?}"),
    }
}

fn check_id(id: &str, asked: &Asked, known: &Known, recorded: &[(usize, u64, EventId, Position)]) {
    // Once, and whole.
    let parts = match asked {
        Asked::Begin { till } => vec![(*till, Some(1))],
        Asked::Use { till, what } => vec![(*till, events_of(what))],
        Asked::Both { first, then } => {
            vec![(first.0, events_of(&first.1)), (then.0, events_of(&then.1))]
        }
    };
    if !recorded.is_empty() {
        let skims = parts.iter().filter(|part| part.1.is_none()).count();
        let least: usize = parts.iter().filter_map(|part| part.1).sum();
        let most = least + skims;
        let count = recorded.len();
        assert!(
            (least..=most).contains(&count),
            "{id}: {asked:?} {recorded:?}"
        );
    }
    let mut is_known = false;
    for told in &known.told {
        let receipts = match told {
            Told::Done(receipt) => std::slice::from_ref(receipt),
            Told::BothDone(both) => &both.receipts,
            Told::Refused => continue,
            Told::Unknown => {
                is_known = true;
                continue;
            }
        };
        let ids: Vec<_> = receipts.iter().flat_map(|one| &one.event_ids).collect();
        if ids.is_empty() {
            continue;
        }
        is_known = true;
        let expected: Vec<_> = {
            let mut in_log: Vec<_> = recorded.to_vec();
            in_log.sort_by_key(|event| event.3);
            in_log.into_iter().map(|event| event.2).collect()
        };
        assert!(
            ids.iter().copied().eq(&expected),
            "{id}: {told:?} {recorded:?}"
        );
        for receipt in receipts {
            if let Some(last) = receipt.event_ids.last() {
                let event = recorded.iter().find(|event| event.2 == *last).unwrap();
                assert_eq!(receipt.version.get(), event.1, "{id}: {told:?}");
                assert_eq!(receipt.position, Some(event.3), "{id}: {told:?}");
                assert_eq!(receipt.stream, till(event.0), "{id}: {told:?}");
            }
        }
    }
    assert!(
        recorded.is_empty() || is_known,
        "{id} was refused, and recorded: {asked:?} {known:?}"
    );
}

fn storm(seed: u64) {
    fastrand::seed(seed);
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().start_paused(true).build().unwrap();
    runtime.block_on(LocalSet::new().run_until(async {
        let storm = Rc::new(Storm::new(seed).await);
        let callers: Vec<_> = (0..12)
            .map(|_| tokio::task::spawn_local(Rc::clone(&storm).go()))
            .collect();
        for caller in callers {
            let hour = Duration::from_hours(1);
            let gone = timeout(hour, caller).await;
            gone.expect("nobody waits for ever").unwrap();
        }
        // What nobody thinks of any more has happened, or never will.
        sleep(Duration::from_mins(1)).await;
        storm.check().await;
    }));
}

#[test]
fn everyone_was_told_the_truth() {
    let seeds = std::env::var("STORMS").map_or(150, |storms| storms.parse().unwrap());
    for seed in 0..seeds {
        let storm = std::panic::catch_unwind(|| storm(seed));
        assert!(storm.is_ok(), "that was the storm with the seed {seed}");
    }
}
