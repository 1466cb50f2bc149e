//! The handle that callers have.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};

use ironflow_domain::store::{
    Append, AppendError, Appended, Capabilities, Entry, Key, KeyRange, KeyValueStore, ListStreams,
    LogPage, ReadLog, ReadStream, Resumed, Revision, SqlDialect, SqlStatement, StoreError,
    StreamInfo, StreamPage, StreamStore, Write, WriteError, async_trait,
};
use ironflow_domain::{EventId, Position, RecordedEvent, StreamId};
use rusqlite::Connection;
use tokio::sync::{oneshot, watch};

use crate::append::PreparedAppends;
use crate::error::{closed, failed};
use crate::file::OpenFile;
use crate::key_value::{self, Batch};
use crate::readers::Readers;
use crate::writer::{Change, Writer};
use crate::{Options, log, read, readers, schema, writer};

/// A store in one SQLite file. Clones are cheap and share it.
///
/// The file is closed when the last clone is gone, in the background, or by [`close`](Self::close).
#[derive(Clone)]
pub struct Sqlite {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    writer: Sender<writer::Request>,
    readers: Option<Readers>,
    /// Where the log ended after this store's last commit. The writer has the other end, so this
    /// ends when it does.
    head: watch::Receiver<Position>,
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite")
            .field("path", &self.shared.path)
            .finish_non_exhaustive()
    }
}

impl Sqlite {
    /// The path that is no file but a new store in memory.
    pub(crate) const IN_MEMORY: &str = ":memory:";

    /// How to open a store, to be changed before it is opened.
    pub fn options() -> Options {
        Options::default()
    }

    /// Opens the store in the file at `path`, making it if it is not there; `:memory:` is a new
    /// store in memory.
    ///
    /// # Errors
    ///
    /// [`Incompatible`](ironflow_domain::store::StoreErrorKind::Incompatible) when the file is
    /// something else or was made by a newer program. It is left as it was.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::options().open(path).await
    }

    /// Opens a new store in memory.
    pub async fn in_memory() -> Result<Self, StoreError> {
        Self::options().in_memory().await
    }

    /// Waits for everything that has been asked for before, then closes the file.
    ///
    /// Every later call, on every clone, fails with
    /// [`Closed`](ironflow_domain::store::StoreErrorKind::Closed).
    pub async fn close(&self) {
        if let Some(readers) = &self.shared.readers {
            readers.close();
        }
        let (reply, done) = oneshot::channel();
        if self
            .shared
            .writer
            .send(writer::Request::Close(reply))
            .is_ok()
        {
            let _ = done.await;
        }
    }

    pub(crate) async fn start(options: Options, path: PathBuf) -> Result<Self, StoreError> {
        let (reply, opened) = oneshot::channel();
        // Opening may have to wait for others, so it is done on the thread that will write.
        readers::spawn("sqlite-writer", move || {
            let (sender, requests) = channel();
            match open(&options, path, sender) {
                Ok((store, writer)) => {
                    if reply.send(Ok(store)).is_ok() {
                        writer.run(&requests);
                    }
                }
                Err(error) => drop(reply.send(Err(error))),
            }
        })?;
        opened.await.unwrap_or_else(|_| Err(closed("open")))
    }

    async fn change<C: Change>(&self, change: C) -> Result<C::Done, C::Error> {
        let doing = change.doing();
        let (job, answer) = writer::job(change);
        if self
            .shared
            .writer
            .send(writer::Request::Change(job))
            .is_err()
        {
            return Err(closed(&doing).into());
        }
        answer.await.unwrap_or_else(|_| Err(closed(&doing).into()))
    }

    async fn read<T: Send + 'static>(
        &self,
        doing: impl FnOnce() -> String + Send,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let read = Box::new(move |connection: &Connection| {
            if !reply.is_closed() {
                // Whoever asked may have gone.
                let _ = reply.send(read(connection));
            }
        });
        let sent = match &self.shared.readers {
            Some(readers) => readers.ask(read),
            None => self.shared.writer.send(writer::Request::Read(read)).is_ok(),
        };
        if !sent {
            return Err(closed(&doing()));
        }
        match answer.await {
            Ok(read) => read.map_err(|error| failed(format!("failed to {}", doing()), error)),
            Err(_) => Err(closed(&doing())),
        }
    }
}

fn open(
    options: &Options,
    path: PathBuf,
    writer: Sender<writer::Request>,
) -> Result<(Sqlite, Writer), StoreError> {
    let connection = schema::open_writer(&path, options)?;
    let file = OpenFile::new(&path);
    let head = log::head(&connection)
        .map_err(|error| failed(format!("failed to read {}", path.display()), error))?;
    let (head, seen) = watch::channel(head);
    let (readers, threads) = match readers::start(&path, options)? {
        Some((readers, threads)) => (Some(readers), threads),
        None => (None, Vec::new()),
    };
    let shared = Shared {
        path,
        writer,
        readers,
        head: seen,
    };
    Ok((
        Sqlite {
            shared: Arc::new(shared),
        },
        Writer {
            connection,
            head,
            readers: threads,
            busy_timeout: options.busy_timeout,
            file,
        },
    ))
}

#[async_trait]
impl StreamStore for Sqlite {
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
        self.change(PreparedAppends::new(appends)?).await
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL.with_sql(SqlDialect::Sqlite)
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        let name = stream.clone();
        self.read(
            || format!("read stream {stream}"),
            move |connection| read::stream(connection, &name, read),
        )
        .await
    }

    async fn resume_stream(
        &self,
        stream: &StreamId,
        key: &Key,
        read: ReadStream,
    ) -> Result<Option<Resumed>, StoreError> {
        let (name, wanted) = (stream.clone(), key.clone());
        self.read(
            || format!("read stream {stream}, and key {key}"),
            move |connection| {
                let entry = key_value::get(connection, wanted)?;
                let says = entry
                    .as_ref()
                    .map(|entry| Resumed::version_of(&entry.value));
                let from = says.flatten().unwrap_or(read.from);
                let page = read::stream(connection, &name, ReadStream { from, ..read })?;
                Ok(Some(Resumed { entry, page }))
            },
        )
        .await
    }

    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError> {
        let after = read.after;
        self.read(
            || format!("read the log after {after}"),
            move |connection| log::page(connection, &read),
        )
        .await
    }

    async fn log_grown(&self, position: Position) -> Result<(), StoreError> {
        let mut head = self.shared.head.clone();
        if *head.borrow() > position {
            return Ok(());
        }
        // Another process may have appended what this one has not heard of.
        let now = self
            .read(|| "find the end of the log".to_owned(), log::head)
            .await?;
        if now > position {
            return Ok(());
        }
        match head.wait_for(|head| *head > position).await {
            Ok(_) => Ok(()),
            Err(_) => Err(closed("wait for the log to grow")),
        }
    }

    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
        let page = self
            .read(
                || format!("find event {id}"),
                move |connection| read::find(connection, id),
            )
            .await?;
        Ok(page.first().map(|event| event.untyped()).transpose()?)
    }

    async fn stream_info(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StoreError> {
        let name = stream.clone();
        self.read(
            || format!("look up stream {stream}"),
            move |connection| read::info(connection, name),
        )
        .await
    }

    async fn list_streams(&self, list: ListStreams) -> Result<Vec<StreamInfo>, StoreError> {
        self.read(
            || "list streams".to_owned(),
            move |connection| read::list(connection, &list),
        )
        .await
    }
}

#[async_trait]
impl KeyValueStore for Sqlite {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        let wanted = key.clone();
        self.read(
            || format!("get key {key}"),
            move |connection| key_value::get(connection, wanted),
        )
        .await
    }

    async fn get_all(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, StoreError> {
        let wanted = keys.to_vec();
        self.read(
            || format!("get {} keys", keys.len()),
            move |connection| {
                let get = |key| key_value::get(connection, key);
                wanted.into_iter().map(get).collect()
            },
        )
        .await
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        let bucket = range.bucket.clone();
        self.read(
            || format!("list bucket {bucket}"),
            move |connection| key_value::list(connection, &range),
        )
        .await
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        self.change(Batch::from(batch)).await
    }

    async fn write_and_execute(
        &self,
        batch: Vec<Write>,
        statements: Vec<SqlStatement>,
    ) -> Result<Vec<Option<Revision>>, WriteError> {
        if statements.is_empty() {
            return self.write(batch).await;
        }
        SqlStatement::check_all(&statements)?;
        self.change(Batch {
            writes: batch,
            statements,
        })
        .await
    }
}
