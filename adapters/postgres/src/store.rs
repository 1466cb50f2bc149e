//! The handle that callers have.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use ironflow_domain::store::{
    Append, AppendError, Appended, Capabilities, Direction, Entry, Key, KeyRange, KeyValueStore,
    ListStreams, LogPage, ReadLog, ReadStream, Resumed, Revision, SqlDialect, SqlStatement,
    StoreError, StoreErrorKind, StreamInfo, StreamPage, StreamStore, Write, WriteError,
    async_trait,
};
use ironflow_domain::{EventId, Position, RecordedEvent, StreamId};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_postgres::Config;

use crate::append::{Committer, Unit};
use crate::connections::Connections;
use crate::doorbell::Doorbell;
use crate::error::{Failure, closed};
use crate::loads::{Load, Loads};
use crate::log::Log;
use crate::names::Names;
use crate::session::{Connector, Session};
use crate::sql::Transactions;
use crate::statements::Sql;
use crate::tls::Tls;
use crate::{Holder, Options, epoch, key_value, schema, streams};

/// How often to look whether what was held back can be read by now.
const LOOK: Duration = Duration::from_millis(5);

/// A store in a Postgres database. Clones are cheap and share its connections.
///
/// The connections end when the last clone is gone, or by [`close`](Self::close).
#[derive(Clone)]
pub struct Postgres {
    shared: Arc<Shared>,
}

struct Shared {
    schema: String,
    committer: Committer,
    readers: Arc<Connections>,
    loads: Arc<Loads>,
    transactions: Transactions,
    log: Log,
    doorbell: Doorbell,
    /// Whether it is closed. Dropped with the store, which ends what waits for it.
    closed: watch::Sender<bool>,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres")
            .field("schema", &self.shared.schema)
            .finish_non_exhaustive()
    }
}

impl Postgres {
    /// How to connect to a store, to be changed before that is done.
    pub fn options() -> Options {
        Options::default()
    }

    /// Connects to the database at `url`, such as `postgres://user:password@host/database`, and
    /// makes what is missing there, in the schema `ironflow`.
    ///
    /// The connections are driven by the tokio runtime that this is called on, and end with it.
    ///
    /// # Errors
    ///
    /// As [`Options::connect`].
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::options().connect(url).await
    }

    /// Who keeps readers of the log from what has been appended, for a health check; nobody most of
    /// the time, and for long only where a process hangs in the middle of an append.
    ///
    /// Transactions of others that are open never do, however long they are.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub async fn held_back_by(&self) -> Result<Vec<Holder>, StoreError> {
        self.read(
            || "find out who holds back the log".to_owned(),
            |session| async move {
                let log = &self.shared.log;
                log.order.holders(&session, log.lock).await
            },
        )
        .await
    }

    /// Waits for the appends that have been asked for before, then lets the connections go.
    ///
    /// Every later call, on every clone, fails with [`Closed`](StoreErrorKind::Closed).
    pub async fn close(&self) {
        self.shared.committer.close().await;
        self.shared.closed.send_replace(true);
    }

    pub(crate) async fn start(options: Options, url: &str) -> Result<Self, StoreError> {
        let names = Names::new(&options.schema)?;
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            let message = "failed to connect: the URL cannot be read, expected such as \
                 postgres://user:password@host/database";
            StoreError::new(StoreErrorKind::Other, message).because(error)
        })?;
        if config.get_application_name().is_none() {
            config.application_name("ironflow");
        }
        let tls = Tls::new(&mut config, &options)?;
        let connector = Arc::new(Connector {
            config,
            tls,
            sql: Arc::new(Sql::new(names)),
            options,
            runtime: Handle::current(),
        });
        let first = first_session(&connector).await;
        let first = first.map_err(|failure| match failure {
            Failure::NotConnected(error) => error,
            failure => failure.at("connect"),
        })?;

        let doorbell = Doorbell::new();
        let (closed, seen) = watch::channel(false);
        let listening = doorbell.clone().connect(Arc::clone(&connector), seen);
        connector.runtime.spawn(listening);
        let readers = Connections::new(&connector, connector.options.readers);
        let readers = Arc::new(readers);
        let first_reader = Arc::clone(&readers);
        connector.runtime.spawn(async move {
            // So that whoever reads first need not wait for a connection. Where it cannot be opened,
            // they will be told why.
            let opened = first_reader.read(|_| async { Ok(()) }).await;
            drop(opened);
        });
        let loads = Arc::new(Loads::on(&readers, connector.runtime.clone()));
        let shared = Shared {
            schema: connector.options.schema.clone(),
            committer: Committer::new(&connector, first, doorbell.clone(), Arc::clone(&loads)),
            loads,
            transactions: Transactions::new(&connector),
            readers,
            log: Log::new(connector.sql.names.append_lock()),
            doorbell,
            closed,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    async fn read<T, F: Future<Output = Result<T, Failure>>>(
        &self,
        doing: impl Fn() -> String,
        work: impl Fn(Arc<Session>) -> F,
    ) -> Result<T, StoreError> {
        self.check_open(&doing)?;
        let read = self.shared.readers.read(work).await;
        read.map_err(|failure| failure.at(&doing()))
    }

    fn check_open(&self, doing: impl Fn() -> String) -> Result<(), StoreError> {
        if *self.shared.closed.borrow() {
            return Err(closed(&doing()));
        }
        Ok(())
    }
}

/// The first connection, to a server and tables that we can work with.
async fn first_session(connector: &Connector) -> Result<Session, Failure> {
    let names = &connector.sql.names;
    let opened = connector.patiently(connector.deadline(), || async {
        let client = connector.client().await?;
        schema::check_server(&client).await?;
        schema::migrate(&client, names).await?;
        let epoch = epoch::current(&client, names).await?;
        Ok(connector.in_session(client, epoch))
    });
    opened.await
}

#[async_trait]
impl StreamStore for Postgres {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let stream = append.stream.clone();
        let appended = self.append_all(vec![append]).await?;
        appended
            .into_iter()
            .next()
            .ok_or(AppendError::NoEvents(stream))
    }

    async fn append_all(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        if appends.is_empty() {
            return Ok(Vec::new());
        }
        self.shared.committer.append(Unit::new(appends)?).await
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL.with_sql(SqlDialect::Postgres)
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        let doing = || format!("read stream {stream}");
        if read.direction == Direction::Backward {
            let page =
                |session: Arc<Session>| async move { streams::read(&session, stream, read).await };
            return self.read(doing, page).await;
        }
        self.check_open(doing)?;
        let load = Load {
            stream: stream.clone(),
            read,
        };
        match self.shared.loads.make(load).await {
            Some(page) => page.map_err(|failure| failure.at(&doing())),
            None => Err(closed(&doing())),
        }
    }

    async fn resume_stream(
        &self,
        stream: &StreamId,
        key: &Key,
        read: ReadStream,
    ) -> Result<Option<Resumed>, StoreError> {
        let resumed = self.read(
            || format!("read stream {stream}, and key {key}"),
            |session| async move { streams::resume(&session, stream, key, read).await },
        );
        Ok(Some(resumed.await?))
    }

    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError> {
        let read = &read;
        self.read(
            || format!("read the log after {}", read.after),
            |session| async move { self.shared.log.read(&session, read).await },
        )
        .await
    }

    async fn log_grown(&self, position: Position) -> Result<(), StoreError> {
        let mut bell = self.shared.doorbell.listen();
        let mut closed_since = self.shared.closed.subscribe();
        loop {
            bell.mark_unchanged();
            let edge = self
                .read(
                    || "find the end of the log".to_owned(),
                    |session| async move {
                        let log = &self.shared.log;
                        log.order.edge(&session, log.lock).await
                    },
                )
                .await?;
            if edge.head > position {
                return Ok(());
            }
            // Nobody rings when the last one that holds something back comes to nothing.
            let look = async {
                if edge.holds_back() {
                    tokio::time::sleep(LOOK).await;
                } else {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                biased;
                _ = closed_since.wait_for(|closed| *closed) => {
                    return Err(closed("wait for the log to grow"));
                }
                _ = bell.changed() => return Ok(()),
                () = look => {}
            }
        }
    }

    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
        let page = self
            .read(
                || format!("find event {id}"),
                |session| async move { streams::find(&session, id).await },
            )
            .await?;
        Ok(page.first().map(|event| event.untyped()).transpose()?)
    }

    async fn stream_info(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StoreError> {
        self.read(
            || format!("look up stream {stream}"),
            |session| async move { streams::info(&session, stream).await },
        )
        .await
    }

    async fn list_streams(&self, list: ListStreams) -> Result<Vec<StreamInfo>, StoreError> {
        let list = &list;
        self.read(
            || "list streams".to_owned(),
            |session| async move { streams::list(&session, list).await },
        )
        .await
    }
}

#[async_trait]
impl KeyValueStore for Postgres {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.read(
            || format!("get key {key}"),
            |session| async move { key_value::get(&session, key).await },
        )
        .await
    }

    async fn get_all(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.read(
            || format!("get {} keys", keys.len()),
            |session| async move { key_value::get_all(&session, keys).await },
        )
        .await
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        let range = &range;
        self.read(
            || format!("list bucket {}", range.bucket),
            |session| async move { key_value::list(&session, range).await },
        )
        .await
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        let [first, others @ ..] = &batch[..] else {
            return Ok(Vec::new());
        };
        let doing = || {
            let key = &first.key;
            match others.len() {
                0 => format!("write key {key}"),
                others => format!("write key {key} and {others} others"),
            }
        };
        self.check_open(doing)?;
        let batch = &batch;
        key_value::check(batch)?;
        let written = self
            .shared
            .readers
            .write(|session| async move { key_value::write(&session, batch).await })
            .await;
        written.map_err(|failure| failure.at_writing(&doing()))?
    }

    async fn write_and_execute(
        &self,
        batch: Vec<Write>,
        statements: Vec<SqlStatement>,
    ) -> Result<Vec<Option<Revision>>, WriteError> {
        if statements.is_empty() {
            return self.write(batch).await;
        }
        let doing = match batch.first() {
            Some(first) => format!(
                "execute {} statements, and write key {}",
                statements.len(),
                first.key
            ),
            None => format!("execute {} statements", statements.len()),
        };
        self.check_open(|| doing.clone())?;
        SqlStatement::check_all(&statements)?;
        key_value::check(&batch)?;
        let transactions = &self.shared.transactions;
        transactions.write(&batch, &statements, &doing).await
    }
}
