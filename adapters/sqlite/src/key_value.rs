//! Small values under keys.

use std::collections::HashMap;
use std::time::SystemTime;

use ironflow_domain::Timestamp;
use ironflow_domain::store::{Entry, Key, KeyRange, Revision, SqlStatement, Write, WriteError};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::writer::{Change, Failure};
use crate::{read, row, sql};

/// Writes to be made together, and statements to be executed with them.
pub(crate) struct Batch {
    pub(crate) writes: Vec<Write>,
    pub(crate) statements: Vec<SqlStatement>,
}

impl From<Vec<Write>> for Batch {
    fn from(writes: Vec<Write>) -> Self {
        Self {
            writes,
            statements: Vec::new(),
        }
    }
}

impl Change for Batch {
    type Done = Vec<Option<Revision>>;
    type Error = WriteError;

    fn make(&self, connection: &Connection) -> Result<Self::Done, Failure<WriteError>> {
        let now = now();
        sweep(connection, now)?;
        let mut revision = take_revisions(connection, self.writes.len())?;
        let mut revisions = Vec::with_capacity(self.writes.len());
        // Later writes of a batch see what earlier ones did, and nothing expires in between.
        let mut written: HashMap<&Key, Option<Revision>> = HashMap::new();
        for write in &self.writes {
            let actual = match written.get(&write.key) {
                Some(revision) => *revision,
                None => find(connection, &write.key, now)?,
            };
            if !write.expected.holds_at(actual) {
                return Err(Failure::Refused(WriteError::revision(
                    write.key.clone(),
                    write.expected,
                    actual,
                )));
            }
            revision += 1;
            let given = change(connection, write, revision, now)?;
            written.insert(&write.key, given);
            revisions.push(given);
        }
        sql::execute_all(connection, &self.statements)?;
        Ok(revisions)
    }

    fn at_fault(&self, error: &rusqlite::Error) -> Option<WriteError> {
        sql::at_fault(error, &self.statements)
    }

    fn doing(&self) -> String {
        let writing = match self.writes.as_slice() {
            [one] => format!("write key {}", one.key),
            [first, rest @ ..] => format!("write key {} and {} more", first.key, rest.len()),
            [] => "write no keys".to_owned(),
        };
        match self.statements.len() {
            0 => writing,
            statements => format!("{writing}, and execute {statements} statements"),
        }
    }
}

/// Takes that many revisions for good, and says which came before them.
fn take_revisions(connection: &Connection, count: usize) -> rusqlite::Result<i64> {
    let count = read::bound(count as u64);
    let last: i64 = connection
        .prepare_cached("UPDATE last_revision SET revision = revision + ?1 RETURNING revision")?
        .query_row([count], |row| row.get(0))?;
    Ok(last - count)
}

fn find(connection: &Connection, key: &Key, now: Timestamp) -> rusqlite::Result<Option<Revision>> {
    connection
        .prepare_cached(
            "SELECT revision FROM key_values
             WHERE bucket = ?1 AND name = ?2 AND (expires_at IS NULL OR expires_at > ?3)",
        )?
        .query_row(params![key.bucket, key.name, now.as_micros()], |row| {
            row::number(row, 0).map(Revision::new)
        })
        .optional()
}

fn change(
    connection: &Connection,
    write: &Write,
    revision: i64,
    now: Timestamp,
) -> rusqlite::Result<Option<Revision>> {
    let Key { bucket, name } = &write.key;
    let Some(value) = &write.value else {
        let sql = "DELETE FROM key_values WHERE bucket = ?1 AND name = ?2";
        connection.prepare_cached(sql)?.execute([bucket, name])?;
        return Ok(None);
    };
    let expires_at = write.expires_after.map(|time| (now + time).as_micros());
    connection
        .prepare_cached(
            "INSERT INTO key_values (bucket, name, revision, expires_at, value) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (bucket, name) DO UPDATE
             SET revision = excluded.revision, expires_at = excluded.expires_at, value = excluded.value",
        )?
        .execute(params![bucket, name, revision, expires_at, value])?;
    Ok(Some(Revision::new(revision.unsigned_abs())))
}

/// Removes some of what has expired. Nobody sees it any more; this only gives the space back, a
/// little with every batch.
fn sweep(connection: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    let sql = "DELETE FROM key_values WHERE id IN (SELECT id FROM key_values WHERE expires_at <= ?1 LIMIT 64)";
    connection
        .prepare_cached(sql)?
        .execute([now.as_micros()])
        .map(drop)
}

/// The entry of one key.
pub(crate) fn get(connection: &Connection, key: Key) -> rusqlite::Result<Option<Entry>> {
    connection
        .prepare_cached(
            "SELECT revision, expires_at, value FROM key_values
             WHERE bucket = ?1 AND name = ?2 AND (expires_at IS NULL OR expires_at > ?3)",
        )?
        .query_row(params![key.bucket, key.name, now().as_micros()], |row| {
            Ok((numbers(row)?, row.get(2)?))
        })
        .optional()
        .map(|found| {
            found.map(|((revision, expires_at), value)| Entry {
                key,
                value,
                revision,
                expires_at,
            })
        })
}

/// Entries of one bucket in the order of their names.
pub(crate) fn list(connection: &Connection, range: &KeyRange) -> rusqlite::Result<Vec<Entry>> {
    let KeyRange {
        bucket,
        prefix,
        after,
        limit,
    } = range;
    // Names with the prefix lie together, from the prefix itself on.
    let (sql, from) = match after {
        Some(after) if after >= prefix => (
            "SELECT revision, expires_at, value, name FROM key_values
             WHERE bucket = ?1 AND name > ?2 AND (expires_at IS NULL OR expires_at > ?3) ORDER BY name",
            after,
        ),
        _ => (
            "SELECT revision, expires_at, value, name FROM key_values
             WHERE bucket = ?1 AND name >= ?2 AND (expires_at IS NULL OR expires_at > ?3) ORDER BY name",
            prefix,
        ),
    };
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![bucket, from, now().as_micros()])?;
    let mut entries = Vec::new();
    while entries.len() < *limit
        && let Some(row) = rows.next()?
    {
        let name = row.get_ref(3)?.as_str()?;
        if !name.starts_with(prefix) {
            break;
        }
        let (revision, expires_at) = numbers(row)?;
        entries.push(Entry {
            key: Key::new(bucket, name),
            value: row.get(2)?,
            revision,
            expires_at,
        });
    }
    Ok(entries)
}

fn numbers(row: &Row<'_>) -> rusqlite::Result<(Revision, Option<Timestamp>)> {
    let expires_at: Option<i64> = row.get(1)?;
    Ok((
        Revision::new(row::number(row, 0)?),
        expires_at.map(Timestamp::from_micros),
    ))
}

fn now() -> Timestamp {
    SystemTime::now().into()
}
