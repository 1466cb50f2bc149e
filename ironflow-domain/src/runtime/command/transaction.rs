//! Several commands that are recorded together or not at all.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;

use tokio::time::{Instant, sleep, timeout_at};
use tracing::Instrument;

use super::content;
use super::error::Reason;
use super::guard::unmet;
use super::observed::Observed;
use super::part::{One, Part, States};
use super::said::{Checked, Said, say, say_policy};
use crate::store::{
    Append, AppendError, Capabilities, Conflict, ExpectedVersion, StoreError, StoreErrorKind,
};
use crate::{
    Addressed, Aggregate, Command, CommandId, CommandPolicy, Enrich, EventId, ExecuteError,
    InvalidStreamId, Ironflow, Position, Receipt, StreamId,
};

/// What all of them together are called.
const COMMAND: &str = "transaction";

impl<X> Ironflow<X> {
    /// Commands that are recorded together or not at all, whichever streams they are for. Ask for it
    /// when the application starts: not every store can.
    ///
    /// ```
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, Ironflow, command, event, events, store::MemoryStore};
    /// # #[event("account")] pub enum AccountEvent { Deposited { cents: u64 }, Withdrawn { cents: u64 } }
    /// # #[derive(Debug, thiserror::Error)] #[error("the balance is {0} cents")] pub struct Overdraft(u64);
    /// # #[derive(Aggregate, Default)] #[aggregate(event = AccountEvent, error = Overdraft)] pub struct Account { balance: u64 }
    /// # impl Fold for Account {
    /// #     fn fold(&mut self, event: &AccountEvent) {
    /// #         match event { AccountEvent::Deposited { cents } => self.balance += cents, AccountEvent::Withdrawn { cents } => self.balance -= cents }
    /// #     }
    /// # }
    /// # #[command(Account)] pub struct Deposit { #[id] account: &'static str, cents: u64 }
    /// # #[command(Account)] pub struct Withdraw { #[id] account: &'static str, cents: u64 }
    /// # impl Decide<Deposit> for Account {
    /// #     fn decide(&self, c: Deposit) -> Decision<Self> { Ok(events![AccountEvent::Deposited { cents: c.cents }]) }
    /// # }
    /// # impl Decide<Withdraw> for Account {
    /// #     fn decide(&self, c: Withdraw) -> Decision<Self> {
    /// #         if c.cents > self.balance { return Err(Overdraft(self.balance)) }
    /// #         Ok(events![AccountEvent::Withdrawn { cents: c.cents }])
    /// #     }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let bank = Ironflow::new(MemoryStore::new()).start().await?;
    /// # bank.execute(Deposit { account: "ann", cents: 50 }).await?;
    /// let transactions = bank.transactions()?;
    /// let transfer = |cents| {
    ///     transactions
    ///         .execute(Withdraw { account: "ann", cents })
    ///         .execute(Deposit { account: "bob", cents })
    /// };
    /// let done = transfer(40).command_id("transfer-1").await?;
    /// assert_eq!(done.receipts[1].stream.as_str(), "account-bob");
    ///
    /// let refused = transfer(40).command_id("transfer-2").await.unwrap_err();
    /// assert_eq!(refused.to_string(), "withdraw, the first of the commands, was not executed, and so none was");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Unsupported`](StoreErrorKind::Unsupported) when the store cannot append to several streams
    /// at once.
    pub fn transactions(&self) -> Result<Transactions<X>, StoreError> {
        if self.store().capabilities().several_streams {
            Ok(Transactions {
                ironflow: self.clone(),
            })
        } else {
            Err(Capabilities::unsupported("append to several streams"))
        }
    }
}

/// The way to execute several commands together, of a store that can; [`Ironflow::transactions`]
/// makes it. Clones are cheap.
pub struct Transactions<X> {
    ironflow: Ironflow<X>,
}

impl<X> Clone for Transactions<X> {
    fn clone(&self) -> Self {
        Self {
            ironflow: self.ironflow.clone(),
        }
    }
}

impl<X> fmt::Debug for Transactions<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transactions").finish_non_exhaustive()
    }
}

impl<X: Send + Sync + 'static> Transactions<X> {
    /// Begins with this command.
    pub fn execute<C: Addressed>(&self, command: C) -> Transaction<'_, X>
    where
        X: Enrich<C>,
    {
        self.begin().execute(command)
    }

    /// Begins with this command on that aggregate.
    pub fn execute_on<C: Command>(&self, id: impl fmt::Display, command: C) -> Transaction<'_, X>
    where
        X: Enrich<C>,
    {
        self.begin().execute_on(id, command)
    }

    fn begin(&self) -> Transaction<'_, X> {
        Transaction {
            ironflow: &self.ironflow,
            parts: Vec::new(),
            guards: Vec::new(),
            said: Said::nothing(),
        }
    }
}

/// Several commands about to be executed together: say more about them, then await it.
#[must_use = "commands are executed when awaited"]
pub struct Transaction<'a, X> {
    ironflow: &'a Ironflow<X>,
    parts: Vec<Result<Box<dyn Part<X>>, TransactionError>>,
    guards: Vec<(StreamId, ExpectedVersion)>,
    said: Said,
}

impl<X> fmt::Debug for Transaction<'_, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("commands", &self.parts.len())
            .field("guards", &self.guards)
            .field("said", &self.said)
            .finish_non_exhaustive()
    }
}

impl<X: Send + Sync + 'static> Transaction<'_, X> {
    /// And this command. Where it is for the same aggregate as one before, it is decided on what that
    /// led to.
    pub fn execute<C: Addressed>(mut self, command: C) -> Self
    where
        X: Enrich<C>,
    {
        let part = command
            .stream_id()
            .map(|stream| One::boxed(stream, command));
        self.parts.push(part.map_err(unaddressed));
        self
    }

    /// And this command on that aggregate. A command that names another aggregate itself is refused.
    pub fn execute_on<C: Command>(mut self, id: impl fmt::Display, command: C) -> Self
    where
        X: Enrich<C>,
    {
        let index = self.parts.len();
        let stream = StreamId::new(C::Aggregate::CATEGORY, id);
        let part = match (stream, command.own_stream().transpose()) {
            (Err(invalid), _) | (_, Err(invalid)) => Err(unaddressed(invalid)),
            (Ok(stream), Ok(Some(named))) if named != stream => Err(TransactionError::Refused {
                index,
                command: command.name(),
                source: Box::new(ExecuteError::OtherAggregate { stream, named }),
            }),
            (Ok(stream), Ok(_)) => Ok(One::boxed(stream, command)),
        };
        self.parts.push(part);
        self
    }

    /// Only if another stream is where the caller last saw it, though nothing is appended to it:
    /// what was read from there still holds.
    ///
    /// With [`NothingSince`](ExpectedVersion::NothingSince) it may be about any events; the stream
    /// says where the conflict is then.
    pub fn only_if(mut self, stream: StreamId, expected: ExpectedVersion) -> Self {
        self.guards.push((stream, expected));
        self
    }

    say!();

    say_policy!();

    async fn run(self) -> Result<TransactionReceipt, TransactionError> {
        let Self {
            ironflow,
            parts,
            guards,
            said,
        } = self;
        let parts = parts.into_iter().collect::<Result<Vec<_>, _>>()?;
        refuse_two_aggregates(&parts)?;
        let Said {
            command_id,
            metadata,
            expected: _,
            policy,
        } = said;
        let Checked {
            mut metadata,
            is_repeatable,
        } = Said::check(command_id, metadata).map_err(ExecuteError::<Reason>::from)?;
        let first = parts.first().map(|part| part.about().0.to_string());
        let observed = Observed::begin(COMMAND, &first.unwrap_or_default(), &mut metadata);
        let policy = policy.unwrap_or_else(|| ironflow.policy());
        let mut running = Running {
            ironflow,
            command_id: metadata.command_id.clone(),
            policy,
            deadline: policy
                .deadline
                .and_then(|after| Instant::now().checked_add(after)),
            is_repeatable,
            parts,
            guards,
            attempts: 0,
            observed,
        };
        let contents: Vec<_> = running.parts.iter().map(|part| part.content()).collect();
        let told = running.parts.iter().zip(&contents);
        let hash = content::hash_all(told.map(|(part, content)| {
            let (stream, name) = part.about();
            (stream.as_str(), name, content.as_deref())
        }));
        for (index, part) in running.parts.iter_mut().enumerate() {
            part.issue(metadata.clone(), &hash, index);
        }
        running.run().await
    }
}

impl<'a, X: Send + Sync + 'static> IntoFuture for Transaction<'a, X> {
    type Output = Result<TransactionReceipt, TransactionError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A transaction that is being executed.
struct Running<'a, X> {
    ironflow: &'a Ironflow<X>,
    command_id: CommandId,
    policy: CommandPolicy,
    deadline: Option<Instant>,
    is_repeatable: bool,
    parts: Vec<Box<dyn Part<X>>>,
    guards: Vec<(StreamId, ExpectedVersion)>,
    attempts: u32,
    observed: Observed,
}

impl<X: Send + Sync + 'static> Running<'_, X> {
    async fn run(mut self) -> Result<TransactionReceipt, TransactionError> {
        let span = self.observed.span().clone();
        let outcome = self.try_to_run().instrument(span).await;
        self.observed.end(&outcome, self.attempts);
        outcome
    }

    async fn try_to_run(&mut self) -> Result<TransactionReceipt, TransactionError> {
        if let Some(receipt) = self.earlier_receipt().await? {
            return Ok(receipt);
        }
        self.fetch().await?;
        loop {
            self.attempts += 1;
            let conflict = match self.attempt().await {
                Ok(receipt) => return Ok(receipt),
                Err(Undone::Overtaken(conflict)) => {
                    self.observed.overtaken(&conflict, self.attempts);
                    conflict
                }
                Err(Undone::Failed(error)) => return Err(error),
                // It may have been executed meanwhile, and be refused because of that.
                Err(Undone::Refused(error)) => {
                    return self.earlier_receipt().await?.ok_or(error);
                }
            };
            if self.attempts >= self.policy.attempts {
                let attempts = self.attempts;
                return Err(ExecuteError::Conflict { conflict, attempts }.into());
            }
            let pause = sleep(self.policy.delay_after(self.attempts));
            self.in_time(pause).await?;
            if self.policy.enrich_again {
                self.fetch().await?;
            }
        }
    }

    async fn in_time<F: Future>(&self, future: F) -> Result<F::Output, TransactionError> {
        let Some(deadline) = self.deadline else {
            return Ok(future.await);
        };
        timeout_at(deadline, future).await.map_err(|_| {
            TransactionError::Execute(ExecuteError::DeadlineExceeded {
                command: COMMAND,
                deadline: self.policy.deadline.unwrap_or_default(),
                attempts: self.attempts,
            })
        })
    }

    async fn fetch(&mut self) -> Result<(), TransactionError> {
        let mut parts = std::mem::take(&mut self.parts);
        let enriched = self
            .in_time(async {
                for (index, part) in parts.iter_mut().enumerate() {
                    let enriched = part.fetch(self.ironflow).await;
                    enriched.map_err(|error| refused(index, &**part, error))?;
                }
                Ok(())
            })
            .await;
        self.parts = parts;
        enriched?
    }

    async fn attempt(&self) -> Result<TransactionReceipt, Undone> {
        let decided = self.in_time(self.decide()).await;
        let appends = decided.map_err(Undone::Failed)??;
        // What is being appended is waited for: nobody could tell what became of it.
        self.append(appends).await
    }

    /// What is to be appended: the guards, and then one for each command.
    async fn decide(&self) -> Result<Vec<Append>, Undone> {
        let store = self.ironflow.store();
        let mut states = States::new();
        let mut appends: Vec<_> = self
            .guards
            .iter()
            .map(|(stream, expected)| Append {
                stream: stream.clone(),
                expected: expected.clone(),
                events: Vec::new(),
            })
            .collect();
        for (index, part) in self.parts.iter().enumerate() {
            let append = part.decide(store, &mut states).await;
            let refused = |error| Undone::Refused(refused(index, &**part, error));
            // What led to nothing guards its stream: it was accepted as it is.
            appends.push(append.map_err(refused)?);
        }
        Ok(appends)
    }

    async fn append(&self, appends: Vec<Append>) -> Result<TransactionReceipt, Undone> {
        let store = self.ironflow.store();
        let ids: Vec<Vec<_>> = appends
            .iter()
            .map(|append| append.events.iter().map(|event| event.id).collect())
            .collect();
        let guards = self.guards.len();
        if ids.iter().all(Vec::is_empty) {
            for (stream, expected) in &self.guards {
                let unmet = unmet(store, stream, expected).await;
                if let Some(conflict) = unmet.map_err(|error| Undone::Failed(failed(error)))? {
                    return Err(Undone::Refused(self.unguarded(conflict)));
                }
            }
            let versions = appends[guards..]
                .iter()
                .map(|append| match append.expected {
                    ExpectedVersion::Exact(version) => version,
                    _ => unreachable!("a part says where its stream was"),
                });
            let receipts = self.parts.iter().zip(versions);
            let receipts = receipts.map(|(part, version)| part.receipt(version, None, Vec::new()));
            return Ok(self.receipt(receipts.collect(), None));
        }
        match store.append_all(appends).await {
            Ok(appended) => {
                let end = appended.iter().map(|appended| appended.position).max();
                let parts = appended.into_iter().zip(ids).skip(guards);
                let receipts = self.parts.iter().zip(parts).map(|(part, (appended, ids))| {
                    let position = (!ids.is_empty()).then_some(appended.position);
                    part.receipt(appended.version, position, ids)
                });
                Ok(self.receipt(receipts.collect(), end))
            }
            Err(AppendError::Conflict(conflict)) => {
                let is_guard = |(stream, expected): &(StreamId, ExpectedVersion)| {
                    *stream == conflict.stream && *expected == conflict.expected
                };
                if self.guards.iter().any(is_guard) {
                    return Err(Undone::Refused(self.unguarded(conflict)));
                }
                Err(Undone::Overtaken(conflict))
            }
            Err(AppendError::Store(error)) => Err(Undone::Failed(failed(error))),
            // A repeat finds its receipt; where there is none the store said what cannot be true.
            Err(error) => {
                let doing = format!("failed to append the events of command {}", self.command_id);
                let error = StoreError::new(StoreErrorKind::Other, doing).because(error);
                Err(Undone::Refused(failed(error)))
            }
        }
    }

    /// A guard does not hold: deciding again cannot help.
    fn unguarded(&self, conflict: Conflict) -> TransactionError {
        let attempts = self.attempts;
        ExecuteError::Conflict { conflict, attempts }.into()
    }

    /// What became of the transaction when it was executed before; nothing where it was not.
    async fn earlier_receipt(&self) -> Result<Option<TransactionReceipt>, TransactionError> {
        if !self.is_repeatable {
            return Ok(None);
        }
        self.in_time(self.recorded()).await?
    }

    /// What the log says became of the transaction; nothing where it says nothing.
    async fn recorded(&self) -> Result<Option<TransactionReceipt>, TransactionError> {
        let store = self.ironflow.store();
        let first = EventId::derive(&self.command_id, 0);
        let first = store.find_event(first).await.map_err(ExecuteError::Store)?;
        let Some(first) = first else {
            return Ok(None);
        };
        // The parts before led to nothing. Where it was something else altogether, any part says so.
        let begins = first.metadata.part.unwrap_or_default() as usize;
        let begins = begins.min(self.parts.len() - 1);
        let mut recorded = vec![None; begins];
        for (index, part) in self.parts.iter().enumerate().skip(begins) {
            let earlier = part.recorded(store, index == begins).await;
            recorded.push(earlier.map_err(|error| reused(index, &**part, error))?);
        }
        let position = recorded
            .iter()
            .flatten()
            .filter_map(|part| part.position)
            .max();
        let mut receipts = Vec::new();
        for (part, recorded) in self.parts.iter().zip(recorded) {
            if let Some(receipt) = recorded {
                receipts.push(receipt);
                continue;
            }
            // It led to nothing then.
            let (stream, _) = part.about();
            let info = store.stream_info(stream).await;
            let version = info.map_err(ExecuteError::Store)?.map(|info| info.version);
            let mut receipt = part.receipt(version.unwrap_or_default(), None, Vec::new());
            receipt.duplicate = true;
            receipts.push(receipt);
        }
        let mut receipt = self.receipt(receipts, position);
        receipt.duplicate = true;
        Ok(Some(receipt))
    }

    fn receipt(&self, receipts: Vec<Receipt>, position: Option<Position>) -> TransactionReceipt {
        TransactionReceipt {
            command_id: self.command_id.clone(),
            receipts,
            position,
            duplicate: false,
        }
    }
}

/// Why an attempt came to nothing.
enum Undone {
    Overtaken(Conflict),
    /// Maybe because it was executed before.
    Refused(TransactionError),
    Failed(TransactionError),
}

fn failed(error: StoreError) -> TransactionError {
    ExecuteError::Store(error).into()
}

fn unaddressed(invalid: InvalidStreamId) -> TransactionError {
    ExecuteError::StreamId(invalid).into()
}

fn refused<X>(index: usize, part: &dyn Part<X>, error: ExecuteError<Reason>) -> TransactionError {
    let (_, command) = part.about();
    TransactionError::Refused {
        index,
        command,
        source: Box::new(error),
    }
}

/// The id of the first command is that of the whole: who used it, used all of it.
fn reused<X>(index: usize, part: &dyn Part<X>, error: ExecuteError<Reason>) -> TransactionError {
    match error {
        error @ ExecuteError::CommandIdReused(_) => error.into(),
        error => refused(index, part, error),
    }
}

/// What became of commands that were executed together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransactionReceipt {
    /// The id of all of them.
    pub command_id: CommandId,
    /// What became of each, in the order of the commands. Of a command that led to nothing, a repeat
    /// says which version its stream has by then.
    pub receipts: Vec<Receipt>,
    /// The place in the log of the last event; none where nothing was recorded.
    pub position: Option<Position>,
    /// Whether they had been executed before, and this is what became of them then.
    pub duplicate: bool,
}

/// None of the commands was executed; nothing was recorded, unless the store says it does not know.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// One of them was refused, or could not be decided.
    #[error("{command}, the {} of the commands, was not executed, and so none was", ordinal(*.index))]
    #[non_exhaustive]
    Refused {
        /// Which of them, from 0.
        index: usize,
        /// Its name.
        command: &'static str,
        /// Why.
        source: Box<ExecuteError<Reason>>,
    },
    /// Two commands on the same stream are decided by different aggregates, which do not see what the
    /// other led to.
    #[error(
        "stream {stream} is that of two aggregates: execute their commands in transactions of their own"
    )]
    #[non_exhaustive]
    TwoAggregates {
        /// The stream.
        stream: StreamId,
    },
    /// It is about all of them.
    #[error(transparent)]
    Execute(#[from] ExecuteError<Reason>),
}

fn refuse_two_aggregates<X>(parts: &[Box<dyn Part<X>>]) -> Result<(), TransactionError> {
    let mut aggregates = HashMap::new();
    for part in parts {
        let (stream, _) = part.about();
        let aggregate = part.aggregate();
        if *aggregates.entry(stream).or_insert(aggregate) != aggregate {
            let stream = stream.clone();
            return Err(TransactionError::TwoAggregates { stream });
        }
    }
    Ok(())
}

fn ordinal(index: usize) -> String {
    const WORDS: [&str; 4] = ["first", "second", "third", "fourth"];
    match WORDS.get(index) {
        Some(word) => (*word).to_owned(),
        None => format!("{}th", index + 1),
    }
}
