//! Being told of each new state of a view.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{broadcast, watch};

use crate::model::projection::State;
use crate::runtime::ironflow::Ironflow;
use crate::runtime::projection::parked::Parked;
use crate::runtime::projection::status::ProjectionStatus;
use crate::runtime::projection::view::{QueryError, parse_view};
use crate::{Position, Projection, View};

/// How many changes wait for a subscriber that is busy, before it misses some.
const BUFFERED: usize = 4_096;
/// Of how many generations it is remembered what was told.
const GENERATIONS: usize = 8;

/// A view as it was written.
pub(super) struct Updated {
    pub(super) generation: u32,
    pub(super) key: String,
    pub(super) json: Vec<u8>,
}

/// Where changes go, whoever wants to know.
#[derive(Clone)]
pub(super) struct Updates {
    sender: broadcast::Sender<Arc<Updated>>,
    told: Arc<Mutex<BTreeMap<u32, Told>>>,
}

/// What subscribers were told of the views of a generation: also where it was not followed meanwhile.
#[derive(Clone)]
pub(super) struct Told {
    /// Up to where.
    pub(super) position: Position,
    /// The views that were parked then.
    pub(super) parked: Vec<String>,
}

impl Told {
    pub(super) fn new(position: Position, parked: &Parked) -> Self {
        let parked = parked.keys().cloned().collect();
        Self { position, parked }
    }
}

impl Updates {
    pub(super) fn new() -> Self {
        Self {
            sender: broadcast::Sender::new(BUFFERED),
            told: Arc::default(),
        }
    }

    pub(super) fn told(&self, generation: u32) -> Option<Told> {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(&generation).cloned()
    }

    pub(super) fn are_told(&self, generation: u32, up_to: Told) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.insert(generation, up_to);
        while told.len() > GENERATIONS {
            told.pop_first();
        }
    }

    /// Whether anybody wants to know.
    pub(super) fn are_wanted(&self) -> bool {
        self.sender.receiver_count() > 0
    }

    pub(super) fn send(&self, updated: Updated) {
        // Where nobody is left, nobody misses it.
        drop(self.sender.send(Arc::new(updated)));
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Arc<Updated>> {
        self.sender.subscribe()
    }
}

/// What has become of the views of a projection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ViewChange<P> {
    /// A view has a new state. Where several events reached it at once, it is the state after the
    /// last of them.
    #[non_exhaustive]
    View {
        /// Its key.
        key: String,
        /// The state, with the event that made it.
        view: View<P>,
    },
    /// Others answer from now on, since a [rebuild](Ironflow::rebuild) is complete: any view may be
    /// another.
    #[non_exhaustive]
    Rebuilt {
        /// Their number.
        generation: u32,
    },
}

/// A subscriber does not get what it subscribed to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SubscriptionError {
    /// It was too slow, and has missed changes: ask for the views that matter. It goes on with those
    /// after that.
    #[error("{missed} changes of views were missed, since they were not taken in time")]
    #[non_exhaustive]
    Lagged {
        /// How many changes.
        missed: u64,
    },
    /// This process does not follow the projection.
    #[error(
        "projection {name} is not followed here: add `.projection::<…>()` to `Ironflow::new(…)`"
    )]
    #[non_exhaustive]
    NotFollowed {
        /// Its name.
        name: &'static str,
    },
    /// What was written does not have the shape of the view's type.
    #[error(transparent)]
    View(#[from] QueryError),
}

/// New states of views, as they are written. [`Ironflow::subscribe`] makes one.
#[must_use = "changes come when it is asked for them"]
pub struct Subscription<P> {
    updates: broadcast::Receiver<Arc<Updated>>,
    status: watch::Receiver<ProjectionStatus>,
    generation: u32,
    /// The view that matters; all where there is nothing.
    key: Option<String>,
    of: PhantomData<fn() -> P>,
}

impl<X> Ironflow<X> {
    /// Tells of each new state of the views of `P`, from now on, with the event that made it.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ironflow_domain::{
    /// #     Aggregate, Decide, Decision, Fold, Ironflow, Partition, Project, Projection, Recorded,
    /// #     ViewChange, command, event, events, store::MemoryStore,
    /// # };
    /// # use serde::{Deserialize, Serialize};
    /// # #[event("account")]
    /// # pub enum AccountEvent { Deposited { cents: u64 } }
    /// # #[command(Account)]
    /// # pub struct Deposit { #[id] account: u64, cents: u64 }
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
    /// # #[projection("balances", partition = String, of(AccountEvent))]
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
    /// let bank = Ironflow::new(MemoryStore::new()).projection::<Balance>().start().await?;
    /// let mut balances = bank.subscribe::<Balance>()?;
    /// bank.execute(Deposit { account: 7, cents: 100 }).await?;
    /// let change = balances.next().await.transpose()?;
    /// let Some(ViewChange::View { key, view, .. }) = change else { panic!("nothing was told") };
    /// assert_eq!((key.as_str(), view.state.cents), ("7", 100));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It works in every process that follows `P`: where another one fills the views, it is told of
    /// them a little later. Whoever takes changes too slowly [is told so](SubscriptionError::Lagged),
    /// and holds up nobody.
    ///
    /// # Errors
    ///
    /// When this process does not follow `P`.
    pub fn subscribe<P: Projection>(&self) -> Result<Subscription<P>, SubscriptionError> {
        self.subscription(None)
    }

    /// The same, for one of the views.
    ///
    /// # Errors
    ///
    /// When this process does not follow `P`.
    pub fn subscribe_view<P: Projection>(
        &self,
        key: &P::Key,
    ) -> Result<Subscription<P>, SubscriptionError> {
        self.subscription(Some(key.to_string()))
    }

    fn subscription<P: Projection>(
        &self,
        key: Option<String>,
    ) -> Result<Subscription<P>, SubscriptionError> {
        let name = P::NAME;
        let followed = self.projections().get(name);
        let followed = followed.ok_or(SubscriptionError::NotFollowed { name })?;
        let status = followed.status.clone();
        let generation = status.borrow().generation;
        Ok(Subscription {
            updates: followed.updates.subscribe(),
            status,
            generation,
            key,
            of: PhantomData,
        })
    }
}

impl<P: Projection> Subscription<P> {
    /// The next change; nothing once the projection is stopped. It may be dropped while it waits: no
    /// change is lost.
    ///
    /// # Errors
    ///
    /// When changes were missed, or a view does not fit its type. It can be asked for the next one
    /// all the same.
    pub async fn next(&mut self) -> Option<Result<ViewChange<P>, SubscriptionError>> {
        loop {
            let generation = self.status.borrow_and_update().generation;
            if generation != self.generation {
                self.generation = generation;
                return Some(Ok(ViewChange::Rebuilt { generation }));
            }
            let updated = tokio::select! {
                biased;
                updated = self.updates.recv() => updated,
                changed = self.status.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return None,
                },
            };
            match updated {
                Ok(updated) if self.is_wanted(&updated) => return Some(read(&updated)),
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(missed)) => {
                    return Some(Err(SubscriptionError::Lagged { missed }));
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    fn is_wanted(&self, updated: &Updated) -> bool {
        updated.generation == self.generation
            && self.key.as_ref().is_none_or(|key| *key == updated.key)
    }
}

fn read<P: Projection>(updated: &Updated) -> Result<ViewChange<P>, SubscriptionError> {
    let view = parse_view::<State<P>>(P::NAME, &updated.key, &updated.json)?;
    Ok(ViewChange::View {
        key: updated.key.clone(),
        view: view.map(|state| state.0),
    })
}

impl<P> fmt::Debug for Subscription<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}
