//! The rules `sql::…` of the contract, on stores with a fault each: the rule that is about a fault
//! must fail, since one that a fault passes proves nothing.

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ironflow_domain::store::{
    Append, AppendError, Appended, Capabilities, Entry, Key, KeyRange, KeyValueStore, ListStreams,
    LogPage, MemoryStore, ReadLog, ReadStream, Revision, SqlStatement, Store, StoreError,
    StoreErrorKind, StreamInfo, StreamPage, StreamStore, Write, WriteError, async_trait,
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
    CutsTexts,
    TakesNothingForEmpty,
    KnowsOneTruth,
    EndsBytesAtZero,
    AnswersForStatementsToo,
    TakesTooManyParameters,
    TakesMissingParametersForNothing,
    ForgetsARefusalTheSecondTime,
    RefusesWhoComesAtTheSameTime,
    // Of stores without SQL.
    NoneWithoutSql,
    TakesStatementsItCannotExecute,
    WritesThoughItCannotExecute,
    FailsForAnotherReason,
    RefusesNoStatements,
}

/// A store with one fault: a database in memory, or one without SQL.
struct Broken {
    fault: Fault,
    inner: Arc<dyn Store>,
    /// What was refused once.
    refused: Mutex<BTreeSet<String>>,
    /// How many are writing.
    writing: AtomicUsize,
}

fn failed_to_write() -> WriteError {
    StoreError::new(StoreErrorKind::Other, "failed to write").into()
}

impl Broken {
    async fn new(fault: Fault) -> Self {
        let inner: Arc<dyn Store> = match fault {
            Fault::NoneWithoutSql
            | Fault::TakesStatementsItCannotExecute
            | Fault::WritesThoughItCannotExecute
            | Fault::FailsForAnotherReason
            | Fault::RefusesNoStatements => Arc::new(MemoryStore::new()),
            _ => Arc::new(Sqlite::in_memory().await.unwrap()),
        };
        Self {
            fault,
            inner,
            refused: Mutex::default(),
            writing: AtomicUsize::new(0),
        }
    }

    /// What a store without SQL does.
    async fn without_sql(
        &self,
        batch: Vec<Write>,
        statements: Vec<SqlStatement>,
    ) -> Result<Vec<Option<Revision>>, WriteError> {
        match (self.fault, statements.is_empty()) {
            (Fault::TakesStatementsItCannotExecute, false) => self.inner.write(batch).await,
            (Fault::WritesThoughItCannotExecute, false) => {
                self.inner.write(batch).await?;
                Err(Capabilities::unsupported("execute SQL").into())
            }
            (Fault::FailsForAnotherReason, false) => Err(failed_to_write()),
            (Fault::RefusesNoStatements, true) => {
                Err(Capabilities::unsupported("execute SQL").into())
            }
            _ => self.inner.write_and_execute(batch, statements).await,
        }
    }

    /// Takes statements, or what they are given, for something else.
    fn misread(&self, statements: &mut Vec<SqlStatement>) {
        match self.fault {
            Fault::TakesTooManyParameters => {
                for SqlStatement {
                    sql, parameters, ..
                } in statements.iter_mut()
                {
                    let is_used = |number: &usize| sql.contains(&format!("${number}"));
                    let used = (1..=parameters.len()).filter(is_used).count();
                    parameters.truncate(used);
                }
            }
            Fault::TakesMissingParametersForNothing => {
                for statement in statements.iter_mut() {
                    if statement.parameters.is_empty() && statement.sql.contains("$1") {
                        statement.parameters.push(SqlValue::Null);
                    }
                }
            }
            Fault::ForgetsARefusalTheSecondTime => {
                let refused = self.refused.lock().unwrap();
                statements.retain(|statement| !refused.contains(&*statement.sql));
            }
            _ => {}
        }
        for statement in statements {
            let parameters = std::mem::take(&mut statement.parameters);
            let parameters = parameters.into_iter();
            statement.parameters = parameters.map(|value| worn(self.fault, value)).collect();
        }
    }

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
        (Fault::CutsTexts, SqlValue::Text(text)) => {
            SqlValue::Text(text.chars().take(65_536).collect())
        }
        (Fault::TakesNothingForEmpty, SqlValue::Null) => SqlValue::Text(String::new()),
        (Fault::KnowsOneTruth, SqlValue::Bool(_)) => SqlValue::Bool(true),
        (Fault::EndsBytesAtZero, SqlValue::Blob(bytes)) => {
            SqlValue::Blob(bytes.into_iter().take_while(|byte| *byte != 0).collect())
        }
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
        if self.inner.capabilities().sql.is_none() {
            return self.without_sql(batch, statements).await;
        }
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
        self.misread(&mut statements);
        let first = statements.first().cloned();
        let others = self.writing.fetch_add(1, Ordering::SeqCst);
        let written = self.inner.write_and_execute(batch, statements).await;
        self.writing.fetch_sub(1, Ordering::SeqCst);
        if others > 0 && self.fault == Fault::RefusesWhoComesAtTheSameTime {
            return Err(failed_to_write());
        }
        if let Err(WriteError::Statement { sql, source, .. }) = &written
            // Whether a row is there is asked by making it again.
            && !source.to_string().contains("UNIQUE")
        {
            self.refused.lock().unwrap().insert(sql.clone());
        }
        match (written, first) {
            (Err(WriteError::Statement { source, .. }), Some(first))
                if self.fault == Fault::TellsTheFirstStatement =>
            {
                Err(WriteError::statement(0, &first, source))
            }
            (Err(WriteError::Statement { .. }), _)
                if self.fault == Fault::TakesRefusalsForFailures =>
            {
                Err(failed_to_write())
            }
            (Err(WriteError::Constraint { .. }), _)
                if self.fault == Fault::TakesBrokenConstraintsForFailures =>
            {
                Err(failed_to_write())
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

/// Those of the rules that a store with this fault fails.
fn failed<'a>(fault: Fault, names: &[&'a str]) -> Vec<&'a str> {
    let rules = rules();
    let fails = |name: &str| {
        let rule = rules.iter().find(|rule| rule.name == name);
        let rule = rule.unwrap_or_else(|| panic!("there is no rule {name}"));
        let open = || async move { Fixture::new(Broken::new(fault).await) };
        catch_unwind(|| rule.check(open)).is_err()
    };
    names.iter().copied().filter(|name| fails(name)).collect()
}

macro_rules! every_fault_is_found {
    ($($fault:ident: $($rule:literal),+;)*) => {
        /// All that find a fault.
        const FINDING: &[&str] = &[$($($rule),+),*];

        $(#[test]
        #[allow(non_snake_case, reason = "the fault's own name finds it")]
        fn $fault() {
            let names = [$($rule),+];
            assert_eq!(failed(Fault::$fault, &names), names);
        })*
    };
}

#[test]
fn every_rule_about_sql_finds_a_fault_and_fails_no_store_without_one() {
    let rules = rules();
    let names = rules.iter().map(|rule| rule.name);
    let names: Vec<_> = names.filter(|name| name.starts_with("sql::")).collect();
    let idle: Vec<_> = names
        .iter()
        .filter(|name| !FINDING.contains(name))
        .collect();
    assert_eq!(idle, Vec::<&&str>::new());
    for fault in [Fault::None, Fault::NoneWithoutSql] {
        assert_eq!(failed(fault, &names), Vec::<&str>::new(), "{fault:?}");
    }
}

every_fault_is_found! {
    ExecutesBeforeItWrites:
        "sql::a_guard_that_is_lost_executes_no_statement",
        "sql::of_many_with_the_same_guard_one_executes_its_statements";
    WritesBeforeItExecutes:
        "sql::a_statement_that_is_refused_is_told_and_nothing_is_written",
        "sql::a_statement_that_would_end_the_transaction_is_refused",
        "sql::what_a_constraint_refuses_in_the_end_is_refused_alone";
    ExecutesInReverse: "sql::statements_and_writes_are_made_together";
    ForgetsTheLastStatement: "sql::statements_and_writes_are_made_together";
    ExecutesNothingWithoutWrites: "sql::a_parameter_is_the_value_it_is";
    IgnoresExpectedRevisions:
        "sql::a_guard_that_is_lost_executes_no_statement",
        "sql::of_many_with_the_same_guard_one_executes_its_statements";
    LooksAtStatementsFirst: "sql::a_guard_that_is_lost_executes_no_statement";
    GoesOnAfterAStatementThatIsRefused:
        "sql::a_statement_that_is_refused_is_told_and_nothing_is_written",
        "sql::a_statement_that_would_end_the_transaction_is_refused";
    TellsTheFirstStatement: "sql::a_statement_that_is_refused_is_told_and_nothing_is_written";
    TakesRefusalsForFailures: "sql::a_statement_that_is_refused_is_told_and_nothing_is_written";
    TakesBrokenConstraintsForFailures:
        "sql::what_a_constraint_refuses_in_the_end_is_refused_alone";
    TellsAStatementForAConstraint: "sql::what_a_constraint_refuses_in_the_end_is_refused_alone";
    RefusesWhoComesAtTheSameTime: "sql::what_a_constraint_refuses_in_the_end_is_refused_alone";
    LetsStatementsEndTheTransaction:
        "sql::a_statement_that_would_end_the_transaction_is_refused";
    RoundsNumbers: "sql::a_parameter_is_the_value_it_is";
    TrimsTexts: "sql::a_parameter_is_the_value_it_is";
    CutsTexts: "sql::a_parameter_is_the_value_it_is";
    TakesNothingForEmpty: "sql::a_parameter_is_the_value_it_is";
    KnowsOneTruth: "sql::a_parameter_is_the_value_it_is";
    EndsBytesAtZero: "sql::a_parameter_is_the_value_it_is";
    AnswersForStatementsToo: "sql::statements_and_writes_are_made_together";
    TakesTooManyParameters: "sql::a_statement_that_is_refused_is_told_and_nothing_is_written";
    TakesMissingParametersForNothing:
        "sql::a_statement_that_is_refused_is_told_and_nothing_is_written";
    ForgetsARefusalTheSecondTime:
        "sql::a_statement_that_is_refused_is_told_and_nothing_is_written";
    TakesStatementsItCannotExecute: "sql::statements_and_writes_are_made_together";
    WritesThoughItCannotExecute: "sql::statements_and_writes_are_made_together";
    FailsForAnotherReason: "sql::statements_and_writes_are_made_together";
    RefusesNoStatements: "sql::statements_and_writes_are_made_together";
}
