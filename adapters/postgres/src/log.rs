//! Reading the log of all streams.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt;
use ironflow_domain::store::{EventPage, LogPage, ReadLog};
use ironflow_domain::{Position, StreamId};
use tokio_postgres::RowStream;

use crate::error::Failure;
use crate::order::{Edge, Order};
use crate::row::{Columns, columns};
use crate::session::{Parameter, Session};
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
        let mut after = columns(after);
        let mut end = (edge.epoch, edge.place);
        // Where the append ends with which the page is full.
        let mut full: Option<Position> = None;
        loop {
            let count = match full {
                Some(_) => MOST,
                None => self.worth_asking_for(read, page),
            };
            let mut seen = 0;
            {
                let rows = wanted.rows(session, after, end, count).await?;
                let mut rows = pin!(rows);
                while let Some(row) = session.in_time(async { Ok(rows.next().await) }).await? {
                    let row = row?;
                    let row = Columns::from(&row, 0);
                    let event = if read.payload_only {
                        row.placed()?
                    } else {
                        row.event()?
                    };
                    if full.is_some_and(|full| event.position > full) {
                        break;
                    }
                    seen += 1;
                    page.push(&event);
                    after = columns(event.position);
                    if full.is_none() && read.is_full(page) {
                        let left = u64::from(event.left_in_commit);
                        let (epoch, place) = (event.position.major(), event.position.minor());
                        full = Some(Position::new(epoch, place + left));
                    }
                    if full.is_some_and(|full| event.position >= full) {
                        break;
                    }
                }
            }
            self.learn(page);
            match full {
                // The rest of the append, and not a step further: the next event that is wanted may
                // be far away.
                Some(last) if columns(last) > after && seen == count => {
                    let (epoch, place) = columns(last);
                    end = (epoch, place + 1);
                }
                Some(last) => return Ok(Filled::Full(last)),
                None if seen < count => return Ok(Filled::ToTheEdge),
                None => {}
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

/// Which events are wanted, as the statements have it; none where all are.
struct Wanted<'r> {
    streams: Option<Vec<&'r str>>,
    categories: Option<&'r [String]>,
    names: Option<&'r [String]>,
    payload_only: bool,
}

impl<'r> Wanted<'r> {
    fn new(read: &'r ReadLog) -> Self {
        let some = |list: &'r [String]| (!list.is_empty()).then_some(list);
        let streams: Vec<_> = read.query.streams.iter().map(StreamId::as_str).collect();
        Self {
            streams: (!streams.is_empty()).then_some(streams),
            categories: some(&read.query.categories),
            names: some(&read.query.names),
            payload_only: read.payload_only,
        }
    }

    async fn rows(
        &self,
        session: &Session,
        after: (i32, i64),
        end: (i32, i64),
        limit: usize,
    ) -> Result<RowStream, Failure> {
        let limit = bound(limit as u64);
        let Self {
            streams,
            categories,
            names,
            payload_only,
        } = self;
        let of = |whole, payloads| if *payload_only { payloads } else { whole };
        let parameters: [Parameter<'_>; 8] = [
            &after.0, &after.1, &end.0, &end.1, &limit, names, categories, streams,
        ];
        let (which, parameters) = match (streams, categories, names) {
            (None, None, None) => (of(Which::Log, Which::LogPayloads), &parameters[..5]),
            (None, ..) => (
                of(Which::LogOfSome, Which::LogPayloadsOfSome),
                &parameters[..7],
            ),
            (Some(_), ..) => (
                of(Which::LogOfStreams, Which::LogPayloadsOfStreams),
                &parameters[..],
            ),
        };
        session.stream(which, parameters).await
    }
}
