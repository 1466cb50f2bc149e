//! What a caller says of a command before it is executed.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use tokio::time::Instant;

use super::content;
use super::handling::Handling;
use super::issued::Issued;
use super::observed::Observed;
use super::said::{Checked, Said, say, say_policy};
use crate::runtime::load::load;
use crate::store::ExpectedVersion;
use crate::{
    Addressed, Aggregate, Command, Enrich, ExecuteError, InvalidStreamId, Ironflow, LoadError,
    Loaded, Receipt, StreamId,
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
        let mut opened = load(self.ironflow.store(), &self.stream?).await?;
        opened.save_when_due(&self.ironflow.shared_store());
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
    said: Said,
    /// Chosen where it is known that the enrichment fetches what the command needs, so that whoever
    /// awaits it need not know it again: a missing `Enrich` is reported once.
    run: fn(Self) -> Running<'a, C>,
}

impl<X, C: Command + fmt::Debug> fmt::Debug for Execution<'_, X, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution")
            .field("stream", &self.stream)
            .field("command", &self.command)
            .field("said", &self.said)
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
        Self::saying(ironflow, stream, command, Said::nothing())
    }

    pub(super) fn saying(
        ironflow: &'a Ironflow<X>,
        stream: Result<StreamId, InvalidStreamId>,
        command: C,
        said: Said,
    ) -> Self
    where
        X: Enrich<C>,
    {
        Self {
            ironflow,
            stream,
            command,
            said,
            run: |execution| Box::pin(execution.run()),
        }
    }

    say!();

    say_policy!();

    /// Only if the stream is where the caller last saw it: otherwise the conflict is the caller's,
    /// and nothing is decided again.
    ///
    /// Without this a command is decided on the newest state, and a conflict with someone else's
    /// command only makes it be decided again.
    pub fn expected_version(mut self, expected: impl Into<ExpectedVersion>) -> Self {
        self.said.expected = expected.into();
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
            said,
            run: _,
        } = self;
        let Said {
            command_id,
            metadata,
            expected,
            policy,
        } = said;
        let Checked {
            mut metadata,
            is_repeatable,
        } = Said::check(command_id, metadata)?;
        let stream = stream?;
        if let Some(named) = command.own_stream().transpose()?
            && named != stream
        {
            return Err(ExecuteError::OtherAggregate { stream, named });
        }
        let policy = policy.unwrap_or_else(|| ironflow.policy_of::<C>());
        let content = is_repeatable.then(|| command.content()).flatten();
        let content_hash = content.and_then(|content| content::hash(&content));
        let observed = Observed::begin(command.name(), stream.as_str(), &mut metadata);
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
                part: None,
            }),
            is_repeatable,
            is_in_doubt: false,
            attempts: 0,
            observed,
        };
        handling.run().await
    }
}

impl<X> Ironflow<X> {
    /// Executes a command: enriches it, folds its aggregate, lets it decide, and appends what
    /// happened.
    ///
    /// Where someone else changed the stream in the meantime, it is decided again on the new state,
    /// a bounded number of times; see [`CommandPolicy`](crate::CommandPolicy). Dropping the future
    /// leaves all events of the command or none.
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
