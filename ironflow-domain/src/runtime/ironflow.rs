//! The composition root.

use std::any::TypeId;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::runtime::projection::{Definition, Followed, Registration};
use crate::store::Store;
use crate::{Projection, RetryPolicy};

/// No command of the application has a context.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoEnrichment;

/// Puts an application together; [`start`](Self::start) it to get an [`Ironflow`].
#[must_use = "nothing runs until it is started"]
pub struct Builder<X = NoEnrichment> {
    store: Arc<dyn Store>,
    enrichment: X,
    retry: RetryPolicy,
    poll: Duration,
    projections: Vec<Registration>,
}

/// A running application: executes commands and follows projections. Clones are cheap and share
/// everything.
///
/// Projections stop when the last clone is dropped; [`stop`](Self::stop) waits until they have.
pub struct Ironflow<X = NoEnrichment> {
    shared: Arc<Shared<X>>,
}

struct Shared<X> {
    store: Arc<dyn Store>,
    enrichment: X,
    retry: RetryPolicy,
    projections: BTreeMap<&'static str, Followed>,
    /// Of projections that are asked for and not followed: it takes time to make one.
    definitions: Mutex<HashMap<TypeId, Definition>>,
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
            retry: RetryPolicy::default(),
            poll: Duration::from_millis(250),
            projections: Vec::new(),
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
            retry,
            poll,
            projections,
        } = self;
        Builder {
            store,
            enrichment,
            retry,
            poll,
            projections,
        }
    }
}

impl<X: Send + Sync + 'static> Builder<X> {
    /// Follows the log with a projection.
    pub fn projection<P: Projection>(mut self) -> Self {
        self.projections.push(Registration::of::<P>());
        self
    }

    /// How often a command is decided before a conflict is given to the caller.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// How often projections look for events that other processes appended; 250 ms unless given.
    /// Events of this process wake them at once.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.poll = interval;
        self
    }

    /// Starts the projections where they left off; from the start of the log where the shape of the
    /// state, the categories or the version are not what the views were filled by.
    ///
    /// # Errors
    ///
    /// When two projections have the same name, or when the place where one left off cannot be read
    /// or written.
    ///
    /// # Panics
    ///
    /// With a projection, outside a tokio runtime. In one without timers (`enable_time`), what has
    /// to wait panics later: a projection says so in its status, a retry panics where it is awaited.
    pub async fn start(self) -> Result<Ironflow<X>, StartError> {
        let Self {
            store,
            enrichment,
            retry,
            poll,
            projections,
        } = self;
        let mut followed = BTreeMap::new();
        for registration in projections {
            if followed.contains_key(registration.name) {
                return Err(StartError::DuplicateProjection(registration.name));
            }
            let running = registration.follow(Arc::clone(&store), poll).await?;
            followed.insert(registration.name, running);
        }
        let shared = Shared {
            store,
            enrichment,
            retry,
            projections: followed,
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
    pub(crate) fn shared_store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    pub(crate) fn enrichment(&self) -> &X {
        &self.shared.enrichment
    }

    pub(crate) fn retry_policy(&self) -> RetryPolicy {
        self.shared.retry
    }

    pub(crate) fn projections(&self) -> &BTreeMap<&'static str, Followed> {
        &self.shared.projections
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

    /// Stops the projections, each after the batch it is at, and waits until they have stopped.
    /// Commands can still be executed.
    pub async fn stop(&self) {
        for followed in self.shared.projections.values() {
            followed.stop();
        }
        for followed in self.shared.projections.values() {
            followed.stopped().await;
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
            .finish_non_exhaustive()
    }
}

impl<X> fmt::Debug for Builder<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("retry", &self.retry)
            .finish_non_exhaustive()
    }
}
