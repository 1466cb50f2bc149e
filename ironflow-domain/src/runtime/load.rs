//! From a stream to a state.

use std::sync::Arc;
use std::time::Instant;

use crate::runtime::begun::Begun;
use crate::runtime::snapshot::{Found, Keeper, Point, Sought, in_background};
use crate::store::{ReadStream, Store, StoreError, StreamPage};
use crate::{
    Aggregate, Decoder, Event, EventId, EventRef, InvalidStreamId, StreamId, StreamVersion,
    UndecodableEvent,
};

/// An aggregate as its stream has it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Loaded<A> {
    /// The state folded from all its events.
    pub state: A,
    /// How many that were; zero where the stream does not exist.
    pub version: StreamVersion,
    /// How many of them were dropped: their set says `dropped(…)`, or splits them into nothing.
    pub dropped: u64,
}

/// An aggregate could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The aggregate's id cannot name a stream.
    #[error(transparent)]
    StreamId(#[from] InvalidStreamId),
    /// One of its events cannot be read.
    #[error(transparent)]
    Undecodable(#[from] UndecodableEvent),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Loads the aggregate: from its snapshot on where it has one that fits, from its first event on
/// where not.
pub(crate) async fn load<A: Aggregate>(
    store: &dyn Store,
    stream: &StreamId,
) -> Result<Opened<A>, LoadError> {
    let Some(mut keeper) = Keeper::of(stream) else {
        let mut folding = Folding::without_snapshots();
        folding.read_all(store, stream).await?;
        return Ok(Opened::new(folding, None));
    };
    let looked = Instant::now();
    let mut sought = keeper.find(store, stream).await;
    // Where what comes after it has been read at once, that counts.
    let begun = match sought.tail {
        Some(_) => looked,
        None => Instant::now(),
    };
    let resumed = match sought.found.take() {
        Some(found) => resume(store, stream, &found, &mut sought, &mut keeper).await?,
        None => None,
    };
    let folding = if let Some(folding) = resumed {
        folding
    } else {
        let first = StreamVersion::EMPTY.next();
        let page = page_from(first, &mut sought, store, stream).await?;
        let mut folding = Folding::new();
        folding.go_on(store, stream, page).await?;
        folding
    };
    keeper.loaded_in(begun.elapsed());
    Ok(Opened::new(folding, Some(keeper)))
}

/// Folds what came after a snapshot; nothing where the snapshot turns out to be of no use.
///
/// It reads from the event on that the snapshot was taken after. Where that is not there, or is
/// another one, the stream was deleted and begun again, or comes from a backup.
async fn resume<A: Aggregate>(
    store: &dyn Store,
    stream: &StreamId,
    found: &Found,
    sought: &mut Sought,
    keeper: &mut Keeper<A>,
) -> Result<Option<Folding<A>>, LoadError> {
    let Point { version, last, .. } = found.point;
    let page = page_from(version, sought, store, stream).await?;
    let StreamPage { events, next } = page;
    let mut events = events.iter();
    let first = events.next();
    if first.is_none_or(|first| first.version != version || first.id != last) {
        keeper.belongs_elsewhere(found);
        return Ok(None);
    }
    let Some(state) = keeper.restore(found) else {
        return Ok(None);
    };
    let mut folding = Folding::resume(state, found.point);
    folding.fold(events)?;
    folding.read_on(store, stream, next).await?;
    Ok(Some(folding))
}

/// The page that begins with that version, which may have been read with the snapshot.
async fn page_from(
    version: StreamVersion,
    sought: &mut Sought,
    store: &dyn Store,
    stream: &StreamId,
) -> Result<StreamPage, StoreError> {
    match sought.tail_from(version) {
        Some(page) => Ok(page),
        None => {
            store
                .read_stream(stream, ReadStream::forward(version))
                .await
        }
    }
}

/// An event cannot be read of which no more is known than its payload, its stream and its version:
/// looks up the rest, so that it can be found.
pub(crate) async fn identify(store: &dyn Store, mut error: UndecodableEvent) -> LoadError {
    let Ok(stream) = error.stream.parse::<StreamId>() else {
        return error.into();
    };
    let read = ReadStream::forward(error.version).limit(1);
    match store.read_stream(&stream, read).await {
        Ok(page) => {
            if let Some(event) = page.events.first() {
                error.id = event.id;
                error.position = event.position;
            }
            error.into()
        }
        Err(error) => error.into(),
    }
}

/// A state, and the part of its stream that has been folded into it.
pub(crate) struct Folding<A: Aggregate> {
    pub(crate) state: A,
    decoder: Decoder<A::Event>,
    version: StreamVersion,
    last: Option<EventId>,
    /// How many events had been dropped before the first one that it has read itself.
    dropped_before: u64,
    /// Whether nothing but the payloads is read: nobody asks which the last event was.
    payload_only: bool,
}

impl<A: Aggregate> Folding<A> {
    pub(crate) fn new() -> Self {
        Self {
            state: A::initial(),
            decoder: Decoder::new(),
            version: StreamVersion::EMPTY,
            last: None,
            dropped_before: 0,
            payload_only: false,
        }
    }

    /// As [`new`](Self::new), where no snapshot is going to be kept.
    fn without_snapshots() -> Self {
        Self {
            payload_only: A::Event::READS_ONLY_PAYLOAD,
            ..Self::new()
        }
    }

    fn resume(state: A, point: Point) -> Self {
        Self {
            state,
            decoder: Decoder::new(),
            version: point.version,
            last: Some(point.last),
            dropped_before: point.dropped,
            payload_only: false,
        }
    }

    /// Reads the whole stream, and folds it.
    async fn read_all(&mut self, store: &dyn Store, stream: &StreamId) -> Result<(), LoadError> {
        let first = StreamVersion::EMPTY.next();
        self.read_on(store, stream, Some(first)).await
    }

    /// Reads the stream page by page, and folds it.
    async fn read_on(
        &mut self,
        store: &dyn Store,
        stream: &StreamId,
        next: Option<StreamVersion>,
    ) -> Result<(), LoadError> {
        let Some(from) = next else {
            return Ok(());
        };
        let page = store.read_stream(stream, self.payloads(from)).await?;
        self.go_on(store, stream, page).await
    }

    /// Folds a page and those after it: the next one is on its way while one is folded.
    async fn go_on(
        &mut self,
        store: &dyn Store,
        stream: &StreamId,
        mut page: StreamPage,
    ) -> Result<(), LoadError> {
        loop {
            let ahead = match page.next {
                Some(from) => {
                    Some(Begun::begin(store.read_stream(stream, self.payloads(from))).await)
                }
                None => None,
            };
            if let Err(error) = self.fold(page.events.iter()) {
                return Err(if self.payload_only {
                    identify(store, error).await
                } else {
                    error.into()
                });
            }
            match ahead {
                Some(ahead) => page = ahead.finish().await?,
                None => return Ok(()),
            }
        }
    }

    /// A page from that version on, and no more of it than it takes to fold it.
    fn payloads(&self, from: StreamVersion) -> ReadStream {
        let read = ReadStream::forward(from);
        if self.payload_only {
            read.payload_only()
        } else {
            read
        }
    }

    pub(crate) fn fold<'e>(
        &mut self,
        events: impl Iterator<Item = EventRef<'e>>,
    ) -> Result<(), UndecodableEvent> {
        for event in events {
            for data in self.decoder.decode(&event)? {
                self.state.apply(&data);
            }
            self.version = event.version;
            self.last = (!self.payload_only).then_some(event.id);
        }
        Ok(())
    }

    fn dropped(&self) -> u64 {
        self.dropped_before + self.decoder.dropped()
    }
}

/// An aggregate that has been loaded, with what it takes to keep a snapshot of it.
pub(crate) struct Opened<A: Aggregate> {
    loaded: Loaded<A>,
    /// The event at its version. None where the stream is empty, where the state is ahead of the
    /// stream, and within a merge: nothing can be kept there.
    last: Option<EventId>,
    keeper: Option<Keeper<A>>,
}

impl<A: Aggregate> Opened<A> {
    fn new(folding: Folding<A>, keeper: Option<Keeper<A>>) -> Self {
        let between_events = !folding.decoder.is_within_a_merge();
        let (version, dropped) = (folding.version, folding.dropped());
        Self {
            last: folding.last.filter(|_| between_events),
            loaded: Loaded {
                state: folding.state,
                version,
                dropped,
            },
            keeper,
        }
    }

    /// Folds what has come since. Says whether something has.
    pub(crate) async fn catch_up(
        self,
        store: &dyn Store,
        stream: &StreamId,
    ) -> Result<(Self, bool), LoadError> {
        let Self {
            loaded:
                Loaded {
                    state,
                    version,
                    dropped,
                },
            last,
            keeper,
        } = self;
        let mut folding = Folding {
            state,
            decoder: Decoder::new(),
            version,
            last,
            dropped_before: dropped,
            payload_only: keeper.is_none() && A::Event::READS_ONLY_PAYLOAD,
        };
        folding.read_on(store, stream, Some(version.next())).await?;
        let has_grown = folding.version > version;
        Ok((Self::new(folding, keeper), has_grown))
    }

    pub(crate) fn version(&self) -> StreamVersion {
        self.loaded.version
    }

    pub(crate) fn into_loaded(self) -> Loaded<A> {
        self.loaded
    }

    /// The state, to fold events into it that are not recorded yet, as they will be read back. Once
    /// there are some there is nothing to keep, until they have been [`appended`](Self::appended).
    pub(crate) fn ahead(&mut self) -> &mut A {
        &mut self.loaded.state
    }

    /// So many events were folded into the state that are not recorded yet.
    pub(crate) fn went_ahead(&mut self, events: usize) {
        self.loaded.version = self.loaded.version.plus(events as u64);
        self.last = None;
    }

    /// What has been folded into the state is recorded now; it ends with that event.
    pub(crate) fn appended(&mut self, last: Option<EventId>) {
        self.last = last;
    }

    /// Where a snapshot is due, and can be taken.
    fn due(&self) -> Option<Point> {
        let Loaded {
            version, dropped, ..
        } = self.loaded;
        let is_due = self
            .keeper
            .as_ref()
            .is_some_and(|keeper| keeper.is_due(version));
        let last = self.last.filter(|_| is_due)?;
        Some(Point {
            version,
            last,
            dropped,
        })
    }

    /// Keeps a snapshot if one is due. It is made here and written in the background.
    pub(crate) fn save_when_due(&mut self, store: &Arc<dyn Store>) {
        if let (Some(point), Some(keeper)) = (self.due(), &mut self.keeper)
            && let Some(taken) = keeper.take(&self.loaded.state, point)
        {
            let store = Arc::clone(store);
            in_background(async move { taken.write(&*store).await });
        }
    }
}
