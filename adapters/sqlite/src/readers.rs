//! The threads that read, each on a connection of its own.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use ironflow_domain::store::{StoreError, StoreErrorKind};
use rusqlite::Connection;

use crate::schema;
use crate::{Options, Sqlite};

/// What a reader is asked to do.
pub(crate) enum Request {
    /// Read this.
    Read(Box<dyn FnOnce(&Connection) + Send>),
    /// Stop. Every one of these stops one reader.
    Close,
}

/// The readers of a file.
pub(crate) struct Readers {
    /// How to ask them.
    pub(crate) requests: Sender<Request>,
    /// What to wait for when they have been told to stop.
    pub(crate) threads: Vec<JoinHandle<()>>,
}

/// Starts the readers of a file. A store in memory has one connection only, and no readers.
pub(crate) fn start(path: &Path, options: &Options) -> Result<Option<Readers>, StoreError> {
    if path == Path::new(Sqlite::IN_MEMORY) {
        return Ok(None);
    }
    let (sender, requests) = channel();
    let requests = Arc::new(Mutex::new(requests));
    let mut threads = Vec::new();
    for _ in 0..options.readers.get() {
        let connection = schema::open_reader(path, options)?;
        let requests = Arc::clone(&requests);
        threads.push(spawn("sqlite-reader", move || run(&connection, &requests))?);
    }
    Ok(Some(Readers {
        requests: sender,
        threads,
    }))
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

fn run(connection: &Connection, requests: &Mutex<Receiver<Request>>) {
    loop {
        // The lock is held while waiting, and given back before reading.
        let request = requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        match request {
            Ok(Request::Read(read)) => read(connection),
            Ok(Request::Close) | Err(_) => return,
        }
    }
}
