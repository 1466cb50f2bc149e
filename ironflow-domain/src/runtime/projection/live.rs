//! Views that are folded when they are asked for, and not kept.

use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use crate::runtime::ironflow::Ironflow;
use crate::runtime::projection::fold::{InMemory, fold};
use crate::runtime::projection::trouble::Trouble;
use crate::runtime::trying::full_text;
use crate::store::{Store, StoreError};
use crate::{EventRef, HasViews, Position, Projection, View};

/// A view could not be folded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LiveError {
    /// An event cannot be read, or cannot be applied to a view that is asked for. Where the projection
    /// is followed, such a view is parked, and answers as it was before.
    #[error("projection {projection} cannot be folded: {error}")]
    #[non_exhaustive]
    Unfolded {
        /// The projection.
        projection: &'static str,
        /// Which event, and why.
        error: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One view, folded from the log; [`Ironflow::live`] makes it. Await it.
#[must_use = "nothing is folded until it is awaited"]
pub struct Live<P> {
    all: LiveViews<P>,
    key: String,
}

/// All views, folded from the log; [`Ironflow::live_views`] makes it. Await it.
#[must_use = "nothing is folded until it is awaited"]
pub struct LiveViews<P> {
    store: Arc<dyn Store>,
    until: Option<Position>,
    projection: PhantomData<fn() -> P>,
}

impl<X> Ironflow<X> {
    /// One view as the log says it is now; nothing where no event has reached it. Nothing is stored for
    /// it, nobody has to follow `P`, and what is stored is not looked at.
    ///
    /// ```
    /// # use ironflow_domain::{
    /// #     Aggregate, Decide, Decision, Fold, Ironflow, Partition, Project, Projection, Recorded,
    /// #     command, event, events, store::MemoryStore,
    /// # };
    /// # use ironflow_domain::__private::serde::{Serialize, Deserialize};
    /// # #[event("account")]
    /// # pub enum AccountEvent { Deposited { cents: u64 } }
    /// # #[command(Account)]
    /// # pub struct Deposit { #[id] account: String, cents: u64 }
    /// # #[derive(Aggregate, Default)]
    /// # #[aggregate(event = AccountEvent, error = std::convert::Infallible)]
    /// # pub struct Account;
    /// # impl Fold for Account { fn fold(&mut self, _: &AccountEvent) {} }
    /// # impl Decide<Deposit> for Account {
    /// #     fn decide(&self, deposit: Deposit) -> Decision<Self> {
    /// #         Ok(events![AccountEvent::Deposited { cents: deposit.cents }])
    /// #     }
    /// # }
    /// # #[derive(Projection, Default, Serialize, Deserialize)]
    /// # #[serde(crate = "ironflow_domain::__private::serde")]
    /// # #[projection("balance", partition = String, of(AccountEvent))]
    /// # pub struct Balance { cents: u64 }
    /// # impl Project<AccountEvent> for Balance {
    /// #     fn partition(event: &Recorded<AccountEvent>) -> Partition<String> {
    /// #         Partition::Key(event.stream.id().to_owned())
    /// #     }
    /// #     fn project(&mut self, event: &Recorded<AccountEvent>) {
    /// #         let AccountEvent::Deposited { cents } = event.data;
    /// #         self.cents += cents;
    /// #     }
    /// # }
    /// # fn deposit(cents: u64) -> Deposit { Deposit { account: "ann".into(), cents } }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let ironflow = Ironflow::new(MemoryStore::new()).start().await?;
    /// let first = ironflow.execute(deposit(70)).await?;
    /// ironflow.execute(deposit(30)).await?;
    ///
    /// let ann = "ann".to_owned();
    /// let now = ironflow.live::<Balance>(&ann).await?.unwrap();
    /// assert_eq!(now.state.cents, 100);
    ///
    /// // As it was then.
    /// let then = ironflow.live::<Balance>(&ann).until(first.position.unwrap()).await?.unwrap();
    /// assert_eq!(then.state.cents, 70);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Costs
    ///
    /// Every time, it reads and decodes all events that `P` reads, whichever view is asked
    /// for: a second for some hundred thousands of them. In memory are one page and the view. That is
    /// for small logs, tests and audits; follow `P` where users wait for an answer.
    pub fn live<P: HasViews>(&self, key: &P::Key) -> Live<P> {
        Live {
            all: self.live_views(),
            key: key.to_string(),
        }
    }

    /// All views as the log says they are now, by their keys.
    ///
    /// # Costs
    ///
    /// As [`live`](Self::live), and all views are in memory.
    pub fn live_views<P: HasViews>(&self) -> LiveViews<P> {
        LiveViews {
            store: self.shared_store(),
            until: None,
            projection: PhantomData,
        }
    }
}

impl<P: Projection> Live<P> {
    /// As it was when the log ended at that position.
    pub fn until(mut self, position: Position) -> Self {
        self.all = self.all.until(position);
        self
    }
}

impl<P: Projection> LiveViews<P> {
    /// As they were when the log ended at that position.
    pub fn until(mut self, position: Position) -> Self {
        self.until = Some(position);
        self
    }

    async fn fold(self, only: Option<&str>) -> Result<InMemory<P>, LiveError> {
        let mut views = InMemory::new();
        let part = (Position::START, self.until);
        let is_left_out = |key: &str, _: &EventRef<'_>| only.is_some_and(|only| only != key);
        match fold(&self.store, &mut views, part, is_left_out).await {
            Ok(()) => Ok(views),
            Err(Trouble::Store(error)) => Err(error.into()),
            Err(trouble) => Err(LiveError::Unfolded {
                projection: P::NAME,
                error: full_text(&trouble),
            }),
        }
    }
}

impl<P: Projection> IntoFuture for Live<P> {
    type Output = Result<Option<View<P>>, LiveError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { all, key } = self;
            let view = all.fold(Some(&key)).await?.remove(&key);
            Ok(view.map(|view| view.map(|state| state.0)))
        })
    }
}

impl<P: Projection> IntoFuture for LiveViews<P> {
    type Output = Result<BTreeMap<String, View<P>>, LiveError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let views = self.fold(None).await?.into_iter();
            let views = views.map(|(key, view)| (key, view.map(|state| state.0)));
            Ok(views.collect())
        })
    }
}

impl<P: Projection> fmt::Debug for Live<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("projection", &P::NAME)
            .field("key", &self.key)
            .field("until", &self.all.until)
            .finish_non_exhaustive()
    }
}

impl<P: Projection> fmt::Debug for LiveViews<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveViews")
            .field("projection", &P::NAME)
            .field("until", &self.until)
            .finish_non_exhaustive()
    }
}
