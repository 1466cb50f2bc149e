//! Connections and tables on PostgreSQL, as its README says.

use harness::{Failure, Target};
use postgres_es::PostgresEventRepository;
use sqlx::postgres::{PgPool, PgPoolOptions};

use crate::bank::Opens;

const TABLES: &str = "CREATE TABLE IF NOT EXISTS events (
    aggregate_type text NOT NULL,
    aggregate_id text NOT NULL,
    sequence bigint CHECK (sequence >= 0) NOT NULL,
    event_type text NOT NULL,
    event_version text NOT NULL,
    payload json NOT NULL,
    metadata json NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
)";

pub struct Repository(PgPool);

impl Opens for Repository {
    type Repository = PostgresEventRepository;

    async fn open(target: &Target) -> Result<Self, Failure> {
        let pool = PgPoolOptions::new().max_connections(32).min_connections(32);
        let pool = pool.connect(&target.url).await?;
        sqlx::query(TABLES).execute(&pool).await?;
        Ok(Self(pool))
    }

    fn repository(&self) -> PostgresEventRepository {
        PostgresEventRepository::new(self.0.clone())
    }
}
