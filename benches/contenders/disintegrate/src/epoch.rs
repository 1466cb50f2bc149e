//! disintegrate-postgres 4.0.1 makes a function that PostgreSQL accepts from version 16 on only: it
//! has a number in hexadecimal. Here is one with the same effect, so that it can be measured on
//! older servers, too. It is used everywhere, so that all numbers are of the same function.

use sqlx::postgres::{PgConnectOptions, PgPool};

/// Lets the original be made without being looked at.
pub fn unchecked(options: PgConnectOptions) -> PgConnectOptions {
    options.options([("check_function_bodies", "off")])
}

/// Locks that say how far the sequence was when a transaction began to append.
const BEGIN_EPOCH: &str = "
    CREATE OR REPLACE FUNCTION event_store_begin_epoch() RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        begun bigint := (SELECT last_value FROM seq_event_event_id);
        base int := (SELECT oid::int FROM pg_database WHERE datname = current_database());
    BEGIN
        PERFORM pg_try_advisory_xact_lock_shared(base, 0),
            pg_try_advisory_xact_lock_shared(1, (begun & 4294967295)::bit(32)::int),
            pg_try_advisory_xact_lock_shared(2, (begun >> 32)::bit(32)::int);
    END $$";

pub async fn replace(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query(BEGIN_EPOCH).execute(pool).await.map(drop)
}
