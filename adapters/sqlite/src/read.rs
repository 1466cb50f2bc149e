//! Reading streams and the log.

use ironflow_domain::store::{
    Direction, EventPage, EventQuery, ListStreams, LogPage, ReadLog, ReadStream, StreamInfo,
    StreamPage,
};
use ironflow_domain::{
    EventId, EventRef, Position, SchemaVersion, StreamId, StreamVersion, Timestamp,
};
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Rows, params};

/// What [`push`] expects a row to begin with.
macro_rules! event_columns {
    () => {
        "e.position, s.name, e.version, e.left_in_commit, e.time, e.name, e.schema_version, e.id, e.source, e.metadata, e.data"
    };
}

/// Where the log ends.
pub(crate) fn head(connection: &Connection) -> rusqlite::Result<Position> {
    let head: Option<i64> = connection
        .prepare_cached("SELECT max(position) FROM events")?
        .query_row([], |row| row.get(0))?;
    Ok(Position::new(0, head.unwrap_or(0).unsigned_abs()))
}

/// A page of one stream. One statement, so one snapshot.
pub(crate) fn stream(
    connection: &Connection,
    stream: &StreamId,
    read: ReadStream,
) -> rusqlite::Result<StreamPage> {
    if read.payload_only && read.direction == Direction::Forward {
        return payloads(connection, stream, read);
    }
    let sql = match read.direction {
        Direction::Forward => concat!(
            "SELECT ",
            event_columns!(),
            ", s.version FROM streams s CROSS JOIN events e ON e.stream = s.id
             WHERE s.name = ?1 AND e.version >= ?2 ORDER BY e.version LIMIT ?3"
        ),
        Direction::Backward => concat!(
            "SELECT ",
            event_columns!(),
            ", s.version FROM streams s CROSS JOIN events e ON e.stream = s.id
             WHERE s.name = ?1 AND e.version <= ?2 ORDER BY e.version DESC LIMIT ?3"
        ),
    };
    let limit = bound(read.limit.max(1) as u64);
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![stream.as_str(), bound(read.from.get()), limit])?;
    let mut events = EventPage::new();
    let mut end = StreamVersion::EMPTY;
    while let Some(row) = rows.next()? {
        push(&mut events, row)?;
        end = version(row, 11)?;
    }
    let next = events
        .last()
        .map(|last| last.version.get())
        .and_then(|last| match read.direction {
            Direction::Forward => (last < end.get()).then_some(last + 1),
            Direction::Backward => (last > 1).then(|| last - 1),
        });
    Ok(StreamPage {
        events,
        next: next.map(StreamVersion::new),
    })
}

/// A page of one stream, with no more than it takes to decode its events.
fn payloads(
    connection: &Connection,
    stream: &StreamId,
    read: ReadStream,
) -> rusqlite::Result<StreamPage> {
    let sql = "SELECT e.version, e.name, e.schema_version, e.data
        FROM streams s CROSS JOIN events e ON e.stream = s.id
        WHERE s.name = ?1 AND e.version >= ?2 ORDER BY e.version LIMIT ?3";
    let limit = read.limit.max(1);
    // One more, to know whether there is more.
    let most = bound((limit as u64).saturating_add(1));
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![stream.as_str(), bound(read.from.get()), most])?;
    let mut page = StreamPage::default();
    while let Some(row) = rows.next()? {
        let version = version(row, 0)?;
        if page.events.len() == limit {
            page.next = Some(version);
            break;
        }
        let name = row.get_ref(1)?.as_str()?;
        let data = row.get_ref(3)?.as_str()?;
        page.events.push(&EventRef {
            version,
            stream: stream.as_str(),
            ..EventRef::unrecorded(name, SchemaVersion::new(row.get(2)?), data)
        });
    }
    Ok(page)
}

/// A page of the log: whole appends only.
pub(crate) fn log(connection: &Connection, read: &ReadLog) -> rusqlite::Result<LogPage> {
    in_snapshot(connection, || {
        let mut events = EventPage::new();
        let filled = fill(connection, &mut events, read)?;
        let head = head(connection)?;
        let read_to = filled.unwrap_or(head.max(read.after));
        Ok(LogPage {
            events,
            read_to,
            at_end: read_to >= head,
        })
    })
}

/// Reads until the page is full. Where that was, to the end of the append; nothing where the log
/// ended before.
fn fill(
    connection: &Connection,
    page: &mut EventPage,
    read: &ReadLog,
) -> rusqlite::Result<Option<Position>> {
    let mut between = Between::new(connection, &read.query)?;
    let mut full = None;
    {
        let mut rows = between.rows(bound_position(read.after), i64::MAX)?;
        while let Some(row) = rows.next()? {
            push(page, row)?;
            if read.is_full(page) {
                let (position, left): (i64, i64) = (row.get(0)?, row.get(3)?);
                full = Some((position, position + left));
                break;
            }
        }
    }
    let Some((position, end)) = full else {
        return Ok(None);
    };
    if end > position {
        // The rest of the append, and not a step further: the next event that is wanted may be far
        // away.
        let mut rows = between.rows(position, end)?;
        while let Some(row) = rows.next()? {
            push(page, row)?;
        }
    }
    Ok(Some(Position::new(0, end.unsigned_abs())))
}

/// The events of the log between two positions, maybe only those that are wanted.
struct Between<'c> {
    statement: rusqlite::CachedStatement<'c>,
    wanted: Option<Wanted>,
}

/// What is wanted, as JSON texts, so that there is one statement for any number of it; nothing
/// where all is.
struct Wanted {
    categories: Option<String>,
    names: Option<String>,
    streams: Option<String>,
}

macro_rules! wanted {
    () => {
        "(?3 IS NULL OR substr(s.name, 1, instr(s.name, '-') - 1) IN (SELECT value FROM json_each(?3)))
         AND (?4 IS NULL OR e.name IN (SELECT value FROM json_each(?4)))
         AND (?5 IS NULL OR s.name IN (SELECT value FROM json_each(?5)))"
    };
}

impl Wanted {
    fn new(query: &EventQuery) -> rusqlite::Result<Option<Self>> {
        if query.is_all() {
            return Ok(None);
        }
        Ok(Some(Self {
            categories: as_json(query.categories.iter().map(String::as_str))?,
            names: as_json(query.names.iter().map(String::as_str))?,
            streams: as_json(query.streams.iter().map(StreamId::as_str))?,
        }))
    }
}

impl<'c> Between<'c> {
    fn new(connection: &'c Connection, query: &EventQuery) -> rusqlite::Result<Self> {
        let wanted = Wanted::new(query)?;
        let sql = match wanted {
            None => concat!(
                "SELECT ",
                event_columns!(),
                " FROM events e CROSS JOIN streams s ON s.id = e.stream
                 WHERE e.position > ?1 AND e.position <= ?2 ORDER BY e.position"
            ),
            Some(_) => concat!(
                "SELECT ",
                event_columns!(),
                " FROM events e CROSS JOIN streams s ON s.id = e.stream
                 WHERE e.position > ?1 AND e.position <= ?2 AND ",
                wanted!(),
                " ORDER BY e.position"
            ),
        };
        let statement = connection.prepare_cached(sql)?;
        Ok(Self { statement, wanted })
    }

    fn rows(&mut self, after: i64, to: i64) -> rusqlite::Result<Rows<'_>> {
        match &self.wanted {
            None => self.statement.query([after, to]),
            Some(Wanted {
                categories,
                names,
                streams,
            }) => self
                .statement
                .query(params![after, to, categories, names, streams]),
        }
    }
}

/// Whether an event that is meant was recorded after that position.
pub(crate) fn is_since(
    connection: &Connection,
    query: &EventQuery,
    after: Position,
) -> rusqlite::Result<bool> {
    if !query.streams.is_empty() {
        return is_in_streams_since(connection, query, bound_position(after));
    }
    let mut between = Between::new(connection, query)?;
    let mut rows = between.rows(bound_position(after), i64::MAX)?;
    Ok(rows.next()?.is_some())
}

/// Newer events have later positions in a stream too.
const STREAM_FROM_ITS_END: &str = "
    SELECT e.position, e.name FROM streams s CROSS JOIN events e ON e.stream = s.id
    WHERE s.name = ?1 ORDER BY e.version DESC";

/// Reads each of the streams from its end down to the position. That there is nothing in a stream
/// is often expected since the start of the log, and to read all of that takes long.
fn is_in_streams_since(
    connection: &Connection,
    query: &EventQuery,
    after: i64,
) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(STREAM_FROM_ITS_END)?;
    for stream in &query.streams {
        let mut rows = statement.query([stream.as_str()])?;
        while let Some(row) = rows.next()? {
            if row.get::<_, i64>(0)? <= after {
                break;
            }
            if query.matches(stream.as_str(), row.get_ref(1)?.as_str()?) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// A list as one JSON text; nothing where it is empty.
fn as_json<'q>(wanted: impl Iterator<Item = &'q str>) -> rusqlite::Result<Option<String>> {
    let wanted: Vec<_> = wanted.collect();
    if wanted.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(&wanted)
        .map(Some)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// The event with this id.
pub(crate) fn event(connection: &Connection, id: EventId) -> rusqlite::Result<EventPage> {
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ",
        event_columns!(),
        " FROM events e CROSS JOIN streams s ON s.id = e.stream WHERE e.id = ?1"
    ))?;
    let mut rows = statement.query([id.as_bytes().as_slice()])?;
    let mut page = EventPage::new();
    if let Some(row) = rows.next()? {
        push(&mut page, row)?;
    }
    Ok(page)
}

/// What is known about a stream.
pub(crate) fn info(
    connection: &Connection,
    stream: StreamId,
) -> rusqlite::Result<Option<StreamInfo>> {
    let sql = "SELECT version, created_at, updated_at FROM streams WHERE name = ?1";
    connection
        .prepare_cached(sql)?
        .query_row([stream.as_str()], |row| {
            Ok((version(row, 0)?, time(row, 1)?, time(row, 2)?))
        })
        .optional()
        .map(|found| {
            found.map(|(version, created, updated)| {
                StreamInfo::new(stream, version, created, updated)
            })
        })
}

/// Streams in the order of their ids.
pub(crate) fn list(
    connection: &Connection,
    list: &ListStreams,
) -> rusqlite::Result<Vec<StreamInfo>> {
    // A category is all before the first hyphen, so its streams lie together, from `category-` up
    // to `category.`: the point comes right after the hyphen.
    let (from, to) = match &list.category {
        None => (String::new(), None),
        Some(category) if category.contains('-') => return Ok(Vec::new()),
        Some(category) => (format!("{category}-"), Some(format!("{category}."))),
    };
    // No id ends in `-`, so none is left out where the list begins after `category-` itself.
    let after = list.after.as_ref().map_or("", StreamId::as_str).max(&from);
    let sql = match to {
        None => {
            "SELECT name, version, created_at, updated_at FROM streams WHERE name > ?1 ORDER BY name LIMIT ?2"
        }
        Some(_) => {
            "SELECT name, version, created_at, updated_at FROM streams WHERE name > ?1 AND name < ?3
             ORDER BY name LIMIT ?2"
        }
    };
    let mut statement = connection.prepare_cached(sql)?;
    let limit = bound(list.limit as u64);
    let mut rows = match to {
        None => statement.query(params![after, limit])?,
        Some(to) => statement.query(params![after, limit, to])?,
    };
    let mut streams = Vec::new();
    while let Some(row) = rows.next()? {
        let stream = row
            .get_ref(0)?
            .as_str()?
            .parse()
            .map_err(|error| damaged(0, Type::Text, error))?;
        streams.push(StreamInfo::new(
            stream,
            version(row, 1)?,
            time(row, 2)?,
            time(row, 3)?,
        ));
    }
    Ok(streams)
}

/// Adds the event in `row` to `page`, straight from SQLite's memory.
fn push(page: &mut EventPage, row: &Row<'_>) -> rusqlite::Result<()> {
    let id = row.get_ref(7)?.as_blob()?;
    let id = id
        .try_into()
        .map_err(|error| damaged(7, Type::Blob, error))?;
    page.push(&EventRef {
        position: Position::new(0, number(row, 0)?),
        stream: row.get_ref(1)?.as_str()?,
        version: version(row, 2)?,
        left_in_commit: row.get(3)?,
        time: time(row, 4)?,
        name: row.get_ref(5)?.as_str()?,
        schema_version: SchemaVersion::new(row.get(6)?),
        id: EventId::from_bytes(id),
        source: row.get_ref(8)?.as_str()?,
        metadata: row.get_ref(9)?.as_str()?,
        data: row.get_ref(10)?.as_str()?,
    });
    Ok(())
}

/// Reads on one snapshot what takes more than one statement.
fn in_snapshot<T>(
    connection: &Connection,
    read: impl FnOnce() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let done = read();
    // There is nothing to commit, and this cannot be in the way of anyone.
    let ended = connection
        .prepare_cached("ROLLBACK")
        .and_then(|mut end| end.execute([]));
    done.and_then(|done| ended.map(|_| done))
}

/// A number that may be larger than any that SQLite has, as one that it has.
pub(crate) fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn bound_position(position: Position) -> i64 {
    if position.major() > 0 {
        i64::MAX
    } else {
        bound(position.minor())
    }
}

pub(crate) fn version(row: &Row<'_>, column: usize) -> rusqlite::Result<StreamVersion> {
    number(row, column).map(StreamVersion::new)
}

pub(crate) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    row.get(column).map(Timestamp::from_micros)
}

/// A number that is never negative.
pub(crate) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

fn damaged(
    column: usize,
    kind: Type,
    error: impl std::error::Error + Send + Sync + 'static,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Sqlite, schema};

    #[test]
    fn the_end_of_a_stream_is_found_without_a_scan() {
        let path = std::path::Path::new(Sqlite::IN_MEMORY);
        let connection = schema::open_writer(path, &Options::default()).unwrap();
        let explain = format!("EXPLAIN QUERY PLAN {STREAM_FROM_ITS_END}");
        let mut plan = connection.prepare(&explain).unwrap();
        let steps = plan.query_map(["order-1"], |row| row.get::<_, String>(3));
        let steps: Vec<_> = steps.unwrap().map(Result::unwrap).collect();
        let is_search = |step: &String| step.starts_with("SEARCH");
        assert!(
            steps.len() == 2 && steps.iter().all(is_search),
            "one stream, and its events as the index has them: {steps:?}"
        );
    }
}
