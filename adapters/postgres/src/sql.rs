//! Statements of users, in the transaction of a batch.
//!
//! A transaction that goes on over several journeys needs a connection to itself: there is one for
//! them. It is taken out of its place while it is used, so that a transaction that is left in the
//! middle ends with its connection.

use std::error::Error;
use std::fmt::Write as _;
use std::future::ready;
use std::sync::Arc;

use bytes::BytesMut;
use futures_util::FutureExt;
use futures_util::future::{Either, join3};
use ironflow_domain::SqlValue;
use ironflow_domain::store::{SqlStatement, StoreErrorKind, Write, WriteError};
use tokio::sync::Mutex;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

use crate::connections::Slot;
use crate::error::{Failure, breaks_constraint};
use crate::key_value::{self, Outcome};
use crate::session::{Connector, Session};

/// How often something is tried before its failure is told.
const ATTEMPTS: usize = 5;
/// How many statements are sent before the first of their answers is looked at.
const AT_ONCE: usize = 500;

/// How users' statements are to be planned: as in any other program. Ours want something else.
const AS_USUAL: &str =
    "SET LOCAL enable_seqscan TO DEFAULT; SET LOCAL enable_bitmapscan TO DEFAULT;
     SET LOCAL plan_cache_mode TO DEFAULT; SET LOCAL jit TO DEFAULT";

/// Where batches with statements are made, one after the other.
pub(crate) struct Transactions {
    turn: Mutex<()>,
    slot: Slot,
}

/// Why a transaction came to nothing.
enum Stopped {
    /// Nothing of it can have happened.
    Before(Failure),
    /// It may have happened.
    Committing(Failure),
}

impl Transactions {
    pub(crate) fn new(connector: &Arc<Connector>) -> Self {
        Self {
            turn: Mutex::default(),
            slot: Slot::new(connector),
        }
    }

    /// Makes all the changes and executes the statements, or nothing of it.
    pub(crate) async fn write(
        &self,
        batch: &[Write],
        statements: &[SqlStatement],
        doing: &str,
    ) -> Outcome {
        let _turn = self.turn.lock().await;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let session = self.slot.session().await;
            let session = session.map_err(|failure| failure.at(doing))?;
            self.slot.leave(&session);
            let stopped = match transact(&session, batch, statements).await {
                Ok(outcome) => {
                    if outcome.is_err() {
                        // Tables that are others by now are a reason to fail that preparing again removes.
                        session.forget_others();
                    }
                    self.slot.put_back(session);
                    return outcome;
                }
                Err(stopped) => stopped,
            };
            let failure = match stopped {
                Stopped::Committing(failure) if failure.is_in_doubt() => {
                    return Err(failure.at_writing(doing).into());
                }
                Stopped::Before(failure) | Stopped::Committing(failure) => failure,
            };
            let may_help = failure.made_way()
                || failure.is_repeated()
                || failure.ends_connection()
                || matches!(failure, Failure::Replaced);
            if attempts == ATTEMPTS || !may_help {
                return Err(failure.at(doing).into());
            }
        }
    }
}

async fn transact(
    session: &Session,
    batch: &[Write],
    statements: &[SqlStatement],
) -> Result<Outcome, Stopped> {
    let writing = if batch.is_empty() {
        Either::Left(ready(Ok(Ok(Vec::new()))))
    } else {
        Either::Right(key_value::write(session, batch))
    };
    // Polled in this order, they are sent in this order.
    let (begun, written, as_usual) =
        join3(session.run("BEGIN"), writing, session.run(AS_USUAL)).await;
    begun.map_err(Stopped::Before)?;
    let revisions = match written.map_err(Stopped::Before)? {
        Ok(revisions) => revisions,
        Err(refused) => return roll_back(session, refused).await,
    };
    as_usual.map_err(Stopped::Before)?;

    let mut done = 0;
    while let Some(next) = statements.get(done) {
        // From the first one that is not prepared on, that comes first: it may need what those before it do.
        let ready = statements[done..].iter().take(AT_ONCE);
        let ready = ready.map_while(|it| Some((session.other(&it.sql)?, it)));
        let ready: Vec<_> = ready.collect();
        if ready.is_empty() {
            let prepared = session.prepare_other(&next.sql).await;
            if let Err(failure) = prepared {
                return refuse(session, (done, next), failure).await;
            }
            continue;
        }
        let mut sent = Vec::with_capacity(ready.len());
        for (index, (prepared, statement)) in (done..).zip(ready) {
            let given = statement.parameters.len();
            let taken = prepared.params().len();
            if taken != given {
                let why = format!("it takes {taken} parameters, and was given {given}");
                return roll_back(session, WriteError::statement(index, statement, why)).await;
            }
            let mut executing = Box::pin(async move {
                let parameters: Vec<_> = statement.parameters.iter().map(Text).collect();
                session.execute(&prepared, &parameters).await
            });
            // Polled once, it is sent.
            let answer = (&mut executing).now_or_never();
            sent.push((index, statement, executing, answer));
        }
        done += sent.len();
        for (index, statement, executing, answer) in sent {
            let answer = match answer {
                Some(answer) => answer,
                None => session.in_time(executing).await,
            };
            if let Err(failure) = answer {
                return refuse(session, (index, statement), failure).await;
            }
        }
    }
    let committing = session.in_time(session.run("COMMIT")).await;
    let Err(failure) = committing else {
        return Ok(Ok(revisions));
    };
    match failure {
        Failure::Postgres(error) if breaks_constraint(&error) => {
            roll_back(session, WriteError::constraint(error)).await
        }
        failure => Err(Stopped::Committing(failure)),
    }
}

/// What a statement that failed leads to: to nothing, where it will fail again.
async fn refuse(
    session: &Session,
    (index, statement): (usize, &SqlStatement),
    failure: Failure,
) -> Result<Outcome, Stopped> {
    match failure {
        Failure::Postgres(error)
            if Failure::Postgres(Arc::clone(&error)).kind() != StoreErrorKind::Unavailable =>
        {
            roll_back(session, WriteError::statement(index, statement, error)).await
        }
        failure => Err(Stopped::Before(failure)),
    }
}

async fn roll_back(session: &Session, why: WriteError) -> Result<Outcome, Stopped> {
    let rolled_back = session.in_time(session.run("ROLLBACK")).await;
    rolled_back.map_err(Stopped::Before)?;
    Ok(Err(why))
}

/// A value as text, which the server reads as one of the type it wants.
#[derive(Debug)]
struct Text<'v>(&'v SqlValue);

impl ToSql for Text<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            SqlValue::Null => return Ok(IsNull::Yes),
            SqlValue::Bool(value) => write!(out, "{value}")?,
            SqlValue::Integer(value) => write!(out, "{value}")?,
            SqlValue::Real(value) if value.is_infinite() && *value > 0.0 => {
                out.write_str("Infinity")?;
            }
            SqlValue::Real(value) if value.is_infinite() => out.write_str("-Infinity")?,
            SqlValue::Real(value) => write!(out, "{value}")?,
            SqlValue::Text(value) => out.write_str(value)?,
            SqlValue::Blob(value) => {
                out.write_str("\\x")?;
                for byte in value {
                    write!(out, "{byte:02x}")?;
                }
            }
            other => return Err(format!("Postgres cannot be given {other:?}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}
