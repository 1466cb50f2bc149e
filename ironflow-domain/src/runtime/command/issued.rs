//! A command on its way, with all that is known about it.

use std::any::Any;
use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::repeat::Identity;
use crate::store::{Conflict, ExpectedVersion, NewEvent};
use crate::{
    Aggregate, Command, CommandMetadata, DecodeError, Decoded, EncodeError, Event, EventId,
    EventKind, EventRef, ExecuteError, Metadata, Position, Receipt, StreamId, StreamVersion,
};

/// A command on its way, with all that is known about it.
pub(super) struct Issued<C> {
    pub(super) stream: StreamId,
    pub(super) command: C,
    pub(super) metadata: CommandMetadata,
    /// Where the caller last saw the stream.
    pub(super) expected: ExpectedVersion,
    /// What it says, where that is known and may be of use.
    pub(super) content_hash: Option<String>,
    /// Where it is one of several.
    pub(super) part: Option<Part>,
}

/// Which part of a transaction a command is.
pub(super) struct Part {
    /// A hash of the whole transaction.
    pub(super) transaction: String,
    /// Its place, from 0.
    pub(super) index: usize,
}

/// More events than a command leads to: the ids of two commands in one transaction do not meet.
const MOST_EVENTS: usize = 1 << 20;

impl Part {
    /// Where its events begin, of all that the transaction's id stands for. Whichever part is the
    /// first one that leads to something begins the whole: who looks for the id finds it there.
    pub(super) fn first_event(index: usize, begins: bool) -> usize {
        if begins { 0 } else { index * MOST_EVENTS }
    }
}

/// What a panic was about.
pub(super) type Panic = Box<dyn Any + Send>;

/// What the aggregate makes of a command.
pub(super) enum Decided<R> {
    /// These are to be recorded; the state has them already.
    Events(Vec<NewEvent>),
    /// There is nothing to record.
    Settled(Settled<R>),
    /// The state cannot be used any more.
    Panicked(Panic),
}

/// What a command came to, without anything to record.
pub(super) enum Settled<R> {
    /// It was accepted, and nothing happened.
    Nothing(StreamVersion),
    Rejected(R),
    /// It creates a stream that exists.
    Exists,
    /// The stream is not where the caller last saw it.
    Elsewhere(Conflict),
    Encode(EncodeError),
    Unreadable {
        name: &'static str,
        source: DecodeError,
    },
}

type ErrorOf<C> = <<C as Command>::Aggregate as Aggregate>::Error;
type EventOf<C> = <<C as Command>::Aggregate as Aggregate>::Event;

impl<C: Command> Issued<C> {
    /// Lets the aggregate decide, and folds what happens. The ids of its events begin there, of all
    /// that the command's id stands for.
    pub(super) fn decide(
        &self,
        state: &mut C::Aggregate,
        version: StreamVersion,
        context: &C::Context,
        first_event: usize,
    ) -> Decided<ErrorOf<C>> {
        let decide = || self.decide_or_panic(state, version, context, first_event);
        match catch_unwind(AssertUnwindSafe(decide)) {
            Ok(Ok(events)) => Decided::Events(events),
            Ok(Err(settled)) => Decided::Settled(settled),
            Err(panic) => Decided::Panicked(panic),
        }
    }

    fn decide_or_panic(
        &self,
        state: &mut C::Aggregate,
        version: StreamVersion,
        context: &C::Context,
        first_event: usize,
    ) -> Result<Vec<NewEvent>, Settled<ErrorOf<C>>> {
        if !self.expected.holds_at(version) {
            return Err(Settled::Elsewhere(Conflict {
                stream: self.stream.clone(),
                expected: self.expected.clone(),
                actual: version,
            }));
        }
        let decided = self.command.clone().decide(state, context);
        let events = decided.map_err(Settled::Rejected)?;
        if events.is_empty() {
            return Err(Settled::Nothing(version));
        }
        if C::CREATES && version > StreamVersion::EMPTY {
            return Err(Settled::Exists);
        }
        let mut metadata = self.metadata.for_events(self.command.name());
        metadata.command_hash.clone_from(&self.content_hash);
        if let Some(Part { transaction, index }) = &self.part {
            metadata.transaction = Some(transaction.clone());
            metadata.part = u32::try_from(*index).ok();
        }
        let mut encoded = Vec::with_capacity(events.len());
        let mut read = Vec::with_capacity(events.len());
        for (index, event) in (first_event..).zip(events) {
            let (event, back) = self.encode(&event, index, &metadata)?;
            encoded.push(event);
            read.push(back);
        }
        // As they will be read back. An event that cannot be folded must not get into the stream: it
        // would never load again.
        for event in read.into_iter().flat_map(Decoded::into_events) {
            state.apply(&event);
        }
        Ok(encoded)
    }

    /// The event as it will be stored, and as it will be read back: one that is not would keep its
    /// whole stream from ever being loaded again.
    #[allow(
        clippy::type_complexity,
        reason = "the events of the command's aggregate"
    )]
    fn encode(
        &self,
        event: &EventOf<C>,
        index: usize,
        metadata: &Metadata,
    ) -> Result<(NewEvent, Decoded<EventOf<C>>), Settled<ErrorOf<C>>> {
        let EventKind { name, version, .. } = *event.kind();
        let data = event.encode().map_err(Settled::Encode)?;
        let stored = EventRef {
            stream: self.stream.as_str(),
            ..EventRef::unrecorded(name, version, &data)
        };
        let read = <EventOf<C> as Event>::decode(&stored);
        let read = read.map_err(|source| Settled::Unreadable { name, source })?;
        let event = NewEvent {
            id: EventId::derive(&self.metadata.command_id, index),
            name: Cow::Borrowed(name),
            schema_version: version,
            source: self.metadata.source.clone(),
            data,
            metadata: metadata.clone(),
        };
        Ok((event, read))
    }

    /// What tells it from all other commands, where its events begin there.
    pub(super) fn identity(&self, first_event: usize) -> Identity<'_> {
        Identity {
            command_id: &self.metadata.command_id,
            stream: &self.stream,
            command: self.command.name(),
            content_hash: self.content_hash.as_ref(),
            transaction: self.part.as_ref().map(|part| &part.transaction),
            first_event,
        }
    }

    /// What the caller gets to know of a command that recorded nothing.
    pub(super) fn settle(
        &self,
        settled: Settled<ErrorOf<C>>,
        attempts: u32,
    ) -> Result<Receipt, ExecuteError<ErrorOf<C>>> {
        Err(match settled {
            Settled::Nothing(version) => return Ok(self.receipt(version, None, Vec::new())),
            Settled::Rejected(reason) => ExecuteError::Rejected(reason),
            Settled::Exists => ExecuteError::AlreadyExists {
                stream: self.stream.clone(),
                command: self.command.name(),
            },
            Settled::Elsewhere(conflict) => ExecuteError::Conflict { conflict, attempts },
            Settled::Encode(error) => error.into(),
            Settled::Unreadable { name, source } => ExecuteError::Unreadable { name, source },
        })
    }

    pub(super) fn receipt(
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
}
