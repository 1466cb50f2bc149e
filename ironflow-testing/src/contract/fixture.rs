//! A fresh store with what the rules need besides it.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ironflow_domain::store::Store;

type Opening = Pin<Box<dyn Future<Output = Arc<dyn Store>> + Send>>;

/// A fresh, empty store to hold to its promises. Use it like the store it is.
///
/// A clone is the same store.
#[derive(Clone)]
pub struct Fixture {
    // The store goes before what it lies in.
    store: Arc<dyn Store>,
    open: Option<Arc<dyn Fn() -> Opening + Send + Sync>>,
    kept: Vec<Arc<dyn Any + Send + Sync>>,
    patience: Duration,
    place: Option<String>,
    worker: Option<String>,
}

impl Fixture {
    /// A store that is gone when it is dropped. Rules about several handles share this one.
    pub fn new(store: impl Store) -> Self {
        Self {
            store: Arc::new(store),
            open: None,
            kept: Vec::new(),
            patience: Duration::from_secs(30),
            place: None,
            worker: None,
        }
    }

    /// A store that can be opened again: `open` opens what `self` has, as often as it is called.
    #[must_use]
    pub fn reopened_by<F, O, S>(mut self, open: F) -> Self
    where
        F: Fn() -> O + Send + Sync + 'static,
        O: Future<Output = S> + Send + 'static,
        S: Store,
    {
        self.open = Some(Arc::new(move || {
            let opening = open();
            Box::pin(async move { Arc::new(opening.await) as Arc<dyn Store> })
        }));
        self
    }

    /// Where other processes find what this store has, such as a path or a URL. The rules in
    /// [`processes`](super::processes) hand it to those they start.
    #[must_use]
    pub fn shared_at(mut self, place: impl Into<String>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// The test that other processes are started to run, which calls [`work`](super::work): its
    /// path with the crate, as in `concat!(module_path!(), "::worker")`.
    ///
    /// [`store_contract!`](crate::store_contract) writes the test, and says so itself.
    #[must_use]
    pub fn worked_by(mut self, test: impl Into<String>) -> Self {
        self.worker = Some(test.into());
        self
    }

    /// The store.
    #[cfg(feature = "stores")]
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// Keeps `what`, such as a temporary directory, for as long as the store.
    #[must_use]
    pub fn keeping(mut self, what: impl Any + Send + Sync) -> Self {
        self.kept.push(Arc::new(what));
        self
    }

    /// How long a rule waits for what must come about before it says that it has not; half a minute
    /// unless told otherwise.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Several handles on the same data: opened each on its own where the store can be, shared
    /// where it cannot.
    pub async fn handles(&self, count: usize) -> Vec<Self> {
        let mut handles = vec![self.clone()];
        while handles.len() < count {
            let store = match &self.open {
                Some(open) => open().await,
                None => Arc::clone(&self.store),
            };
            handles.push(Self {
                store,
                ..self.clone()
            });
        }
        handles
    }

    /// Drops the store and opens it again.
    ///
    /// # Panics
    ///
    /// When it cannot be opened again.
    pub async fn reopen(self) -> Self {
        let Self {
            store,
            open,
            kept,
            patience,
            place,
            worker,
        } = self;
        let open = open.expect("a store that is said to reopen has `Fixture::reopened_by`");
        drop(store);
        let store = open().await;
        Self {
            store,
            open: Some(open),
            kept,
            patience,
            place,
            worker,
        }
    }

    /// Waits for what must come about.
    pub(super) async fn wait_for<T>(&self, what: &str, coming: impl Future<Output = T>) -> T {
        let come = tokio::time::timeout(self.patience, coming).await;
        come.unwrap_or_else(|_| panic!("{what} should have come about within {:?}", self.patience))
    }

    /// Asks again and again until the answer is yes.
    pub(super) async fn until<F: Future<Output = bool>>(&self, what: &str, ask: impl Fn() -> F) {
        let asking = async {
            while !ask().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        self.wait_for(what, asking).await;
    }

    /// Where other processes find the store, and the test that they run.
    pub(super) fn place_and_worker(&self) -> (&str, &str) {
        let place = self
            .place
            .as_deref()
            .expect("a store that processes share says where it is, with `Fixture::shared_at`");
        let worker = self
            .worker
            .as_deref()
            .expect("a store that processes share says what they run, with `Fixture::worked_by`");
        (place, worker)
    }

    /// What has to outlive the store.
    pub(super) fn kept(&self) -> Vec<Arc<dyn Any + Send + Sync>> {
        self.kept.clone()
    }
}

impl<S: Store> From<S> for Fixture {
    fn from(store: S) -> Self {
        Self::new(store)
    }
}

impl Deref for Fixture {
    type Target = dyn Store;

    fn deref(&self) -> &Self::Target {
        &*self.store
    }
}

impl fmt::Debug for Fixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fixture")
            .field("can_be_reopened", &self.open.is_some())
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}
