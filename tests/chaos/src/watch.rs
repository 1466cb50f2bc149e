//! What must hold of a worker all the time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ironflow_domain::store::{ReadLog, StoreError};
use ironflow_domain::{Ironflow, Position, Projection, ProjectionState, ViewChange, WaitError};
use tokio::sync::broadcast;

use crate::domain::{OF_THE_SECOND, first, second};

/// An event that was recorded, and the view that it went to.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) number: u64,
    pub(crate) key: String,
    pub(crate) position: Position,
}

pub(crate) type News = broadcast::Sender<Recorded>;

/// What was wrong.
#[derive(Clone, Default)]
pub(crate) struct Complaints {
    all: Arc<Mutex<Vec<String>>>,
    /// And what is none: projections, keys of views, and the numbers of events that these may be
    /// without, since somebody wanted it.
    skipped: Arc<Mutex<BTreeSet<(String, String, u64)>>>,
}

impl Complaints {
    pub(crate) fn add(&self, what: String) {
        self.all.lock().unwrap().push(what);
    }

    pub(crate) fn assert_none(&self) {
        let complaints = self.all.lock().unwrap();
        assert!(complaints.is_empty(), "{complaints:#?}");
    }

    pub(crate) fn skip(&self, projection: &str, key: &str, number: u64) {
        let skipped = (projection.to_owned(), key.to_owned(), number);
        self.skipped.lock().unwrap().insert(skipped);
    }

    pub(crate) fn is_skipped(&self, projection: &str, key: &str, number: u64) -> bool {
        let skipped = (projection.to_owned(), key.to_owned(), number);
        self.skipped.lock().unwrap().contains(&skipped)
    }
}

/// What a subscriber was told of the views that answer.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Whatever is recorded after that must be told.
    pub(crate) from: Position,
    pub(crate) generation: u32,
    /// The last event of each view, as far as that was told.
    pub(crate) last: BTreeMap<String, Position>,
}

pub(crate) trait Paths: Projection<Key = String> {
    /// What is in a view in place of a number.
    fn stands_for(number: u64) -> u64;
    fn numbers(&self) -> &[u64];
}

impl Paths for first::Paths {
    fn stands_for(number: u64) -> u64 {
        number
    }

    fn numbers(&self) -> &[u64] {
        &self.numbers
    }
}

impl Paths for second::Paths {
    fn stands_for(number: u64) -> u64 {
        number + OF_THE_SECOND
    }

    fn numbers(&self) -> &[u64] {
        &self.numbers
    }
}

/// Watches, in tasks that end with the worker's runtime.
pub(crate) fn watch<P: Paths>(
    ironflow: &Ironflow,
    news: broadcast::Receiver<Recorded>,
    told: &Arc<Mutex<Told>>,
    complaints: &Complaints,
) {
    tokio::spawn(positions(ironflow.clone(), complaints.clone()));
    tokio::spawn(own_writes::<P>(ironflow.clone(), news, complaints.clone()));
    let told = Arc::clone(told);
    tokio::spawn(changes::<P>(ironflow.clone(), told, complaints.clone()));
}

/// The position in a status never goes back.
async fn positions(ironflow: Ironflow, complaints: Complaints) {
    // Nobody is told of each status: most of them are seen by looking often.
    let mut now = tokio::time::interval(Duration::from_millis(1));
    let mut before = ironflow.projection_statuses();
    loop {
        now.tick().await;
        let statuses = ironflow.projection_statuses();
        for (before, status) in before.iter().zip(&statuses) {
            // New views of which there have never been complete ones begin at the start.
            let begins = status.state == ProjectionState::Rebuilding;
            if status.position < before.position && !begins {
                complaints.add(format!("goes back: {before:?}, {status:?}"));
            }
        }
        before = statuses;
    }
}

/// Whoever has waited for an event sees it.
async fn own_writes<P: Paths>(
    ironflow: Ironflow,
    mut news: broadcast::Receiver<Recorded>,
    complaints: Complaints,
) {
    loop {
        let recorded = match news.recv().await {
            Ok(recorded) => recorded,
            Err(broadcast::error::RecvError::Lagged(_)) => continue,
            Err(broadcast::error::RecvError::Closed) => return,
        };
        let Recorded {
            number,
            key,
            position,
        } = &recorded;
        let generation = || {
            let statuses = ironflow.projection_statuses();
            let mut statuses = statuses.iter();
            let status = statuses.find(|status| status.name == P::NAME);
            status.map(|status| status.generation)
        };
        let before = generation();
        let time = Duration::from_millis(300);
        let waited = ironflow.wait_for_view::<P>(key, *position, time).await;
        match waited {
            Ok(()) => {}
            // It was held up, or its views are gone: that says so.
            Err(
                WaitError::Timeout { .. }
                | WaitError::Parked { .. }
                | WaitError::Stopped { .. }
                | WaitError::Store(_),
            ) => continue,
            Err(error) => {
                complaints.add(error.to_string());
                continue;
            }
        }
        // It may be that its views are gone, or new ones are not complete: that is said, too.
        let Ok(view) = ironflow.query::<P>(key).await else {
            continue;
        };
        let in_view = P::stands_for(*number);
        let is_there = view.is_some_and(|view| view.numbers().contains(&in_view));
        // In others, the view may be parked.
        let is_skipped = complaints.is_skipped(P::NAME, key, *number);
        if !is_there && !is_skipped && before == generation() {
            let statuses = ironflow.projection_statuses();
            complaints.add(format!("not shown: {recorded:?}, {statuses:?}"));
        }
    }
}

/// A view never goes back, and the last change of each is told.
async fn changes<P: Paths>(ironflow: Ironflow, told: Arc<Mutex<Told>>, complaints: Complaints) {
    let mut changes = ironflow.subscribe::<P>().unwrap();
    let mut now = tokio::time::interval(Duration::from_millis(1));
    // It is not told of what others write before it has looked how far they are.
    let mut generation = loop {
        let statuses = ironflow.projection_statuses();
        let status = statuses.iter().find(|status| status.name == P::NAME);
        if let Some(status) = status.filter(|status| status.position > Position::START) {
            break status.generation;
        }
        now.tick().await;
    };
    loop {
        let from = loop {
            // Until a store that fails for a moment answers.
            if let Ok(end) = end_of_log(&ironflow).await {
                break end;
            }
        };
        *told.lock().unwrap() = Told {
            from,
            generation,
            last: BTreeMap::new(),
        };
        generation = loop {
            match changes.next().await {
                Some(Ok(ViewChange::View { key, view, .. })) => {
                    let position = view.last_event_position;
                    let mut told = told.lock().unwrap();
                    let before = told.last.insert(key, position);
                    if before > Some(position) {
                        complaints.add(format!("told of {position} after {before:?}"));
                    }
                }
                Some(Ok(ViewChange::Rebuilt { generation, .. })) => break generation,
                Some(Err(error)) => complaints.add(error.to_string()),
                // Nothing else is told.
                Some(Ok(_)) => complaints.add("told of something else".to_owned()),
                None => return,
            }
        };
    }
}

pub(crate) async fn end_of_log(ironflow: &Ironflow) -> Result<Position, StoreError> {
    let mut read = ReadLog::after(Position::START);
    loop {
        let page = ironflow.store().read_log(read.clone()).await?;
        if page.at_end {
            return Ok(page.read_to);
        }
        read.after = page.read_to;
    }
}
