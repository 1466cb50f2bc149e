//! Enrich, load, fold, decide, append; and again where others were faster.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use crate::runtime::load::{Opened, load};
use crate::store::{
    Append, AppendError, Conflict, ExpectedVersion, NewEvent, ReadStream, Store, StoreError,
    StoreErrorKind,
};
use crate::{
    Addressed, Aggregate, Command, CommandId, CommandMetadata, Enrich, Event, EventId, EventKind,
    EventRef, Events, ExecuteError, InvalidCommandId, InvalidStreamId, Ironflow, LoadError, Loaded,
    Position, Receipt, StreamId, StreamVersion,
};

/// The outcome of executing `C`.
type Outcome<T, C> = Result<T, ExecuteError<<<C as Command>::Aggregate as Aggregate>::Error>>;

/// One aggregate, named beside the command instead of in it. Made by [`Ironflow::of`].
pub struct Target<'a, X, A> {
    ironflow: &'a Ironflow<X>,
    stream: Result<StreamId, InvalidStreamId>,
    aggregate: PhantomData<fn() -> A>,
}

impl<X, A> fmt::Debug for Target<'_, X, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

impl<'a, X, A: Aggregate> Target<'a, X, A> {
    pub(crate) fn new(ironflow: &'a Ironflow<X>, id: &dyn fmt::Display) -> Self {
        Self {
            ironflow,
            stream: StreamId::new(A::CATEGORY, id),
            aggregate: PhantomData,
        }
    }

    /// Executes a command on this aggregate; see [`Ironflow::execute`]. A command that names another
    /// aggregate itself is refused.
    pub fn execute<C>(self, command: C) -> Execution<'a, X, C>
    where
        C: Command<Aggregate = A>,
        X: Enrich<C>,
    {
        Execution::new(self.ironflow, self.stream, command)
    }

    /// Folds the aggregate from its stream.
    pub async fn load(self) -> Result<Loaded<A>, LoadError> {
        let mut opened = load(self.ironflow.store(), &self.stream?).await?;
        opened.save_when_due(self.ironflow.shared_store());
        Ok(opened.into_loaded())
    }
}

/// What an awaited command runs as.
type Running<'a, C> = Pin<Box<dyn Future<Output = Outcome<Receipt, C>> + Send + 'a>>;

/// A command about to be executed: say more about it, then await it.
#[must_use = "a command is executed when awaited"]
pub struct Execution<'a, X, C: Command> {
    ironflow: &'a Ironflow<X>,
    stream: Result<StreamId, InvalidStreamId>,
    command: C,
    /// The caller's id: only then may the command have been executed before.
    command_id: Option<Result<CommandId, InvalidCommandId>>,
    metadata: CommandMetadata,
    expected: ExpectedVersion,
    /// Chosen where it is known that the enrichment fetches what the command needs, so that whoever
    /// awaits it need not know it again: a missing `Enrich` is reported once.
    run: fn(Self) -> Running<'a, C>,
}

impl<X, C: Command + fmt::Debug> fmt::Debug for Execution<'_, X, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution")
            .field("stream", &self.stream)
            .field("command", &self.command)
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}

impl<'a, X, C: Command> Execution<'a, X, C> {
    pub(crate) fn new(
        ironflow: &'a Ironflow<X>,
        stream: Result<StreamId, InvalidStreamId>,
        command: C,
    ) -> Self
    where
        X: Enrich<C>,
    {
        Self {
            ironflow,
            stream,
            command,
            command_id: None,
            metadata: CommandMetadata::new(CommandId::random()),
            expected: ExpectedVersion::Any,
            run: |execution| Box::pin(execution.run()),
        }
    }

    /// The command's id, the idempotency key; a random one unless given.
    ///
    /// The same id again returns the first receipt, whatever happened in between, and without
    /// looking at what else the command says. What is remembered are the events: a command that was
    /// refused, or that recorded nothing, is decided again. An id that was used for another command
    /// or another stream is refused.
    pub fn command_id<I>(mut self, id: I) -> Self
    where
        I: TryInto<CommandId>,
        I::Error: Into<InvalidCommandId>,
    {
        self.command_id = Some(id.try_into().map_err(Into::into));
        self
    }

    /// Who issued it.
    pub fn issued_by(mut self, who: impl Into<String>) -> Self {
        self.metadata.issued_by = Some(who.into());
        self
    }

    /// The conversation it is part of; its own id unless given.
    pub fn correlation_id(mut self, id: impl Into<String>) -> Self {
        self.metadata.correlation_id = Some(id.into());
        self
    }

    /// Whose data it is about.
    pub fn tenant_id(mut self, id: impl Into<String>) -> Self {
        self.metadata.tenant_id = Some(id.into());
        self
    }

    /// The distributed trace it is part of, as a W3C `traceparent`.
    pub fn trace_id(mut self, traceparent: impl Into<String>) -> Self {
        self.metadata.trace_id = Some(traceparent.into());
        self
    }

    /// Where it came from; `api` unless given.
    pub fn source(mut self, source: impl Into<Cow<'static, str>>) -> Self {
        self.metadata.source = source.into();
        self
    }

    /// Only if the stream is where the caller last saw it: otherwise the conflict is the caller's,
    /// and nothing is decided again.
    ///
    /// Without this a command is decided on the newest state, and a conflict with someone else's
    /// command only makes it be decided again.
    pub fn expected_version(mut self, expected: ExpectedVersion) -> Self {
        self.expected = expected;
        self
    }
}

impl<'a, X, C: Command> IntoFuture for Execution<'a, X, C> {
    type Output = Outcome<Receipt, C>;
    type IntoFuture = Running<'a, C>;

    fn into_future(self) -> Self::IntoFuture {
        (self.run)(self)
    }
}

impl<X: Enrich<C>, C: Command> Execution<'_, X, C> {
    async fn run(self) -> Outcome<Receipt, C> {
        let Self {
            ironflow,
            stream,
            command,
            command_id,
            mut metadata,
            expected,
            run: _,
        } = self;
        // Only an id that the caller chose can have been used before; a random one is not looked
        // up.
        let repeatable = command_id.is_some();
        if let Some(id) = command_id {
            metadata.command_id = id?;
        }
        let stream = stream?;
        if let Some(named) = command.own_stream().transpose()?
            && named != stream
        {
            return Err(ExecuteError::OtherAggregate { stream, named });
        }
        let issued = Issued {
            store: ironflow.shared_store(),
            stream,
            command,
            metadata,
            repeatable,
        };
        if let Some(receipt) = issued.earlier_receipt().await? {
            return Ok(receipt);
        }
        let context = ironflow
            .enrichment()
            .enrich(&issued.command, &issued.metadata)
            .await
            .map_err(|source| ExecuteError::Enrichment {
                command: issued.command.name(),
                source,
            })?;

        let policy = ironflow.retry_policy();
        let mut attempts = 0;
        loop {
            attempts += 1;
            let conflict = match issued.attempt(&context, expected).await? {
                Attempt::Done(receipt) => return Ok(receipt),
                Attempt::Final(conflict) => {
                    return Err(ExecuteError::Conflict { conflict, attempts });
                }
                Attempt::Again(conflict) => conflict,
            };
            if attempts >= policy.attempts {
                return Err(ExecuteError::Conflict { conflict, attempts });
            }
            tokio::time::sleep(policy.delay_after(attempts)).await;
        }
    }
}

/// A command on its way, with all that is known about it.
struct Issued<'a, C> {
    store: &'a Arc<dyn Store>,
    stream: StreamId,
    command: C,
    metadata: CommandMetadata,
    repeatable: bool,
}

/// What became of one attempt.
enum Attempt {
    Done(Receipt),
    /// Deciding again cannot help.
    Final(Conflict),
    Again(Conflict),
}

impl<C: Command> Issued<'_, C> {
    /// Load, fold, decide, append: once.
    async fn attempt(
        &self,
        context: &C::Context,
        expected: ExpectedVersion,
    ) -> Outcome<Attempt, C> {
        let mut opened = load(&**self.store, &self.stream).await?;
        let attempt = self.attempt_on(&mut opened, context, expected).await;
        opened.close(self.store);
        attempt
    }

    async fn attempt_on(
        &self,
        opened: &mut Opened<C::Aggregate>,
        context: &C::Context,
        expected: ExpectedVersion,
    ) -> Outcome<Attempt, C> {
        let version = opened.version();
        if !expected.holds_at(version) {
            let conflict = Conflict {
                stream: self.stream.clone(),
                expected,
                actual: version,
            };
            return self.unless_executed(Ok(Attempt::Final(conflict))).await;
        }
        let events = match self.command.clone().decide(opened.state(), context) {
            Ok(events) => events,
            Err(reason) => {
                return self
                    .unless_executed(Err(ExecuteError::Rejected(reason)))
                    .await;
            }
        };
        if events.is_empty() {
            let nothing = self.receipt(version, None, Vec::new());
            return self.unless_executed(Ok(Attempt::Done(nothing))).await;
        }
        if C::CREATES && version > StreamVersion::EMPTY {
            let exists = ExecuteError::AlreadyExists {
                stream: self.stream.clone(),
                command: self.command.name(),
            };
            return self.unless_executed(Err(exists)).await;
        }
        let expected = if C::CREATES {
            ExpectedVersion::NoStream
        } else {
            ExpectedVersion::Exact(version)
        };
        let events = self.encode(events, opened.ahead())?;
        let event_ids: Vec<_> = events.iter().map(|event| event.id).collect();
        match self
            .store
            .append(Append {
                stream: self.stream.clone(),
                expected,
                events,
            })
            .await
        {
            Ok(appended) => {
                opened.appended(appended.version, event_ids.last().copied());
                let position = Some(appended.position);
                let receipt = self.receipt(appended.version, position, event_ids);
                Ok(Attempt::Done(receipt))
            }
            Err(AppendError::Conflict(conflict)) => Ok(Attempt::Again(conflict)),
            Err(AppendError::Store(error)) => Err(error.into()),
            // Where the caller chose no id, the store appended twice what it was asked to once.
            Err(error @ AppendError::DuplicateEvent(_)) => match self.recorded_receipt().await? {
                Some(receipt) => Ok(Attempt::Done(receipt)),
                None => Err(self.broken_promise(error)),
            },
            Err(error @ AppendError::NoEvents(_)) => Err(self.broken_promise(error)),
        }
    }

    /// The same command, issued twice at once, must not be told that it was refused because it was
    /// executed.
    async fn unless_executed(&self, otherwise: Outcome<Attempt, C>) -> Outcome<Attempt, C> {
        match self.earlier_receipt().await? {
            Some(receipt) => Ok(Attempt::Done(receipt)),
            None => otherwise,
        }
    }

    /// What became of the command when it was executed before; nothing where it was not.
    async fn earlier_receipt(&self) -> Outcome<Option<Receipt>, C> {
        if !self.repeatable {
            return Ok(None);
        }
        self.recorded_receipt().await
    }

    /// What the log says became of the command; nothing where it says nothing.
    async fn recorded_receipt(&self) -> Outcome<Option<Receipt>, C> {
        let command_id = &self.metadata.command_id;
        let Some(first) = self
            .store
            .find_event(EventId::derive(command_id, 0))
            .await?
        else {
            return Ok(None);
        };
        let command = first.metadata.command.unwrap_or_default();
        if first.stream != self.stream || command != self.command.name() {
            return Err(ExecuteError::CommandIdReused {
                command_id: command_id.clone(),
                stream: first.stream,
                command,
            });
        }
        let mut receipt = self.receipt(first.version, Some(first.position), Vec::new());
        receipt.duplicate = true;
        let mut next = Some(first.version);
        while let Some(from) = next {
            let page = self
                .store
                .read_stream(&self.stream, ReadStream::forward(from).limit(100))
                .await?;
            next = page.next;
            for event in page.events.iter() {
                if event.id != EventId::derive(command_id, receipt.event_ids.len()) {
                    return Ok(Some(receipt));
                }
                receipt.event_ids.push(event.id);
                receipt.version = event.version;
                receipt.position = Some(event.position);
            }
        }
        Ok(Some(receipt))
    }

    fn receipt(
        &self,
        version: StreamVersion,
        position: Option<Position>,
        event_ids: Vec<EventId>,
    ) -> Receipt {
        Receipt {
            command_id: self.metadata.command_id.clone(),
            stream: self.stream.clone(),
            version,
            event_ids,
            position,
            duplicate: false,
        }
    }

    /// The events as they will be stored, each of them known to be readable and to be folded: one
    /// that is not would keep its whole stream from ever being loaded again. What is folded is what
    /// will be read back, so that the state is the one that the stream will have.
    fn encode(
        &self,
        events: Events<<C::Aggregate as Aggregate>::Event>,
        state: &mut C::Aggregate,
    ) -> Outcome<Vec<NewEvent>, C> {
        let metadata = self.metadata.for_events(self.command.name());
        let encode = |(index, event): (usize, <C::Aggregate as Aggregate>::Event)| {
            let EventKind { name, version, .. } = *event.kind();
            let data = event.encode()?;
            let stored = EventRef {
                stream: self.stream.as_str(),
                ..EventRef::unrecorded(name, version, &data)
            };
            let read = <C::Aggregate as Aggregate>::Event::decode(&stored);
            let read = read.map_err(|source| ExecuteError::Unreadable { name, source })?;
            for event in &read.into_events() {
                state.apply(event);
            }
            Ok(NewEvent {
                id: EventId::derive(&self.metadata.command_id, index),
                name: Cow::Borrowed(name),
                schema_version: version,
                source: self.metadata.source.clone(),
                data,
                metadata: metadata.clone(),
            })
        };
        events.into_iter().enumerate().map(encode).collect()
    }

    /// The store said something that cannot be true.
    fn broken_promise<R: Error + 'static>(&self, error: AppendError) -> ExecuteError<R> {
        let doing = format!(
            "failed to append the events of command {}",
            self.metadata.command_id
        );
        StoreError::new(StoreErrorKind::Other, doing)
            .because(error)
            .into()
    }
}

impl<X> Ironflow<X> {
    /// Executes a command: enriches it, folds its aggregate, lets it decide, and appends what
    /// happened.
    ///
    /// Where someone else changed the stream in the meantime, it is decided again on the new state,
    /// a bounded number of times; see [`RetryPolicy`](crate::RetryPolicy). Dropping the future
    /// leaves all events of the command or none.
    ///
    /// ```
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, Ironflow, command, event, events, store::MemoryStore};
    /// # #[event("note")] pub enum NoteEvent { Written { text: String } }
    /// # #[derive(Aggregate, Default)] #[aggregate(event = NoteEvent, error = std::fmt::Error)] pub struct Note;
    /// # impl Fold for Note { fn fold(&mut self, _: &NoteEvent) {} }
    /// # impl Decide<Write> for Note {
    /// #     fn decide(&self, c: Write) -> Decision<Self> { Ok(events![NoteEvent::Written { text: c.text }]) }
    /// # }
    /// #[command(Note)]
    /// pub struct Write {
    ///     #[id]
    ///     pub note: u32,
    ///     pub text: String,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ironflow = Ironflow::new(MemoryStore::new()).start().await?;
    /// let write = Write { note: 7, text: "milk".into() };
    /// let receipt = ironflow.execute(write.clone()).command_id("once").issued_by("ann").await?;
    /// assert_eq!((receipt.stream.as_str(), receipt.version.get()), ("note-7", 1));
    ///
    /// let again = ironflow.execute(write).command_id("once").await?;
    /// assert!(again.duplicate);
    /// assert_eq!(again.event_ids, receipt.event_ids);
    /// # Ok(())
    /// # }
    /// ```
    pub fn execute<C>(&self, command: C) -> Execution<'_, X, C>
    where
        C: Addressed,
        X: Enrich<C>,
    {
        let stream = command.stream_id();
        Execution::new(self, stream, command)
    }

    /// Names one aggregate, to execute a command that does not name it itself, or to load it.
    pub fn of<A: Aggregate>(&self, id: impl fmt::Display) -> Target<'_, X, A> {
        Target::new(self, &id)
    }
}
