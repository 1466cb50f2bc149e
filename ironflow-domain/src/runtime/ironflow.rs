//! The composition root.

use std::any::TypeId;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::runtime::command::{Queues, Registry};
use crate::runtime::projection::{
    Definition, Followed, Hub, Lookout, Registration, Surroundings, Times, WhenChanged, needed,
};
use crate::runtime::reactor;
use crate::runtime::waiting::Waiters;
use crate::store::{Capabilities, Store};
use crate::{Command, CommandPolicy, Enrich, Projection, Reactor};

/// No command of the application has a context.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoEnrichment;

/// Puts an application together; [`start`](Self::start) it to get an [`Ironflow`].
#[must_use = "nothing runs until it is started"]
pub struct Builder<X = NoEnrichment> {
    store: Arc<dyn Store>,
    enrichment: X,
    policies: Policies,
    registry: Registry<X>,
    /// What is wrong with the commands that were registered.
    misregistered: Option<StartError>,
    required: Capabilities,
    cached_streams: usize,
    times: Times,
    when_changed: WhenChanged,
    most_waiters: usize,
    projections: Vec<Registration>,
    reactors: Vec<reactor::Registered>,
}

/// A running application: executes commands, follows projections and reacts to events. Clones are cheap and share
/// everything.
///
/// Projections and reactors stop when the last clone is dropped; [`stop`](Self::stop) waits until they have.
pub struct Ironflow<X = NoEnrichment> {
    shared: Arc<Shared<X>>,
}

struct Shared<X> {
    store: Arc<dyn Store>,
    enrichment: X,
    policies: Policies,
    registry: Registry<X>,
    queues: Arc<Queues>,
    projections: BTreeMap<&'static str, Followed>,
    reactors: BTreeMap<&'static str, reactor::Running>,
    waiters: Waiters,
    /// Of projections that are asked for and not followed: it takes time to make one.
    definitions: Mutex<HashMap<TypeId, Definition>>,
}

/// How hard to try to get commands executed.
#[derive(Debug, Default)]
struct Policies {
    default: CommandPolicy,
    own: HashMap<TypeId, CommandPolicy>,
}

impl Ironflow {
    /// Begins with a store; everything else is optional.
    #[expect(
        clippy::new_ret_no_self,
        reason = "an application is not running before it is started"
    )]
    pub fn new(store: impl Store) -> Builder {
        Builder {
            store: Arc::new(store),
            enrichment: NoEnrichment,
            policies: Policies::default(),
            registry: Registry::new(),
            misregistered: None,
            required: Capabilities::default(),
            cached_streams: 1_024,
            times: Times {
                poll: Duration::from_millis(250),
                take_over_after: Duration::from_secs(2),
            },
            when_changed: WhenChanged::default(),
            most_waiters: 10_000,
            projections: Vec::new(),
            reactors: Vec::new(),
        }
    }
}

/// Nothing enriches the commands yet. There is nothing to implement.
#[diagnostic::on_unimplemented(
    message = "`{Self}` enriches the commands already",
    label = "there is one enrichment for all commands",
    note = "put both in one type, and implement `Enrich` for each command on that"
)]
pub trait NotEnriched: sealed::NotEnriched {}

impl NotEnriched for NoEnrichment {}

mod sealed {
    pub trait NotEnriched {}

    impl NotEnriched for super::NoEnrichment {}
}

impl<N> Builder<N> {
    /// Where commands with a context get it from: one type that implements
    /// [`Enrich`](crate::Enrich) for each of them.
    pub fn enrich<X: Send + Sync + 'static>(self, enrichment: X) -> Builder<X>
    where
        N: NotEnriched,
    {
        let Self {
            store,
            enrichment: _,
            policies,
            registry,
            misregistered,
            required,
            cached_streams,
            times,
            when_changed,
            most_waiters,
            projections,
            reactors,
        } = self;
        let too_early = registry.names().next().map(StartError::RegisteredTooEarly);
        Builder {
            store,
            enrichment,
            policies,
            registry: Registry::new(),
            misregistered: misregistered.or(too_early),
            required,
            cached_streams,
            times,
            when_changed,
            most_waiters,
            projections,
            reactors,
        }
    }
}

impl<X: Send + Sync + 'static> Builder<X> {
    /// Follows the log with a projection.
    pub fn projection<P: Projection>(mut self) -> Self {
        self.projections.push(Registration::of::<P>());
        self
    }

    /// Reacts to what is recorded from now on; or, where the reactor was started before, from where it
    /// left off. One that says `from_start` begins with the first event of the log.
    ///
    /// What happens is what [`React`](crate::React) says, at least once for each event, in one process
    /// at a time: who of several it is, decides as for projections. Events of a stream are reacted to in
    /// their order, one after the other.
    pub fn reactor<R: Reactor>(mut self, reactor: R) -> Self {
        self.reactors.push(reactor::Registered::new(reactor));
        self
    }

    /// Lets a command be executed by its name, from JSON; of an enum, each of its variants:
    /// [`Ironflow::dispatch`]. The variants are read as serde reads them by default: not tagged, and
    /// none of them skipped. After [`enrich`](Self::enrich), which says where its context comes
    /// from.
    pub fn command<C>(mut self) -> Self
    where
        C: Command + DeserializeOwned,
        X: Enrich<C>,
    {
        if let Err(name) = self.registry.add::<C>() {
            self.misregistered
                .get_or_insert(StartError::DuplicateCommand(name));
        }
        self
    }

    /// What the store must be able to do besides, or the application does not start: nothing turns out
    /// to be impossible later.
    ///
    /// ```
    /// # use ironflow_domain::{Ironflow, store::{Capabilities, MemoryStore}};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let needs = Capabilities::ALL;
    /// let ironflow = Ironflow::new(MemoryStore::new()).requires(needs).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn requires(mut self, capabilities: Capabilities) -> Self {
        self.required = capabilities;
        self
    }

    /// How hard to try to get a command executed, unless something else is said for its type.
    pub fn policy(mut self, policy: CommandPolicy) -> Self {
        self.policies.default = policy;
        self
    }

    /// How hard to try to get commands of one type executed.
    pub fn policy_of<C: Command>(mut self, policy: CommandPolicy) -> Self {
        self.policies.own.insert(TypeId::of::<C>(), policy);
        self
    }

    /// The states of how many streams to keep in memory while no command is executed on them; 1024
    /// unless given. With 0, the first command on a stream that nobody is busy with reads all of it.
    pub fn cached_streams(mut self, streams: usize) -> Self {
        self.cached_streams = streams;
        self
    }

    /// How often projections look for events that other processes appended; 250 ms unless given.
    /// Events of this process wake them at once.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.times.poll = interval;
        self
    }

    /// How long an event may wait for another process that follows the same projection, before this one
    /// takes over; two seconds unless given. One process at a time follows a projection. It need not
    /// say that it is alive: it is taken for gone where it does nothing though there is something to do.
    /// One that was only slow finds out when it writes, and nothing is applied twice.
    pub fn take_over_after(mut self, time: Duration) -> Self {
        self.times.take_over_after = time;
        self
    }

    /// How many may wait for [projections](Ironflow::wait_for) and
    /// [reactors](Ironflow::wait_for_reactor) at a time; 10 000 unless given. Where
    /// projections do not move, one more is told so at once, instead of filling the memory.
    pub fn most_waiters(mut self, waiters: usize) -> Self {
        self.most_waiters = waiters;
        self
    }

    /// What to do where a projection is not as it was when its views were filled; fill new ones
    /// unless given.
    ///
    /// ```
    /// # use ironflow_domain::{Ironflow, WhenChanged, store::MemoryStore};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ironflow = Ironflow::new(MemoryStore::new())
    ///     .when_changed(WhenChanged::Refuse)
    ///     .start()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn when_changed(mut self, what: WhenChanged) -> Self {
        self.when_changed = what;
        self
    }

    /// Starts the reactors and the projections where they left off; projections from the start of the log where the shape of the
    /// state, the categories or the version are not what the views were filled by.
    ///
    /// # Errors
    ///
    /// When two projections, two reactors or two commands have the same name, or when the place where one left off cannot be read
    /// or written.
    ///
    /// # Panics
    ///
    /// With a projection or a reactor, outside a tokio runtime. In one without timers (`enable_time`), what has
    /// to wait panics later: a projection says so in its status, a retry panics where it is awaited.
    pub async fn start(self) -> Result<Ironflow<X>, StartError> {
        let Self {
            store,
            enrichment,
            policies,
            registry,
            misregistered,
            required,
            cached_streams,
            times,
            when_changed,
            most_waiters,
            projections,
            reactors,
        } = self;
        if let Some(error) = misregistered {
            return Err(error);
        }
        if let Some(missing) = required.missing_in(store.capabilities()) {
            return Err(StartError::Unsupported(missing));
        }
        let tables = projections.iter().flat_map(|it| it.tables);
        if !needed(tables, &store).map_err(StartError::DuplicateTable)? {
            let missing = "execute SQL, for the tables of a projection";
            return Err(StartError::Unsupported(missing));
        }
        let reads = projections.iter().map(|it| &it.reads);
        let hub = Hub::new(Arc::clone(&store), reads, times.poll);
        let surroundings = Surroundings {
            // One alone reads what it needs, and ahead.
            hub: (projections.len() > 1).then(|| Arc::new(hub)),
            store: Arc::clone(&store),
            lookout: Lookout::new(Arc::clone(&store)),
            times,
            node: Uuid::now_v7().to_string().into(),
            when_changed,
        };
        if !projections.is_empty() || !reactors.is_empty() {
            surroundings.lookout.start(times.poll);
        }
        let mut followed = BTreeMap::new();
        for registration in projections {
            if followed.contains_key(registration.name) {
                return Err(StartError::DuplicateProjection(registration.name));
            }
            let running = registration.follow(&surroundings).await?;
            followed.insert(registration.name, running);
        }
        // None acts before all is known to be right.
        let mut begun = BTreeMap::new();
        for reactor in reactors {
            let name = reactor.name;
            if begun.contains_key(name) {
                return Err(StartError::DuplicateReactor(name));
            }
            begun.insert(name, reactor.begin(&*store).await?);
        }
        let reactors = begun.into_iter();
        let reactors = reactors.map(|(name, begun)| (name, begun.run(&surroundings)));
        let reactors = reactors.collect();
        let shared = Shared {
            queues: Arc::new(Queues::new(Arc::clone(&store), cached_streams)),
            store,
            enrichment,
            policies,
            registry,
            projections: followed,
            reactors,
            waiters: Waiters::at_most(most_waiters),
            definitions: Mutex::default(),
        };
        Ok(Ironflow {
            shared: Arc::new(shared),
        })
    }
}

/// An application could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Two projections would write to the same views.
    #[error(
        "two projections are called {0}: give one of them another name in `#[projection(\"…\")]`"
    )]
    DuplicateProjection(&'static str),
    /// Two projections would fill the same table.
    #[error("two projections have a table {0}: give one of them another name in `#[table(\"…\")]`")]
    DuplicateTable(&'static str),
    /// Two reactors would write to the same checkpoint.
    #[error("two reactors are called {0}: give one of them another name in `#[reactor(\"…\")]`")]
    DuplicateReactor(&'static str),
    /// Two commands are called the same, or one was registered twice.
    #[error("two commands are called {0}: rename one of them, or register it only once")]
    DuplicateCommand(&'static str),
    /// The store cannot do what the application requires.
    #[error("a store of this kind cannot {0}, which the application requires")]
    Unsupported(&'static str),
    /// A projection is not as it was when its views were filled, and that is
    /// [refused](WhenChanged::Refuse).
    #[error(
        "projection {projection} has changed, so its views have to be filled again: {changes}; \
         to do that at start, remove `.when_changed(WhenChanged::Refuse)`"
    )]
    #[non_exhaustive]
    ProjectionChanged {
        /// Its name.
        projection: &'static str,
        /// What has changed.
        changes: String,
    },
    /// A command was registered before it was known where contexts come from.
    #[error("{0} was registered too early: call `.enrich(…)` before `.command::<…>()`")]
    RegisteredTooEarly(&'static str),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

impl<X> Ironflow<X> {
    /// The store, for what has no typed way.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.shared.store
    }

    /// The same, for a task that outlives the caller.
    pub(crate) fn shared_store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.shared.store)
    }

    pub(crate) fn enrichment(&self) -> &X {
        &self.shared.enrichment
    }

    pub(crate) fn registry(&self) -> &Registry<X> {
        &self.shared.registry
    }

    pub(crate) fn queues(&self) -> &Arc<Queues> {
        &self.shared.queues
    }

    /// How hard to try where nothing else is said.
    pub(crate) fn policy(&self) -> CommandPolicy {
        self.shared.policies.default
    }

    pub(crate) fn policy_of<C: Command>(&self) -> CommandPolicy {
        let policies = &self.shared.policies;
        let own = policies.own.get(&TypeId::of::<C>());
        own.copied().unwrap_or(policies.default)
    }

    pub(crate) fn projections(&self) -> &BTreeMap<&'static str, Followed> {
        &self.shared.projections
    }

    pub(crate) fn reactors(&self) -> &BTreeMap<&'static str, reactor::Running> {
        &self.shared.reactors
    }

    pub(crate) fn waiters(&self) -> &Waiters {
        &self.shared.waiters
    }

    pub(crate) fn definition<P: Projection>(&self) -> Definition {
        let known = || {
            // A panic elsewhere leaves nothing half-done in it.
            let definitions = self.shared.definitions.lock();
            definitions.unwrap_or_else(PoisonError::into_inner)
        };
        let id = TypeId::of::<P>();
        if let Some(definition) = known().get(&id) {
            return definition.clone();
        }
        // Made without the lock, since it runs the user's code.
        let definition = Definition::of::<P>();
        known().insert(id, definition.clone());
        definition
    }

    /// Stops the projections, each after the batch it is at, and the reactors, each after the event it
    /// is at, and waits until they have stopped. Commands can still be executed.
    pub async fn stop(&self) {
        for running in self.shared.reactors.values() {
            running.stop();
        }
        for followed in self.shared.projections.values() {
            followed.stop();
        }
        for followed in self.shared.projections.values() {
            followed.stopped().await;
        }
        for running in self.shared.reactors.values() {
            running.stopped().await;
        }
    }
}

impl<X> Clone for Ironflow<X> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<X> fmt::Debug for Ironflow<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ironflow")
            .field("projections", &self.shared.projections.keys())
            .field("reactors", &self.shared.reactors.keys())
            .finish_non_exhaustive()
    }
}

impl<X> fmt::Debug for Builder<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("policies", &self.policies)
            .finish_non_exhaustive()
    }
}
