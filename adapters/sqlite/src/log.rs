//! Reading the log.

use ironflow_domain::store::{EventPage, EventQuery, LogPage, ReadLog};
use ironflow_domain::{Position, StreamId};
use rusqlite::{CachedStatement, Connection, Row, Rows, params};

use crate::read::bound;
use crate::row::{
    AFTER_EVENT, AFTER_PLACED, POSITION, event, event_columns, integer, left_in_commit, placed,
    placed_columns,
};

/// Where the log ends.
pub(crate) fn head(connection: &Connection) -> rusqlite::Result<Position> {
    let head: Option<i64> = connection
        .prepare_cached("SELECT max(position) FROM events")?
        .query_row([], |row| row.get(0))?;
    Ok(Position::new(0, head.unwrap_or(0).unsigned_abs()))
}

/// A page of the log: whole appends only.
pub(crate) fn page(connection: &Connection, read: &ReadLog) -> rusqlite::Result<LogPage> {
    in_snapshot(connection, || {
        let mut filling = Filling {
            events: EventPage::new(),
            between: Between::new(connection, &read.query, read.payload_only)?,
            stream: None,
        };
        let filled = filling.fill(read)?;
        let head = head(connection)?;
        let read_to = filled.unwrap_or(head.max(read.after));
        Ok(LogPage {
            events: filling.events,
            read_to,
            at_end: read_to >= head,
        })
    })
}

/// A page that is being read.
struct Filling<'c> {
    events: EventPage,
    between: Between<'c>,
    /// The stream of the last event.
    stream: Option<(i64, String)>,
}

impl Filling<'_> {
    /// Reads until the page is full. Where that was, to the end of the append; nothing where the
    /// log ended before.
    fn fill(&mut self, read: &ReadLog) -> rusqlite::Result<Option<Position>> {
        let full = self.read(bound_position(read.after), i64::MAX, |page| {
            read.is_full(page)
        })?;
        let Some((position, end)) = full else {
            return Ok(None);
        };
        if end > position {
            // The rest of the append, and not a step further: the next event that is wanted may be
            // far away.
            self.read(position, end, |_| false)?;
        }
        Ok(Some(Position::new(0, end.unsigned_abs())))
    }

    /// Reads what lies between, until there is enough. Where that was, and where the append ends.
    fn read(
        &mut self,
        after: i64,
        to: i64,
        is_enough: impl Fn(&EventPage) -> bool,
    ) -> rusqlite::Result<Option<(i64, i64)>> {
        let payload_only = self.between.payload_only;
        let mut rows = self.between.rows(after, to)?;
        while let Some(row) = rows.next()? {
            let stream = stream_of(row, payload_only, &mut self.stream)?;
            self.events.push(&if payload_only {
                placed(row, stream)?
            } else {
                event(row, stream)?
            });
            if is_enough(&self.events) {
                let position = row.get(POSITION)?;
                return Ok(Some((position, position + i64::from(left_in_commit(row)?))));
            }
        }
        Ok(None)
    }
}

/// The name of the event's stream. It lies in another table, where that of the last event is found
/// at once; to ask for it takes longer than to see that it is the same.
fn stream_of<'s>(
    row: &Row<'_>,
    payload_only: bool,
    last: &'s mut Option<(i64, String)>,
) -> rusqlite::Result<&'s str> {
    let column = if payload_only {
        AFTER_PLACED
    } else {
        AFTER_EVENT
    };
    let id = integer(row, column)?;
    if last.as_ref().is_none_or(|(last, _)| *last != id) {
        *last = None;
    }
    let (_, name) = match last {
        Some(same) => same,
        None => last.insert((id, row.get(column + 1)?)),
    };
    Ok(name)
}

/// The events of the log between two positions, maybe only those that are wanted.
struct Between<'c> {
    statement: CachedStatement<'c>,
    wanted: Option<Wanted>,
    payload_only: bool,
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
        "AND (?3 IS NULL OR substr(s.name, 1, instr(s.name, '-') - 1) IN (SELECT value FROM json_each(?3)))
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

/// What comes after the columns of an event: its stream, and which events.
macro_rules! between {
    ($wanted:expr) => {
        concat!(
            ", e.stream, s.name FROM events e CROSS JOIN streams s ON s.id = e.stream
             WHERE e.position > ?1 AND e.position <= ?2 ",
            $wanted,
            " ORDER BY e.position"
        )
    };
}

impl<'c> Between<'c> {
    fn new(
        connection: &'c Connection,
        query: &EventQuery,
        payload_only: bool,
    ) -> rusqlite::Result<Self> {
        let wanted = Wanted::new(query)?;
        let sql = match (&wanted, payload_only) {
            (None, false) => concat!("SELECT ", event_columns!(), between!("")),
            (None, true) => concat!("SELECT ", placed_columns!(), between!("")),
            (Some(_), false) => concat!("SELECT ", event_columns!(), between!(wanted!())),
            (Some(_), true) => concat!("SELECT ", placed_columns!(), between!(wanted!())),
        };
        Ok(Self {
            statement: connection.prepare_cached(sql)?,
            wanted,
            payload_only,
        })
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
    let mut between = Between::new(connection, query, true)?;
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

fn bound_position(position: Position) -> i64 {
    if position.major() > 0 {
        i64::MAX
    } else {
        bound(position.minor())
    }
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
