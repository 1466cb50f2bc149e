//! A projection between being named and being followed.

use std::any::TypeId;
use std::sync::Arc;

use tokio::sync::watch;

use crate::runtime::ironflow::StartError;
use crate::runtime::projection::checkpoint::{Checkpoint, Progress};
use crate::runtime::projection::definition::{Definition, reads};
use crate::runtime::projection::follow::{self, Follower, Times};
use crate::runtime::projection::head::{self, Head, SeenHead};
use crate::runtime::projection::hub::Hub;
use crate::runtime::projection::keep::{Following, Keeper};
use crate::runtime::projection::lookout::{Found, Lookout};
use crate::runtime::projection::parked::{self, Parked};
use crate::runtime::projection::status::{ProjectionState, ProjectionStatus};
use crate::runtime::projection::subscribe::{Told, Updates};
use crate::runtime::projection::tables;
use crate::runtime::stopping::Stopping;
use crate::store::{Entry, EventQuery, Expected, Store, StoreError, StoreErrorKind, WriteError};
use crate::{Position, Projection, Table};

/// What to do at start where a projection is not as it was when its views were filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WhenChanged {
    /// Fill new views beside the ones that are there.
    #[default]
    Rebuild,
    /// Do not start, and say what has changed: [`StartError::ProjectionChanged`]. Views that were
    /// begun before are filled all the same.
    Refuse,
}

/// A projection that has been named, its type forgotten.
pub(crate) struct Registration {
    pub(crate) name: &'static str,
    state: TypeId,
    /// Which events it reads.
    pub(crate) reads: EventQuery,
    pub(crate) tables: &'static [Table],
    define: fn() -> Definition,
    follow: fn(Follower) -> Following,
}

/// A projection that is being followed.
pub(crate) struct Followed {
    pub(crate) status: watch::Receiver<ProjectionStatus>,
    pub(crate) head: watch::Receiver<SeenHead>,
    /// The type of its state.
    pub(crate) state: TypeId,
    pub(crate) definition: Definition,
    pub(super) updates: Updates,
    /// Dropping it stops the projection too.
    stop: watch::Sender<bool>,
}

/// What all projections of a process share.
pub(crate) struct Surroundings {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) lookout: Arc<Lookout>,
    /// Where there are several projections.
    pub(crate) hub: Option<Arc<Hub>>,
    pub(crate) times: Times,
    /// This process.
    pub(crate) node: Arc<str>,
    pub(crate) when_changed: WhenChanged,
}

impl Registration {
    pub(crate) fn of<P: Projection>() -> Self {
        Self {
            name: P::NAME,
            state: TypeId::of::<P>(),
            reads: reads::<P>(),
            tables: P::TABLES,
            define: Definition::of::<P>,
            follow: |follower| Box::pin(follow::run::<P>(follower)),
        }
    }

    /// Follows the log from where the projection left off, in a task of its own: from its start,
    /// where the projection is not as it was then.
    pub(crate) async fn follow(&self, surroundings: &Surroundings) -> Result<Followed, StartError> {
        let Surroundings {
            store,
            lookout,
            hub,
            times,
            node,
            when_changed,
        } = surroundings;
        let definition = (self.define)();
        let (seen, entry) = find_or_begin(&**store, self.name, &definition, *when_changed).await?;
        let (generation, is_rebuilding) = {
            let fitting = seen.head.fitting(&definition);
            let generation = fitting.map_or(seen.head.serving, |it| it.number);
            let is_building = fitting.is_some_and(|it| it.is_building);
            (generation, is_building && generation != seen.head.serving)
        };
        let mut initial = ProjectionStatus::starting(self.name, generation, Position::START);
        if is_rebuilding {
            initial.change(ProjectionState::Rebuilding);
        }
        let updates = Updates::new();
        // Whoever subscribes is told of what is written after this, whoever writes it.
        let checkpoint = Checkpoint::read(&**store, self.name, generation).await?;
        if let Some(Checkpoint { progress, .. }) = checkpoint {
            let parked = match progress.parked {
                0 => Parked::new(),
                _ => parked::read_all(&**store, self.name, generation).await?,
            };
            updates.are_told(generation, Told::new(progress.position, &parked));
        }
        let (publish, status) = watch::channel(initial);
        let (stop, stopping) = Stopping::new();
        let (send_head, head) = watch::channel(seen);
        let keeper = Keeper {
            name: self.name,
            definition: definition.clone(),
            follow: self.follow,
            store: Arc::clone(store),
            lookout: Arc::clone(lookout),
            hub: hub.clone(),
            times: *times,
            node: Arc::clone(node),
            head: send_head,
            seen: lookout.watch(head::key(self.name), Found::Entry(entry)),
            updates: updates.clone(),
            elsewhere: None,
            status: publish,
            stopping,
        };
        tokio::spawn(keeper.keep());
        Ok(Followed {
            status,
            head,
            state: self.state,
            definition,
            updates,
            stop,
        })
    }
}

/// Finds the generations of views, one of which fits the definition: a new one, if need be.
///
/// The head's revision decides between programs that begin one at the same time: whoever loses looks
/// again, and goes on with the winner's where that fits.
async fn find_or_begin(
    store: &dyn Store,
    projection: &'static str,
    definition: &Definition,
    when_changed: WhenChanged,
) -> Result<(SeenHead, Entry), StartError> {
    loop {
        let entry = store.get(&head::key(projection)).await?;
        let (before, head, number, expected) = match entry {
            None => {
                let head = Head::first(definition.clone());
                let number = head.serving;
                (None, head, number, Expected::Absent)
            }
            Some(entry) => {
                let seen = SeenHead::parse(&entry)?;
                if seen.head.fitting(definition).is_some() {
                    return Ok((seen, entry));
                }
                let SeenHead { mut head, revision } = seen;
                let changes = head
                    .serving()
                    .and_then(|it| it.definition.changes(definition));
                let reason = changes.unwrap_or_else(|| "its views are gone".to_owned());
                if when_changed == WhenChanged::Refuse {
                    return Err(StartError::ProjectionChanged {
                        projection,
                        changes: reason,
                    });
                }
                let before = head.clone();
                let generation = head.begin(definition.clone(), reason.clone(), None);
                tracing::info!(
                    projection,
                    generation,
                    reason,
                    "projection fills new views from the start of the log"
                );
                (Some(before), head, generation, Expected::Revision(revision))
            }
        };
        let checkpoint = Progress::none().write(projection, number, Expected::Absent)?;
        let mut write = head.write(projection, expected)?;
        let batch = vec![checkpoint, write.clone()];
        let written = tables::write_with(store, batch, before.as_ref(), Some(&head)).await;
        let revisions = match written {
            Ok(revisions) => revisions,
            Err(WriteError::Revision { .. }) => continue,
            Err(error) => return Err(error.of_the_store().into()),
        };
        let revision = revisions.last().copied().flatten().ok_or_else(|| {
            let doing = format!("the generations of projection {projection} got no revision");
            StoreError::new(StoreErrorKind::Other, doing)
        })?;
        let entry = Entry {
            value: write.value.take().unwrap_or_default(),
            key: write.key,
            revision,
            expires_at: None,
        };
        return Ok((SeenHead { head, revision }, entry));
    }
}

impl Followed {
    /// The generation that answers here, where it is complete.
    pub(crate) fn complete(&self) -> Option<u32> {
        let generation = self.status.borrow().generation;
        let SeenHead { head, .. } = &*self.head.borrow();
        // What is gone has been complete: whoever asks for it is told.
        let is_known = head.generation(generation).is_some();
        (!is_known || head.is_complete(generation)).then_some(generation)
    }

    /// The generation that serves where nothing else is known.
    pub(crate) fn serving(&self) -> u32 {
        self.head.borrow().head.serving
    }

    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until the projection is done with its last batch.
    pub(crate) async fn stopped(&self) {
        let mut status = self.status.clone();
        // It ends when the task does that has the other end.
        while status.changed().await.is_ok() {}
    }

    /// How it is doing. A task that went away with its tokio runtime cannot say so itself.
    pub(crate) fn status_now(&self) -> ProjectionStatus {
        let mut status = self.status.borrow().clone();
        let is_gone = self.status.has_changed().is_err();
        if is_gone && !status.state.is_over() {
            status.change(ProjectionState::Stopped);
        }
        status
    }
}
