//! Statements that are executed with a batch of writes.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::SqlValue;
use crate::model::sql::misfit;
use crate::store::WriteError;

/// Which SQL a store understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SqlDialect {
    /// That of SQLite.
    Sqlite,
    /// That of Postgres.
    Postgres,
}

impl fmt::Display for SqlDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "Postgres",
        })
    }
}

/// A statement that a store executes in the transaction of a batch:
/// [`write_and_execute`](super::KeyValueStore::write_and_execute).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SqlStatement {
    /// Its text, in the store's dialect. Its parameters are `$1`, `$2`, ….
    pub sql: Arc<str>,
    /// The parameters, the first one first.
    pub parameters: Vec<SqlValue>,
}

impl SqlStatement {
    /// A statement with these parameters.
    pub fn new(sql: impl Into<Arc<str>>, parameters: Vec<SqlValue>) -> Self {
        Self {
            sql: sql.into(),
            parameters,
        }
    }

    /// For adapters: refuses statements that would end the transaction they are in, or are several.
    ///
    /// # Errors
    ///
    /// [`WriteError::Statement`].
    pub fn check_all(statements: &[Self]) -> Result<(), WriteError> {
        for (index, statement) in statements.iter().enumerate() {
            if let Some(why) = misfit(&statement.sql) {
                return Err(WriteError::statement(index, statement, why));
            }
        }
        Ok(())
    }
}

impl WriteError {
    /// For adapters: that statement, the first one being 0, failed, and would fail again.
    #[must_use]
    pub fn statement(
        index: usize,
        statement: &SqlStatement,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Statement {
            index,
            sql: statement.sql.to_string(),
            source: source.into(),
        }
    }
}
