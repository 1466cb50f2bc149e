//! The tables, how they came to be, and whose file it is.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use ironflow_domain::store::{StoreError, StoreErrorKind};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::{failed, is_busy};
use crate::file::{log_of, real};
use crate::{Durability, Options, Sqlite};

/// Says in the file's header that it is ours: `IrnF`.
const APPLICATION_ID: i64 = 0x4972_6e46;

/// How many pages the writer keeps in memory: less than none is in KiB.
const WRITER_CACHE: i64 = -16 * 1024;

/// The same of each reader. One that reads much fills what it has, and memory that is used for the
/// first time, or not for long, is slower than the system's own copy of the file.
const READER_CACHE: i64 = -4 * 1024;

/// What makes each version out of the one before. What has been released is never changed, only
/// added to.
const MIGRATIONS: [(i64, &str); 2] = [(1, STREAMS_AND_EVENTS), (2, KEY_VALUES)];

/// The version this program knows.
const CURRENT: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// An append is `left_in_commit` from its last event; its events have consecutive positions. What a
/// scan looks at comes before the payload, which may lie on other pages. `events.stream` is a
/// `streams.id`, unchecked: the one place that writes both is `append.rs`.
const STREAMS_AND_EVENTS: &str = "
    CREATE TABLE streams (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        version INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE events (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        stream INTEGER NOT NULL,
        version INTEGER NOT NULL,
        left_in_commit INTEGER NOT NULL,
        time INTEGER NOT NULL,
        name TEXT NOT NULL,
        schema_version INTEGER NOT NULL,
        id BLOB NOT NULL UNIQUE,
        source TEXT NOT NULL,
        metadata TEXT NOT NULL,
        data TEXT NOT NULL,
        UNIQUE (stream, version)
    ) STRICT;
";

/// Revisions are counted for the whole store, so that no key ever has one twice.
const KEY_VALUES: &str = "
    CREATE TABLE key_values (
        id INTEGER PRIMARY KEY,
        bucket TEXT NOT NULL,
        name TEXT NOT NULL,
        revision INTEGER NOT NULL,
        expires_at INTEGER,
        value BLOB NOT NULL,
        UNIQUE (bucket, name)
    ) STRICT;
    CREATE INDEX key_values_that_expire ON key_values (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE last_revision (revision INTEGER NOT NULL) STRICT;
    INSERT INTO last_revision VALUES (0);
";

/// Opens the connection that writes, and brings the tables to the current version.
pub(crate) fn open_writer(path: &Path, options: &Options) -> Result<Connection, StoreError> {
    let in_memory = path == Path::new(Sqlite::IN_MEMORY);
    if path.as_os_str().is_empty() {
        // SQLite would take it for a temporary file, another one for every connection.
        return Err(StoreError::new(
            StoreErrorKind::Other,
            "failed to open a store: the path is empty",
        ));
    }
    let deadline = Instant::now() + options.busy_timeout;
    let doing = |what: &str| format!("failed to {what} {}", path.display());

    let has_log = log_of(&real(path))
        .metadata()
        .is_ok_and(|log| log.len() > 0);
    let mut connection = if in_memory {
        Connection::open_in_memory().map_err(|error| failed(doing("open"), error))?
    } else {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags(path, flags).map_err(|error| cannot_open(path, error))?
    };
    check_writable(&connection, path)?;
    connection.set_prepared_statement_cache_capacity(256);
    connection
        .busy_timeout(options.busy_timeout)
        .map_err(|error| failed(doing("open"), error))?;

    // Closing tidies up, and moves what lies in the log to the file. Until we know that it is ours,
    // it must not.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_log)
        .map_err(|error| failed(doing("open"), error))?;
    let version =
        retrying(deadline, || look(&connection)).map_err(|error| cannot_open(path, error))?;
    let version = version.known(path)?;
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)
        .map_err(|error| failed(doing("open"), error))?;

    if !in_memory {
        let mode = retrying(deadline, || {
            connection
                .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0))
        });
        let mode =
            mode.map_err(|error| failed(doing("switch on the write-ahead log of"), error))?;
        if mode != "wal" {
            let message = format!(
                "{}: the write-ahead log cannot be used where it lies",
                doing("open")
            );
            return Err(StoreError::new(StoreErrorKind::Other, message));
        }
    }
    set_up(&connection, options).map_err(|error| failed(doing("set up"), error))?;
    if version < CURRENT {
        retrying(deadline, || migrate(&mut connection))
            .map_err(|error| failed(doing("make the tables in"), error))?
            .known(path)?;
    }
    Ok(connection)
}

/// Where SQLite may not write, it opens the file for reading, and would fail at the first append.
fn check_writable(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let file = path.display();
    let read_only = connection
        .is_readonly(rusqlite::MAIN_DB)
        .map_err(|error| failed(format!("failed to open {file}"), error))?;
    if read_only {
        let message = format!(
            "failed to open {file}: this process may read it but not write it; \
             give it the right to write, or open a copy"
        );
        return Err(StoreError::new(StoreErrorKind::Other, message));
    }
    Ok(())
}

/// Opens a connection that only reads.
pub(crate) fn open_reader(path: &Path, options: &Options) -> Result<Connection, StoreError> {
    let open = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.set_prepared_statement_cache_capacity(256);
        connection.busy_timeout(options.busy_timeout)?;
        set_up(&connection, options)?;
        connection.pragma_update(None, "cache_size", READER_CACHE)?;
        Ok(connection)
    };
    open().map_err(|error| {
        failed(
            format!("failed to open {} for reading", path.display()),
            error,
        )
    })
}

fn set_up(connection: &Connection, options: &Options) -> rusqlite::Result<()> {
    // Without this, a statement with a limit is prepared anew each time it is used, in case another
    // plan suits what is bound to it now. That takes longer than to read a short stream.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    let synchronous = match options.durability {
        Durability::Full => "FULL",
        Durability::Relaxed => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    // On macOS an ordinary flush ends in the drive's own memory. Elsewhere these do nothing. The
    // file stays whole only if the log has reached the disk before the file changes, also where
    // not every commit has to.
    let is_full = options.durability == Durability::Full;
    connection.pragma_update(None, "fullfsync", is_full)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update(None, "cache_size", WRITER_CACHE)?;
    // A log that grew while a long read held it back gives its space back afterwards.
    connection.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)
}

/// Whose file it is.
enum Owner {
    /// Nobody's: it is empty.
    Nobody,
    /// Ours, with the tables of this version.
    Us(i64),
    /// Someone else's.
    Other,
}

impl Owner {
    /// The version of the tables, where it is one we can work with.
    fn known(self, path: &Path) -> Result<i64, StoreError> {
        let path = path.display();
        let incompatible = |message| Err(StoreError::new(StoreErrorKind::Incompatible, message));
        match self {
            Self::Nobody => Ok(0),
            Self::Us(version) if version <= CURRENT => Ok(version),
            Self::Us(version) => incompatible(format!(
                "{path} has schema version {version}, and this program knows no later one than {CURRENT}: \
                 use the newer program that made it, or a copy from before it was upgraded"
            )),
            Self::Other => incompatible(format!(
                "{path} is the database of another application: choose another file (this one was left as it was)"
            )),
        }
    }
}

fn look(connection: &Connection) -> rusqlite::Result<Owner> {
    // One statement, so that it cannot see one half of another process's migration.
    let seen = "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
        FROM pragma_application_id, pragma_user_version";
    connection.query_row(seen, [], |row| {
        Ok(match (row.get(0)?, row.get(1)?, row.get(2)?) {
            (APPLICATION_ID, version, _) => Owner::Us(version),
            (0, 0, 0) => Owner::Nobody,
            (_, _, _) => Owner::Other,
        })
    })
}

/// Makes what is missing of the current version, all or nothing. Someone else may have done so in
/// the meantime.
fn migrate(connection: &mut Connection) -> rusqlite::Result<Owner> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let owner = look(&transaction)?;
    let done = match owner {
        Owner::Nobody => 0,
        Owner::Us(version) => version,
        Owner::Other => return Ok(owner),
    };
    for (version, migration) in MIGRATIONS.iter().filter(|(version, _)| *version > done) {
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    if matches!(owner, Owner::Nobody) {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    transaction.commit()?;
    look(connection)
}

/// Tries again for as long as someone else is in the way. SQLite itself does not wait in all of
/// these places.
fn retrying<T>(
    deadline: Instant,
    mut attempt: impl FnMut() -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    loop {
        match attempt() {
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(5));
            }
            done => return done,
        }
    }
}

fn cannot_open(path: &Path, error: rusqlite::Error) -> StoreError {
    let file = path.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            let message = format!(
                "{file} is not a SQLite database: choose another file (this one was left as it was)"
            );
            StoreError::new(StoreErrorKind::Incompatible, message).because(error)
        }
        Some(ErrorCode::CannotOpen) if path.is_dir() => failed(
            format!("failed to open {file}: it is a directory, not a file"),
            error,
        ),
        Some(ErrorCode::CannotOpen) => match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() && !parent.is_dir() => {
                let message = format!(
                    "failed to open {file}: there is no directory {}",
                    parent.display()
                );
                failed(message, error)
            }
            _ => failed(format!("failed to open {file}"), error),
        },
        _ => failed(format!("failed to open {file}"), error),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn what_must_reach_the_disk_does_so_on_every_system() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.db");
        for (durability, expected) in [
            (Durability::Full, (2, true, true)),
            (Durability::Relaxed, (1, false, true)),
        ] {
            let options = Options::default().durability(durability);
            let writer = open_writer(&path, &options).unwrap();
            let seen = "SELECT synchronous, fullfsync, checkpoint_fullfsync
                FROM pragma_synchronous, pragma_fullfsync, pragma_checkpoint_fullfsync";
            let seen: (i64, bool, bool) = writer
                .query_row(seen, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .unwrap();
            assert_eq!(seen, expected, "{durability:?}");
        }
    }

    #[test]
    fn a_file_that_is_only_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.db");
        let writer = open_writer(&path, &Options::default()).unwrap();
        check_writable(&writer, &path).unwrap();
        let reader = open_reader(&path, &Options::default()).unwrap();
        let error = check_writable(&reader, &path).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Other);
        let start = format!(
            "failed to open {}: this process may read it",
            path.display()
        );
        assert!(error.to_string().starts_with(&start), "{error}");
    }

    #[test]
    fn a_statement_is_prepared_once_whatever_is_bound_to_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.db");
        let writer = open_writer(&path, &Options::default()).unwrap();
        let reader = open_reader(&path, &Options::default()).unwrap();
        let limited = "SELECT name FROM streams WHERE name > ?1 ORDER BY name LIMIT ?2";
        for connection in [writer, reader] {
            for limit in [1, 1_000, 1] {
                let mut statement = connection.prepare_cached(limited).unwrap();
                assert!(!statement.exists(("a", limit)).unwrap());
            }
            let statement = connection.prepare_cached(limited).unwrap();
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
        }
    }
}
