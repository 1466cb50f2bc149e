//! Enrich, queue, decide, append; and again where others were faster.

use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument;

use super::execution::Outcome;
use super::guard::unmet;
use super::issued::{Issued, Settled};
use super::observed::Observed;
use super::pending::{Answer, Fate, Ticket, Waiting};
use crate::store::{Conflict, ExpectedVersion, StoreError, StoreErrorKind};
use crate::{Aggregate, Command, CommandPolicy, Enrich, ExecuteError, Ironflow, Receipt};

/// A command that is being executed.
pub(super) struct Handling<'a, X, C> {
    pub(super) ironflow: &'a Ironflow<X>,
    pub(super) policy: CommandPolicy,
    pub(super) deadline: Option<Instant>,
    pub(super) issued: Arc<Issued<C>>,
    /// Whether it may have been executed before.
    pub(super) is_repeatable: bool,
    /// Whether it was being recorded when whoever was at it went away.
    pub(super) is_in_doubt: bool,
    pub(super) attempts: u32,
    pub(super) observed: Observed,
}

/// What became of one attempt.
enum Attempt {
    Done(Receipt),
    Again(Conflict),
    /// Whoever was at it has gone.
    Abandoned {
        was_begun: bool,
    },
}

impl<X: Enrich<C>, C: Command> Handling<'_, X, C> {
    pub(super) async fn run(mut self) -> Outcome<Receipt, C> {
        let span = self.observed.span().clone();
        let outcome = self.try_to_run().instrument(span).await;
        self.observed.end(&outcome, self.attempts);
        outcome
    }

    async fn try_to_run(&mut self) -> Outcome<Receipt, C> {
        if let Some(receipt) = self.earlier_receipt().await? {
            return Ok(receipt);
        }
        let mut context = self.fetch_context().await?;
        loop {
            self.attempts += 1;
            let conflict = match self.attempt(&context).await? {
                Attempt::Done(receipt) => return Ok(receipt),
                Attempt::Again(conflict) => Some(conflict),
                Attempt::Abandoned { was_begun } => {
                    self.is_repeatable = true;
                    self.is_in_doubt |= was_begun;
                    if let Some(receipt) = self.earlier_receipt().await? {
                        return Ok(receipt);
                    }
                    None
                }
            };
            if self.attempts >= self.policy.attempts {
                return Err(match conflict {
                    Some(conflict) => self.gave_up(conflict),
                    None => self.abandoned(),
                });
            }
            self.pause().await?;
            if self.policy.enrich_again {
                context = self.fetch_context().await?;
            }
        }
    }

    async fn fetch_context(&self) -> Outcome<Arc<C::Context>, C> {
        let Issued {
            command, metadata, ..
        } = &*self.issued;
        let enriching = self.ironflow.enrichment().enrich(command, metadata);
        let enriched = self.in_time(enriching).await?;
        enriched
            .map(Arc::new)
            .map_err(|source| ExecuteError::Enrichment {
                command: command.name(),
                source,
            })
    }

    /// Waits before the next attempt.
    async fn pause(&self) -> Outcome<(), C> {
        let pause = sleep(self.policy.delay_after(self.attempts));
        self.in_time(pause).await
    }

    /// Waits for it until it is too late.
    async fn in_time<F: Future>(&self, future: F) -> Outcome<F::Output, C> {
        match self.deadline {
            None => Ok(future.await),
            Some(deadline) => timeout_at(deadline, future)
                .await
                .map_err(|_| self.too_late()),
        }
    }

    /// Decides on the newest state and appends: once.
    async fn attempt(&self, context: &Arc<C::Context>) -> Outcome<Attempt, C> {
        let stream = &self.issued.stream;
        let queues = self.ironflow.queues();
        let (waiting, mut ticket) = Waiting::new(Arc::clone(&self.issued), Arc::clone(context));
        let in_line = match Handle::try_current() {
            Ok(runtime) if self.is_queued() => {
                queues.put::<C::Aggregate>(&runtime, stream, waiting)
            }
            _ => Err(waiting as _),
        };
        if let Err(waiting) = in_line {
            let mut deciding = pin!(queues.decide_alone(stream, waiting));
            if let Err(late) = self.in_time(&mut deciding).await {
                if ticket.withdraw() {
                    return Err(late);
                }
                deciding.await;
            }
        }
        let Some(answer) = self.answer(&mut ticket).await? else {
            let was_begun = !ticket.withdraw();
            return Ok(Attempt::Abandoned { was_begun });
        };
        match answer {
            Answer::Recorded(appended, event_ids) => Ok(Attempt::Done(self.issued.receipt(
                appended.version,
                Some(appended.position),
                event_ids,
            ))),
            // The same command, issued twice at once, must not be told that it was refused because
            // it was executed.
            Answer::Settled(settled) => {
                if let Some(receipt) = self.earlier_receipt().await? {
                    return Ok(Attempt::Done(receipt));
                }
                if let Settled::Nothing(_) = settled
                    && let Some(conflict) = self.unmet_condition().await?
                {
                    return Err(self.gave_up(conflict));
                }
                let settled = self.issued.settle(settled, self.attempts);
                settled.map(Attempt::Done)
            }
            Answer::Otherwise(fate) => self.otherwise(fate).await,
        }
    }

    /// Whether the commands of this process on the stream wait for each other.
    fn is_queued(&self) -> bool {
        // A condition that does not hold is nobody else's affair.
        let has_condition = matches!(self.issued.expected, ExpectedVersion::NothingSince { .. });
        self.policy.queued && !has_condition
    }

    /// Where nothing is recorded, no store looks at the condition.
    async fn unmet_condition(&self) -> Result<Option<Conflict>, StoreError> {
        let Issued {
            stream, expected, ..
        } = &*self.issued;
        match expected {
            ExpectedVersion::NothingSince { .. } => {
                unmet(self.ironflow.store(), stream, expected).await
            }
            // It was looked at when the command was decided.
            _ => Ok(None),
        }
    }

    /// Waits for the answer until it is too late; nothing where nobody gives one any more.
    async fn answer(
        &self,
        ticket: &mut Ticket<<C::Aggregate as Aggregate>::Error>,
    ) -> Outcome<Option<Answer<<C::Aggregate as Aggregate>::Error>>, C> {
        match self.in_time(&mut ticket.answer).await {
            Ok(answer) => Ok(answer.ok()),
            Err(late) if ticket.withdraw() => Err(late),
            Err(_) => Ok((&mut ticket.answer).await.ok()),
        }
    }

    async fn otherwise(&self, fate: Fate) -> Outcome<Attempt, C> {
        match fate {
            Fate::Overtaken(conflict) => {
                self.observed.overtaken(&conflict, self.attempts);
                Ok(Attempt::Again(conflict))
            }
            Fate::Unmet(conflict) => match self.earlier_receipt().await? {
                Some(receipt) => Ok(Attempt::Done(receipt)),
                None => Err(self.gave_up(conflict)),
            },
            Fate::Repeated => match self
                .issued
                .identity(0)
                .recorded(self.ironflow.store())
                .await?
            {
                Some(receipt) => Ok(Attempt::Done(receipt)),
                // Where the caller chose no id, the store appended twice what it was asked to once.
                None => Err(self
                    .store_failed(
                        StoreErrorKind::Other,
                        "its events are recorded, and cannot be found",
                    )
                    .into()),
            },
            Fate::Undecodable(error) => Err(ExecuteError::Undecodable(error)),
            Fate::Store(error) => Err(error.into()),
            // It is the caller's command that did.
            Fate::Panicked(panic) => resume_unwind(panic),
            Fate::Recorded(_) => unreachable!("that is an answer of its own"),
        }
    }

    /// What became of the command when it was executed before; nothing where it was not.
    async fn earlier_receipt(&self) -> Outcome<Option<Receipt>, C> {
        if !self.is_repeatable {
            return Ok(None);
        }
        let identity = self.issued.identity(0);
        let recorded = identity.recorded(self.ironflow.store());
        Ok(self.in_time(recorded).await??)
    }

    fn too_late(&self) -> ExecuteError<<C::Aggregate as Aggregate>::Error> {
        if self.is_in_doubt {
            return self.abandoned();
        }
        ExecuteError::DeadlineExceeded {
            command: self.issued.command.name(),
            deadline: self.policy.deadline.unwrap_or_default(),
            attempts: self.attempts,
        }
    }

    fn gave_up(&self, conflict: Conflict) -> ExecuteError<<C::Aggregate as Aggregate>::Error> {
        ExecuteError::Conflict {
            conflict,
            attempts: self.attempts,
        }
    }

    fn abandoned(&self) -> ExecuteError<<C::Aggregate as Aggregate>::Error> {
        let kind = if self.is_in_doubt {
            StoreErrorKind::InDoubt
        } else {
            StoreErrorKind::Other
        };
        self.store_failed(kind, "the runtime that it was decided on has stopped")
            .into()
    }

    fn store_failed(&self, kind: StoreErrorKind, why: &str) -> StoreError {
        let doing = format!(
            "failed to append the events of command {}: {why}",
            self.issued.metadata.command_id
        );
        StoreError::new(kind, doing)
    }
}
