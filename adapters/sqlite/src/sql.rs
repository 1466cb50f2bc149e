//! Statements of users.

use ironflow_domain::SqlValue;
use ironflow_domain::store::{SqlStatement, StoreErrorKind, WriteError};
use rusqlite::types::{Null, ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, ToSql};

use crate::error::{again, kind};
use crate::writer::Failure;

/// Executes statements in the transaction that is open.
pub(crate) fn execute_all(
    connection: &Connection,
    statements: &[SqlStatement],
) -> Result<(), Failure<WriteError>> {
    for (index, statement) in statements.iter().enumerate() {
        let Err(error) = execute(connection, statement) else {
            continue;
        };
        // What passes is no fault of the statement. What has ended the transaction has ended it for
        // all that is in it.
        let is_ours = kind(&error) != StoreErrorKind::Other || connection.is_autocommit();
        return Err(if is_ours {
            Failure::Sqlite(error)
        } else {
            Failure::Refused(WriteError::statement(index, statement, error))
        });
    }
    Ok(())
}

/// What is told where a constraint of a user's table has ended the transaction, at its commit or at
/// once.
pub(crate) fn at_fault(error: &rusqlite::Error, statements: &[SqlStatement]) -> Option<WriteError> {
    let is_constraint = error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation);
    let is_theirs = is_constraint && !statements.is_empty();
    is_theirs.then(|| WriteError::constraint(again(error)))
}

fn execute(connection: &Connection, statement: &SqlStatement) -> rusqlite::Result<()> {
    let SqlStatement {
        sql, parameters, ..
    } = statement;
    let mut prepared = connection.prepare_cached(sql)?;
    let count = prepared.parameter_count();
    if count != parameters.len() {
        return Err(rusqlite::Error::InvalidParameterCount(
            parameters.len(),
            count,
        ));
    }
    for (parameter, number) in parameters.iter().zip(1..) {
        // To SQLite, `$1` is a name: they are numbered as they come.
        let name = format!("${number}");
        let index = prepared.parameter_index(&name)?;
        let index = index.ok_or(rusqlite::Error::InvalidParameterName(name))?;
        prepared.raw_bind_parameter(index, Value(parameter))?;
    }
    // Some give rows, as with `RETURNING`, and are not done before those are read.
    let mut rows = prepared.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}

/// A value as SQLite has it.
struct Value<'v>(&'v SqlValue);

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            SqlValue::Null => Null.into(),
            SqlValue::Bool(value) => (*value).into(),
            SqlValue::Integer(value) => (*value).into(),
            SqlValue::Real(value) => (*value).into(),
            SqlValue::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            SqlValue::Blob(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
            other => {
                let error = format!("SQLite cannot be given {other:?}");
                return Err(rusqlite::Error::ToSqlConversionFailure(error.into()));
            }
        })
    }
}
