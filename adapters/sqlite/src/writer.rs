//! The one thread that writes, and commits in groups.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ironflow_domain::Position;
use ironflow_domain::store::{StoreError, StoreErrorKind};
use rusqlite::{Connection, ErrorCode};
use tokio::sync::{oneshot, watch};

use crate::error::{again, failed, is_busy, is_of_one};
use crate::file::OpenFile;
use crate::log;

/// The most changes in one transaction, so that the first one does not wait long for the last.
const GROUP: usize = 128;

/// Another process can write only while this one does not. So after this long without a pause there
/// is one.
const STRETCH: Duration = Duration::from_millis(100);
/// Long enough for those who wait to notice; see [`Writer::begin`].
const PAUSE: Duration = Duration::from_millis(2);

/// SQLite begins the write-ahead log anew only in a moment in which nobody reads. Where there is
/// none, the log grows on and on. So when it takes as many bytes as this, we make such a moment.
const LONG_LOG: u64 = 16 * 1024 * 1024;
/// How often to look how long the log is.
const LOOK: Duration = Duration::from_millis(50);
/// How long to wait for readers before the log can begin anew. Nobody can write meanwhile.
const PATIENCE: Duration = Duration::from_millis(50);
/// How long to leave the log alone when someone read for longer than that.
const RESPITE: Duration = Duration::from_secs(1);

/// What the writer is asked to do.
pub(crate) enum Request {
    /// Make a change and answer when it has been committed.
    Change(Box<dyn Job>),
    /// Read, where there is no other connection to read from.
    Read(Box<dyn FnOnce(&Connection) + Send>),
    /// Stop, and say when the file has been closed.
    Close(oneshot::Sender<()>),
}

/// Something to be written: an append, or a batch of key-values.
pub(crate) trait Change: Send + 'static {
    /// What the caller gets to know.
    type Done: Send;
    /// What the caller gets instead.
    type Error: From<StoreError> + Send;

    /// Makes the change in the transaction that is open. May be called again when that transaction
    /// came to nothing.
    fn make(&self, connection: &Connection) -> Result<Self::Done, Failure<Self::Error>>;

    /// What the caller gets instead where that has ended the transaction that it was alone in; nothing
    /// where it is no fault of the change.
    fn at_fault(&self, _error: &rusqlite::Error) -> Option<Self::Error> {
        None
    }

    /// What it is, such as `append to stream order-1`.
    fn doing(&self) -> String;
}

/// Why a change was not made.
pub(crate) enum Failure<E> {
    /// It must not be made.
    Refused(E),
    /// It could not be made.
    Sqlite(rusqlite::Error),
}

impl<E> From<rusqlite::Error> for Failure<E> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// A change with the caller who waits for it.
pub(crate) trait Job: Send {
    /// Whether someone still waits.
    fn is_wanted(&self) -> bool;
    /// Makes the change and keeps the answer; says whether there is something to commit.
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<bool>;
    /// Keeps an error for an answer.
    fn fail(&mut self, error: &Failed);
    /// Gives the answer.
    fn answer(self: Box<Self>);
}

/// Where the answer to a change will arrive.
pub(crate) type Answer<C> = oneshot::Receiver<Result<<C as Change>::Done, <C as Change>::Error>>;

/// A transaction came to nothing, or to we do not know what.
pub(crate) enum Failed {
    Sqlite {
        error: rusqlite::Error,
        /// Whether it may have reached the disk all the same.
        in_doubt: bool,
    },
    /// It was not begun: nobody would find it where the file was.
    OutOfPlace(PathBuf),
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite {
            error,
            in_doubt: false,
        }
    }
}

/// The job of making `change`, and where its answer will arrive.
pub(crate) fn job<C: Change>(change: C) -> (Box<dyn Job>, Answer<C>) {
    let (reply, answer) = oneshot::channel();
    (
        Box::new(Waiting {
            change,
            answer: None,
            reply,
        }),
        answer,
    )
}

struct Waiting<C: Change> {
    change: C,
    answer: Option<Result<C::Done, C::Error>>,
    reply: oneshot::Sender<Result<C::Done, C::Error>>,
}

impl<C: Change> Job for Waiting<C> {
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run(&mut self, connection: &Connection) -> rusqlite::Result<bool> {
        let answer = match self.change.make(connection) {
            Ok(done) => Ok(done),
            Err(Failure::Refused(error)) => Err(error),
            Err(Failure::Sqlite(error)) => return Err(error),
        };
        Ok(self.answer.insert(answer).is_ok())
    }

    fn fail(&mut self, failure: &Failed) {
        if let Failed::Sqlite {
            error,
            in_doubt: false,
        } = failure
            && let Some(error) = self.change.at_fault(error)
        {
            self.answer = Some(Err(error));
            return;
        }
        let doing = self.change.doing();
        let error = match failure {
            Failed::Sqlite {
                error,
                in_doubt: false,
            } => failed(format!("failed to {doing}"), again(error)),
            Failed::Sqlite {
                error,
                in_doubt: true,
            } => {
                let message = format!("failed to {doing}: whether it happened is not known");
                StoreError::new(StoreErrorKind::InDoubt, message).because(again(error))
            }
            Failed::OutOfPlace(path) => {
                let message = format!(
                    "failed to {doing}: the file {} was removed or replaced while it was open: \
                     stop the process, put the right file in its place without an old -wal and -shm \
                     beside it, and start again",
                    path.display()
                );
                StoreError::new(StoreErrorKind::Damaged, message)
            }
        };
        self.answer = Some(Err(error.into()));
    }

    fn answer(self: Box<Self>) {
        if let Some(answer) = self.answer {
            // Whoever asked may have gone; what was committed stays.
            let _ = self.reply.send(answer);
        }
    }
}

/// What the thread has.
pub(crate) struct Writer {
    pub(crate) connection: Connection,
    pub(crate) head: watch::Sender<Position>,
    pub(crate) readers: Vec<JoinHandle<()>>,
    /// How long to wait for another process that is writing.
    pub(crate) busy_timeout: Duration,
    /// The file, which other processes may use too; none in memory.
    pub(crate) file: Option<OpenFile>,
}

impl Writer {
    /// Works until it is told to stop or nobody can ask any more.
    pub(crate) fn run(mut self, requests: &Receiver<Request>) {
        let mut next = None;
        let mut paused = Instant::now();
        let mut look = Instant::now() + LOOK;
        loop {
            let idle = Instant::now();
            let Some(request) = next.take().or_else(|| requests.recv().ok()) else {
                break;
            };
            if idle.elapsed() >= PAUSE {
                paused = Instant::now();
            }
            match request {
                Request::Change(first) => {
                    let (group, other) = gather(first, requests);
                    next = other;
                    self.commit(group);
                    if Instant::now() >= look {
                        let wait = if self.shorten_log() { LOOK } else { RESPITE };
                        look = Instant::now() + wait;
                    }
                    if self.file.is_some() && paused.elapsed() >= STRETCH {
                        thread::sleep(PAUSE);
                        paused = Instant::now();
                    }
                }
                Request::Read(read) => read(&self.connection),
                Request::Close(closed) => {
                    self.close();
                    // Nobody has to wait for it.
                    let _ = closed.send(());
                    return;
                }
            }
        }
        self.close();
    }

    /// Commits a group and answers everyone in it.
    fn commit(&mut self, mut group: Vec<Box<dyn Job>>) {
        match self.try_to_commit(&mut group) {
            Ok(()) => self.ring(),
            Err(Failed::Sqlite { error, .. }) if group.len() > 1 && is_of_one(&error) => {
                // One of them may have been too much for all, or has ended what all were in.
                for job in group {
                    self.commit(vec![job]);
                }
                return;
            }
            Err(error) => group.iter_mut().for_each(|job| job.fail(&error)),
        }
        for job in group {
            job.answer();
        }
    }

    fn try_to_commit(&mut self, group: &mut [Box<dyn Job>]) -> Result<(), Failed> {
        if let Some(file) = &self.file
            && !file.is_in_place()
        {
            return Err(Failed::OutOfPlace(file.path().to_owned()));
        }
        self.begin()?;
        let done = group
            .iter_mut()
            .try_for_each(|job| self.run_in_savepoint(&mut **job))
            .map_err(Failed::from);
        let done = done.and_then(|()| {
            self.execute("COMMIT").map_err(|error| {
                // A flush that failed says nothing about what is on the disk.
                let in_doubt = error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure);
                Failed::Sqlite { error, in_doubt }
            })
        });
        if done.is_err() && !self.connection.is_autocommit() {
            // Why the transaction failed is worth knowing; why undoing it failed too is not.
            let _ = self.execute("ROLLBACK");
        }
        done
    }

    /// Begins a transaction, waiting for others that write.
    ///
    /// SQLite would wait in steps of up to a tenth of a second. Between two commits of a busy
    /// process the file is free for some microseconds only, and who looks so rarely can miss
    /// that moment for many seconds.
    fn begin(&self) -> rusqlite::Result<()> {
        let deadline = Instant::now() + self.busy_timeout;
        self.connection.busy_timeout(Duration::ZERO)?;
        let mut steps = (300..1_000).step_by(70).cycle().map(Duration::from_micros);
        let begun = loop {
            match self.execute("BEGIN IMMEDIATE") {
                Err(error) if is_busy(&error) && Instant::now() < deadline => {
                    // Of uneven length, so as not to fall into step with the other one.
                    thread::sleep(steps.next().unwrap_or_default());
                }
                begun => break begun,
            }
        };
        self.connection.busy_timeout(self.busy_timeout)?;
        begun
    }

    /// Fails only when the whole transaction has.
    fn run_in_savepoint(&self, job: &mut dyn Job) -> rusqlite::Result<()> {
        self.execute("SAVEPOINT one")?;
        let keep = match job.run(&self.connection) {
            Ok(keep) => keep,
            // Some errors, such as a full disk, end the transaction with everything in it.
            Err(error) if self.connection.is_autocommit() => return Err(error),
            Err(error) => {
                job.fail(&error.into());
                false
            }
        };
        if !keep {
            self.execute("ROLLBACK TO one")?;
        }
        self.execute("RELEASE one")
    }

    /// Moves what lies in a long write-ahead log to the file, and begins the log anew. Says whether
    /// it is short now.
    ///
    /// What was answered is safe either way, so what goes wrong here can wait for the next time.
    fn shorten_log(&self) -> bool {
        let Some(file) = &self.file else {
            return true;
        };
        if file.log_bytes() < LONG_LOG {
            return true;
        }
        let shorten = || {
            self.connection.busy_timeout(PATIENCE)?;
            let held_back: bool = self
                .connection
                .prepare_cached("PRAGMA wal_checkpoint(TRUNCATE)")?
                .query_row([], |row| row.get(0))?;
            Ok::<_, rusqlite::Error>(!held_back)
        };
        let is_short = shorten().unwrap_or(false);
        // This was accepted when the file was opened.
        let _ = self.connection.busy_timeout(self.busy_timeout);
        is_short
    }

    /// Tells those who wait for the log to grow.
    fn ring(&self) {
        if let Ok(now) = log::head(&self.connection) {
            self.head.send_if_modified(|head| {
                let grown = now > *head;
                *head = now;
                grown
            });
        }
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(drop)
    }

    /// The last connection to be closed tidies the file up; it has to be one that may write.
    fn close(self) {
        for reader in self.readers {
            // One that panicked has said so, and is as gone as the others.
            let _ = reader.join();
        }
    }
}

/// Takes what already waits to be written, and the first request that is something else.
fn gather(
    first: Box<dyn Job>,
    requests: &Receiver<Request>,
) -> (Vec<Box<dyn Job>>, Option<Request>) {
    let mut group = vec![first];
    let mut other = None;
    while group.len() < GROUP {
        match requests.try_recv() {
            Ok(Request::Change(job)) => group.push(job),
            Ok(request) => {
                other = Some(request);
                break;
            }
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
        }
    }
    // What nobody waits for any more is not begun.
    group.retain(|job| job.is_wanted());
    (group, other)
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::mpsc::channel;

    use ironflow_domain::store::{
        Append, AppendError, ExpectedVersion, Key, NewEvent, StoreErrorKind, Write, WriteError,
    };
    use ironflow_domain::{EventId, Metadata, SchemaVersion};

    use super::*;
    use crate::append::PreparedAppends;
    use crate::key_value::Batch;
    use crate::{Options, Sqlite, schema};

    fn writer() -> Writer {
        let connection =
            schema::open_writer(Path::new(Sqlite::IN_MEMORY), &Options::default()).unwrap();
        Writer {
            connection,
            head: watch::Sender::new(Position::START),
            readers: Vec::new(),
            busy_timeout: Duration::ZERO,
            file: None,
        }
    }

    /// An append of one event with a payload of so many bytes.
    fn append(id: u8, stream: &str, expected: ExpectedVersion, bytes: usize) -> PreparedAppends {
        let event = NewEvent {
            id: EventId::from_bytes([id; 16]),
            name: "thing.happened".into(),
            schema_version: SchemaVersion::new(1),
            source: "test".into(),
            data: "x".repeat(bytes),
            metadata: Metadata::default(),
        };
        PreparedAppends::new(vec![Append {
            stream: stream.parse().unwrap(),
            expected,
            events: vec![event],
        }])
        .unwrap()
    }

    fn count(writer: &Writer, table: &str) -> i64 {
        writer
            .connection
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                row.get(0)
            })
            .unwrap()
    }

    #[test]
    fn what_is_refused_in_a_group_is_alone() {
        let mut writer = writer();
        let (first, mut first_answer) = job(append(1, "order-1", ExpectedVersion::NoStream, 10));
        let (conflict, mut conflict_answer) =
            job(append(2, "order-1", ExpectedVersion::NoStream, 10));
        let (repeat, mut repeat_answer) = job(append(1, "order-2", ExpectedVersion::NoStream, 10));
        let write = Write::create(Key::new("bucket", "a"), "one");
        let (batch, mut batch_answer) = job(Batch::from(vec![write.clone()]));
        let (again, mut again_answer) = job(Batch::from(vec![
            Write::put(Key::new("bucket", "b"), "two"),
            write,
        ]));
        let (last, mut last_answer) = job(append(3, "order-1", ExpectedVersion::StreamExists, 10));
        writer.commit(vec![first, conflict, repeat, batch, again, last]);

        assert_eq!(
            first_answer.try_recv().unwrap().unwrap()[0].position,
            Position::new(0, 1)
        );
        assert!(matches!(
            conflict_answer.try_recv().unwrap(),
            Err(AppendError::Conflict(_))
        ));
        assert!(matches!(
            repeat_answer.try_recv().unwrap(),
            Err(AppendError::DuplicateEvent(_))
        ));
        assert_eq!(batch_answer.try_recv().unwrap().unwrap().len(), 1);
        assert!(matches!(
            again_answer.try_recv().unwrap(),
            Err(WriteError::Revision { .. })
        ));
        assert_eq!(
            last_answer.try_recv().unwrap().unwrap()[0].position,
            Position::new(0, 2)
        );
        assert_eq!(
            (
                count(&writer, "streams"),
                count(&writer, "events"),
                count(&writer, "key_values")
            ),
            (1, 2, 1)
        );
        assert_eq!(*writer.head.borrow(), Position::new(0, 2));
    }

    #[test]
    fn what_does_not_fit_on_the_disk_is_alone() {
        let mut writer = writer();
        let pages: i64 = writer
            .connection
            .pragma_query_value(None, "page_count", |row| row.get(0))
            .unwrap();
        writer
            .connection
            .pragma_update_and_check(None, "max_page_count", pages + 20, |_| Ok(()))
            .unwrap();
        let (first, mut first_answer) = job(append(1, "order-1", ExpectedVersion::NoStream, 10));
        let (large, mut large_answer) =
            job(append(2, "order-2", ExpectedVersion::NoStream, 1024 * 1024));
        let (last, mut last_answer) = job(append(3, "order-3", ExpectedVersion::NoStream, 10));
        writer.commit(vec![first, large, last]);

        assert_eq!(
            first_answer.try_recv().unwrap().unwrap()[0].version.get(),
            1
        );
        assert_eq!(last_answer.try_recv().unwrap().unwrap()[0].version.get(), 1);
        match large_answer.try_recv().unwrap() {
            Err(AppendError::Store(error)) => {
                assert_eq!(error.kind(), StoreErrorKind::Unavailable);
                assert_eq!(error.to_string(), "failed to append to stream order-2");
            }
            other => panic!("it does not fit: {other:?}"),
        }
        assert_eq!(
            (count(&writer, "streams"), count(&writer, "events")),
            (2, 2)
        );
    }

    #[test]
    fn everyone_in_a_group_that_cannot_be_committed_is_told_so() {
        let mut writer = writer();
        writer
            .connection
            .pragma_update(None, "query_only", true)
            .unwrap();
        let (first, mut first_answer) = job(append(1, "order-1", ExpectedVersion::NoStream, 10));
        let (second, mut second_answer) = job(append(2, "order-2", ExpectedVersion::NoStream, 10));
        writer.commit(vec![first, second]);
        assert!(matches!(
            first_answer.try_recv().unwrap(),
            Err(AppendError::Store(_))
        ));
        assert!(matches!(
            second_answer.try_recv().unwrap(),
            Err(AppendError::Store(_))
        ));

        writer
            .connection
            .pragma_update(None, "query_only", false)
            .unwrap();
        let (third, mut third_answer) = job(append(3, "order-1", ExpectedVersion::NoStream, 10));
        writer.commit(vec![third]);
        assert_eq!(
            third_answer.try_recv().unwrap().unwrap()[0].version.get(),
            1,
            "the writer goes on"
        );
    }

    #[test]
    fn a_group_has_what_waits_and_is_still_wanted_and_no_more_than_so_many() {
        let (sender, requests) = channel();
        let mut answers = Vec::new();
        for id in 1..=150 {
            let (job, answer) = job(append(id, "order-1", ExpectedVersion::Any, 1));
            sender.send(Request::Change(job)).unwrap();
            answers.push(answer);
        }
        // Who waited for three of the first group has gone.
        answers.drain(10..13);
        let (first, _answer) = job(append(0, "order-1", ExpectedVersion::Any, 1));
        let (group, other) = gather(first, &requests);
        assert_eq!(group.len(), GROUP - 3);
        assert!(other.is_none());

        sender.send(Request::Read(Box::new(|_| ()))).unwrap();
        let Ok(Request::Change(next)) = requests.recv() else {
            panic!("there are more")
        };
        let (group, other) = gather(next, &requests);
        assert_eq!(group.len(), 151 - GROUP);
        assert!(
            matches!(other, Some(Request::Read(_))),
            "what is no change ends the group"
        );
    }
}
