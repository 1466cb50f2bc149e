//! The snapshot of one stream: finding it, and replacing it when another one is due.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::form::Kind;
use super::stored::{self, Point, Stored};
use crate::store::{
    Entry, Expected, Key, ReadStream, Resumed, Revision, Store, StoreError, StreamPage, Write,
    WriteError,
};
use crate::{Aggregate, BoxError, SnapshotPolicy, Snapshots, StreamId, StreamVersion};

/// The largest snapshot that is stored. A state of that size is not read faster than most streams.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// How many events a snapshot saves at least, where it is due by time: on a store that is slow to
/// answer, every load is over the budget, and no snapshot makes it faster.
const FEWEST_EVENTS: u64 = 10;

/// Where the snapshot of a stream is kept.
pub(crate) fn key<A: Aggregate>(stream: &StreamId) -> Key {
    Key::new("snapshots", format!("{}/{stream}", A::NAME))
}

/// Keeps the snapshot of one stream.
pub(crate) struct Keeper<A> {
    snapshots: Snapshots<A>,
    kind: Arc<Kind>,
    key: Key,
    /// The version that the last snapshot is of; that of an empty stream where there is none.
    since: StreamVersion,
    /// How long it took to read and fold what has happened since.
    took: Duration,
    /// How long it took to read the state from the snapshot: another one would not be faster.
    restored_in: Duration,
    /// A snapshot that was found and is of no use: it is replaced, whatever it says it is of.
    useless: Option<Revision>,
}

/// A snapshot that fits the program, and may belong to the stream.
pub(crate) struct Found {
    pub(crate) point: Point,
    entry: Entry,
}

/// What was found.
pub(crate) struct Sought {
    pub(crate) found: Option<Found>,
    /// A page of the stream, from that version on unless a snapshot was written meanwhile.
    pub(crate) tail: Option<StreamPage>,
    from: StreamVersion,
}

impl Sought {
    /// The page, if it begins with that version.
    pub(crate) fn tail_from(&mut self, version: StreamVersion) -> Option<StreamPage> {
        let is_it = |page: &StreamPage| {
            // Only a stream without events has no first one.
            let may_be_empty = version == StreamVersion::EMPTY.next();
            let first = page.events.first();
            let begins = first.map_or(may_be_empty, |first| first.version == version);
            self.from == version && begins
        };
        self.tail.take_if(|page| is_it(page))
    }
}

impl<A: Aggregate> Keeper<A> {
    /// Nothing where the aggregate has no snapshots.
    pub(crate) fn of(stream: &StreamId) -> Option<Self> {
        let snapshots = A::snapshots()?;
        Some(Self {
            kind: Kind::of(&snapshots),
            snapshots,
            key: key::<A>(stream),
            since: StreamVersion::EMPTY,
            took: Duration::ZERO,
            restored_in: Duration::ZERO,
            useless: None,
        })
    }

    /// Looks for a snapshot that fits the program, and for what comes after it, where the store finds
    /// both at once.
    ///
    /// A store that fails here is not the caller's error, who asked for no snapshot: the log hears of
    /// it, and the whole stream is read.
    pub(crate) async fn find(&mut self, store: &dyn Store, stream: &StreamId) -> Sought {
        let (entry, tail) = match self.look_up(store, stream).await {
            Ok(found) => found,
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(key = %self.key, error, "failed to read a snapshot: the whole stream is folded");
                (None, None)
            }
        };
        let says = |entry: &Entry| Resumed::version_of(&entry.value);
        let from = entry.as_ref().and_then(says);
        Sought {
            from: from.unwrap_or(StreamVersion::EMPTY.next()),
            found: entry.and_then(|entry| self.fitting(entry)),
            tail,
        }
    }

    async fn look_up(
        &self,
        store: &dyn Store,
        stream: &StreamId,
    ) -> Result<(Option<Entry>, Option<StreamPage>), StoreError> {
        let first = ReadStream::forward(StreamVersion::EMPTY.next());
        match store.resume_stream(stream, &self.key, first).await? {
            Some(Resumed { entry, page }) => Ok((entry, Some(page))),
            None => Ok((store.get(&self.key).await?, None)),
        }
    }

    fn fitting(&mut self, entry: Entry) -> Option<Found> {
        let stored = match Stored::read(&entry.value) {
            Ok(stored) => stored,
            Err(error) => {
                self.refuse(&entry, &error.to_string());
                return None;
            }
        };
        if let Some(change) = stored.header.form.change(&self.kind.form) {
            self.refuse(&entry, change);
            return None;
        }
        let point = stored.header.point;
        Some(Found { point, entry })
    }

    /// The state of a snapshot that was found; nothing where it cannot be read.
    pub(crate) fn restore(&mut self, found: &Found) -> Option<A> {
        let begun = Instant::now();
        let state =
            Stored::read(&found.entry.value).and_then(|stored| stored.state(&self.snapshots));
        self.restored_in = begun.elapsed();
        match state {
            Ok(state) => {
                self.since = found.point.version;
                Some(state)
            }
            Err(error) => {
                self.refuse(&found.entry, &error.to_string());
                None
            }
        }
    }

    /// The stream does not have the event that the snapshot is of.
    pub(crate) fn belongs_elsewhere(&mut self, found: &Found) {
        self.refuse(&found.entry, "it is of another stream");
    }

    fn refuse(&mut self, entry: &Entry, reason: &str) {
        tracing::debug!(key = %self.key, reason, "a snapshot is of no use: the whole stream is folded");
        self.useless = Some(entry.revision);
    }

    /// The aggregate has been loaded, and took so long, the look-up aside.
    pub(crate) fn loaded_in(&mut self, took: Duration) {
        self.took = took.saturating_sub(self.restored_in);
    }

    /// Whether another snapshot is due at this version.
    pub(crate) fn is_due(&self, version: StreamVersion) -> bool {
        let events = version.get().saturating_sub(self.since.get());
        match self.snapshots.policy() {
            SnapshotPolicy::Every(due) => events >= due,
            SnapshotPolicy::After(budget) => self.took > budget && events >= FEWEST_EVENTS,
        }
    }

    /// The state as a snapshot to be written, and the next one is due only after that; nothing where
    /// it cannot be made, which the log hears of.
    pub(crate) fn take(&mut self, state: &A, point: Point) -> Option<Taken> {
        self.since = point.version;
        self.took = Duration::ZERO;
        let kind = &self.kind;
        let bytes = match stored::write(state, point, &kind.form, &self.snapshots) {
            Ok(bytes) => bytes,
            Err(error) => {
                let error: &dyn std::error::Error = &*error;
                tracing::warn!(key = %self.key, error, "failed to make a snapshot");
                return None;
            }
        };
        if bytes.len() > MOST_BYTES {
            if !kind.said_too_large.swap(true, Ordering::Relaxed) {
                let bytes = bytes.len();
                tracing::warn!(
                    key = %self.key, bytes,
                    "a snapshot is larger than 4 MiB and not stored; this is said once for all of `{}`", A::NAME
                );
            }
            return None;
        }
        Some(Taken {
            kind: Arc::clone(kind),
            key: self.key.clone(),
            useless: self.useless.take(),
            point,
            bytes,
        })
    }
}

/// A snapshot that has been taken and not been written.
pub(crate) struct Taken {
    kind: Arc<Kind>,
    key: Key,
    useless: Option<Revision>,
    point: Point,
    bytes: Vec<u8>,
}

impl Taken {
    /// Writes it, unless there is a newer one. The log hears of a failure.
    pub(crate) async fn write(self, store: &dyn Store) {
        let key = self.key.clone();
        if let Err(error) = self.try_write(store).await {
            let error: &dyn std::error::Error = &*error;
            tracing::warn!(%key, error, "failed to write a snapshot");
        }
    }

    /// The revision sees to it that what was looked at is what is replaced. An older snapshot in the
    /// place of a newer one would do no harm, but more would be folded.
    async fn try_write(self, store: &dyn Store) -> Result<(), BoxError> {
        let expected = match store.get(&self.key).await? {
            None => Expected::Absent,
            Some(entry) if self.is_outdone_by(&entry) => return Ok(()),
            Some(entry) => Expected::Revision(entry.revision),
        };
        let write = Write::put(self.key, self.bytes).expecting(expected);
        match store.write(vec![write]).await {
            // Whoever was faster has written one that is as good.
            Ok(_) | Err(WriteError::Revision { .. }) => Ok(()),
            Err(error) => Err(BoxError::from(error)),
        }
    }

    fn is_outdone_by(&self, entry: &Entry) -> bool {
        self.useless != Some(entry.revision)
            && Stored::read(&entry.value).is_ok_and(|stored| {
                stored.header.form == self.kind.form
                    && stored.header.point.version >= self.point.version
            })
    }
}
