//! Taking the log into views, and writing them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::model::projection::{Applied, State};
use crate::runtime::log_reader::LogReader;
use crate::runtime::projection::follow::{Following, PAGE};
use crate::runtime::projection::head::{SeenHead, view_key};
use crate::runtime::projection::hub::Next;
use crate::runtime::projection::parked::Parked;
use crate::runtime::projection::route::route;
use crate::runtime::projection::status::Doing;
use crate::runtime::projection::subscribe::{Told, Updated};
use crate::runtime::projection::tables;
use crate::runtime::projection::taken::Taken;
use crate::runtime::projection::trouble::Trouble;
use crate::runtime::projection::view::parse_view;
use crate::store::{
    EventPage, EventQuery, Expected, Key, LogPage, ReadLog, Revision, SqlStatement, Write,
};
use crate::{EventRef, Position, Projection, View};

/// Views are written at the end of the log. Before it, once there are so many to write,
const MOST_CHANGES: usize = 2_000;
/// or so many events have been taken into them,
const MOST_EVENTS: usize = 100_000;
/// or so much time has gone by since they were written last.
const MOST_TIME: Duration = Duration::from_millis(500);

/// What it takes to say that views are complete.
struct Completed {
    write: Write,
    /// What shows the tables.
    statements: Vec<SqlStatement>,
    /// The head that it changes.
    since: Revision,
}

/// A page of the log.
pub(super) struct Page {
    pub(super) log: Arc<LogPage>,
    /// Whether there was nothing after it.
    at_end: bool,
    /// Where it is shared: from where on it matters. It has other projections' events, too.
    shared_after: Option<Position>,
}

impl Page {
    pub(super) fn shared(next: Next, after: Position) -> Self {
        Self {
            log: next.page,
            at_end: next.at_end,
            shared_after: Some(after),
        }
    }

    pub(super) fn alone(page: LogPage) -> Self {
        Self {
            at_end: page.at_end,
            log: Arc::new(page),
            shared_after: None,
        }
    }

    /// Those of its events that matter.
    pub(super) fn events(&self, reads: &EventQuery) -> impl Iterator<Item = EventRef<'_>> {
        let matters = |event: &EventRef<'_>| match self.shared_after {
            Some(after) => event.position > after && reads.matches(event.stream, event.name),
            None => true,
        };
        self.log.events.iter().filter(matters)
    }
}

impl<P: Projection> Following<P> {
    /// Takes one page of the log into the views. Says whether that was the end of the log.
    pub(super) async fn advance(&mut self) -> Result<bool, Trouble> {
        let begun = Instant::now();
        self.look_at_parked().await?;
        let page = self.next_page().await?;
        let has_missed = AtomicBool::new(false);
        let Applied {
            views,
            statements,
            dropped,
        } = self.apply(&page, &has_missed).await?;
        self.taken.has_missed |= has_missed.into_inner();
        self.views.change(views);
        self.statements.extend(statements);
        let events = page.events(&self.reads).count();
        self.taken.read_to = page.log.read_to;
        self.taken.events += events;
        self.taken.dropped += dropped;
        let is_much = self.views.changed().len() >= MOST_CHANGES
            || self.statements.len() >= MOST_CHANGES
            || self.taken.events >= MOST_EVENTS
            || self.taken.since.elapsed() >= MOST_TIME;
        if page.at_end || is_much || self.page == 1 {
            self.write_views(page.at_end).await?;
        }
        if let Some(rate) = self.most_events_per_second() {
            let time = Duration::from_secs(events as u64) / rate;
            self.stopping
                .pause(time.saturating_sub(begun.elapsed()))
                .await;
        }
        Ok(page.at_end)
    }

    /// How fast it may be, where that is limited.
    fn most_events_per_second(&self) -> Option<u32> {
        let SeenHead { head, .. } = &*self.head.borrow();
        let generation = head.generation(self.generation)?;
        generation
            .most_events_per_second
            .filter(|_| generation.is_building)
    }

    /// The next page of the log: from those that all projections share, or else read alone.
    async fn next_page(&mut self) -> Result<Page, Trouble> {
        let after = self.taken.read_to;
        let most = self.most_events_per_second();
        if self.reader.is_none()
            && self.page == PAGE
            && most.is_none()
            && let Some(hub) = &self.hub
            && let Some(next) = hub.next(after, self.has_grown).await?
        {
            self.has_grown = false;
            return Ok(Page::shared(next, after));
        }
        // Small pages where it is slow, so that it can be told to stop.
        let most = most.map_or(self.page, |rate| rate as usize / 4);
        let (store, limit) = (&self.store, self.page.min(most.max(1)));
        // The page after it is read meanwhile.
        let reader = self.reader.get_or_insert_with(|| {
            let read = ReadLog::after(after).matching(self.reads.clone());
            LogReader::new(Arc::clone(store), read.limit(limit))
        });
        // It has a page, since it is dropped with the last one.
        let page = reader.next().await?.unwrap_or_else(|| LogPage {
            events: EventPage::new(),
            read_to: after,
            at_end: true,
        });
        if page.at_end {
            self.reader = None;
        }
        Ok(Page::alone(page))
    }

    /// The views that the events of a page change, as they are after it.
    async fn apply(&mut self, page: &Page, has_missed: &AtomicBool) -> Result<Applied<P>, Trouble> {
        let events = page.events(&self.reads);
        let routed = route::<P>(&self.store, events, &mut self.routes).await?;
        let routed = match &self.parked {
            Some(parked) if !parked.is_empty() => routed.leaving_out(|key, event| {
                let parked = parked.get(key);
                let misses = parked.is_some_and(|parked| !parked.has(event));
                has_missed.fetch_or(misses, Ordering::Relaxed);
                misses
            }),
            _ => routed,
        };
        let keys = routed.keys().iter();
        let lacking: Vec<&str> = keys
            .map(String::as_str)
            .filter(|key| self.views.lacks(key))
            .collect();
        let mut stored = self.read_views(&lacking).await?;
        let views = routed.keys().iter().map(|key| {
            let known = self.views.take(key);
            known.or_else(|| stored.remove(key.as_str()))
        });
        let views = views.collect();
        Ok(routed.apply(views)?)
    }

    /// Views as they are stored, by their keys.
    pub(super) async fn read_views<'k>(
        &self,
        keys: &[&'k str],
    ) -> Result<HashMap<&'k str, View<State<P>>>, Trouble> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let generation = self.generation;
        let stored = |key: &&str| view_key(P::NAME, generation, key);
        let stored: Vec<Key> = keys.iter().map(stored).collect();
        let entries = self.store.get_all(&stored).await?;
        let views = keys.iter().zip(entries).filter_map(|(key, entry)| {
            let view = parse_view(P::NAME, key, &entry?.value);
            Some(view.map(|view| (*key, view)))
        });
        Ok(views.collect::<Result<_, _>>()?)
    }

    /// Writes the views that have changed, and how far they have come. Where nothing has, that can
    /// wait: it costs a write, and reading on from the old checkpoint is cheap. But those who stand by
    /// must not take this process for gone.
    pub(super) async fn write_views(&mut self, at_end: bool) -> Result<(), Trouble> {
        let read_to = self.taken.read_to;
        let completed = if at_end {
            self.completed().await?
        } else {
            None
        };
        let is_on_the_way = !at_end && read_to > self.position;
        self.unwritten += self.taken.events as u64;
        let must_be_told = (self.unwritten > 0 || self.refold.is_some())
            && self.last_written.elapsed() >= self.times.take_over_after / 4;
        let events = self.progress.events + self.unwritten;
        if !self.views.changed().is_empty()
            || !self.besides.is_empty()
            || completed.is_some()
            || is_on_the_way
            // Whoever fills a parked view again goes on from the checkpoint.
            || self.taken.has_missed
            || must_be_told
        {
            let mut bytes = 0;
            let are_wanted = self.updates.are_wanted();
            let mut updated = Vec::new();
            let mut batch = Vec::with_capacity(self.views.changed().len() + 2);
            for (key, view) in self.views.changed() {
                let json = view.write(key).map_err(|error| Trouble::Unstorable {
                    key: key.clone(),
                    event: view.last_event_id,
                    error,
                })?;
                bytes += json.len();
                if are_wanted {
                    updated.push((key.clone(), json.clone()));
                }
                batch.push(Write::put(view_key(P::NAME, self.generation, key), json));
            }
            batch.extend(self.besides.iter().cloned());
            let since = completed.as_ref().map(|completed| completed.since);
            let mut statements = self.statements();
            if let Some(completed) = completed {
                batch.push(completed.write);
                statements.extend(completed.statements);
            }
            self.commit(batch, statements, events).await?;
            self.statements.clear();
            self.views.written(bytes);
            self.tell_subscribers(updated);
            let parked = self.parked.as_ref();
            let told = Told::new(read_to, parked.unwrap_or(&Parked::new()));
            self.updates.are_told(self.generation, told);
            self.besides.clear();
            if since.is_some() {
                // Not again until others have said that it is to catch up.
                self.complete_since = since;
                tracing::info!(
                    projection = P::NAME,
                    generation = self.generation,
                    "views are complete"
                );
                self.lookout.look();
            }
        }
        let dropped = self.taken.dropped;
        let stuck = self.parked.as_ref().and_then(Self::stuck);
        self.position = read_to;
        self.taken = Taken::nothing(read_to);
        let parked = self.progress.parked;
        self.tell(|step| {
            step.parked = parked;
            step.position = read_to;
            step.events = events;
            step.dropped += dropped;
            step.stuck = stuck;
            if at_end {
                step.doing = Doing::AtEnd;
            } else if step.doing != Doing::AtEnd {
                step.doing = Doing::CatchingUp;
            }
        });
        Ok(())
    }

    /// Tells whoever wants to know of views that are written.
    pub(super) fn tell_subscribers(&self, updated: impl IntoIterator<Item = (String, Vec<u8>)>) {
        for (key, json) in updated {
            self.updates.send(Updated {
                generation: self.generation,
                key,
                json,
            });
        }
    }

    /// Makes changes and moves the checkpoint together, unless someone else has moved it.
    async fn commit(
        &mut self,
        mut batch: Vec<Write>,
        statements: Vec<SqlStatement>,
        events: u64,
    ) -> Result<(), Trouble> {
        let progress = self.progress_at(self.taken.read_to, events);
        // The checkpoint's comes last.
        batch.push(progress.write(P::NAME, self.generation, self.guard())?);
        let written = if statements.is_empty() {
            self.store.write(batch).await
        } else {
            self.store.write_and_execute(batch, statements).await
        };
        let revisions = written.map_err(|error| self.at_the_event(error))?;
        let revision = revisions.last().copied().flatten();
        if self.parking.take().is_some() && self.page != PAGE {
            // The event at fault is behind: whole pages from here on.
            self.page = PAGE;
            self.reader = None;
        }
        self.moved(progress, revision)
    }

    /// What says that the views are complete, where nobody has said so.
    async fn completed(&mut self) -> Result<Option<Completed>, Trouble> {
        let is_building = {
            let SeenHead { head, revision } = &*self.head.borrow();
            let generation = head.generation(self.generation);
            Some(*revision) > self.complete_since
                && generation.is_some_and(|it| it.is_building && !it.is_held)
        };
        if !is_building {
            return Ok(None);
        }
        let gone = Trouble::Gone(self.generation);
        let Some(SeenHead {
            head: before,
            revision,
        }) = SeenHead::read(&*self.store, P::NAME).await?
        else {
            return Err(gone);
        };
        let mut head = before.clone();
        let generation = head.generation(self.generation).ok_or(gone)?;
        let is_building = generation.is_building && !generation.is_held;
        if !is_building {
            self.complete_since = Some(revision);
            return Ok(None);
        }
        head.complete(self.generation);
        let write = head.write(P::NAME, Expected::Revision(revision))?;
        Ok(Some(Completed {
            statements: tables::changes(&*self.store, Some(&before), Some(&head))?,
            write,
            since: revision,
        }))
    }
}
