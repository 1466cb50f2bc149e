//! Statements that are executed with a batch.
//!
//! A store without [`Capabilities::sql`](ironflow_domain::store::Capabilities) is held to refusing
//! them.
//!
//! The port gives no rows back. Whether a row is there shows in whether it can be made again.

#![allow(
    missing_docs,
    clippy::missing_panics_doc,
    reason = "a rule's name says it all, and it panics when a store does not keep it"
)]

use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use ironflow_domain::SqlValue;
use ironflow_domain::store::{
    Expected, Revision, SqlDialect, SqlStatement, Store, StoreErrorKind, Write, WriteError,
};

use super::Fixture;
use super::given::{get, key, put, value};

/// How often several write at the same time.
const ROUNDS: i64 = 10;

/// A table that nobody else has.
struct Table(String);

fn statement(sql: String, parameters: Vec<SqlValue>) -> SqlStatement {
    SqlStatement::new(sql, parameters)
}

impl Table {
    /// Makes it, where the store has a database. One that has none has to refuse.
    async fn make(store: &dyn Store) -> Option<Self> {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let nanos = since.map_or(0, |since| since.as_nanos());
        let table = Self(format!("contract_{}_{nanos}_{number}", process::id()));
        let columns = "id BIGINT PRIMARY KEY, n BIGINT, r DOUBLE PRECISION, t TEXT";
        let create = statement(format!("CREATE TABLE {} ({columns})", table.0), Vec::new());
        let write = || Write::put(key("made"), "made");
        let made = store.write_and_execute(vec![write()], vec![create]).await;
        if store.capabilities().sql.is_some() {
            let revisions = made.expect("a table can be made");
            assert_eq!(revisions.len(), 1, "a revision for each of the writes");
            return Some(table);
        }
        match made {
            Err(WriteError::Store(error)) => {
                assert_eq!(error.kind(), StoreErrorKind::Unsupported, "{error}");
            }
            other => panic!("a store without SQL refuses statements: {other:?}"),
        }
        assert_eq!(get(store, &key("made")).await, None, "and writes nothing");
        let written = store.write_and_execute(vec![write()], Vec::new()).await;
        assert_eq!(written.expect("no statement is no SQL").len(), 1);
        None
    }

    fn insert(&self, id: i64) -> SqlStatement {
        let sql = format!("INSERT INTO {} (id, n) VALUES ($1, 0)", self.0);
        statement(sql, vec![SqlValue::Integer(id)])
    }

    fn count(&self, id: i64) -> SqlStatement {
        let sql = format!("UPDATE {} SET n = n + 1 WHERE id = $1", self.0);
        statement(sql, vec![SqlValue::Integer(id)])
    }

    /// Whether there is a row with that id, and so many in `n`. It is gone afterwards.
    async fn takes(&self, store: &dyn Store, id: i64, n: i64) -> bool {
        let sql = format!("DELETE FROM {} WHERE id = $1 AND n = $2", self.0);
        let delete = statement(sql, vec![SqlValue::Integer(id), SqlValue::Integer(n)]);
        let was_there = self.has(store, id).await;
        execute(store, vec![delete]).await;
        was_there && !self.has(store, id).await
    }

    /// Whether there is a row with that id.
    async fn has(&self, store: &dyn Store, id: i64) -> bool {
        match store
            .write_and_execute(Vec::new(), vec![self.insert(id)])
            .await
        {
            Ok(_) => {
                let sql = format!("DELETE FROM {} WHERE id = $1", self.0);
                execute(store, vec![statement(sql, vec![SqlValue::Integer(id)])]).await;
                false
            }
            Err(WriteError::Statement { .. }) => true,
            Err(error) => panic!("a row can be inserted or is there: {error:?}"),
        }
    }

    async fn drop(self, store: &dyn Store) {
        execute(
            store,
            vec![statement(format!("DROP TABLE {}", self.0), Vec::new())],
        )
        .await;
    }
}

async fn execute(store: &dyn Store, statements: Vec<SqlStatement>) {
    let executed = store.write_and_execute(Vec::new(), statements).await;
    let revisions = executed.expect("these statements can be executed");
    assert_eq!(revisions, Vec::<Option<Revision>>::new());
}

/// The index of the statement that was refused.
fn refused(written: Result<Vec<Option<Revision>>, WriteError>) -> usize {
    match written {
        Err(WriteError::Statement { index, .. }) => index,
        other => panic!("a statement is refused: {other:?}"),
    }
}

pub async fn statements_and_writes_are_made_together(store: Fixture) {
    let Some(table) = Table::make(&*store).await else {
        return;
    };
    let batch = vec![Write::create(key("a"), "one"), Write::delete(key("none"))];
    let statements = vec![
        table.insert(1),
        table.count(1),
        table.insert(2),
        table.count(1),
    ];
    let revisions = store.write_and_execute(batch, statements).await;
    let revisions = revisions.expect("a batch with statements can be written");
    assert!(revisions.len() == 2 && revisions[0].is_some() && revisions[1].is_none());
    assert_eq!(value(&*store, &key("a")).await, "one");
    assert!(table.has(&*store, 2).await, "the third one was executed");
    assert!(table.has(&*store, 1).await);
    assert!(
        table.takes(&*store, 1, 2).await,
        "each sees what those before it did"
    );
    table.drop(&*store).await;
}

pub async fn a_guard_that_is_lost_executes_no_statement(store: Fixture) {
    let Some(table) = Table::make(&*store).await else {
        return;
    };
    let stale = put(&*store, &key("a"), "one").await;
    put(&*store, &key("a"), "two").await;
    let write = Write::put(key("a"), "three").expecting(Expected::Revision(stale));
    let other = Write::put(key("b"), "three");
    let written = store
        .write_and_execute(vec![other, write], vec![table.insert(1)])
        .await;
    assert!(
        matches!(written, Err(WriteError::Revision { .. })),
        "{written:?}"
    );
    // Also where a statement would be refused.
    let write = Write::put(key("a"), "three").expecting(Expected::Revision(stale));
    let nothing = statement("DELETE FROM there_is_no_such_table".into(), Vec::new());
    let written = store.write_and_execute(vec![write], vec![nothing]).await;
    assert!(
        matches!(written, Err(WriteError::Revision { .. })),
        "{written:?}"
    );
    assert!(!table.has(&*store, 1).await);
    assert_eq!(value(&*store, &key("a")).await, "two");
    assert_eq!(get(&*store, &key("b")).await, None);
    table.drop(&*store).await;
}

pub async fn a_statement_that_is_refused_is_told_and_nothing_is_written(store: Fixture) {
    let Some(table) = Table::make(&*store).await else {
        return;
    };
    execute(&*store, vec![table.insert(7)]).await;
    let wrong = |sql: &str| statement(sql.replace("{t}", &table.0), Vec::new());
    for (name, bad) in [
        ("what is there", table.insert(7)),
        ("no SQL", wrong("INSERT INTO")),
        ("no such table", wrong("DELETE FROM there_is_no_such_table")),
        ("no such column", wrong("UPDATE {t} SET nothing = 1")),
        ("no parameter", wrong("INSERT INTO {t} (id) VALUES ($1)")),
        (
            "too many parameters",
            SqlStatement::new(table.insert(8).sql, vec![SqlValue::Integer(8); 2]),
        ),
    ] {
        // Twice, since what is known of a statement may be known from the first time.
        for _ in 0..2 {
            let batch = vec![Write::put(key("a"), "one")];
            let statements = vec![
                table.insert(1),
                table.count(7),
                bad.clone(),
                table.insert(2),
            ];
            let written = store.write_and_execute(batch, statements).await;
            assert_eq!(refused(written), 2, "{name}");
        }
        assert_eq!(get(&*store, &key("a")).await, None, "{name}");
        assert!(!table.has(&*store, 1).await, "{name}");
        assert!(!table.has(&*store, 2).await, "{name}");
    }
    assert!(table.has(&*store, 7).await);
    assert!(table.takes(&*store, 7, 0).await, "nobody has counted");
    table.drop(&*store).await;
}

pub async fn a_statement_that_would_end_the_transaction_is_refused(store: Fixture) {
    let Some(table) = Table::make(&*store).await else {
        return;
    };
    for sql in [
        "COMMIT",
        "ROLLBACK",
        "/* a */ end",
        "SAVEPOINT a",
        "SELECT 1; COMMIT",
    ] {
        let batch = vec![Write::put(key("a"), "one")];
        let meddling = statement(sql.to_owned(), Vec::new());
        let written = store
            .write_and_execute(batch, vec![table.insert(1), meddling])
            .await;
        assert_eq!(refused(written), 1, "{sql}");
        assert_eq!(get(&*store, &key("a")).await, None, "{sql}");
        assert!(!table.has(&*store, 1).await, "{sql}");
    }
    table.drop(&*store).await;
}

pub async fn what_a_constraint_refuses_in_the_end_is_refused_alone(store: Fixture) {
    let Some(table) = Table::make(&*store).await else {
        return;
    };
    let leads = format!("{}_leads", table.0);
    let columns = format!(
        "id BIGINT PRIMARY KEY, leads_to BIGINT NOT NULL
         REFERENCES {} (id) DEFERRABLE INITIALLY DEFERRED",
        table.0
    );
    let create = format!("CREATE TABLE {leads} ({columns})");
    execute(&*store, vec![statement(create, Vec::new())]).await;
    let lead = |id: i64| {
        let sql = format!("INSERT INTO {leads} (id, leads_to) VALUES ($1, $1)");
        statement(sql, vec![SqlValue::Integer(id)])
    };
    // It need not be so before the end.
    execute(&*store, vec![lead(1), table.insert(1)]).await;
    for round in 0..ROUNDS {
        let (a, b) = (key(&format!("a{round}")), key(&format!("b{round}")));
        let wrong = store.write_and_execute(
            vec![Write::put(a.clone(), "one")],
            vec![table.count(1), lead(2)],
        );
        // Others that are written at the same time are none the worse.
        let (wrong, right, append) = tokio::join!(
            wrong,
            store.write_and_execute(Vec::new(), vec![table.count(1)]),
            store.write(vec![Write::put(b.clone(), "one")])
        );
        assert!(
            matches!(wrong, Err(WriteError::Constraint { .. })),
            "the constraint is broken: {wrong:?}"
        );
        right.expect("that is right");
        append.expect("and so is that");
        assert_eq!(get(&*store, &a).await, None);
        assert_eq!(value(&*store, &b).await, "one");
    }
    let drop = format!("DROP TABLE {leads}");
    execute(&*store, vec![statement(drop, Vec::new())]).await;
    assert!(
        table.takes(&*store, 1, ROUNDS).await,
        "each was counted once"
    );
    table.drop(&*store).await;
}

pub async fn a_parameter_is_the_value_it_is(store: Fixture) {
    let Some(table) = Table::make(&*store).await else {
        return;
    };
    let long = "x".repeat(100_000);
    let (blob, bytes) = match store.capabilities().sql {
        Some(SqlDialect::Postgres) => ("BYTEA", "'\\x2700ff5c'"),
        _ => ("BLOB", "x'2700ff5c'"),
    };
    for column in ["b BOOLEAN".to_owned(), format!("x {blob}")] {
        let add = format!("ALTER TABLE {} ADD COLUMN {column}", table.0);
        execute(&*store, vec![statement(add, Vec::new())]).await;
    }
    for (column, value, written) in [
        ("n", SqlValue::Integer(i64::MIN), i64::MIN.to_string()),
        ("n", SqlValue::Integer(i64::MAX), i64::MAX.to_string()),
        ("r", SqlValue::Real(-0.1), "-0.1".to_owned()),
        ("r", SqlValue::Real(1e300), "1e300".to_owned()),
        ("b", SqlValue::Bool(true), "TRUE".to_owned()),
        ("b", SqlValue::Bool(false), "FALSE".to_owned()),
        (
            "x",
            SqlValue::Blob(vec![b'\'', 0, 0xff, b'\\']),
            bytes.to_owned(),
        ),
    ]
    .into_iter()
    .chain(
        ["", "it's \"$1\"; -- {a} \\ \n 日本 🦀", &long].map(|text| {
            let written = format!("'{}'", text.replace('\'', "''"));
            ("t", SqlValue::Text(text.to_owned()), written)
        }),
    ) {
        let insert = format!("INSERT INTO {} ({column}, id) VALUES ($2, $1)", table.0);
        // One that finds it by the parameter, and one that has it written out.
        let by_parameter = format!("UPDATE {} SET id = 2 WHERE {column} = $1", table.0);
        let written_out = format!("DELETE FROM {} WHERE {column} = {written}", table.0);
        let insert = statement(insert, vec![SqlValue::Integer(1), value.clone()]);
        execute(&*store, vec![insert]).await;
        assert!(table.has(&*store, 1).await, "{column}");
        let by_parameter = statement(by_parameter, vec![value.clone()]);
        execute(&*store, vec![by_parameter]).await;
        assert!(table.has(&*store, 2).await, "{column} {value:?}");
        execute(&*store, vec![statement(written_out, Vec::new())]).await;
        assert!(!table.has(&*store, 2).await, "{column} {value:?}");
    }
    let insert = format!("INSERT INTO {} (id, t) VALUES ($1, $2)", table.0);
    let parameters = vec![SqlValue::Integer(1), SqlValue::Null];
    let delete = format!("DELETE FROM {} WHERE t IS NULL", table.0);
    let nothing = vec![statement(insert, parameters), statement(delete, Vec::new())];
    execute(&*store, nothing).await;
    assert!(!table.has(&*store, 1).await);
    table.drop(&*store).await;
}

pub async fn of_many_with_the_same_guard_one_executes_its_statements(store: Fixture) {
    let Some(table) = Table::make(&*store).await else {
        return;
    };
    execute(&*store, vec![table.insert(1)]).await;
    let mut guard = put(&*store, &key("a"), "0").await;
    for round in 0..ROUNDS {
        let handles = store.handles(4).await;
        let writing = handles.into_iter().map(|handle| {
            let write = Write::put(key("a"), round.to_string());
            let write = write.expecting(Expected::Revision(guard));
            let count = table.count(1);
            tokio::spawn(async move { handle.write_and_execute(vec![write], vec![count]).await })
        });
        let mut won = Vec::new();
        for writing in writing.collect::<Vec<_>>() {
            match writing.await.expect("nothing panics") {
                Ok(revisions) => won.extend(revisions),
                Err(WriteError::Revision { .. }) => {}
                Err(error) => panic!("one has won, and others have lost: {error:?}"),
            }
        }
        assert_eq!(won.len(), 1, "one has won");
        guard = won[0].expect("what is put has a revision");
    }
    assert!(
        table.takes(&*store, 1, ROUNDS).await,
        "it was counted {ROUNDS} times"
    );
    table.drop(&*store).await;
}
