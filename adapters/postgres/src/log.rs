//! Reading the log of all streams.

use std::sync::atomic::{AtomicUsize, Ordering};

use ironflow_domain::store::{EventPage, LogPage, ReadLog};
use ironflow_domain::{Position, StreamId};

use crate::error::Failure;
use crate::order::{Edge, Order};
use crate::row::{Columns, columns, position};
use crate::session::{Parameter, Rows, Session};
use crate::statements::Which;
use crate::values::bound;

/// The most events that are asked for at once.
const MOST: usize = 10_000;

/// What it takes to read the log.
pub(crate) struct Log {
    pub(crate) order: Order,
    /// The lock of those who append.
    pub(crate) lock: i64,
    /// About how many bytes an event has: what is asked for comes, wanted or not.
    bytes_per_event: AtomicUsize,
}

/// Where a page ended.
enum Filled {
    /// It is full, and ends with the append that ends there.
    Full(Position),
    /// There was nothing more before the edge.
    ToTheEdge,
}

impl Filled {
    fn read_to(&self, edge: Edge) -> Position {
        match self {
            Self::Full(position) => *position,
            Self::ToTheEdge => edge.head,
        }
    }
}

impl Log {
    pub(crate) fn new(lock: i64) -> Self {
        Self {
            order: Order::default(),
            lock,
            // Large, until it is known, so that little is asked for.
            bytes_per_event: AtomicUsize::new(16 * 1024),
        }
    }

    /// A page of the log: whole appends only.
    pub(crate) async fn read(&self, session: &Session, read: &ReadLog) -> Result<LogPage, Failure> {
        let mut events = EventPage::new();
        let mut read_to = read.after;
        // What could be read once can always be read.
        if let Some(edge) = self.order.known()
            && edge.head > read_to
        {
            let filled = self.fill(session, &mut events, read, read_to, edge).await?;
            read_to = filled.read_to(edge);
            if matches!(filled, Filled::Full(_)) && read_to < edge.head {
                return Ok(LogPage {
                    events,
                    read_to,
                    at_end: false,
                });
            }
        }
        let is_full = read.is_full(&events);
        // Whether this is the end of the log, only an edge of now can tell.
        let edge = self.order.settled_edge(session, self.lock).await?;
        if edge.head > read_to && !is_full {
            let filled = self.fill(session, &mut events, read, read_to, edge).await?;
            read_to = filled.read_to(edge);
        }
        Ok(LogPage {
            events,
            read_to,
            at_end: read_to >= edge.head,
        })
    }

    /// Reads until the page is full; where that was, to the end of the append.
    async fn fill(
        &self,
        session: &Session,
        page: &mut EventPage,
        read: &ReadLog,
        after: Position,
        edge: Edge,
    ) -> Result<Filled, Failure> {
        let wanted = Wanted::new(read);
        let (epoch, after) = columns(after);
        let mut part = Part {
            epoch,
            after,
            end: i64::MAX,
        };
        while part.epoch <= edge.epoch {
            if part.epoch == edge.epoch {
                part.end = edge.place;
            }
            // The log starts with an epoch of which there is nothing.
            if part.epoch > 0
                && let Some(end) = self.fill_from(session, page, &wanted, &mut part).await?
            {
                return Ok(Filled::Full(position(part.epoch, end)));
            }
            if part.epoch == edge.epoch {
                break;
            }
            let later = session.query(Which::NextEpoch, &[&part.epoch]).await?;
            let Some(later) = later.first() else { break };
            part.epoch = later.try_get(0)?;
            part.after = 0;
        }
        Ok(Filled::ToTheEdge)
    }

    /// Reads that part of the log until the page is full, and says where the append ends with which
    /// it is; nothing where the part ended before.
    async fn fill_from(
        &self,
        session: &Session,
        page: &mut EventPage,
        wanted: &Wanted<'_>,
        part: &mut Part,
    ) -> Result<Option<i64>, Failure> {
        let read = wanted.read;
        let mut full: Option<i64> = None;
        loop {
            let count = match full {
                Some(_) => MOST,
                None => self.worth_asking_for(read, page),
            };
            let mut seen = 0;
            {
                let mut rows = wanted.rows(session, part, count).await?;
                while let Some(row) = rows.next().await? {
                    let row = Columns::from(&row, 0);
                    let event = if read.payload_only {
                        row.placed(part.epoch)?
                    } else {
                        row.event()?
                    };
                    let (_, place) = columns(event.position);
                    if full.is_some_and(|full| place > full) {
                        break;
                    }
                    seen += 1;
                    page.push(&event);
                    part.after = place;
                    if full.is_none() && read.is_full(page) {
                        full = Some(place + i64::from(event.left_in_commit));
                    }
                    if full.is_some_and(|full| place >= full) {
                        break;
                    }
                }
            }
            self.learn(page);
            match full {
                // The rest of the append, and not a step further: the next event that is wanted may
                // be far away.
                Some(last) if last > part.after && seen == count => part.end = last + 1,
                None if seen == count => {}
                end => return Ok(end),
            }
        }
    }

    /// How many events to ask for: as many as are missing, some more for the end of an append, and
    /// not many more bytes than are wanted.
    fn worth_asking_for(&self, read: &ReadLog, page: &EventPage) -> usize {
        let missing = read.limit.max(1).saturating_sub(page.len()).max(1);
        let bytes = read.max_bytes.saturating_sub(page.bytes());
        let fitting = bytes / self.bytes_per_event.load(Ordering::Relaxed).max(1) + 1;
        missing.min(fitting).min(MOST) + missing.min(fitting).min(64)
    }

    fn learn(&self, page: &EventPage) {
        if let Some(average) = page.bytes().checked_div(page.len()) {
            self.bytes_per_event.store(average, Ordering::Relaxed);
        }
    }
}

/// What lies between two places of an epoch.
struct Part {
    epoch: i32,
    after: i64,
    end: i64,
}

/// Which events are wanted, as the statements have it; none where all are.
struct Wanted<'r> {
    read: &'r ReadLog,
    streams: Option<Vec<&'r str>>,
    categories: Option<Vec<&'r str>>,
    names: Option<Vec<&'r str>>,
}

impl<'r> Wanted<'r> {
    fn new(read: &'r ReadLog) -> Self {
        // Postgres has no texts with a NUL in them, so nothing is called that.
        let possible = |text: &&str| !text.contains('\0');
        let some = |list: &'r [String]| {
            let texts = list.iter().map(String::as_str);
            (!list.is_empty()).then(|| texts.filter(possible).collect())
        };
        let streams: Vec<_> = read.query.streams.iter().map(StreamId::as_str).collect();
        Self {
            read,
            streams: (!streams.is_empty()).then_some(streams),
            categories: some(&read.query.categories),
            names: some(&read.query.names),
        }
    }

    async fn rows<'s>(
        &self,
        session: &'s Session,
        part: &Part,
        limit: usize,
    ) -> Result<Rows<'s>, Failure> {
        let Self {
            read,
            streams,
            categories,
            names,
        } = self;
        let Part { epoch, after, end } = part;
        let limit = bound(limit as u64);
        let parameters: [Parameter<'_>; 7] =
            [epoch, after, end, &limit, names, categories, streams];
        let (whole, payloads, count) = match (streams, categories, names) {
            (None, None, None) => (Which::Log, Which::LogPayloads, 4),
            (None, ..) => (Which::LogOfSome, Which::LogPayloadsOfSome, 6),
            (Some(_), ..) => (Which::LogOfStreams, Which::LogPayloadsOfStreams, 7),
        };
        let which = if read.payload_only { payloads } else { whole };
        session.stream(which, &parameters[..count]).await
    }
}
