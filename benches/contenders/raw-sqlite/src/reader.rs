//! Reading, on a connection of its own.

use std::hint::black_box;

use harness::{Account, AccountEvent, Failure, Seen};
use rusqlite::{Connection, Row};

pub fn event(row: &Row<'_>) -> Result<AccountEvent, Failure> {
    let (name, payload) = (row.get_ref(0)?, row.get_ref(1)?);
    Ok(AccountEvent::read(name.as_str()?, payload.as_bytes()?)?)
}

/// The account after all its events, and how many those are.
pub fn load(connection: &Connection, stream: &str) -> Result<(Account, i64), Failure> {
    let select = "SELECT name, payload FROM events WHERE stream = ?1 ORDER BY version";
    let mut statement = connection.prepare_cached(select)?;
    let mut rows = statement.query([stream])?;
    let (mut account, mut version) = (Account::default(), 0);
    while let Some(row) = rows.next()? {
        account.fold(&event(row)?);
        version += 1;
    }
    Ok((account, version))
}

/// The whole log, in its order: with the stream that an event belongs to and the position from which
/// to go on later.
pub fn replay(connection: &Connection, seen: &Seen) -> Result<(), Failure> {
    let select = "SELECT name, payload, stream, version, position FROM events ORDER BY position";
    let mut statement = connection.prepare_cached(select)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (version, position): (i64, i64) = (row.get(3)?, row.get(4)?);
        black_box((row.get_ref(2)?.as_str()?, version, position));
        seen.event(match event(row)? {
            AccountEvent::Deposited { cents } => cents,
            AccountEvent::Opened { .. } | AccountEvent::Withdrawn { .. } => 0,
        });
    }
    Ok(())
}
