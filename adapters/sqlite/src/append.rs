//! Appending to a stream.

use std::time::SystemTime;

use ironflow_domain::store::{
    Append, AppendError, Appended, Conflict, ExpectedVersion, NewEvent, StoreError, StoreErrorKind,
};
use ironflow_domain::{EventId, Position, StreamId, StreamVersion, Timestamp};
use rusqlite::{Connection, OptionalExtension, named_params, params};

use crate::writer::{Change, Failure};
use crate::{log, read, row};

/// Appends that have been checked, with what can be done without the database already done.
pub(crate) struct PreparedAppends {
    appends: Vec<Append>,
    /// The metadata of each event as JSON.
    metadata: Vec<Vec<String>>,
}

impl PreparedAppends {
    pub(crate) fn new(appends: Vec<Append>) -> Result<Self, AppendError> {
        Append::check_all(&appends)?;
        let texts = |append: &Append| {
            let texts = append
                .events
                .iter()
                .map(|event| serde_json::to_string(&event.metadata));
            texts.collect::<Result<_, _>>().map_err(|error| {
                let doing = format!("failed to write the metadata of an {}", doing(append));
                StoreError::new(StoreErrorKind::Other, doing).because(error)
            })
        };
        let metadata = appends.iter().map(texts).collect::<Result<_, _>>()?;
        Ok(Self { appends, metadata })
    }
}

impl Change for PreparedAppends {
    type Done = Vec<Appended>;
    type Error = AppendError;

    fn make(&self, connection: &Connection) -> Result<Vec<Appended>, Failure<AppendError>> {
        let left = self.appends.iter().map(|append| append.events.len()).sum();
        let mut writing = Writing {
            connection,
            now: Timestamp::from(SystemTime::now()).as_micros(),
            left,
            first: None,
        };
        let mut end = None;
        let mut appended = Vec::with_capacity(self.appends.len());
        for (append, metadata) in self.appends.iter().zip(&self.metadata) {
            match writing.append(append, metadata) {
                // What is recorded already, whichever of the appends it is in, is told from a
                // conflict. Otherwise the index on the ids finds out, at no cost.
                Err(conflict @ Failure::Refused(AppendError::Conflict(_))) => {
                    self.refuse_recorded(&writing)?;
                    return Err(conflict);
                }
                one => {
                    let (version, position) = one?;
                    end = position.or(end);
                    appended.push((version, position));
                }
            }
        }
        let end = end.unwrap_or(Position::START);
        let appended = appended.into_iter().map(|(version, position)| Appended {
            version,
            position: position.unwrap_or(end),
        });
        Ok(appended.collect())
    }

    fn doing(&self) -> String {
        match &self.appends[..] {
            [append] => doing(append),
            [] => "append nothing".to_owned(),
            [append, others @ ..] => format!("{} and {} others", doing(append), others.len()),
        }
    }
}

impl PreparedAppends {
    fn refuse_recorded(&self, writing: &Writing<'_>) -> Result<(), Failure<AppendError>> {
        for event in self.appends.iter().flat_map(|append| &append.events) {
            if writing.was_recorded(event.id)? {
                return Err(Failure::Refused(AppendError::DuplicateEvent(event.id)));
            }
        }
        Ok(())
    }
}

fn doing(append: &Append) -> String {
    format!("append to stream {}", append.stream)
}

/// What is done in one transaction.
struct Writing<'c> {
    connection: &'c Connection,
    now: i64,
    /// How many events are still to come.
    left: usize,
    /// The position of the first event that this has written.
    first: Option<i64>,
}

impl Writing<'_> {
    /// Whether there was an event with this id before.
    fn was_recorded(&self, id: EventId) -> rusqlite::Result<bool> {
        let end = self.first.unwrap_or(i64::MAX);
        self.connection
            .prepare_cached("SELECT 1 FROM events WHERE id = ?1 AND position < ?2")?
            .exists(params![id.as_bytes().as_slice(), end])
    }

    /// The version of the stream after it, and the position of its last event, if it has any.
    fn append(
        &mut self,
        append: &Append,
        metadata: &[String],
    ) -> Result<(StreamVersion, Option<Position>), Failure<AppendError>> {
        let Append {
            stream,
            expected,
            events,
        } = append;
        let connection = self.connection;
        let (row, actual) = connection
            .prepare_cached("SELECT id, version FROM streams WHERE name = ?1")?
            .query_row([stream.as_str()], |row| {
                Ok((Some(row.get(0)?), row::version(row, 1)?))
            })
            .optional()?
            .unwrap_or((None, StreamVersion::EMPTY));
        let holds = match expected {
            ExpectedVersion::NothingSince { query, after } => {
                !log::is_since(connection, query, *after)?
            }
            expected => expected.holds_at(actual),
        };
        if !holds {
            let conflict = Conflict {
                stream: stream.clone(),
                expected: expected.clone(),
                actual,
            };
            return Err(Failure::Refused(conflict.into()));
        }
        if events.is_empty() {
            return Ok((actual, None));
        }

        let version = actual.plus(events.len() as u64);
        let row = self.move_stream(stream, row, read::bound(version.get()))?;
        let mut insert = connection.prepare_cached(
            "INSERT INTO events (stream, version, left_in_commit, time, name, schema_version, id, source, metadata, data)
             VALUES (:stream, :version, :left_in_commit, :time, :name, :schema_version, :id, :source, :metadata, :data)",
        )?;
        let mut last = 0;
        for (index, (event, metadata)) in events.iter().zip(metadata).enumerate() {
            let NewEvent {
                id,
                name,
                schema_version,
                source,
                data,
                metadata: _,
            } = event;
            self.left -= 1;
            let inserted = insert.insert(named_params! {
                ":stream": row,
                ":version": read::bound(actual.plus(index as u64 + 1).get()),
                ":left_in_commit": read::bound(self.left as u64),
                ":time": self.now,
                ":name": name,
                ":schema_version": schema_version.get(),
                ":id": id.as_bytes().as_slice(),
                ":source": source,
                ":metadata": metadata,
                ":data": data,
            });
            last = match inserted {
                Ok(position) => position,
                Err(error) if is_repeated(&error) && self.was_recorded(*id)? => {
                    return Err(Failure::Refused(AppendError::DuplicateEvent(*id)));
                }
                Err(error) => return Err(error.into()),
            };
            self.first.get_or_insert(last);
        }
        Ok((version, Some(Position::new(0, last.unsigned_abs()))))
    }

    /// The row of the stream, moved on to `version`.
    fn move_stream(
        &self,
        stream: &StreamId,
        row: Option<i64>,
        version: i64,
    ) -> rusqlite::Result<i64> {
        if let Some(row) = row {
            let sql = "UPDATE streams SET version = ?2, updated_at = ?3 WHERE id = ?1";
            self.connection
                .prepare_cached(sql)?
                .execute(params![row, version, self.now])?;
            return Ok(row);
        }
        let sql =
            "INSERT INTO streams (name, version, created_at, updated_at) VALUES (?1, ?2, ?3, ?3)";
        self.connection
            .prepare_cached(sql)?
            .insert(params![stream.as_str(), version, self.now])
    }
}

fn is_repeated(error: &rusqlite::Error) -> bool {
    error
        .sqlite_error()
        .is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE)
}
