//! The rules `sql::…` of the contract, on stores with a fault each: one that a fault passes proves
//! nothing.

use std::panic::catch_unwind;

use ironflow_domain::store::{
    Append, AppendError, Appended, Capabilities, Entry, Key, KeyRange, KeyValueStore, ListStreams,
    LogPage, ReadLog, ReadStream, Revision, SqlStatement, StoreError, StoreErrorKind, StreamInfo,
    StreamPage, StreamStore, Write, WriteError, async_trait,
};
use ironflow_domain::{EventId, Position, RecordedEvent, SqlValue, StreamId};
use ironflow_sqlite::Sqlite;
use ironflow_testing::contract::{Fixture, rules};

/// What a store does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    ExecutesBeforeItWrites,
    WritesBeforeItExecutes,
    ExecutesInReverse,
    ForgetsTheLastStatement,
    ExecutesNothingWithoutWrites,
    IgnoresExpectedRevisions,
    LooksAtStatementsFirst,
    GoesOnAfterAStatementThatIsRefused,
    TellsTheFirstStatement,
    TakesRefusalsForFailures,
    TakesBrokenConstraintsForFailures,
    TellsAStatementForAConstraint,
    LetsStatementsEndTheTransaction,
    RoundsNumbers,
    TrimsTexts,
    TakesNothingForEmpty,
    AnswersForStatementsToo,
}

/// A store in a database in memory with one fault.
#[derive(Clone)]
struct Broken {
    fault: Fault,
    inner: Sqlite,
}

impl Broken {
    async fn one_after_the_other(
        &self,
        batch: Vec<Write>,
        statements: Vec<SqlStatement>,
    ) -> Result<Vec<Option<Revision>>, WriteError> {
        let mut refused = None;
        for (index, statement) in statements.into_iter().enumerate() {
            let one = vec![statement.clone()];
            let executed = self.inner.write_and_execute(Vec::new(), one).await;
            if let Err(WriteError::Statement { source, .. }) = executed {
                refused.get_or_insert(WriteError::statement(index, &statement, source));
            }
        }
        match refused {
            Some(refused) => Err(refused),
            None => self.inner.write(batch).await,
        }
    }
}

/// A value that is not quite what it was.
fn worn(fault: Fault, value: SqlValue) -> SqlValue {
    match (fault, value) {
        (Fault::RoundsNumbers, SqlValue::Real(value)) => SqlValue::Real(value.round()),
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "this is the fault"
        )]
        (Fault::RoundsNumbers, SqlValue::Integer(value)) => {
            SqlValue::Integer((value as f64 / 1e3) as i64 * 1_000 + value % 1_000)
        }
        (Fault::TrimsTexts, SqlValue::Text(text)) => {
            SqlValue::Text(text.replace(char::is_whitespace, " "))
        }
        (Fault::TakesNothingForEmpty, SqlValue::Null) => SqlValue::Text(String::new()),
        (_, value) => value,
    }
}

#[async_trait]
impl KeyValueStore for Broken {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.inner.get(key).await
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        self.inner.list(range).await
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        self.inner.write(batch).await
    }

    async fn write_and_execute(
        &self,
        mut batch: Vec<Write>,
        mut statements: Vec<SqlStatement>,
    ) -> Result<Vec<Option<Revision>>, WriteError> {
        match self.fault {
            Fault::ExecutesBeforeItWrites => {
                let executed = self.inner.write_and_execute(Vec::new(), statements).await;
                executed?;
                return self.inner.write(batch).await;
            }
            Fault::WritesBeforeItExecutes => {
                let revisions = self.inner.write(batch).await?;
                let executed = self.inner.write_and_execute(Vec::new(), statements).await;
                return executed.map(|_| revisions);
            }
            Fault::ExecutesInReverse => statements.reverse(),
            Fault::ForgetsTheLastStatement if statements.len() > 1 => drop(statements.pop()),
            Fault::ExecutesNothingWithoutWrites if batch.is_empty() && statements.len() == 1 => {
                let is_wrong = statements[0].sql.starts_with("INSERT");
                if !is_wrong {
                    return Ok(Vec::new());
                }
            }
            Fault::IgnoresExpectedRevisions => {
                let forget = |write: Write| Write {
                    expected: ironflow_domain::store::Expected::Any,
                    ..write
                };
                batch = batch.into_iter().map(forget).collect();
            }
            Fault::LooksAtStatementsFirst => {
                let unknown = |it: &SqlStatement| it.sql.contains("there_is_no_such_table");
                if let Some(index) = statements.iter().position(unknown) {
                    let why = "there is no such table";
                    return Err(WriteError::statement(index, &statements[index], why));
                }
            }
            Fault::GoesOnAfterAStatementThatIsRefused => {
                return self.one_after_the_other(batch, statements).await;
            }
            Fault::LetsStatementsEndTheTransaction => {
                let ends = |it: &SqlStatement| it.sql.to_lowercase().contains("commit");
                statements.retain(|statement| !ends(statement));
            }
            _ => {}
        }
        for statement in &mut statements {
            let parameters = std::mem::take(&mut statement.parameters);
            let parameters = parameters.into_iter();
            statement.parameters = parameters.map(|value| worn(self.fault, value)).collect();
        }
        let first = statements.first().cloned();
        let written = self.inner.write_and_execute(batch, statements).await;
        let failed = || StoreError::new(StoreErrorKind::Other, "failed to write").into();
        match (written, first) {
            (Err(WriteError::Statement { source, .. }), Some(first))
                if self.fault == Fault::TellsTheFirstStatement =>
            {
                Err(WriteError::statement(0, &first, source))
            }
            (Err(WriteError::Statement { .. }), _)
                if self.fault == Fault::TakesRefusalsForFailures =>
            {
                Err(failed())
            }
            (Err(WriteError::Constraint { .. }), _)
                if self.fault == Fault::TakesBrokenConstraintsForFailures =>
            {
                Err(failed())
            }
            (Err(WriteError::Constraint { source, .. }), Some(first))
                if self.fault == Fault::TellsAStatementForAConstraint =>
            {
                Err(WriteError::statement(0, &first, source))
            }
            (Ok(mut revisions), Some(_)) if self.fault == Fault::AnswersForStatementsToo => {
                revisions.push(None);
                Ok(revisions)
            }
            (written, _) => written,
        }
    }
}

#[async_trait]
impl StreamStore for Broken {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.inner.append(append).await
    }

    async fn append_all(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        self.inner.append_all(appends).await
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        self.inner.read_stream(stream, read).await
    }

    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError> {
        self.inner.read_log(read).await
    }

    async fn log_grown(&self, position: Position) -> Result<(), StoreError> {
        self.inner.log_grown(position).await
    }

    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
        self.inner.find_event(id).await
    }

    async fn stream_info(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StoreError> {
        self.inner.stream_info(stream).await
    }

    async fn list_streams(&self, list: ListStreams) -> Result<Vec<StreamInfo>, StoreError> {
        self.inner.list_streams(list).await
    }
}

/// Those of the rules `sql::…` that a store with this fault fails.
fn failed(fault: Fault) -> Vec<&'static str> {
    let open = || async move {
        let inner = Sqlite::in_memory().await.unwrap();
        Fixture::new(Broken { fault, inner })
    };
    let rules = rules().into_iter();
    let names = rules.filter(|rule| {
        rule.name.starts_with("sql::") && catch_unwind(|| rule.check(open)).is_err()
    });
    names.map(|rule| rule.name).collect()
}

#[test]
fn every_fault_is_found_and_every_rule_finds_one() {
    assert_eq!(failed(Fault::None), [""; 0]);
    let mut finding = Vec::new();
    for fault in [
        Fault::ExecutesBeforeItWrites,
        Fault::WritesBeforeItExecutes,
        Fault::ExecutesInReverse,
        Fault::ForgetsTheLastStatement,
        Fault::ExecutesNothingWithoutWrites,
        Fault::IgnoresExpectedRevisions,
        Fault::LooksAtStatementsFirst,
        Fault::GoesOnAfterAStatementThatIsRefused,
        Fault::TellsTheFirstStatement,
        Fault::TakesRefusalsForFailures,
        Fault::TakesBrokenConstraintsForFailures,
        Fault::TellsAStatementForAConstraint,
        Fault::LetsStatementsEndTheTransaction,
        Fault::RoundsNumbers,
        Fault::TrimsTexts,
        Fault::TakesNothingForEmpty,
        Fault::AnswersForStatementsToo,
    ] {
        let by = failed(fault);
        assert!(!by.is_empty(), "{fault:?} is found by no rule");
        // Where most rules fail, that says nothing about one of them.
        if by.len() <= 4 {
            finding.extend(by);
        }
    }
    let rules = rules().into_iter().map(|rule| rule.name);
    let idle: Vec<_> = rules
        .filter(|name| name.starts_with("sql::") && !finding.contains(name))
        .collect();
    assert_eq!(idle, [""; 0], "these find no fault");
}
