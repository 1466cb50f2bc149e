//! What not every store can do.

use crate::store::{SqlDialect, StoreError, StoreErrorKind};

/// What a store can do that not every store can. Asked when an application starts, so that nothing
/// turns out to be impossible later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Capabilities {
    /// [`append_all`](super::StreamStore::append_all) takes several appends.
    pub several_streams: bool,
    /// Appends may depend on other events: [`NothingSince`](super::ExpectedVersion::NothingSince).
    pub conditions: bool,
    /// Batches may carry statements:
    /// [`write_and_execute`](super::KeyValueStore::write_and_execute). In which SQL; nothing where
    /// there is none.
    pub sql: Option<SqlDialect>,
}

impl Capabilities {
    /// For adapters: everything there is without a database that speaks SQL.
    pub const ALL: Self = Self {
        several_streams: true,
        conditions: true,
        sql: None,
    };

    /// For adapters: and statements in this SQL.
    #[must_use]
    pub const fn with_sql(mut self, dialect: SqlDialect) -> Self {
        self.sql = Some(dialect);
        self
    }

    /// What a store with `others` cannot do of it.
    #[cfg(feature = "runtime")]
    pub(crate) fn missing_in(self, others: Self) -> Option<&'static str> {
        let Self {
            several_streams,
            conditions,
            sql,
        } = self;
        if several_streams && !others.several_streams {
            Some("append to several streams")
        } else if conditions && !others.conditions {
            Some("append on a condition")
        } else if sql.is_some() && others.sql.is_none() {
            Some("execute SQL")
        } else if sql == Some(SqlDialect::Postgres) && others.sql != sql {
            Some("execute the SQL of Postgres")
        } else if sql == Some(SqlDialect::Sqlite) && others.sql != sql {
            Some("execute the SQL of SQLite")
        } else {
            None
        }
    }

    /// For adapters: the answer to what the store cannot do, such as `append to several streams`.
    #[must_use]
    pub fn unsupported(doing: &str) -> StoreError {
        let doing = format!("failed to {doing}: a store of this kind cannot");
        StoreError::new(StoreErrorKind::Unsupported, doing)
    }
}
