//! The loop that carries events from the log into the views of one generation.
//!
//! Views and checkpoint are written in one batch, guarded by the checkpoint's revision: a second
//! process that fills the same views fails that guard instead of applying an event twice. It stands
//! by then, and takes over where the first one does not go on though there is something to do.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::{Notify, watch};

use crate::model::projection::{OfEvent, Routes, State};
use crate::runtime::log_reader::LogReader;
use crate::runtime::projection::checkpoint::{self, Checkpoint, Progress};
use crate::runtime::projection::definition::reads;
use crate::runtime::projection::head::SeenHead;
use crate::runtime::projection::hub::Hub;
use crate::runtime::projection::lookout::{Found, Lookout, Seen};
use crate::runtime::projection::parked::Parked;
use crate::runtime::projection::refold::Refold;
use crate::runtime::projection::status::{Doing, Step, Teller};
use crate::runtime::projection::subscribe::Updates;
use crate::runtime::projection::taken::Taken;
use crate::runtime::projection::trouble::Trouble;
use crate::runtime::projection::views::Views;
use crate::runtime::stopping::Stopping;
use crate::runtime::trying::{full_text, pause_after};
use crate::store::{EventQuery, Expected, Revision, Store, Write};
use crate::{EventId, Position, Projection, View};

/// About how many events to read at once.
pub(super) const PAGE: usize = 4_000;

/// What following takes, whatever the projection's type.
pub(super) struct Follower {
    pub(super) store: Arc<dyn Store>,
    pub(super) lookout: Arc<Lookout>,
    pub(super) hub: Option<Arc<Hub>>,
    pub(super) times: Times,
    /// This process.
    pub(super) node: Arc<str>,
    pub(super) head: watch::Receiver<SeenHead>,
    pub(super) generation: u32,
    pub(super) updates: Updates,
    pub(super) teller: Teller,
    pub(super) stopping: Stopping,
}

/// When to look, and when to do what others should have done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) poll: Duration,
    pub(crate) take_over_after: Duration,
}

/// Follows the log until told to stop, or until an event cannot be applied.
pub(super) async fn run<P: Projection>(follower: Follower) {
    let (teller, generation) = (follower.teller.clone(), follower.generation);
    let doing = match Following::<P>::new(follower).follow().await {
        Ok(()) => Doing::Stopped,
        Err(trouble) => {
            let error = full_text(&trouble);
            tracing::error!(
                projection = P::NAME,
                generation,
                error,
                "projection stopped"
            );
            Doing::Failed { error }
        }
    };
    teller.tell(|step| step.doing = doing);
}

/// A projection on its way through the log.
pub(super) struct Following<P> {
    pub(super) store: Arc<dyn Store>,
    pub(super) lookout: Arc<Lookout>,
    pub(super) hub: Option<Arc<Hub>>,
    /// Whether the log is known to have grown.
    pub(super) has_grown: bool,
    pub(super) times: Times,
    node: Arc<str>,
    pub(super) head: watch::Receiver<SeenHead>,
    pub(super) generation: u32,
    /// Which events it reads.
    pub(super) reads: EventQuery,
    pub(super) updates: Updates,
    teller: Teller,
    pub(super) stopping: Stopping,
    /// The checkpoint, as it was looked up by the way.
    pub(super) seen: Seen,
    /// Whether this process has taken over from one that seems to be gone, and has not written yet.
    pub(super) takes_over: bool,
    /// Up to where the log has been taken into the views that are written.
    pub(super) position: Position,
    /// What is read of the log after that, and was not yet written.
    pub(super) taken: Taken,
    /// Reads on, where the end of the log was not seen.
    pub(super) reader: Option<LogReader>,
    /// About how many events to read at once.
    pub(super) page: usize,
    /// The checkpoint as it was read or written last, and its revision where it was.
    pub(super) progress: Progress,
    revision: Option<Revision>,
    /// How many events were read since it was written, and when that was.
    pub(super) unwritten: u64,
    pub(super) last_written: Instant,
    /// The head under which this process has said that the views are complete.
    pub(super) complete_since: Option<Revision>,
    /// When it looked last whether others serve.
    pub(super) asked_who_serves: Option<Instant>,
    /// The head under which it has deleted all outdated views.
    pub(super) deleted_since: Option<Revision>,
    /// Whether others have written the checkpoint, and subscribers were not told of it.
    pub(super) is_untold: bool,
    /// What is parked, where that was read.
    pub(super) parked: Option<Parked>,
    /// What the events that are taken, and not written yet, do to tables.
    pub(super) statements: Vec<OfEvent>,
    /// What is to be written with the views.
    pub(super) besides: Vec<Write>,
    /// The event and the view that it could not be applied to, and how often that was tried.
    pub(super) failing: Option<(EventId, String, u32)>,
    /// The key of a view that is to be parked, where that is not written yet.
    pub(super) parking: Option<String>,
    /// A parked view that is filled again.
    pub(super) refold: Option<Refold<P>>,
    /// That is done.
    pub(super) refolded: Arc<Notify>,
    pub(super) routes: Routes,
    pub(super) views: Views<View<State<P>>>,
}

impl<P: Projection> Following<P> {
    fn new(follower: Follower) -> Self {
        let Follower {
            store,
            lookout,
            hub,
            times,
            node,
            head,
            generation,
            updates,
            teller,
            stopping,
        } = follower;
        let progress = Progress::none();
        Self {
            seen: lookout.watch(checkpoint::key(P::NAME, generation), Found::Unknown),
            store,
            lookout,
            hub,
            has_grown: true,
            times,
            node,
            head,
            generation,
            reads: reads::<P>(),
            updates,
            teller,
            stopping,
            takes_over: false,
            position: progress.position,
            taken: Taken::nothing(progress.position),
            reader: None,
            page: PAGE,
            views: Views::new(false),
            progress,
            revision: None,
            unwritten: 0,
            last_written: Instant::now(),
            complete_since: None,
            asked_who_serves: None,
            deleted_since: None,
            is_untold: false,
            parked: None,
            statements: Vec::new(),
            besides: Vec::new(),
            failing: None,
            parking: None,
            refold: None,
            refolded: Arc::default(),
            routes: Routes::default(),
        }
    }

    /// Ends when told to stop, after the batch it is at, or with trouble that will not pass.
    async fn follow(mut self) -> Result<(), Trouble> {
        let mut failures = 0;
        while !self.stopping.is_told() {
            let outcome = self.turn().await;
            let Err(mut trouble) = outcome else {
                failures = 0;
                continue;
            };
            self.go_back();
            match self.is_overtaken().await {
                // Whatever was wrong, it was so with views that have changed since.
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => trouble = error,
            }
            let trouble = match self.fails_at_a_view(trouble).await {
                Ok(()) => continue,
                Err(trouble) => trouble,
            };
            if matches!(trouble, Trouble::HeadChanged) {
                // Nothing is wrong.
                continue;
            }
            if trouble.may_pass() || self.is_tried_again(&trouble) {
                failures += 1;
                let error = full_text(&trouble);
                tracing::warn!(
                    projection = P::NAME,
                    error,
                    failures,
                    "projection is retrying"
                );
                self.tell(|step| step.doing = Doing::Retrying { error });
                self.stopping.pause(pause_after(failures)).await;
            } else if self.page > 1 && !trouble.is_the_end() {
                // What comes before the event at fault must not wait for it: append by append from
                // here on, until it is met alone.
                self.page = 1;
                self.parking = None;
            } else {
                return Err(trouble);
            }
        }
        self.release().await;
        Ok(())
    }

    async fn turn(&mut self) -> Result<(), Trouble> {
        if self.revision.is_none() {
            self.is_overtaken().await.map(drop)
        } else if self.is_untold {
            self.tell_of_others().await
        } else if self.is_its_turn() {
            self.take_a_turn().await
        } else {
            self.stand_by().await
        }
    }

    fn is_owner(&self) -> bool {
        self.progress.owner.as_deref() == Some(&*self.node)
    }

    pub(super) fn is_its_turn(&self) -> bool {
        self.takes_over || self.progress.owner.is_none() || self.is_owner()
    }

    /// Says how far it is.
    pub(super) fn tell(&self, change: impl FnOnce(&mut Step)) {
        self.teller.tell(change);
    }

    /// What was not written has not happened: nothing of it may be remembered.
    fn go_back(&mut self) {
        self.routes.clear();
        self.views.clear();
        self.reader = None;
        self.taken = Taken::nothing(self.position);
        self.parked = None;
        self.statements.clear();
        self.besides.clear();
        self.refold = None;
    }

    /// Takes a page of the log into the views; deletes some outdated views, or waits for more.
    async fn take_a_turn(&mut self) -> Result<(), Trouble> {
        self.retry_parked_views().await?;
        let at_end = self.advance().await?;
        if !at_end {
            return Ok(());
        }
        self.page = PAGE;
        if self.deletes_outdated_views() {
            return self.delete_outdated_views().await;
        }
        self.serve_if_nobody_does().await?;
        self.wait_for_more().await
    }

    /// Whether someone else has moved the checkpoint, or a write of ours did and we were not told.
    /// If so, goes on from there.
    async fn is_overtaken(&mut self) -> Result<bool, Trouble> {
        let checkpoint = Checkpoint::read(&*self.store, P::NAME, self.generation).await?;
        let checkpoint = checkpoint.ok_or(Trouble::Gone(self.generation))?;
        if Some(checkpoint.revision) == self.revision {
            return Ok(false);
        }
        self.go_on_from(checkpoint);
        Ok(true)
    }

    /// Goes on from a checkpoint that someone else has written, as far as is known. That is
    /// [told](Self::tell_of_others) next.
    pub(super) fn go_on_from(&mut self, checkpoint: Checkpoint) {
        let Checkpoint { progress, revision } = checkpoint;
        // What was read after the checkpoint without a view to change has not changed one since.
        self.position = self.position.max(progress.position);
        self.is_untold = true;
        self.go_back();
        self.views = Views::new(progress.position == Position::START);
        self.progress = progress;
        self.revision = Some(revision);
        self.takes_over = false;
        self.unwritten = 0;
        self.parking = None;
    }

    /// How the checkpoint has to be for what this process has read to be true.
    pub(super) fn guard(&self) -> Expected {
        self.revision.map_or(Expected::Absent, Expected::Revision)
    }

    /// The checkpoint was written.
    pub(super) fn moved(
        &mut self,
        progress: Progress,
        revision: Option<Revision>,
    ) -> Result<(), Trouble> {
        // A store that gives it no revision is taken for overtaken: the checkpoint is read again then.
        self.revision = Some(revision.ok_or(Trouble::Overtaken)?);
        self.progress = progress;
        self.takes_over = false;
        self.unwritten = 0;
        self.last_written = Instant::now();
        Ok(())
    }

    /// The checkpoint at this position, written by this process.
    pub(super) fn progress_at(&self, position: Position, events: u64) -> Progress {
        Progress {
            position,
            events,
            parked: match &self.parked {
                Some(parked) => parked.len() as u64,
                None => self.progress.parked,
            },
            owner: Some(self.node.to_string()),
            at: SystemTime::now().into(),
        }
    }

    /// Whether somebody else has written the checkpoint, or deleted it, since this process did.
    pub(super) async fn overtaken(&self) {
        let mut seen = self.seen.clone();
        let is_other = |found: &Found| match found {
            Found::Unknown => false,
            Found::Nothing => true,
            Found::Entry(entry) => Some(entry.revision) > self.revision,
        };
        if seen.wait_for(is_other).await.is_err() {
            // Nobody looks any more, since the application has stopped.
            pending::<()>().await;
        }
    }

    /// Waits until the log has grown, until it is time to look whether another process made it
    /// grow, or until told to stop.
    async fn wait_for_more(&mut self) -> Result<(), Trouble> {
        let grown = tokio::select! {
            biased;
            () = self.stopping.told() => false,
            () = self.overtaken() => return Err(Trouble::Overtaken),
            () = self.refolded.notified() => false,
            grown = self.store.log_grown(self.position) => { grown?; true }
            () = self.others_read_on() => false,
            () = tokio::time::sleep(self.times.poll) => false,
        };
        self.has_grown = grown;
        Ok(())
    }

    /// Waits until another projection of this process has read on.
    pub(super) async fn others_read_on(&self) {
        match &self.hub {
            Some(hub) => hub.read_beyond(self.position).await,
            None => pending().await,
        }
    }

    /// Says that nobody fills these views, so that the next one need not wait.
    async fn release(&mut self) {
        if !self.is_owner() {
            return;
        }
        let progress = Progress {
            owner: None,
            ..self.progress_at(self.position, self.progress.events)
        };
        let written = match progress.write(P::NAME, self.generation, self.guard()) {
            Ok(write) => self.store.write(vec![write]).await.map_err(Trouble::from),
            Err(error) => Err(error.into()),
        };
        match written {
            // Whoever has taken over does not wait.
            Ok(_) | Err(Trouble::Overtaken) => {}
            Err(error) => {
                let error = full_text(&error);
                tracing::warn!(
                    projection = P::NAME,
                    error,
                    "others wait until they take this projection over"
                );
            }
        }
    }
}
