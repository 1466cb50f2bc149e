//! The threads that read, each on a connection of its own.

use std::collections::VecDeque;
use std::mem;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle, Thread};

use ironflow_domain::store::{StoreError, StoreErrorKind};
use rusqlite::Connection;

use crate::schema;
use crate::{Options, Sqlite};

/// What a reader is asked to do.
pub(crate) type Read = Box<dyn FnOnce(&Connection) + Send>;

/// What to wait for when the readers have been closed.
type Threads = Vec<JoinHandle<()>>;

/// The readers of a file. Dropping it closes it.
pub(crate) struct Readers(Arc<Queue>);

/// Starts the readers of a file. A store in memory has one connection only, and no readers.
pub(crate) fn start(
    path: &Path,
    options: &Options,
) -> Result<Option<(Readers, Threads)>, StoreError> {
    if path == Path::new(Sqlite::IN_MEMORY) {
        return Ok(None);
    }
    let readers = Readers(Arc::default());
    let mut threads = Vec::new();
    for _ in 0..options.readers.get() {
        let connection = schema::open_reader(path, options)?;
        let reader = Reader::new(&readers.0);
        threads.push(spawn("sqlite-reader", move || reader.run(&connection))?);
    }
    Ok(Some((readers, threads)))
}

/// A named thread.
pub(crate) fn spawn(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, StoreError> {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(work);
    thread.map_err(|error| {
        StoreError::new(
            StoreErrorKind::Unavailable,
            "failed to start a thread for SQLite",
        )
        .because(error)
    })
}

impl Readers {
    /// Asks one of them to read. Says whether one is going to; the read is dropped where not.
    pub(crate) fn ask(&self, read: Read) -> bool {
        let mut asked = self.0.asked();
        if asked.is_closed {
            return false;
        }
        asked.reads.push_back(read);
        // The one that read last has most of what is wanted next in its cache. No other is woken, as
        // it would be by a lock or a channel that they all wait for.
        let wake = asked.idle.pop();
        drop(asked);
        if let Some(reader) = wake {
            reader.unpark();
        }
        true
    }

    /// Stops them when they have done what they have been asked to do.
    pub(crate) fn close(&self) {
        let mut asked = self.0.asked();
        asked.is_closed = true;
        let idle = mem::take(&mut asked.idle);
        drop(asked);
        for reader in idle {
            reader.unpark();
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.close();
    }
}

/// Where the readers find what they are asked to do.
#[derive(Default)]
struct Queue(Mutex<Asked>);

impl Queue {
    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Default)]
struct Asked {
    reads: VecDeque<Read>,
    /// Who sleeps, the one that has read last at the end. Whoever takes one out wakes it.
    idle: Vec<Thread>,
    /// How many readers there are.
    readers: usize,
    /// Whether there is nothing more to come.
    is_closed: bool,
}

/// One of the readers.
struct Reader(Arc<Queue>);

impl Reader {
    fn new(queue: &Arc<Queue>) -> Self {
        queue.asked().readers += 1;
        Self(Arc::clone(queue))
    }

    fn run(&self, connection: &Connection) {
        while let Some(read) = self.next() {
            read(connection);
        }
    }

    /// The next read, as soon as there is one.
    fn next(&self) -> Option<Read> {
        let mut asked = self.0.asked();
        loop {
            if let Some(read) = asked.reads.pop_front() {
                return Some(read);
            }
            if asked.is_closed {
                return None;
            }
            let me = thread::current();
            asked.idle.push(me.clone());
            drop(asked);
            thread::park();
            asked = self.0.asked();
            // It may have woken up by itself.
            asked.idle.retain(|idle| idle.id() != me.id());
        }
    }
}

impl Drop for Reader {
    /// The last one, should they all have panicked, leaves nobody waiting.
    fn drop(&mut self) {
        let mut asked = self.0.asked();
        asked.readers -= 1;
        if asked.readers == 0 {
            asked.is_closed = true;
            let left = mem::take(&mut asked.reads);
            drop(asked);
            drop(left);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, RecvError, channel};

    use tempfile::TempDir;

    use super::*;

    fn started(readers: usize) -> (TempDir, Readers, Threads) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.db");
        let options = Options::default().readers(readers);
        schema::open_writer(&path, &options).unwrap();
        let (readers, threads) = start(&path, &options).unwrap().unwrap();
        (directory, readers, threads)
    }

    /// Asks for something that is sent back.
    fn ask<T: Send + 'static>(
        readers: &Readers,
        read: impl FnOnce() -> T + Send + 'static,
    ) -> Receiver<T> {
        let (answer, answered) = channel();
        let read = Box::new(move |_: &Connection| drop(answer.send(read())));
        assert!(readers.ask(read));
        answered
    }

    fn wait_until(readers: &Readers, is_so: impl Fn(&Asked) -> bool) {
        while !is_so(&readers.0.asked()) {
            thread::yield_now();
        }
    }

    #[test]
    fn the_one_that_read_last_is_asked_next() {
        let (_directory, readers, _threads) = started(4);
        let mut who = Vec::new();
        for _ in 0..100 {
            wait_until(&readers, |asked| asked.idle.len() == 4);
            who.push(ask(&readers, || thread::current().id()).recv().unwrap());
        }
        who.dedup();
        assert_eq!(who.len(), 1);
    }

    #[test]
    fn all_of_them_read_at_the_same_time() {
        let (_directory, readers, _threads) = started(3);
        let together = Arc::new(std::sync::Barrier::new(3));
        for _ in 0..100 {
            let met: Vec<_> = (0..3)
                .map(|_| {
                    let together = Arc::clone(&together);
                    ask(&readers, move || together.wait())
                })
                .collect();
            for met in met {
                met.recv().unwrap();
            }
        }
    }

    #[test]
    fn nothing_is_left_lying_however_many_ask() {
        let (_directory, readers, _threads) = started(2);
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for n in 0..2_000 {
                        assert_eq!(ask(&readers, move || n).recv(), Ok(n));
                    }
                });
            }
        });
    }

    #[test]
    fn what_was_asked_before_they_are_closed_is_done() {
        let (_directory, readers, threads) = started(2);
        let asked: Vec<_> = (0..100).map(|n| ask(&readers, move || n)).collect();
        readers.close();
        assert!(!readers.ask(Box::new(|_| unreachable!("they are closed"))));
        for (n, answered) in asked.into_iter().enumerate() {
            assert_eq!(answered.recv(), Ok(n));
        }
        for thread in threads {
            thread.join().unwrap();
        }
    }

    #[test]
    fn they_stop_when_nobody_can_ask_any_more() {
        let (_directory, readers, threads) = started(4);
        wait_until(&readers, |asked| asked.idle.len() == 4);
        drop(readers);
        for thread in threads {
            thread.join().unwrap();
        }
    }

    #[test]
    fn nobody_waits_for_readers_that_are_gone() {
        let (_directory, readers, threads) = started(1);
        let (go, wait) = channel();
        let begun = ask(&readers, move || {
            wait.recv().unwrap();
            panic!("as asked by the test")
        });
        let waiting = ask(&readers, || ());
        go.send(()).unwrap();
        assert_eq!(begun.recv(), Err::<(), _>(RecvError));
        assert_eq!(waiting.recv(), Err(RecvError));
        for thread in threads {
            thread.join().unwrap_err();
        }
        assert!(!readers.ask(Box::new(|_| ())));
    }
}
