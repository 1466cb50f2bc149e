//! What is stored.

use rusqlite::Connection;

/// How much is stored, how durably, and whether accounts stay in memory.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Only what cannot be done without: no ids, no metadata, no times.
    pub bare: bool,
    /// Whether a commit waits for the disk.
    pub full: bool,
    /// Whether the accounts that were used last stay in memory.
    pub cached: bool,
}

impl Settings {
    pub fn of(variant: &str) -> Self {
        Self {
            bare: variant.starts_with("bare-"),
            full: variant.ends_with("full"),
            cached: variant.starts_with("cached-"),
        }
    }

    fn table(self) -> &'static str {
        if self.bare {
            "CREATE TABLE IF NOT EXISTS events (
                position INTEGER PRIMARY KEY AUTOINCREMENT,
                stream TEXT NOT NULL,
                version INTEGER NOT NULL,
                name TEXT NOT NULL,
                payload TEXT NOT NULL,
                UNIQUE (stream, version)
            ) STRICT"
        } else {
            "CREATE TABLE IF NOT EXISTS events (
                position INTEGER PRIMARY KEY AUTOINCREMENT,
                stream TEXT NOT NULL,
                version INTEGER NOT NULL,
                id BLOB NOT NULL UNIQUE,
                time INTEGER NOT NULL,
                name TEXT NOT NULL,
                metadata TEXT NOT NULL,
                payload TEXT NOT NULL,
                UNIQUE (stream, version)
            ) STRICT"
        }
    }

    pub fn insert(self) -> &'static str {
        if self.bare {
            "INSERT INTO events (stream, version, name, payload) VALUES (?1, ?2, ?3, ?4)"
        } else {
            "INSERT INTO events (stream, version, name, payload, id, time, metadata)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        }
    }

    pub fn open_writer(self, path: &str) -> rusqlite::Result<Connection> {
        let connection = Connection::open(path)?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        let synchronous = if self.full { "FULL" } else { "NORMAL" };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "cache_size", -16 * 1024)?;
        connection.execute_batch(self.table())?;
        Ok(connection)
    }

    pub fn open_reader(path: &str) -> rusqlite::Result<Connection> {
        // One that may not write could not tidy up, should it be the last to close.
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(connection)
    }
}
