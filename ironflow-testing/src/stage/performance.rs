//! A story performed on a store.

use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::thread;

use ironflow_domain::store::{Append, ExpectedVersion, NewEvent, ReadStream, Store};
use ironflow_domain::{
    Aggregate, Command, CommandKind, CommandMetadata, Decision, Decoder, EventId, ExecuteError,
    InvalidStreamId, Ironflow, Metadata, Receipt, StreamId, StreamVersion,
};

use super::telling::performing;
use crate::contract::Fixture;
use crate::log::ToAppend;
use crate::scenario::{chain, numbered, says_the_same};

type Opening = Pin<Box<dyn Future<Output = Fixture> + Send>>;

/// Where stories are performed.
#[derive(Clone)]
struct Stage {
    name: &'static str,
    open: Arc<dyn Fn() -> Opening + Send + Sync>,
}

thread_local! {
    /// How many commands were executed in the story that is told.
    static PERFORMED: Cell<usize> = const { Cell::new(0) };
    static STAGE: RefCell<Option<Stage>> = const { RefCell::new(None) };
}

/// Performs a story on a store, opened anew for each command; for `#[story]`.
///
/// # Panics
///
/// When the story fails on the store, or executes nothing there.
pub fn on_store<O, T>(
    name: &'static str,
    open: impl Fn() -> O + Send + Sync + 'static,
    story: impl FnOnce() -> T,
) -> T
where
    O: Future<Output = Fixture> + Send + 'static,
{
    let stage = Stage {
        name,
        open: Arc::new(move || Box::pin(open())),
    };
    performing(|| {
        PERFORMED.set(0);
        STAGE.set(Some(stage));
        let outcome = story();
        STAGE.set(None);
        assert!(
            PERFORMED.get() > 0,
            "on the store `{name}`, no command was executed in the thread of the test: this says nothing about a store, so \
             tell the story without one"
        );
        outcome
    })
}

/// What a command came to without a store.
pub(crate) struct Expected<'a, A: Aggregate> {
    pub(crate) history: &'a [ToAppend],
    pub(crate) issued: &'a CommandMetadata,
    pub(crate) metadata: &'a Metadata,
    pub(crate) outcome: &'a Result<Vec<A::Event>, A::Error>,
}

/// Why a store made something else of it: a headline, what was expected and what was found.
pub(crate) struct Difference {
    pub(crate) headline: String,
    pub(crate) expected: String,
    pub(crate) produced: String,
}

/// Executes the command on the store of this story, if it has one.
pub(crate) fn perform<C>(
    command: &C,
    context: &Arc<C::Context>,
    expected: &Expected<'_, C::Aggregate>,
) -> Option<Difference>
where
    C: Command<Aggregate: Aggregate<Event: Debug + PartialEq>>,
{
    let stage = STAGE.with_borrow(Clone::clone)?;
    PERFORMED.set(PERFORMED.get() + 1);
    let on_stage = OnStage {
        command: command.clone(),
        context: Arc::clone(context),
    };
    // A test may run inside a runtime, and no runtime blocks within another.
    let performed = thread::scope(|scope| {
        let perform = scope.spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.expect("a runtime can be started");
            runtime.block_on(performance(&stage, on_stage, expected))
        });
        perform.join()
    });
    match performed {
        Ok(difference) => difference.map(|mut difference| {
            difference.headline = format!("on the store `{}`, {}", stage.name, difference.headline);
            difference
        }),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// A command with its context, so that nothing has to be enriched.
struct OnStage<C: Command> {
    command: C,
    context: Arc<C::Context>,
}

impl<C: Command> Clone for OnStage<C> {
    fn clone(&self) -> Self {
        Self {
            command: self.command.clone(),
            context: Arc::clone(&self.context),
        }
    }
}

impl<C: Command> Command for OnStage<C> {
    type Aggregate = C::Aggregate;
    type Context = ();
    const CREATES: bool = C::CREATES;
    const KINDS: &'static [CommandKind] = C::KINDS;

    fn name(&self) -> &'static str {
        self.command.name()
    }

    fn own_stream(&self) -> Option<Result<StreamId, InvalidStreamId>> {
        self.command.own_stream()
    }

    fn decide(self, state: &Self::Aggregate, (): &()) -> Decision<Self::Aggregate> {
        self.command.decide(state, &self.context)
    }
}

type Executed<C> = Result<Receipt, ExecuteError<<<C as Command>::Aggregate as Aggregate>::Error>>;

async fn performance<C>(
    stage: &Stage,
    command: OnStage<C>,
    expected: &Expected<'_, C::Aggregate>,
) -> Option<Difference>
where
    C: Command<Aggregate: Aggregate<Event: Debug + PartialEq>>,
{
    let store = (stage.open)().await;
    let category = <C::Aggregate as Aggregate>::CATEGORY;
    let stream = match command.own_stream() {
        Some(stream) => stream,
        None => StreamId::new(category, 1),
    };
    let stream = stream.expect("the scenario has looked at the command's stream");
    if expected.history.iter().any(|append| append.time.is_some()) {
        return Some(Difference {
            headline: "an event cannot have a time of its own: the store gives it the time at which it is stored"
                .to_owned(),
            expected: "`stored(…).at(…)`".to_owned(),
            produced: "a store with a clock: tell this story without one".to_owned(),
        });
    }
    let before = match fill(&*store, &stream, expected.history).await {
        Ok(before) => before,
        Err(error) => {
            return Some(Difference {
                headline:
                    "what was given cannot be appended: each command needs a store that is fresh"
                        .to_owned(),
                expected: "a store without the stream".to_owned(),
                produced: error,
            });
        }
    };
    let ironflow = Ironflow::new(store.store()).start().await;
    let ironflow = ironflow.expect("an application without projections starts on any store");

    let executed = execute(&ironflow, &stream, &command, expected.issued).await;
    let difference = match (expected.outcome, &executed) {
        (Ok(events), Ok(receipt)) => accepted(&*store, receipt, before, events, expected).await,
        (Err(error), Err(ExecuteError::Rejected(reason))) => {
            let (expected, produced) = (format!("{error:?}"), format!("{reason:?}"));
            (!says_the_same(&expected, &produced)).then(|| Difference {
                headline: "the command was refused for another reason".to_owned(),
                expected,
                produced,
            })
        }
        (Ok(events), Err(error)) => Some(Difference {
            headline: "the command failed".to_owned(),
            expected: numbered(events),
            produced: chain(error),
        }),
        (Err(error), Ok(_)) => Some(Difference {
            headline: "the command was accepted".to_owned(),
            expected: chain(error),
            produced: numbered(&read::<C::Aggregate>(&*store, &stream, before).await),
        }),
        (Err(error), Err(failure)) => Some(Difference {
            headline: "the command failed".to_owned(),
            expected: chain(error),
            produced: chain(failure),
        }),
    };
    if difference.is_some() {
        return difference;
    }
    let Ok(first) = executed else { return None };
    repeated(
        &first,
        execute(&ironflow, &stream, &command, expected.issued).await,
    )
}

async fn execute<C: Command>(
    ironflow: &Ironflow,
    stream: &StreamId,
    command: &OnStage<C>,
    issued: &CommandMetadata,
) -> Executed<C> {
    let target = ironflow.of::<C::Aggregate>(stream.id());
    let mut execution = target
        .execute(command.clone())
        .command_id(issued.command_id.clone());
    if let Some(who) = &issued.issued_by {
        execution = execution.issued_by(who);
    }
    if let Some(id) = &issued.correlation_id {
        execution = execution.correlation_id(id);
    }
    if let Some(id) = &issued.tenant_id {
        execution = execution.tenant_id(id);
    }
    for (key, value) in &issued.extra {
        execution = execution.metadata(key, value);
    }
    execution.await
}

/// Appends what was given; returns where the stream is then.
async fn fill(
    store: &dyn Store,
    stream: &StreamId,
    history: &[ToAppend],
) -> Result<StreamVersion, String> {
    let mut version = StreamVersion::EMPTY;
    let mut nth: u128 = 0;
    for ToAppend {
        payloads, metadata, ..
    } in history.iter().filter(|append| !append.payloads.is_empty())
    {
        let events = payloads.iter().map(|payload| {
            nth += 1;
            NewEvent {
                id: EventId::from_bytes(nth.to_be_bytes()),
                name: payload.name.clone().into(),
                schema_version: payload.version,
                source: "story".into(),
                data: payload.json.clone(),
                metadata: metadata.clone().unwrap_or_default(),
            }
        });
        let append = Append {
            stream: stream.clone(),
            expected: ExpectedVersion::Exact(version),
            events: events.collect(),
        };
        match store.append(append).await {
            Ok(appended) => version = appended.version,
            Err(error) => return Err(chain(&error)),
        }
    }
    Ok(version)
}

/// The events after a version, and nothing else.
async fn read<A: Aggregate>(
    store: &dyn Store,
    stream: &StreamId,
    after: StreamVersion,
) -> Vec<A::Event> {
    let mut events = Vec::new();
    let mut decoder = Decoder::<A::Event>::new();
    let mut next = Some(after.next());
    while let Some(from) = next {
        let page = match store.read_stream(stream, ReadStream::forward(from)).await {
            Ok(page) => page,
            Err(error) => panic!("the stream cannot be read: {}", chain(&error)),
        };
        for event in page.events.iter() {
            match decoder.decode(&event) {
                Ok(read) => events.extend(read),
                Err(error) => panic!("the stream cannot be read: {}", chain(&error)),
            }
        }
        next = page.next;
    }
    events
}

/// Whether the log has what was decided, and whether that carries what is known about the command.
async fn accepted<A: Aggregate<Event: Debug + PartialEq>>(
    store: &dyn Store,
    receipt: &Receipt,
    before: StreamVersion,
    events: &[A::Event],
    expected: &Expected<'_, A>,
) -> Option<Difference> {
    let recorded = read::<A>(store, &receipt.stream, before).await;
    if recorded != *events {
        return Some(Difference {
            headline: "other events were recorded".to_owned(),
            expected: numbered(events),
            produced: numbered(&recorded),
        });
    }
    for id in &receipt.event_ids {
        let found = match store.find_event(*id).await {
            Ok(found) => found,
            Err(error) => panic!("an event cannot be found: {}", chain(&error)),
        };
        // A store has a clock of its own.
        let carried = found.map(|event| {
            let mut metadata = Metadata::from(event.metadata);
            metadata.issued_at = metadata.issued_at.and(expected.metadata.issued_at);
            metadata
        });
        if carried.as_ref() != Some(expected.metadata) {
            return Some(Difference {
                headline: "an event does not carry what is known about its command".to_owned(),
                expected: format!("{:?}", expected.metadata),
                produced: format!("{carried:?}"),
            });
        }
    }
    None
}

/// Whether the same command again was recognised.
fn repeated<E: std::error::Error + 'static>(
    first: &Receipt,
    again: Result<Receipt, ExecuteError<E>>,
) -> Option<Difference> {
    if first.event_ids.is_empty() {
        // What records nothing is not remembered.
        return None;
    }
    let mut expected = first.clone();
    expected.duplicate = true;
    let produced = match again {
        Ok(again) if again == expected => return None,
        Ok(again) => format!("{again:?}"),
        Err(error) => chain(&error),
    };
    Some(Difference {
        headline: "the same command once more was not recognised".to_owned(),
        expected: format!("{expected:?}"),
        produced,
    })
}
