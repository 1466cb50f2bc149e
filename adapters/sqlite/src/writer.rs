//! The one thread that writes, and commits in groups.

use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread::JoinHandle;

use ironflow_domain::Position;
use ironflow_domain::store::StoreError;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::{oneshot, watch};

use crate::error::{again, failed, is_too_much};
use crate::read;

/// The most changes in one transaction, so that the first one does not wait long for the last.
const GROUP: usize = 128;

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

    /// Makes the change in the transaction that is open. May be called again when that transaction came to nothing.
    fn make(&self, connection: &Connection) -> Result<Self::Done, Failure<Self::Error>>;

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
pub(crate) struct Failed {
    error: rusqlite::Error,
    /// Whether it may have reached the disk all the same.
    in_doubt: bool,
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Self {
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

    fn fail(&mut self, Failed { error, in_doubt }: &Failed) {
        let doubt = if *in_doubt {
            ": whether it happened is not known"
        } else {
            ""
        };
        let message = format!("failed to {}{doubt}", self.change.doing());
        self.answer = Some(Err(failed(message, again(error)).into()));
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
}

impl Writer {
    /// Works until it is told to stop or nobody can ask any more.
    pub(crate) fn run(mut self, requests: &Receiver<Request>) {
        let mut next = None;
        while let Some(request) = next.take().or_else(|| requests.recv().ok()) {
            match request {
                Request::Change(first) => {
                    let (group, other) = gather(first, requests);
                    next = other;
                    self.commit(group);
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
            Err(error) if group.len() > 1 && is_too_much(&error.error) => {
                // One of them may have been too much for all.
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
        self.execute("BEGIN IMMEDIATE")?;
        let done = group
            .iter_mut()
            .try_for_each(|job| self.run_in_savepoint(&mut **job))
            .map_err(Failed::from);
        let done = done.and_then(|()| {
            self.execute("COMMIT").map_err(|error| {
                // A flush that failed says nothing about what is on the disk.
                let in_doubt = error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure);
                Failed { error, in_doubt }
            })
        });
        if done.is_err() && !self.connection.is_autocommit() {
            // Why the transaction failed is worth knowing; why undoing it failed too is not.
            let _ = self.execute("ROLLBACK");
        }
        done
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

    /// Tells those who wait for the log to grow.
    fn ring(&self) {
        if let Ok(now) = read::head(&self.connection) {
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
