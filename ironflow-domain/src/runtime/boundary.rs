//! Decisions that rest on events of many streams.

use std::sync::Arc;

use crate::runtime::load::identify;
use crate::store::{EventQuery, ExpectedVersion, ReadLog, Store};
use crate::{Aggregate, Decoder, Event, Ironflow, LoadError, LogReader, Position};

/// A state folded from all events that a query means, whichever streams they are in: what a decision
/// rests on that no single aggregate can make, such as that a name is not taken.
///
/// Made by [`Ironflow::fold`]; it is a dynamic consistency boundary.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Boundary<A> {
    /// The state.
    pub state: A,
    /// How far the log was read.
    pub read_to: Position,
    query: EventQuery,
}

impl<A> Boundary<A> {
    /// That nothing was added to what the state was folded from: for a command that was chosen by
    /// looking at it, with [`Execution::expected_version`](crate::Execution::expected_version) or
    /// [`Transaction::only_if`](crate::Transaction::only_if).
    ///
    /// Of stores with [`Capabilities::conditions`](crate::store::Capabilities::conditions).
    #[must_use]
    pub fn unchanged(&self) -> ExpectedVersion {
        ExpectedVersion::nothing_since(self.query.clone(), self.read_to)
    }
}

impl<X> Ironflow<X> {
    /// Folds all events that a query means, whichever streams they are in. It reads the log up to its
    /// end, so the query should be narrow.
    ///
    /// The events have to be of the aggregate's set; the query's categories are that of the set where
    /// it has none.
    ///
    /// ```
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, Ironflow, command, event, events};
    /// # use ironflow_domain::store::{EventQuery, MemoryStore};
    /// #[event("user")]
    /// pub enum UserEvent {
    ///     Registered { name: String },
    ///     Renamed { name: String },
    /// }
    /// # #[command(User, creates)] pub struct Register { #[id] id: u32, name: String }
    /// # #[derive(Aggregate, Default)] #[aggregate(event = UserEvent, error = std::fmt::Error)] pub struct User;
    /// # impl Fold for User { fn fold(&mut self, _: &UserEvent) {} }
    /// # impl Decide<Register> for User {
    /// #     fn decide(&self, c: Register) -> Decision<Self> { Ok(events![UserEvent::Registered { name: c.name }]) }
    /// # }
    ///
    /// /// The names of all users there were.
    /// #[derive(Aggregate, Default)]
    /// #[aggregate(event = UserEvent, error = std::fmt::Error)]
    /// pub struct Names(Vec<String>);
    ///
    /// impl Fold for Names {
    ///     fn fold(&mut self, event: &UserEvent) {
    ///         let (UserEvent::Registered { name } | UserEvent::Renamed { name }) = event;
    ///         self.0.push(name.clone());
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let users = Ironflow::new(MemoryStore::new()).start().await?;
    /// let names = users.fold::<Names>(EventQuery::all()).await?;
    /// assert!(!names.state.0.contains(&"ann".to_owned()));
    /// let register = |id| users.execute(Register { id, name: "ann".into() });
    /// register(1).expected_version(names.unchanged()).await?;
    ///
    /// // Whoever looked at the same names comes too late.
    /// assert!(register(2).expected_version(names.unchanged()).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When an event cannot be read, and when the store fails.
    pub async fn fold<A: Aggregate>(&self, query: EventQuery) -> Result<Boundary<A>, LoadError> {
        fold(self.shared_store(), query).await
    }
}

async fn fold<A: Aggregate>(
    store: Arc<dyn Store>,
    mut query: EventQuery,
) -> Result<Boundary<A>, LoadError> {
    if query.categories.is_empty() {
        query.categories.push(A::CATEGORY.to_owned());
    }
    let mut read = ReadLog::after(Position::START);
    read.query = query.clone();
    read.payload_only = A::Event::READS_ONLY_PAYLOAD;
    let mut state = A::initial();
    let mut decoder = Decoder::<A::Event>::new();
    let mut read_to = read.after;
    let mut log = LogReader::new(Arc::clone(&store), read);
    while let Some(page) = log.next().await? {
        for event in page.events.iter() {
            match decoder.decode(&event) {
                Ok(read) => read.into_iter().for_each(|data| state.apply(&data)),
                Err(error) => return Err(identify(&*store, error).await),
            }
        }
        read_to = page.read_to;
    }
    Ok(Boundary {
        state,
        read_to,
        query,
    })
}
