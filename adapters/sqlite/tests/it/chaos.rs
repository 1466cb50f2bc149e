//! Rounds of chaos with projections, each in a file of its own.

use std::path::PathBuf;
use std::sync::Arc;

use ironflow_chaos::{Site, rounds};
use ironflow_domain::store::{Store, StoreError};
use ironflow_sqlite::Sqlite;
use rusqlite::{Connection, OpenFlags};

use crate::given::new_file;

#[derive(Clone)]
struct File(PathBuf);

impl Site for File {
    async fn open(&self) -> Result<Arc<dyn Store>, StoreError> {
        Ok(Arc::new(Sqlite::open(&self.0).await?))
    }

    async fn numbers(&self, table: String) -> Vec<u64> {
        let file = Connection::open_with_flags(&self.0, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let sql = format!("SELECT number FROM {table} ORDER BY place");
        let mut numbers = file.prepare(&sql).unwrap();
        let numbers = numbers.query_map([], |row| row.get::<_, i64>(0)).unwrap();
        numbers
            .map(|number| number.unwrap().unsigned_abs())
            .collect()
    }
}

/// `IRONFLOW_CHAOS_ROUNDS=5000` is how many there are to be, `IRONFLOW_CHAOS_SEED=7` where their
/// numbers begin.
#[test]
fn every_view_is_what_the_log_says_whatever_happens_to_those_who_fill_them() {
    rounds(40, || {
        let (directory, path) = new_file();
        (directory, File(path))
    });
}
