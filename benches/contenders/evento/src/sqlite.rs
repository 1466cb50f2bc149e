//! Connections and tables on SQLite: in the mode in which its examples are, and with full
//! durability, too.

use evento::Sqlite;
use evento::migrator::{Migrate, Plan};
use harness::{Failure, Target};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::bank::Opens;

impl Opens for Sqlite {
    async fn open(target: &Target) -> Result<Self, Failure> {
        let synchronous = match target.variant.as_str() {
            "sqlite-full" => SqliteSynchronous::Full,
            _ => SqliteSynchronous::Normal,
        };
        let options = SqliteConnectOptions::new()
            .filename(&target.url)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(synchronous);
        let pool = SqlitePoolOptions::new().connect_with(options).await?;
        let mut connection = pool.acquire().await?;
        evento::sql_migrator::new::<sqlx::Sqlite>()?
            .run(&mut *connection, &Plan::apply_all())
            .await?;
        drop(connection);
        Ok(pool.into())
    }
}
