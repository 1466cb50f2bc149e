//! Connections and tables on SQLite, as its README says; and its pool with full durability, too.

use harness::{Failure, Target};
use sqlite_es::{SqliteEventRepository, default_sqlite_pool};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::bank::Opens;

const TABLES: &str = "CREATE TABLE IF NOT EXISTS events (
    aggregate_type text NOT NULL,
    aggregate_id text NOT NULL,
    sequence integer CHECK (sequence >= 0) NOT NULL,
    event_type text NOT NULL,
    event_version text NOT NULL,
    payload text NOT NULL,
    metadata text NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
) STRICT";

pub struct Repository(SqlitePool);

impl Opens for Repository {
    type Repository = SqliteEventRepository;

    async fn open(target: &Target) -> Result<Self, Failure> {
        let pool = if target.variant == "sqlite-full" {
            // The default but for one setting.
            let options = SqliteConnectOptions::new()
                .filename(&target.url)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true);
            let pool = SqlitePoolOptions::new().max_connections(10);
            pool.connect_with(options).await?
        } else {
            default_sqlite_pool(&format!("sqlite://{}", target.url)).await
        };
        sqlx::query(TABLES).execute(&pool).await?;
        Ok(Self(pool))
    }

    fn repository(&self) -> SqliteEventRepository {
        SqliteEventRepository::new(self.0.clone())
    }
}
