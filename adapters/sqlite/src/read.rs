//! Reading streams, and what is known about them.

use ironflow_domain::store::{
    Direction, EventPage, ListStreams, ReadStream, StreamInfo, StreamPage,
};
use ironflow_domain::{EventId, StreamId, StreamVersion};
use rusqlite::{Connection, OptionalExtension, params};

use crate::row::{
    AFTER_EVENT, event, event_columns, payload, payload_columns, stream_id, time, version,
};

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
        events.push(&event(row, stream.as_str())?);
        end = version(row, AFTER_EVENT)?;
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
    let sql = concat!(
        "SELECT ",
        payload_columns!(),
        " FROM streams s CROSS JOIN events e ON e.stream = s.id
         WHERE s.name = ?1 AND e.version >= ?2 ORDER BY e.version LIMIT ?3"
    );
    let limit = read.limit.max(1);
    // One more, to know whether there is more.
    let most = bound((limit as u64).saturating_add(1));
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![stream.as_str(), bound(read.from.get()), most])?;
    let mut page = StreamPage::default();
    while let Some(row) = rows.next()? {
        if page.events.len() == limit {
            page.next = Some(version(row, 0)?);
            break;
        }
        page.events.push(&payload(row, stream.as_str())?);
    }
    Ok(page)
}

/// The event with this id.
pub(crate) fn find(connection: &Connection, id: EventId) -> rusqlite::Result<EventPage> {
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ",
        event_columns!(),
        ", s.name FROM events e CROSS JOIN streams s ON s.id = e.stream WHERE e.id = ?1"
    ))?;
    let mut rows = statement.query([id.as_bytes().as_slice()])?;
    let mut page = EventPage::new();
    if let Some(row) = rows.next()? {
        let stream = row.get_ref(AFTER_EVENT)?.as_str()?;
        page.push(&event(row, stream)?);
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
        streams.push(StreamInfo::new(
            stream_id(row, 0)?,
            version(row, 1)?,
            time(row, 2)?,
            time(row, 3)?,
        ));
    }
    Ok(streams)
}

/// A number that may be larger than any that SQLite has, as one that it has.
pub(crate) fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
