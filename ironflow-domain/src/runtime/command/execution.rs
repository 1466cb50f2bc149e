//! What a caller says of a command before it is executed.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use tokio::time::Instant;

use super::content;
use super::handling::Handling;
use super::issued::Issued;
use crate::runtime::load::load;
use crate::store::ExpectedVersion;
use crate::{
    Addressed, Aggregate, Command, CommandId, CommandMetadata, CommandPolicy, Enrich, ExecuteError,
    InvalidCommandId, InvalidStreamId, Ironflow, LoadError, Loaded, Receipt, StreamId,
};

/// The outcome of executing `C`.
pub(super) type Outcome<T, C> =
    Result<T, ExecuteError<<<C as Command>::Aggregate as Aggregate>::Error>>;

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
        load(self.ironflow.store(), &self.stream?).await
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
    policy: Option<CommandPolicy>,
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
            policy: None,
            run: |execution| Box::pin(execution.run()),
        }
    }

    /// The command's id, the idempotency key; a random one unless given.
    ///
    /// The same id again returns the first receipt, whatever happened in between. What is remembered
    /// are the events: a command that was refused, or that recorded nothing, is decided again. An id
    /// that was used for another command or another stream is refused; where the command implements
    /// `Serialize`, also one that was used for a command that said something else.
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

    /// What the systems on the way of its trace add to it, as a W3C `tracestate`.
    pub fn trace_state(mut self, tracestate: impl Into<String>) -> Self {
        self.metadata.trace_state = Some(tracestate.into());
        self
    }

    /// Something else that is to ride beside every event of it, under a key of the application's own.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.extra.insert(key.into(), value.into());
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

    /// How hard to try, other than with the other commands of its type.
    pub fn policy(mut self, policy: CommandPolicy) -> Self {
        self.policy = Some(policy);
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
            policy,
            run: _,
        } = self;
        // Only an id that the caller chose can have been used before; a random one is not looked
        // up.
        let is_repeatable = command_id.is_some();
        if let Some(id) = command_id {
            metadata.command_id = id?;
        }
        metadata.check()?;
        let stream = stream?;
        if let Some(named) = command.own_stream().transpose()?
            && named != stream
        {
            return Err(ExecuteError::OtherAggregate { stream, named });
        }
        let policy = policy.unwrap_or_else(|| ironflow.policy_of::<C>());
        let content = is_repeatable.then(|| command.content()).flatten();
        let content_hash = content.and_then(|content| content::hash(&content));
        let now = Instant::now();
        let handling = Handling {
            ironflow,
            policy,
            deadline: policy.deadline.and_then(|after| now.checked_add(after)),
            issued: Arc::new(Issued {
                stream,
                command,
                metadata,
                expected,
                content_hash,
            }),
            is_repeatable,
            attempts: 0,
        };
        handling.run().await
    }
}

impl<X> Ironflow<X> {
    /// Executes a command: enriches it, folds its aggregate, lets it decide, and appends what
    /// happened.
    ///
    /// Where someone else changed the stream in the meantime, it is decided again on the new state,
    /// a bounded number of times; see [`CommandPolicy`]. Dropping the future leaves all events of the
    /// command or none.
    ///
    /// The commands of this process on one stream are decided one after the other, on a state that
    /// stays in memory.
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
