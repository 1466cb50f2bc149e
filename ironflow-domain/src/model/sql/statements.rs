//! What events do to tables.

use std::borrow::Cow;
use std::fmt;

use super::text;
use super::{SqlParameters, SqlValue, StatementError, Table};

/// The statements that an event leads to, in the order in which they are executed.
///
/// They are executed in the transaction that moves the projection's checkpoint, so each takes effect
/// exactly once.
#[derive(Debug, Default)]
pub struct Statements {
    tables: &'static [Table],
    given: Vec<Statement>,
    wrong: Option<StatementError>,
}

/// A statement with its parameters, in which `{name}` stands for a table.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Statement {
    /// Its text.
    pub sql: Cow<'static, str>,
    /// Its parameters: the first one is `$1`.
    pub parameters: Vec<SqlValue>,
}

impl Statements {
    /// For projections with these tables.
    pub(crate) const fn of(tables: &'static [Table]) -> Self {
        Self {
            tables,
            given: Vec::new(),
            wrong: None,
        }
    }

    /// Executes a statement that changes rows: an `INSERT`, `UPDATE`, `DELETE`, or what the database
    /// has besides. `{name}` stands for the table that is declared with that name; `$1` for the first
    /// of the parameters.
    ///
    /// A statement that the database refuses, or that can be seen to be wrong here, leaves the tables
    /// as they were before the event: the projection is parked there, and
    /// says which event, which statement and why.
    pub fn execute(&mut self, sql: impl Into<Cow<'static, str>>, parameters: impl SqlParameters) {
        let (sql, parameters) = (sql.into(), parameters.to_sql_values());
        if let Err(error) = text::check(&sql, &parameters, self.tables) {
            self.wrong.get_or_insert(error);
        }
        self.given.push(Statement { sql, parameters });
    }

    /// What was given.
    pub(crate) fn finish(self) -> Result<Vec<Statement>, StatementError> {
        self.wrong.map_or(Ok(self.given), Err)
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sql)?;
        for (value, number) in self.parameters.iter().zip(1..) {
            let before = if number == 1 { " with" } else { "," };
            write!(f, "{before} ${number} = {value}")?;
        }
        Ok(())
    }
}
