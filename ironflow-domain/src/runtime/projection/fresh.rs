//! Asking for a view that is fresh enough.

use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use crate::runtime::ahead::end_of_log;
use crate::runtime::ironflow::Ironflow;
use crate::runtime::projection::view::QueryError;
use crate::runtime::waiting::{Awaited, WaitError};
use crate::{HasViews, Position, View};

/// How long to wait unless something else is said.
const PATIENCE: Duration = Duration::from_secs(5);

/// A view that was to be fresh could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FreshError {
    /// It was not fresh enough in time, or never will be.
    #[error(transparent)]
    Wait(#[from] WaitError),
    /// It could not be read.
    #[error(transparent)]
    Query(#[from] QueryError),
}

/// A view that is fresh enough; [`Ironflow::fresh`] makes it. Await it.
#[must_use = "nothing is asked before it is awaited"]
pub struct Fresh<'a, P, X> {
    ironflow: &'a Ironflow<X>,
    key: String,
    awaited: Option<Awaited>,
    within: Duration,
    projection: PhantomData<fn() -> P>,
}

/// The same, or else what there is; [`Fresh::or_stale`] makes it. Await it.
#[must_use = "nothing is asked before it is awaited"]
pub struct OrStale<'a, P, X>(Fresh<'a, P, X>);

/// A view that may not be as fresh as was wanted.
#[derive(Debug)]
#[non_exhaustive]
pub struct MaybeStale<P> {
    /// What there is; nothing where no event has reached it.
    pub view: Option<View<P>>,
    /// Why it may lack what was recorded last; nothing where it is as fresh as was wanted.
    pub stale: Option<WaitError>,
}

impl<X> Ironflow<X> {
    /// One view with all that is recorded when it is asked for, or all up to the end of a [certain
    /// command](Fresh::after); nothing where no event has reached it. It waits until the view shows
    /// that, five seconds unless [something else](Fresh::within) is said.
    ///
    /// ```
    /// # use ironflow_domain::{
    /// #     Aggregate, Decide, Decision, Fold, Ironflow, Partition, Project, Projection, Recorded,
    /// #     command, event, events, store::MemoryStore,
    /// # };
    /// # use ironflow_domain::__private::serde::{Serialize, Deserialize};
    /// # use std::time::Duration;
    /// # #[event("account")] pub enum AccountEvent { Deposited { cents: u64 } }
    /// # #[derive(Aggregate, Default)]
    /// # #[aggregate(event = AccountEvent, error = std::convert::Infallible)]
    /// # pub struct Account;
    /// # impl Fold for Account { fn fold(&mut self, _: &AccountEvent) {} }
    /// # #[command(Account)] pub struct Deposit { #[id] account: String, cents: u64 }
    /// # impl Decide<Deposit> for Account {
    /// #     fn decide(&self, Deposit { cents, .. }: Deposit) -> Decision<Self> {
    /// #         Ok(events![AccountEvent::Deposited { cents }])
    /// #     }
    /// # }
    /// # #[derive(Projection, Default, Serialize, Deserialize)]
    /// # #[projection("balances", partition = String, of(AccountEvent))]
    /// # #[serde(crate = "ironflow_domain::__private::serde")]
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
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let ironflow = Ironflow::new(MemoryStore::new()).projection::<Balance>().start().await?;
    /// # let ann = "ann".to_owned();
    /// let receipt = ironflow.execute(Deposit { account: ann.clone(), cents: 70 }).await?;
    /// let balance = ironflow.fresh::<Balance>(&ann).await?.unwrap();
    /// assert_eq!(balance.state.cents, 70);
    ///
    /// // What became of that command is enough; and where that is not there soon, so is what there is.
    /// let shown = ironflow
    ///     .fresh::<Balance>(&ann)
    ///     .after(&receipt)
    ///     .within(Duration::from_millis(500))
    ///     .or_stale()
    ///     .await?;
    /// if let Some(why) = &shown.stale {
    ///     eprintln!("this may be old: {why}");
    /// }
    /// # assert!(shown.stale.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`wait_for_view`](Self::wait_for_view) and of [`view`](Self::view). This process has
    /// to follow `P`.
    pub fn fresh<P: HasViews>(&self, key: &P::Key) -> Fresh<'_, P, X> {
        Fresh {
            ironflow: self,
            key: key.to_string(),
            awaited: None,
            within: PATIENCE,
            projection: PhantomData,
        }
    }
}

impl<'a, P: HasViews, X> Fresh<'a, P, X> {
    /// Fresh enough is what became of a command (`&receipt`), an event (its id), or all up to a
    /// position.
    pub fn after(mut self, awaited: impl Into<Awaited>) -> Self {
        self.awaited = Some(awaited.into());
        self
    }

    /// How long to wait for it.
    pub fn within(mut self, time: Duration) -> Self {
        self.within = time;
        self
    }

    /// What there is, where it is not fresh enough in time, where the view is
    /// [parked](crate::ParkedView), or where the projection has stopped. Other errors stay errors.
    pub fn or_stale(self) -> OrStale<'a, P, X> {
        OrStale(self)
    }

    async fn wait(&mut self) -> Result<(), WaitError> {
        let awaited = match self.awaited.take() {
            Some(awaited) => awaited,
            None => Awaited::from(self.now().await?),
        };
        let (name, key) = (P::NAME, &self.key);
        self.ironflow
            .wait_for_view_named(name, key, awaited, self.within)
            .await
    }

    /// The end of the log: most of it is known to be behind the views that answer.
    async fn now(&self) -> Result<Position, WaitError> {
        let known = self.ironflow.projections().get(P::NAME);
        let known = known.map_or(Position::START, |followed| {
            followed.status.borrow().position
        });
        Ok(end_of_log(self.ironflow.store(), known).await?)
    }

    async fn read(&self) -> Result<Option<View<P>>, QueryError> {
        self.ironflow.view_named::<P>(&self.key).await
    }
}

impl<'a, P: HasViews, X: Send + Sync + 'static> IntoFuture for Fresh<'a, P, X> {
    type Output = Result<Option<View<P>>, FreshError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            self.wait().await?;
            Ok(self.read().await?)
        })
    }
}

impl<'a, P: HasViews, X: Send + Sync + 'static> IntoFuture for OrStale<'a, P, X> {
    type Output = Result<MaybeStale<P>, FreshError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self(mut fresh) = self;
        Box::pin(async move {
            let stale = match fresh.wait().await {
                Ok(()) => None,
                Err(
                    why @ (WaitError::Timeout { .. }
                    | WaitError::Parked { .. }
                    | WaitError::Stopped { .. }),
                ) => Some(why),
                Err(error) => return Err(error.into()),
            };
            let view = fresh.read().await?;
            Ok(MaybeStale { view, stale })
        })
    }
}

impl<P: HasViews, X> fmt::Debug for Fresh<'_, P, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fresh")
            .field("projection", &P::NAME)
            .field("key", &self.key)
            .field("awaited", &self.awaited)
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}

impl<P: HasViews, X> fmt::Debug for OrStale<'_, P, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OrStale").field(&self.0).finish()
    }
}
