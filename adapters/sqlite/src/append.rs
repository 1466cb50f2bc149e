//! Appending to a stream.

use std::time::SystemTime;

use ironflow_domain::store::{
    Append, AppendError, Appended, Conflict, NewEvent, StoreError, StoreErrorKind,
};
use ironflow_domain::{EventId, Position, StreamVersion, Timestamp};
use rusqlite::{Connection, OptionalExtension, named_params, params};

use crate::read;
use crate::writer::{Change, Failure};

/// An append that has been checked, with what can be done without the database already done.
pub(crate) struct PreparedAppend {
    append: Append,
    /// The metadata of each event as JSON.
    metadata: Vec<String>,
}

impl PreparedAppend {
    pub(crate) fn new(append: Append) -> Result<Self, AppendError> {
        append.check()?;
        let metadata = append
            .events
            .iter()
            .map(|event| serde_json::to_string(&event.metadata));
        let metadata = metadata.collect::<Result<_, _>>().map_err(|error| {
            let doing = format!(
                "failed to write the metadata of an append to stream {}",
                append.stream
            );
            StoreError::new(StoreErrorKind::Other, doing).because(error)
        })?;
        Ok(Self { append, metadata })
    }

    /// The row of the stream, moved on to `version`.
    fn move_stream(
        &self,
        connection: &Connection,
        row: Option<i64>,
        version: i64,
        now: i64,
    ) -> rusqlite::Result<i64> {
        if let Some(row) = row {
            let sql = "UPDATE streams SET version = ?2, updated_at = ?3 WHERE id = ?1";
            connection
                .prepare_cached(sql)?
                .execute(params![row, version, now])?;
            return Ok(row);
        }
        let sql =
            "INSERT INTO streams (name, version, created_at, updated_at) VALUES (?1, ?2, ?3, ?3)";
        connection
            .prepare_cached(sql)?
            .insert(params![self.append.stream.as_str(), version, now])
    }
}

impl Change for PreparedAppend {
    type Done = Appended;
    type Error = AppendError;

    fn make(&self, connection: &Connection) -> Result<Appended, Failure<AppendError>> {
        let Append {
            stream,
            expected,
            events,
        } = &self.append;
        let (row, actual) = connection
            .prepare_cached("SELECT id, version FROM streams WHERE name = ?1")?
            .query_row([stream.as_str()], |row| {
                Ok((Some(row.get(0)?), read::version(row, 1)?))
            })
            .optional()?
            .unwrap_or((None, StreamVersion::EMPTY));
        if !expected.holds_at(actual) {
            // A repeat is told from a conflict. Otherwise the index on the ids finds out, at no
            // cost.
            for event in events {
                if is_recorded(connection, event.id)? {
                    return Err(Failure::Refused(AppendError::DuplicateEvent(event.id)));
                }
            }
            let conflict = Conflict {
                stream: stream.clone(),
                expected: *expected,
                actual,
            };
            return Err(Failure::Refused(conflict.into()));
        }

        let now = Timestamp::from(SystemTime::now()).as_micros();
        let version = actual.plus(events.len() as u64);
        let row = self.move_stream(connection, row, read::bound(version.get()), now)?;
        let mut insert = connection.prepare_cached(
            "INSERT INTO events (stream, version, left_in_commit, time, name, schema_version, id, source, metadata, data)
             VALUES (:stream, :version, :left_in_commit, :time, :name, :schema_version, :id, :source, :metadata, :data)",
        )?;
        let mut last = 0;
        for (index, (event, metadata)) in events.iter().zip(&self.metadata).enumerate() {
            let NewEvent {
                id,
                name,
                schema_version,
                source,
                data,
                metadata: _,
            } = event;
            let inserted = insert.insert(named_params! {
                ":stream": row,
                ":version": read::bound(actual.plus(index as u64 + 1).get()),
                ":left_in_commit": read::bound((events.len() - index - 1) as u64),
                ":time": now,
                ":name": name,
                ":schema_version": schema_version.get(),
                ":id": id.as_bytes().as_slice(),
                ":source": source,
                ":metadata": metadata,
                ":data": data,
            });
            last = match inserted {
                Ok(position) => position,
                Err(error) if is_repeated(&error) && is_recorded(connection, *id)? => {
                    return Err(Failure::Refused(AppendError::DuplicateEvent(*id)));
                }
                Err(error) => return Err(error.into()),
            };
        }
        Ok(Appended {
            version,
            position: Position::new(0, last.unsigned_abs()),
        })
    }

    fn doing(&self) -> String {
        format!("append to stream {}", self.append.stream)
    }
}

fn is_recorded(connection: &Connection, id: EventId) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT 1 FROM events WHERE id = ?1")?
        .exists([id.as_bytes().as_slice()])
}

fn is_repeated(error: &rusqlite::Error) -> bool {
    error
        .sqlite_error()
        .is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE)
}
