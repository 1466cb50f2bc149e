//! Connections and tables on PostgreSQL.

use evento::Postgres;
use evento::migrator::{Migrate, Plan};
use harness::{Failure, Target};
use sqlx::postgres::PgPoolOptions;

use crate::bank::Opens;

impl Opens for Postgres {
    async fn open(target: &Target) -> Result<Self, Failure> {
        let pool = PgPoolOptions::new().max_connections(32).min_connections(32);
        let pool = pool.connect(&target.url).await?;
        let mut connection = pool.acquire().await?;
        evento::sql_migrator::new::<sqlx::Postgres>()?
            .run(&mut *connection, &Plan::apply_all())
            .await?;
        drop(connection);
        Ok(pool.into())
    }
}
