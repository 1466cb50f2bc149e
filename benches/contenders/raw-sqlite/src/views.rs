//! A view of each account.

use std::collections::HashMap;

use harness::{Failure, Statement};
use rusqlite::Connection;

use crate::reader::event;

/// Folds all of the log, and writes the views at once.
pub fn rebuild(connection: &Connection) -> Result<(), Failure> {
    let views = "CREATE TABLE IF NOT EXISTS views (key TEXT PRIMARY KEY, body TEXT NOT NULL)
        STRICT, WITHOUT ROWID";
    connection.execute_batch(views)?;
    let select = "SELECT name, payload, stream FROM events ORDER BY position";
    let mut statement = connection.prepare_cached(select)?;
    let mut rows = statement.query([])?;
    let mut views: HashMap<String, Statement> = HashMap::new();
    while let Some(row) = rows.next()? {
        let event = event(row)?;
        let stream = row.get_ref(2)?.as_str()?;
        if let Some(view) = views.get_mut(stream) {
            view.fold(&event);
        } else {
            let mut view = Statement::default();
            view.fold(&event);
            views.insert(stream.to_owned(), view);
        }
    }
    let transaction = connection.unchecked_transaction()?;
    {
        let upsert = "INSERT INTO views VALUES (?1, ?2)
            ON CONFLICT (key) DO UPDATE SET body = excluded.body";
        let mut upsert = transaction.prepare_cached(upsert)?;
        for (key, view) in &views {
            upsert.execute((key, view.to_json()?))?;
        }
    }
    Ok(transaction.commit()?)
}

/// What all views say together.
pub fn all(connection: &Connection) -> Result<Statement, Failure> {
    let mut all = Statement::default();
    let mut statement = connection.prepare_cached("SELECT body FROM views")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        all.add(&Statement::from_json(row.get_ref(0)?.as_str()?)?);
    }
    Ok(all)
}
