//! A command that waits for its turn, and how its caller gets the answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::sync::oneshot;
use tracing::Span;

use super::issued::{Decided, Issued, Panic, Settled};
use crate::store::{Appended, Conflict, ExpectedVersion, NewEvent, StoreError};
use crate::{Aggregate, Command, CommandId, EventId, StreamVersion, UndecodableEvent};

/// A command that waits for its turn, whichever it is.
pub(super) trait Pending<A: Aggregate>: Send {
    fn command_id(&self) -> &CommandId;
    /// Whether someone still waits for it.
    fn is_wanted(&self) -> bool;
    /// Begins it, unless nobody wants it any more. It cannot be withdrawn until it is given back.
    fn begin(&self) -> bool;
    /// Nothing was recorded, and nothing is about to be.
    fn give_back(&self);
    /// What else has to hold for it to be recorded.
    fn condition(&self) -> Option<&ExpectedVersion>;
    /// Decides it, and keeps what it came to; nothing to append where that is settled. May be called
    /// again, on another state.
    fn decide(
        &mut self,
        state: &mut A,
        version: StreamVersion,
    ) -> Result<Option<Vec<NewEvent>>, Panic>;
    /// Its caller gets what it came to.
    fn settle(self: Box<Self>);
    /// Its caller gets what became of it.
    fn answer(self: Box<Self>, fate: Fate);
}

/// What became of a command, for reasons that are not its own.
pub(super) enum Fate {
    Recorded(Appended),
    /// Others were faster, though it was decided on the newest state.
    Overtaken(Conflict),
    /// Its condition does not hold: deciding again cannot help.
    Unmet(Conflict),
    /// It was executed before.
    Repeated,
    Undecodable(UndecodableEvent),
    Store(StoreError),
    Panicked(Panic),
}

/// What the caller gets.
pub(super) enum Answer<R> {
    Recorded(Appended, Vec<EventId>),
    Settled(Settled<R>),
    Otherwise(Fate),
}

/// A command of one type that waits for its turn.
pub(super) struct Waiting<C: Command> {
    issued: Arc<Issued<C>>,
    context: Arc<C::Context>,
    /// What it came to.
    settled: Option<Settled<<C::Aggregate as Aggregate>::Error>>,
    event_ids: Vec<EventId>,
    stage: Arc<AtomicU8>,
    reply: oneshot::Sender<Answer<<C::Aggregate as Aggregate>::Error>>,
    span: Span,
}

/// The caller's end of a command that waits.
pub(super) struct Ticket<R> {
    pub(super) answer: oneshot::Receiver<Answer<R>>,
    stage: Arc<AtomicU8>,
}

/// Waiting, or being decided on a state that may not be the newest: nothing has happened.
const OPEN: u8 = 0;
/// About to be recorded.
const BEGUN: u8 = 1;
/// Whoever issued it does not want it any more.
const WITHDRAWN: u8 = 2;

/// Goes from one stage to the next; says whether it was in the first.
fn advance(stage: &AtomicU8, from: u8, to: u8) -> bool {
    let changed = stage.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
    changed.is_ok()
}

impl<R> Ticket<R> {
    /// Takes the command back; says whether it is certain that nothing was recorded, and nothing will
    /// be.
    pub(super) fn withdraw(&self) -> bool {
        advance(&self.stage, OPEN, WITHDRAWN)
    }
}

impl<C: Command> Waiting<C> {
    #[allow(
        clippy::type_complexity,
        reason = "the error of the command's aggregate"
    )]
    pub(super) fn new(
        issued: Arc<Issued<C>>,
        context: Arc<C::Context>,
    ) -> (Box<Self>, Ticket<<C::Aggregate as Aggregate>::Error>) {
        let (reply, answer) = oneshot::channel();
        let stage = Arc::new(AtomicU8::new(OPEN));
        let ticket = Ticket {
            answer,
            stage: Arc::clone(&stage),
        };
        let waiting = Self {
            issued,
            context,
            settled: None,
            event_ids: Vec::new(),
            stage,
            reply,
            span: Span::current(),
        };
        (Box::new(waiting), ticket)
    }
}

impl<C: Command> Pending<C::Aggregate> for Waiting<C> {
    fn command_id(&self) -> &CommandId {
        &self.issued.metadata.command_id
    }

    fn is_wanted(&self) -> bool {
        !self.reply.is_closed() && self.stage.load(Ordering::Acquire) != WITHDRAWN
    }

    fn begin(&self) -> bool {
        !self.reply.is_closed() && advance(&self.stage, OPEN, BEGUN)
    }

    fn give_back(&self) {
        advance(&self.stage, BEGUN, OPEN);
    }

    fn condition(&self) -> Option<&ExpectedVersion> {
        let expected = &self.issued.expected;
        matches!(expected, ExpectedVersion::NothingSince { .. }).then_some(expected)
    }

    fn decide(
        &mut self,
        state: &mut C::Aggregate,
        version: StreamVersion,
    ) -> Result<Option<Vec<NewEvent>>, Panic> {
        let _entered = self.span.enter();
        self.event_ids.clear();
        match self.issued.decide(state, version, &self.context, 0) {
            Decided::Events(events) => {
                self.event_ids.extend(events.iter().map(|event| event.id));
                Ok(Some(events))
            }
            Decided::Settled(settled) => {
                self.settled = Some(settled);
                Ok(None)
            }
            Decided::Panicked(panic) => Err(panic),
        }
    }

    fn settle(self: Box<Self>) {
        if let Some(settled) = self.settled {
            // Whoever asked may have gone.
            let _ = self.reply.send(Answer::Settled(settled));
        }
    }

    fn answer(self: Box<Self>, fate: Fate) {
        let answer = match fate {
            Fate::Recorded(appended) => Answer::Recorded(appended, self.event_ids),
            fate => Answer::Otherwise(fate),
        };
        // Whoever asked may have gone; what was recorded stays.
        let _ = self.reply.send(answer);
    }
}
