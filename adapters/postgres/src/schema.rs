//! The tables, how they came to be, and whose they are.

use ironflow_domain::store::{StoreError, StoreErrorKind};
use tokio_postgres::Client;

use crate::error::Failure;
use crate::names::Names;

/// What makes each version out of the one before; `{s}` is the schema. What has been released is
/// never changed, only added to.
const MIGRATIONS: [(i32, &str); 1] = [(1, include_str!("schema/1.sql"))];

/// The version this program knows.
const CURRENT: i32 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// The oldest server that has what an order of commits can be told from.
const OLDEST_SERVER: i32 = 130_000;

/// Refuses servers that we cannot work with.
pub(crate) async fn check_server(client: &Client) -> Result<(), Failure> {
    let sql =
        "SELECT current_setting('server_version_num')::int4, current_setting('server_version'),
        current_setting('server_encoding'), pg_is_in_recovery()";
    let row = client.query_one(sql, &[]).await?;
    let refuse = |kind, message| Err(Failure::NotConnected(StoreError::new(kind, message)));
    let version: &str = row.try_get(1)?;
    if row.try_get::<_, i32>(0)? < OLDEST_SERVER {
        let message =
            format!("the server is Postgres {version}: Postgres 13 or a newer one is needed");
        return refuse(StoreErrorKind::Incompatible, message);
    }
    let encoding: &str = row.try_get(2)?;
    if encoding != "UTF8" {
        let message = format!(
            "the database keeps texts in {encoding}, which cannot hold every text: \
             make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        );
        return refuse(StoreErrorKind::Incompatible, message);
    }
    if row.try_get(3)? {
        let message = "the server is a standby, which cannot be written to: connect to the primary, or name \
             all of them in the URL with target_session_attrs=read-write";
        return refuse(StoreErrorKind::Unavailable, message.to_owned());
    }
    Ok(())
}

/// Makes what is missing of the current version, all or nothing, one process at a time.
pub(crate) async fn migrate(client: &Client, names: &Names) -> Result<(), Failure> {
    match owner(client, names).await? {
        Owner::Us(CURRENT) => return Ok(()),
        owner => owner.known(names)?,
    };
    client.batch_execute("BEGIN").await?;
    let migrated = migrate_locked(client, names).await;
    let end = if migrated.is_ok() {
        "COMMIT"
    } else {
        "ROLLBACK"
    };
    let ended = client.batch_execute(end).await;
    migrated?;
    Ok(ended?)
}

async fn migrate_locked(client: &Client, names: &Names) -> Result<(), Failure> {
    let lock = "SELECT pg_advisory_xact_lock($1)";
    client.execute(lock, &[&names.set_up_lock()]).await?;
    // Someone else may have done so in the meantime.
    let owner = owner(client, names).await?;
    if !matches!(owner, Owner::Nobody { has_schema: true } | Owner::Us(_)) {
        let create = format!("CREATE SCHEMA {}", names.schema());
        client.batch_execute(&create).await?;
    }
    let done = owner.known(names)?;
    for (version, migration) in MIGRATIONS.iter().filter(|(version, _)| *version > done) {
        client.batch_execute(&names.fill(migration)).await?;
        let note = names.fill("INSERT INTO {s}.ironflow_migrations (version) VALUES ($1)");
        client.execute(&note, &[version]).await?;
    }
    Ok(())
}

/// Whose schema it is.
enum Owner {
    /// Nobody's: it is empty, or not there.
    Nobody { has_schema: bool },
    /// Ours, with the tables of this version.
    Us(i32),
    /// Someone else's, who has this table in it.
    Other(String),
}

impl Owner {
    /// The version of the tables, where it is one we can work with.
    fn known(self, names: &Names) -> Result<i32, Failure> {
        let schema = names.schema();
        let message = match self {
            Self::Nobody { .. } => return Ok(0),
            Self::Us(version) if version <= CURRENT => return Ok(version),
            Self::Us(version) => format!(
                "the schema {schema} has version {version}, and this program knows no later one than {CURRENT}: \
                 use the newer program that made it, or another schema"
            ),
            Self::Other(table) => format!(
                "the schema {schema} has tables of another application, such as {table:?}: choose another \
                 schema (this one was left as it was)"
            ),
        };
        let error = StoreError::new(StoreErrorKind::Incompatible, message);
        Err(Failure::NotConnected(error))
    }
}

async fn owner(client: &Client, names: &Names) -> Result<Owner, Failure> {
    let sql = "SELECT n.oid IS NOT NULL,
            (SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
             ORDER BY c.relname <> 'ironflow_migrations', c.relname LIMIT 1)
        FROM (SELECT) one LEFT JOIN pg_namespace n ON n.nspname = $1";
    let row = client.query_one(sql, &[&names.plain_schema()]).await?;
    match (row.try_get(0)?, row.try_get::<_, Option<String>>(1)?) {
        (has_schema, None) => Ok(Owner::Nobody { has_schema }),
        (_, Some(table)) if table != "ironflow_migrations" => Ok(Owner::Other(table)),
        (_, Some(_)) => {
            let sql = names.fill("SELECT max(version) FROM {s}.ironflow_migrations");
            let version: Option<i32> = client.query_one(&sql, &[]).await?.try_get(0)?;
            Ok(Owner::Us(version.unwrap_or(0)))
        }
    }
}
