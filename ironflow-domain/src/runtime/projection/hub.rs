//! One read of the log for all projections of a process.
//!
//! The last pages are kept for a while. Whoever is among them takes the next one from here; whoever is
//! where they end reads on, for all. Who has fallen behind them reads alone until it is back.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::Position;
use crate::runtime::projection::follow::PAGE;
use crate::store::{EventQuery, LogPage, ReadLog, Store, StoreError};

/// How many pages are kept at most, and about how many bytes of payload.
const MOST_PAGES: usize = 1_000;
const MOST_BYTES: usize = 32 * 1024 * 1024;

/// The end of the log as the projections of a process read it.
pub(crate) struct Hub {
    store: Arc<dyn Store>,
    /// What any of them reads, and maybe more.
    reads: EventQuery,
    /// For how long it is believed that nothing has come, unless somebody knows better.
    poll: Duration,
    kept: Mutex<Kept>,
    /// Held by the one who reads on.
    reading: tokio::sync::Mutex<()>,
    /// Where the last page ends.
    end: watch::Sender<Position>,
}

/// The last pages, without a gap between them.
#[derive(Default)]
struct Kept {
    pages: VecDeque<Arc<LogPage>>,
    bytes: usize,
    /// Where the first of them begins, and where the last one ends.
    from: Position,
    to: Position,
    /// When there was nothing after the last one.
    looked: Option<Instant>,
}

/// The next page for somebody.
pub(super) struct Next {
    pub(super) page: Arc<LogPage>,
    /// Whether there was nothing after it.
    pub(super) at_end: bool,
}

impl Hub {
    pub(crate) fn new<'r>(
        store: Arc<dyn Store>,
        each: impl Iterator<Item = &'r EventQuery> + Clone,
        poll: Duration,
    ) -> Self {
        let categories = all_of(each.clone().map(|reads| &reads.categories));
        let names = all_of(each.map(|reads| &reads.names));
        Self {
            store,
            reads: EventQuery::all().categories(categories).names(names),
            poll,
            kept: Mutex::default(),
            reading: tokio::sync::Mutex::default(),
            end: watch::Sender::new(Position::START),
        }
    }

    /// What comes after a position, and maybe some before it: the events of all projections. Nothing
    /// where one has to read alone. Where nothing has come, that may have been so for the poll
    /// interval, unless it `has_grown`.
    pub(super) async fn next(
        &self,
        after: Position,
        has_grown: bool,
    ) -> Result<Option<Next>, StoreError> {
        if let Some(next) = self.kept().next(after) {
            return Ok(Some(next));
        }
        if self.kept().is_behind(after) {
            return Ok(None);
        }
        let _reading = self.reading.lock().await;
        {
            let mut kept = self.kept();
            // Somebody else has read on meanwhile.
            if let Some(next) = kept.next(after) {
                return Ok(Some(next));
            }
            if kept.is_behind(after) {
                return Ok(None);
            }
            kept.go_on_at(after);
            let was_just_looked = kept.looked.is_some_and(|at| at.elapsed() < self.poll);
            if was_just_looked && !has_grown {
                return Ok(Some(Next::nothing(after)));
            }
        }
        let read = ReadLog::after(after).matching(self.reads.clone());
        let page = Arc::new(self.store.read_log(read.limit(PAGE)).await?);
        self.kept().keep(Arc::clone(&page));
        self.end.send_replace(page.read_to);
        let at_end = page.at_end;
        Ok(Some(Next { page, at_end }))
    }

    /// Waits until somebody has read beyond a position.
    pub(super) async fn read_beyond(&self, position: Position) {
        let mut end = self.end.subscribe();
        // Its other end is here.
        drop(end.wait_for(|end| *end > position).await);
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // A panic elsewhere leaves nothing half-done in it.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is on any of the lists; nothing where one is empty, since that means everything.
fn all_of<'l>(mut lists: impl Iterator<Item = &'l Vec<String>>) -> BTreeSet<String> {
    let all = lists.try_fold(BTreeSet::new(), |mut all, list| {
        all.extend(list.iter().cloned());
        (!list.is_empty()).then_some(all)
    });
    all.unwrap_or_default()
}

impl Next {
    fn nothing(after: Position) -> Self {
        let page = LogPage {
            events: crate::store::EventPage::new(),
            read_to: after,
            at_end: true,
        };
        Self {
            page: Arc::new(page),
            at_end: true,
        }
    }
}

impl Kept {
    /// The page that goes on after a position.
    fn next(&self, after: Position) -> Option<Next> {
        if after < self.from || after >= self.to {
            return None;
        }
        let number = self.pages.partition_point(|page| page.read_to <= after);
        let page = self.pages.get(number)?;
        Some(Next {
            page: Arc::clone(page),
            at_end: page.at_end && number + 1 == self.pages.len(),
        })
    }

    /// Whether the pages after a position are not kept any more.
    fn is_behind(&self, after: Position) -> bool {
        after < self.from
    }

    /// The next page will be the one after that position.
    fn go_on_at(&mut self, after: Position) {
        if after != self.to || self.pages.is_empty() && self.from != after {
            // Nobody has read this far: those who are on their way read alone.
            *self = Self {
                from: after,
                to: after,
                ..Self::default()
            };
        }
    }

    fn keep(&mut self, page: Arc<LogPage>) {
        self.looked = page.at_end.then(Instant::now);
        if page.read_to <= self.to {
            return;
        }
        self.to = page.read_to;
        self.bytes += page.events.bytes();
        self.pages.push_back(page);
        while self.pages.len() > MOST_PAGES || (self.bytes > MOST_BYTES && self.pages.len() > 1) {
            if let Some(first) = self.pages.pop_front() {
                self.bytes -= first.events.bytes();
                self.from = first.read_to;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::EventPage;

    #[test]
    fn one_that_reads_everything_has_everything_read() {
        let lists = [["a", "b"], ["b", "c"]].map(|list| list.map(str::to_owned).to_vec());
        assert_eq!(all_of(lists.iter()).len(), 3);
        let open = [lists[0].clone(), Vec::new(), lists[1].clone()];
        assert!(all_of(open.iter()).is_empty());
    }

    fn page(to: u64, at_end: bool) -> Arc<LogPage> {
        Arc::new(LogPage {
            events: EventPage::new(),
            read_to: Position::new(0, to),
            at_end,
        })
    }

    fn at(position: u64) -> Position {
        Position::new(0, position)
    }

    #[test]
    fn who_is_among_the_pages_gets_the_next_one() {
        let mut kept = Kept::default();
        kept.go_on_at(at(10));
        for (to, at_end) in [(20, false), (30, true), (40, true)] {
            kept.keep(page(to, at_end));
        }
        let next = |after: u64| {
            let next = kept.next(at(after));
            next.map(|next| (next.page.read_to.minor(), next.at_end))
        };
        assert_eq!(next(10), Some((20, false)));
        assert_eq!(next(19), Some((20, false)));
        // There was nothing after it then, and there is now.
        assert_eq!(next(20), Some((30, false)));
        assert_eq!(next(30), Some((40, true)));
        assert_eq!((next(9), next(40)), (None, None));
        assert!(kept.is_behind(at(9)) && !kept.is_behind(at(10)));
    }

    #[test]
    fn the_first_pages_go_when_there_are_many() {
        let mut kept = Kept::default();
        kept.go_on_at(at(0));
        for to in 1..=MOST_PAGES + 5 {
            kept.keep(page(to as u64, true));
        }
        assert_eq!(kept.pages.len(), MOST_PAGES);
        assert!(kept.is_behind(at(4)) && !kept.is_behind(at(5)));
        assert!(kept.next(at(5)).is_some());
    }

    #[test]
    fn who_is_further_than_all_goes_on_there() {
        let mut kept = Kept::default();
        kept.go_on_at(at(0));
        kept.keep(page(10, true));
        kept.go_on_at(at(50));
        assert!(kept.is_behind(at(10)) && kept.next(at(5)).is_none());
        kept.keep(page(60, true));
        assert!(kept.next(at(50)).is_some());
        // A page without events does not move it.
        kept.keep(page(60, true));
        assert_eq!(kept.pages.len(), 1);
        kept.go_on_at(at(60));
        assert_eq!(kept.pages.len(), 1);
    }
}
