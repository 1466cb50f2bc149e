//! One of the commands of a transaction.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::panic::resume_unwind;

use async_trait::async_trait;

use super::content;
use super::error::Reason;
use super::issued::{self, Decided, Issued, Settled};
use crate::runtime::load::{Opened, load};
use crate::store::{Append, ExpectedVersion, Store};
use crate::{
    Command, CommandId, CommandMetadata, Enrich, EventId, ExecuteError, Ironflow, Position,
    Receipt, StreamId, StreamVersion,
};

/// The states of a transaction's streams, as far as it has come.
#[derive(Default)]
pub(super) struct States {
    opened: HashMap<(TypeId, StreamId), Box<dyn Any + Send>>,
    /// Whether one of the commands has led to something.
    have_changed: bool,
}

impl States {
    pub(super) fn new() -> Self {
        Self::default()
    }
}

/// One of the commands of a transaction, whichever it is.
#[async_trait]
pub(super) trait Part<X>: Send + Sync {
    /// Which stream it is for, and its name.
    fn about(&self) -> (&StreamId, &'static str);
    /// Whose state decides it.
    fn aggregate(&self) -> TypeId;
    /// What it says, where it can tell.
    fn content(&self) -> Option<String>;
    /// The transaction is about to be executed.
    fn issue(&mut self, metadata: CommandMetadata, transaction: &str, index: usize);
    async fn fetch(&mut self, ironflow: &Ironflow<X>) -> Result<(), ExecuteError<Reason>>;
    /// What is to be appended: nothing but a guard where nothing happens.
    async fn decide(
        &self,
        store: &dyn Store,
        states: &mut States,
    ) -> Result<Append, ExecuteError<Reason>>;
    /// What became of it when it was executed before: as the first one that led to something, or as
    /// one after that.
    async fn recorded(
        &self,
        store: &dyn Store,
        begins: bool,
    ) -> Result<Option<Receipt>, ExecuteError<Reason>>;
    fn receipt(
        &self,
        version: StreamVersion,
        position: Option<Position>,
        event_ids: Vec<EventId>,
    ) -> Receipt;
}

/// A command of one type.
pub(super) struct One<C: Command> {
    issued: Issued<C>,
    context: Option<C::Context>,
}

impl<C: Command> One<C> {
    pub(super) fn boxed<X: Enrich<C>>(stream: StreamId, command: C) -> Box<dyn Part<X>> {
        Box::new(Self {
            issued: Issued {
                stream,
                command,
                metadata: CommandMetadata::new(CommandId::random()),
                expected: ExpectedVersion::Any,
                content_hash: None,
                part: None,
            },
            context: None,
        })
    }
}

impl<C: Command> One<C> {
    fn first_event(&self, begins: bool) -> usize {
        let index = self.issued.part.as_ref().map_or(0, |part| part.index);
        issued::Part::first_event(index, begins)
    }
}

#[async_trait]
impl<X: Enrich<C>, C: Command> Part<X> for One<C> {
    fn about(&self) -> (&StreamId, &'static str) {
        (&self.issued.stream, self.issued.command.name())
    }

    fn aggregate(&self) -> TypeId {
        TypeId::of::<C::Aggregate>()
    }

    fn content(&self) -> Option<String> {
        let content = self.issued.command.content()?;
        content::hash(&content)
    }

    fn issue(&mut self, metadata: CommandMetadata, transaction: &str, index: usize) {
        self.issued.metadata = metadata;
        self.issued.part = Some(issued::Part {
            transaction: transaction.to_owned(),
            index,
        });
    }

    async fn fetch(&mut self, ironflow: &Ironflow<X>) -> Result<(), ExecuteError<Reason>> {
        let Issued {
            command, metadata, ..
        } = &self.issued;
        let enriched = ironflow.enrichment().enrich(command, metadata).await;
        let context = enriched.map_err(|source| ExecuteError::Enrichment {
            command: command.name(),
            source,
        })?;
        self.context = Some(context);
        Ok(())
    }

    async fn decide(
        &self,
        store: &dyn Store,
        states: &mut States,
    ) -> Result<Append, ExecuteError<Reason>> {
        let stream = &self.issued.stream;
        let key = (TypeId::of::<C::Aggregate>(), stream.clone());
        let mut opened: Opened<C::Aggregate> = match states
            .opened
            .remove(&key)
            .map(<Box<dyn Any + Send>>::downcast)
        {
            Some(Ok(opened)) => *opened,
            _ => load(store, stream).await?,
        };
        let version = opened.version();
        let Some(context) = &self.context else {
            unreachable!("contexts are fetched before anything is decided")
        };
        let first = self.first_event(!states.have_changed);
        let events = match self.issued.decide(opened.ahead(), version, context, first) {
            Decided::Events(events) => events,
            Decided::Settled(Settled::Nothing(_)) => Vec::new(),
            Decided::Settled(settled) => {
                let refused = self.issued.settle(settled, 1);
                return match refused {
                    Ok(_) => unreachable!("what was accepted is no refusal"),
                    Err(error) => Err(error.boxed()),
                };
            }
            Decided::Panicked(panic) => resume_unwind(panic),
        };
        opened.went_ahead(events.len());
        states.have_changed |= !events.is_empty();
        states.opened.insert(key, Box::new(opened));
        Ok(Append {
            stream: stream.clone(),
            expected: ExpectedVersion::Exact(version),
            events,
        })
    }

    async fn recorded(
        &self,
        store: &dyn Store,
        begins: bool,
    ) -> Result<Option<Receipt>, ExecuteError<Reason>> {
        let identity = self.issued.identity(self.first_event(begins));
        Ok(identity.recorded(store).await?)
    }

    fn receipt(
        &self,
        version: StreamVersion,
        position: Option<Position>,
        event_ids: Vec<EventId>,
    ) -> Receipt {
        self.issued.receipt(version, position, event_ids)
    }
}
