//! One connection to the server.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use ironflow_domain::store::StoreErrorKind;
use tokio::runtime::Handle;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Config, Row, RowStream, Statement};

use crate::epoch::Epoch;
use crate::error::{Failure, may_pass};
use crate::statements::{Sql, Which};
use crate::tls::Tls;
use crate::{Options, epoch};

/// A connection that is open, with what was prepared on it. Several tasks may use it at the same
/// time: their statements follow each other without waiting for the answers.
pub(crate) struct Session {
    client: Client,
    sql: Arc<Sql>,
    prepared: [OnceCell<Statement>; Which::COUNT],
    /// Statements of users, by their texts.
    others: Mutex<HashMap<Arc<str>, Statement>>,
    statement_timeout: Duration,
    epoch: Epoch,
}

/// What it takes to open a connection.
#[derive(Debug)]
pub(crate) struct Connector {
    pub(crate) config: Config,
    pub(crate) tls: Tls,
    pub(crate) sql: Arc<Sql>,
    pub(crate) options: Options,
    /// Where the connections are driven.
    pub(crate) runtime: Handle,
}

/// The longest pause between two attempts to connect.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_millis(500);

impl Connector {
    /// When we have no patience any more.
    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.options.patience
    }

    /// Opens a connection; where nobody answers, again and again until then.
    pub(crate) async fn session(&self, deadline: Instant) -> Result<Session, Failure> {
        self.patiently(deadline, || async {
            let client = self.client().await?;
            let epoch = epoch::current(&client, &self.sql.names).await?;
            Ok(self.in_session(client, epoch))
        })
        .await
    }

    pub(crate) async fn patiently<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        deadline: Instant,
        attempt: impl Fn() -> F,
    ) -> Result<T, Failure> {
        let mut pause = Duration::from_millis(20);
        loop {
            let attempted = timeout_at(deadline, attempt()).await;
            let failure = match attempted {
                Ok(Ok(done)) => return Ok(done),
                Ok(Err(failure)) => failure,
                Err(_) => Failure::Silent(self.options.patience),
            };
            let passes = match &failure {
                Failure::Postgres(error) => may_pass(error),
                Failure::NotConnected(error) => error.kind() == StoreErrorKind::Unavailable,
                Failure::Silent(_) | Failure::Replaced => true,
                Failure::Damaged(_) => false,
            };
            if !passes || Instant::now() + pause > deadline {
                let error = failure.at("connect");
                return Err(Failure::NotConnected(error));
            }
            // Of uneven length, so that not all come back at the same moment.
            tokio::time::sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Opens a connection, sets it up, and knows nothing yet about what is there.
    pub(crate) async fn client(&self) -> Result<Client, Failure> {
        self.client_with(|_| {}).await
    }

    /// As [`client`](Self::client), and `notified` gets to know what the server tells unasked.
    pub(crate) async fn client_with(
        &self,
        notified: impl Fn(AsyncMessage) + Send + 'static,
    ) -> Result<Client, Failure> {
        let (client, driver) = self.tls.connect(&self.config, notified).await?;
        self.runtime.spawn(driver);
        let patience = self.options.patience.as_millis();
        let statement = self.options.statement_timeout.as_millis();
        // What was acknowledged, and what readers have seen, must be there after a crash: the numbers of
        // transactions that are not are given once more.
        //
        // Our statements know which index they want. A plan that was made when the tables were empty
        // would read all of them for ever.
        let settings = format!(
            "SET default_transaction_isolation = 'read committed'; SET lock_timeout = {patience};
             SET statement_timeout = {statement}; SET idle_in_transaction_session_timeout = {statement};
             SET plan_cache_mode = 'force_generic_plan'; SET enable_seqscan = off; SET enable_bitmapscan = off;
             SET jit = off;
             SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
        );
        client.batch_execute(&settings).await?;
        Ok(client)
    }

    pub(crate) fn in_session(&self, client: Client, epoch: Epoch) -> Session {
        Session {
            client,
            sql: Arc::clone(&self.sql),
            prepared: [const { OnceCell::const_new() }; Which::COUNT],
            others: Mutex::default(),
            // The server should be the first to say that it took too long.
            statement_timeout: self.options.statement_timeout + self.options.patience,
            epoch,
        }
    }
}

/// How many statements of users are kept prepared on a connection.
const MOST_OTHERS: usize = 256;

/// A parameter of a statement.
pub(crate) type Parameter<'p> = &'p (dyn ToSql + Sync);

impl Session {
    /// Whether the connection can still be used.
    pub(crate) fn is_open(&self) -> bool {
        !self.client.is_closed()
    }

    /// Since when the server runs that this is a connection to.
    pub(crate) fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Prepares what is about to be executed, unless it is.
    pub(crate) async fn prepared(&self, which: Which) -> Result<&Statement, Failure> {
        let prepare = || async {
            let prepared = self.client.prepare(self.sql.of(which)).await;
            prepared.map_err(Failure::from)
        };
        self.prepared[which.index()].get_or_try_init(prepare).await
    }

    /// The rows that a statement leads to.
    pub(crate) async fn query(
        &self,
        which: Which,
        parameters: &[Parameter<'_>],
    ) -> Result<Vec<Row>, Failure> {
        let querying = async {
            let statement = self.prepared(which).await?;
            Ok(self.client.query(statement, parameters).await?)
        };
        self.in_time(querying).await
    }

    /// The rows that a statement leads to, as they come.
    pub(crate) async fn stream(
        &self,
        which: Which,
        parameters: &[Parameter<'_>],
    ) -> Result<Rows<'_>, Failure> {
        let querying = async {
            let statement = self.prepared(which).await?;
            let parameters = parameters.iter().copied();
            Ok(self.client.query_raw(statement, parameters).await?)
        };
        let rows = Box::pin(self.in_time(querying).await?);
        Ok(Rows {
            session: self,
            rows,
        })
    }

    /// Runs something that takes no parameters, and leads to nothing.
    pub(crate) async fn run(&self, sql: &'static str) -> Result<(), Failure> {
        Ok(self.client.batch_execute(sql).await?)
    }

    /// A statement of a user, where it is prepared.
    pub(crate) fn other(&self, sql: &str) -> Option<Statement> {
        self.others().get(sql).cloned()
    }

    /// Prepares a statement of a user.
    pub(crate) async fn prepare_other(&self, sql: &Arc<str>) -> Result<(), Failure> {
        let preparing = async { Ok(self.client.prepare(sql).await?) };
        let statement = self.in_time(preparing).await?;
        let mut others = self.others();
        if others.len() >= MOST_OTHERS {
            others.clear();
        }
        others.insert(Arc::clone(sql), statement);
        Ok(())
    }

    /// Forgets what is prepared of users' statements: their tables may be others by now.
    pub(crate) fn forget_others(&self) {
        self.others().clear();
    }

    fn others(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, Statement>> {
        // Nothing panics while it is held.
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Executes a statement of a user.
    pub(crate) async fn execute(
        &self,
        statement: &Statement,
        parameters: &[impl ToSql],
    ) -> Result<(), Failure> {
        Ok(self
            .client
            .execute_raw(statement, parameters)
            .await
            .map(drop)?)
    }

    /// Nothing is waited for for ever: a connection may be dead without anybody saying so.
    pub(crate) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        match timeout(self.statement_timeout, work).await {
            Ok(done) => done,
            Err(_) => Err(Failure::Silent(self.statement_timeout)),
        }
    }
}

/// Rows as they come.
pub(crate) struct Rows<'s> {
    session: &'s Session,
    rows: Pin<Box<RowStream>>,
}

impl Rows<'_> {
    pub(crate) async fn next(&mut self) -> Result<Option<Row>, Failure> {
        // Most of them have come together with the one before, and need no clock.
        if let Some(row) = self.rows.next().now_or_never() {
            return Ok(row.transpose()?);
        }
        let waiting = async { Ok(self.rows.next().await.transpose()?) };
        self.session.in_time(waiting).await
    }
}
