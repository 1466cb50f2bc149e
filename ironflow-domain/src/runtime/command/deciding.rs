//! Deciding commands of one stream one after the other, and recording together what happens.

use std::collections::{HashSet, VecDeque};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::task::yield_now;

use super::issued::Panic;
use super::observed::committed;
use super::pending::{Fate, Pending};
use crate::runtime::load::{Opened, load};
use crate::store::{
    Append, AppendError, Appended, ExpectedVersion, Store, StoreError, StoreErrorKind,
};
use crate::{Aggregate, EventId, LoadError, StreamId};

/// The most commands that are decided in one go, and recorded together.
const MOST: usize = 128;
/// About the most bytes of payload that are recorded together.
const MOST_BYTES: usize = 1024 * 1024;

/// Commands that wait for their turn, the first one first.
pub(super) type Line<A> = VecDeque<Box<dyn Pending<A>>>;

/// Where the commands of one stream are decided and recorded.
pub(super) struct Deciding<'a, A: Aggregate> {
    pub(super) store: &'a Arc<dyn Store>,
    pub(super) stream: &'a StreamId,
    /// The state as this process has it. Another process may have changed the stream since, which an
    /// append finds out.
    pub(super) opened: &'a mut Option<Opened<A>>,
}

/// Why there is no state to decide on.
enum NoState {
    Load(LoadError),
    /// An event was folded that the aggregate's code cannot stand.
    Panicked(Panic),
}

/// A command that was decided, and whether it has something to record.
struct Decided<A> {
    command: Box<dyn Pending<A>>,
    records: bool,
}

impl<A: Aggregate> Deciding<'_, A> {
    /// Decides all of them, and answers each.
    pub(super) async fn decide_all(mut self, mut line: Line<A>) {
        // Whether the state is one that the stream had after the commands were issued: only then an
        // answer that records nothing is right.
        let mut is_fresh = false;
        while !line.is_empty() {
            if self.opened.is_none() {
                line.retain(|command| command.is_wanted());
                if line.is_empty() {
                    return;
                }
                is_fresh = true;
                if let Err(error) = self.catch_up().await {
                    fail_to_load(error, &mut line);
                    continue;
                }
            }
            let round = self.round(&mut line);
            if !round.decided.is_empty() {
                is_fresh = self.finish(round, is_fresh, &mut line).await;
            }
            if !line.is_empty() {
                // There may be many, and no store to wait for.
                yield_now().await;
            }
        }
    }

    /// Reads what the state does not have yet. Says whether there was something.
    async fn catch_up(&mut self) -> Result<bool, NoState> {
        let (known, store, stream) = (self.opened.take(), &**self.store, self.stream);
        let caught_up = caught(async move {
            match known {
                Some(opened) => opened.catch_up(store, stream).await,
                None => Ok((load(store, stream).await?, true)),
            }
        });
        match caught_up.await {
            Ok(Ok((opened, has_grown))) => {
                *self.opened = Some(opened);
                Ok(has_grown)
            }
            Ok(Err(error)) => Err(NoState::Load(error)),
            Err(panic) => Err(NoState::Panicked(panic)),
        }
    }

    /// Decides as many commands as are recorded together.
    fn round(&mut self, line: &mut Line<A>) -> Round<A> {
        let mut round = Round {
            decided: Vec::new(),
            guards: Vec::new(),
            appends: Vec::new(),
        };
        let Some(opened) = self.opened.as_mut() else {
            return round;
        };
        let most = if self.store.capabilities().several_streams {
            MOST
        } else {
            1
        };
        let mut bytes = 0;
        let mut ids = HashSet::new();
        let mut repeated = Line::new();
        while round.appends.len() < most && round.decided.len() < MOST && bytes < MOST_BYTES {
            let Some(mut command) = line.pop_front() else {
                break;
            };
            // The store would refuse both. By the next round the first one has its answer.
            if !ids.insert(command.command_id().clone()) {
                repeated.push_back(command);
                continue;
            }
            // From here to the append nothing is waited for.
            if !command.begin() {
                continue;
            }
            let version = opened.version();
            match command.decide(opened.ahead(), version) {
                Ok(Some(events)) => {
                    bytes += events.iter().map(|event| event.data.len()).sum::<usize>();
                    opened.went_ahead(events.len());
                    round
                        .guards
                        .extend(command.condition().map(|condition| Append {
                            stream: self.stream.clone(),
                            expected: condition.clone(),
                            events: Vec::new(),
                        }));
                    round.appends.push(Append {
                        stream: self.stream.clone(),
                        expected: ExpectedVersion::Exact(version),
                        events,
                    });
                    round.decided.push(Decided {
                        command,
                        records: true,
                    });
                }
                Ok(None) => {
                    command.give_back();
                    round.decided.push(Decided {
                        command,
                        records: false,
                    });
                }
                Err(panic) => {
                    command.answer(Fate::Panicked(panic));
                    // Nobody knows in which state it was left. What was decided before is right.
                    *self.opened = None;
                    break;
                }
            }
        }
        repeated.append(line);
        *line = repeated;
        round
    }

    /// Records what was decided and answers; whose answer is not known yet goes back to the front of
    /// the line. Says whether the state is still fresh.
    async fn finish(&mut self, round: Round<A>, is_fresh: bool, line: &mut Line<A>) -> bool {
        let Round {
            decided,
            guards,
            appends,
        } = round;
        if appends.is_empty() {
            if is_fresh {
                settle(decided);
                // What was read may have been much.
                if let Some(opened) = self.opened {
                    opened.save_when_due(self.store);
                }
                return true;
            }
            match self.catch_up().await {
                Ok(false) => settle(decided),
                Ok(true) => put_back(decided, line),
                Err(error) => {
                    put_back(decided, line);
                    fail_to_load(error, line);
                }
            }
            return true;
        }
        let ids: Vec<_> = appends.iter().map(first_id).collect();
        let last = appends.last().and_then(|append| append.events.last());
        let last = last.map(|event| event.id);
        let conditions: Vec<_> = guards.iter().map(|guard| guard.expected.clone()).collect();
        let all = guards.into_iter().chain(appends).collect();
        let error = match self.store.append_all(all).await {
            Ok(mut appended) => {
                appended.drain(..conditions.len());
                committed(appended.len());
                record(decided, appended);
                if let Some(opened) = self.opened {
                    opened.appended(last);
                    opened.save_when_due(self.store);
                }
                return true;
            }
            Err(error) => error,
        };
        // What was folded did not happen.
        *self.opened = None;
        match error {
            AppendError::Conflict(conflict) if conditions.contains(&conflict.expected) => {
                answer_recording(decided, line, || Fate::Unmet(conflict.clone()));
            }
            // Others wrote since the last command of this process: no reason to trouble anyone.
            AppendError::Conflict(_) if !is_fresh => put_back(decided, line),
            AppendError::Conflict(conflict) => {
                answer_recording(decided, line, || Fate::Overtaken(conflict.clone()));
            }
            AppendError::DuplicateEvent(id) if ids.contains(&Some(id)) => {
                let mut ids = ids.into_iter();
                let (repeated, others): (Vec<_>, _) = decided
                    .into_iter()
                    .partition(|decided| decided.records && ids.next() == Some(Some(id)));
                put_back(others, line);
                for decided in repeated {
                    decided.command.answer(Fate::Repeated);
                }
            }
            error => {
                let error = self.failed(error);
                answer_recording(decided, line, || Fate::Store(error.clone()));
            }
        }
        is_fresh
    }

    /// The store failed, or said something that cannot be true.
    fn failed(&self, error: AppendError) -> StoreError {
        match error {
            AppendError::Store(error) => error,
            error => {
                let doing = format!("failed to append to stream {}", self.stream);
                StoreError::new(StoreErrorKind::Other, doing).because(error)
            }
        }
    }
}

/// What was decided together.
struct Round<A> {
    decided: Vec<Decided<A>>,
    /// What else has to hold.
    guards: Vec<Append>,
    /// Of those that record something, in the same order.
    appends: Vec<Append>,
}

fn first_id(append: &Append) -> Option<EventId> {
    append.events.first().map(|event| event.id)
}

fn settle<A: Aggregate>(decided: Vec<Decided<A>>) {
    for Decided { command, .. } in decided {
        command.settle();
    }
}

fn put_back<A: Aggregate>(decided: Vec<Decided<A>>, line: &mut Line<A>) {
    for Decided { command, .. } in decided.into_iter().rev() {
        command.give_back();
        line.push_front(command);
    }
}

fn record<A: Aggregate>(decided: Vec<Decided<A>>, appended: Vec<Appended>) {
    let mut appended = appended.into_iter();
    for Decided { command, records } in decided {
        match records.then(|| appended.next()).flatten() {
            Some(appended) => command.answer(Fate::Recorded(appended)),
            None => command.settle(),
        }
    }
}

/// Those that have something to record are answered; the others were decided on what did not happen.
fn answer_recording<A: Aggregate>(
    decided: Vec<Decided<A>>,
    line: &mut Line<A>,
    fate: impl Fn() -> Fate,
) {
    let (recording, others): (Vec<_>, _) = decided.into_iter().partition(|one| one.records);
    put_back(others, line);
    for Decided { command, .. } in recording {
        command.answer(fate());
    }
}

/// What comes of it, or the panic that it ended with.
async fn caught<F: Future>(future: F) -> Result<F::Output, Panic> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // It is not polled again after that.
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

/// Without a state there is no decision.
fn fail_to_load<A: Aggregate>(error: NoState, line: &mut Line<A>) {
    match error {
        NoState::Load(LoadError::Store(error)) => {
            for command in line.drain(..) {
                command.answer(Fate::Store(error.clone()));
            }
        }
        // The others will meet it themselves: it is no error that could be shared.
        NoState::Load(LoadError::Undecodable(error)) => {
            if let Some(command) = line.pop_front() {
                command.answer(Fate::Undecodable(error));
            }
        }
        NoState::Panicked(panic) => {
            if let Some(command) = line.pop_front() {
                command.answer(Fate::Panicked(panic));
            }
        }
        NoState::Load(LoadError::StreamId(_)) => unreachable!("the stream has a name"),
    }
}
