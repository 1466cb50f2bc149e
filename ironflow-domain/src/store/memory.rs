//! A store that forgets everything when it is dropped, and keeps every other promise.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::watch;

use crate::store::{
    Append, AppendError, Appended, Capabilities, Conflict, Direction, Entry, EventPage, EventQuery,
    ExpectedVersion, Key, KeyRange, KeyValueStore, ListStreams, LogPage, NewEvent, ReadLog,
    ReadStream, Resumed, Revision, StoreError, StoreErrorKind, StreamInfo, StreamPage, StreamStore,
    Write, WriteError, async_trait,
};
use crate::{EventId, EventRef, Position, RecordedEvent, StreamId, StreamVersion, Timestamp};

/// A store in memory, for tests and for a first try. Clones share the same events.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    content: Mutex<Content>,
    head: watch::Sender<Position>,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            content: Mutex::default(),
            head: watch::Sender::new(Position::START),
        }
    }
}

#[derive(Debug, Default)]
struct Content {
    /// All events; the first has position 1.
    log: Vec<Stored>,
    /// The indexes in the log of each stream's events.
    streams: BTreeMap<StreamId, Vec<usize>>,
    ids: HashMap<EventId, usize>,
    entries: BTreeMap<Key, Entry>,
    revision: u64,
}

#[derive(Debug)]
struct Stored {
    stream: StreamId,
    version: StreamVersion,
    time: Timestamp,
    left_in_commit: u32,
    event: NewEvent,
    metadata: String,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        // Every change of the content is complete before the lock is given back, so a panic
        // elsewhere leaves nothing half-done.
        self.shared
            .content
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Content {
    fn version(&self, stream: &StreamId) -> StreamVersion {
        StreamVersion::new(
            self.streams
                .get(stream)
                .map_or(0, |events| events.len() as u64),
        )
    }

    fn append_all(&mut self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        Append::check_all(&appends)?;
        let mut events = appends.iter().flat_map(|append| &append.events);
        if let Some(event) = events.find(|event| self.ids.contains_key(&event.id)) {
            return Err(AppendError::DuplicateEvent(event.id));
        }
        // All is looked at before anything is done.
        let mut versions: HashMap<&StreamId, StreamVersion> = HashMap::new();
        for (index, append) in appends.iter().enumerate() {
            let Append {
                stream,
                expected,
                events,
            } = append;
            let version = versions
                .entry(stream)
                .or_insert_with(|| self.version(stream));
            let holds = match expected {
                ExpectedVersion::NothingSince { query, after } => {
                    !self.is_since(query, *after, &appends[..index])
                }
                expected => expected.holds_at(*version),
            };
            if !holds {
                let conflict = Conflict {
                    stream: stream.clone(),
                    expected: expected.clone(),
                    actual: *version,
                };
                return Err(conflict.into());
            }
            *version = version.plus(events.len() as u64);
        }
        let metadata = |append: &Append| {
            let texts = append
                .events
                .iter()
                .map(|event| serde_json::to_string(&event.metadata));
            texts.collect::<Result<Vec<_>, _>>()
        };
        let metadata = appends.iter().map(metadata).collect::<Result<Vec<_>, _>>();
        let metadata = metadata.map_err(|error| {
            StoreError::new(StoreErrorKind::Other, "failed to write metadata").because(error)
        })?;

        let mut left: usize = appends.iter().map(|append| append.events.len()).sum();
        let time = now();
        let end = Position::new(0, (self.log.len() + left) as u64);
        let mut answers = Vec::with_capacity(appends.len());
        for (append, metadata) in appends.into_iter().zip(metadata) {
            let Append { stream, events, .. } = append;
            let mut version = self.version(&stream);
            let mut position = end;
            let mut places = Vec::with_capacity(events.len());
            for (event, metadata) in events.into_iter().zip(metadata) {
                left -= 1;
                version = version.next();
                self.ids.insert(event.id, self.log.len());
                places.push(self.log.len());
                self.log.push(Stored {
                    stream: stream.clone(),
                    version,
                    time,
                    left_in_commit: u32::try_from(left).unwrap_or(u32::MAX),
                    event,
                    metadata,
                });
                position = Position::new(0, self.log.len() as u64);
            }
            if !places.is_empty() {
                self.streams.entry(stream).or_default().extend(places);
            }
            answers.push(Appended { version, position });
        }
        Ok(answers)
    }

    /// Whether an event that is meant comes after that position, in the log or in what is about to
    /// be appended to it.
    fn is_since(&self, query: &EventQuery, after: Position, appends: &[Append]) -> bool {
        let start = usize::try_from(after.minor()).unwrap_or(usize::MAX);
        let recorded = self.log.get(start..).unwrap_or_default().iter();
        let coming = appends
            .iter()
            .flat_map(|append| append.events.iter().map(|event| (&append.stream, event)));
        recorded
            .map(|stored| (&stored.stream, &stored.event))
            .chain(coming.skip(start.saturating_sub(self.log.len())))
            .any(|(stream, event)| query.matches(stream.as_str(), &event.name))
    }

    fn event(&self, index: usize) -> EventRef<'_> {
        let stored = &self.log[index];
        EventRef {
            id: stored.event.id,
            name: &stored.event.name,
            stream: stored.stream.as_str(),
            version: stored.version,
            schema_version: stored.event.schema_version,
            position: Position::new(0, index as u64 + 1),
            time: stored.time,
            source: &stored.event.source,
            data: &stored.event.data,
            metadata: &stored.metadata,
            left_in_commit: stored.left_in_commit,
        }
    }

    fn read_stream(&self, stream: &StreamId, read: ReadStream) -> StreamPage {
        let places = self.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let from = usize::try_from(read.from.get()).unwrap_or(usize::MAX);
        let limit = read.limit.max(1);
        let mut events = EventPage::new();
        let next = match read.direction {
            Direction::Forward => {
                let rest = places.get(from.saturating_sub(1)..).unwrap_or_default();
                rest.iter()
                    .take(limit)
                    .for_each(|&index| events.push(&self.event(index)));
                rest.get(limit)
            }
            Direction::Backward => {
                let rest = &places[..from.min(places.len())];
                rest.iter()
                    .rev()
                    .take(limit)
                    .for_each(|&index| events.push(&self.event(index)));
                rest.iter().rev().nth(limit)
            }
        };
        StreamPage {
            events,
            next: next.map(|&index| self.log[index].version),
        }
    }

    fn read_log(&self, read: &ReadLog) -> LogPage {
        let mut page = LogPage {
            read_to: read.after,
            at_end: true,
            ..LogPage::default()
        };
        let start = usize::try_from(read.after.minor()).unwrap_or(usize::MAX);
        for index in start..self.log.len() {
            let event = self.event(index);
            if read.query.matches(event.stream, event.name) {
                page.events.push(&event);
            }
            page.read_to = event.position;
            if event.left_in_commit == 0 && read.is_full(&page.events) {
                page.at_end = index + 1 == self.log.len();
                break;
            }
        }
        page
    }

    fn revision_of(&self, key: &Key, now: Timestamp) -> Option<Revision> {
        self.entries
            .get(key)
            .filter(|entry| is_live(entry, now))
            .map(|entry| entry.revision)
    }

    fn write(&mut self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        let now = now();
        // Later writes of a batch see what earlier ones did, as they would in a transaction.
        let mut pending: HashMap<&Key, Option<Revision>> = HashMap::new();
        let mut revision = self.revision;
        let mut revisions = Vec::with_capacity(batch.len());
        for write in &batch {
            let actual = pending
                .get(&write.key)
                .copied()
                .unwrap_or_else(|| self.revision_of(&write.key, now));
            if !write.expected.holds_at(actual) {
                return Err(WriteError::revision(
                    write.key.clone(),
                    write.expected,
                    actual,
                ));
            }
            revision += 1;
            let given = write.value.is_some().then_some(Revision::new(revision));
            pending.insert(&write.key, given);
            revisions.push(given);
        }
        self.revision = revision;
        for (write, revision) in batch.into_iter().zip(&revisions) {
            match (write.value, revision) {
                (Some(value), Some(revision)) => {
                    let expires_at = write.expires_after.map(|time| now + time);
                    let entry = Entry {
                        key: write.key.clone(),
                        value,
                        revision: *revision,
                        expires_at,
                    };
                    self.entries.insert(write.key, entry);
                }
                _ => {
                    self.entries.remove(&write.key);
                }
            }
        }
        Ok(revisions)
    }
}

fn is_live(entry: &Entry, now: Timestamp) -> bool {
    entry.expires_at.is_none_or(|time| time > now)
}

fn now() -> Timestamp {
    SystemTime::now().into()
}

#[async_trait]
impl StreamStore for MemoryStore {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let stream = append.stream.clone();
        let appended = self.append_all(vec![append]).await?;
        appended
            .into_iter()
            .next()
            .ok_or(AppendError::NoEvents(stream))
    }

    async fn append_all(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        let appended = self.content().append_all(appends)?;
        if let Some(end) = appended.iter().map(|appended| appended.position).max() {
            self.shared.head.send_if_modified(|head| {
                let grown = end > *head;
                *head = end.max(*head);
                grown
            });
        }
        Ok(appended)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        Ok(self.content().read_stream(stream, read))
    }

    async fn resume_stream(
        &self,
        stream: &StreamId,
        key: &Key,
        read: ReadStream,
    ) -> Result<Option<Resumed>, StoreError> {
        let entry = self.get(key).await?;
        let from = entry
            .as_ref()
            .and_then(|entry| Resumed::version_of(&entry.value));
        let from = from.unwrap_or(read.from);
        let page = self
            .read_stream(stream, ReadStream { from, ..read })
            .await?;
        Ok(Some(Resumed { entry, page }))
    }

    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError> {
        Ok(self.content().read_log(&read))
    }

    async fn log_grown(&self, position: Position) -> Result<(), StoreError> {
        let mut head = self.shared.head.subscribe();
        match head.wait_for(|head| *head > position).await {
            Ok(_) => Ok(()),
            Err(closed) => {
                Err(StoreError::new(StoreErrorKind::Closed, "the store is gone").because(closed))
            }
        }
    }

    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
        let content = self.content();
        let found = content
            .ids
            .get(&id)
            .map(|&index| content.event(index).untyped())
            .transpose()?;
        Ok(found)
    }

    async fn stream_info(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StoreError> {
        let content = self.content();
        Ok(content
            .streams
            .get(stream)
            .and_then(|places| content.info(stream, places)))
    }

    async fn list_streams(&self, list: ListStreams) -> Result<Vec<StreamInfo>, StoreError> {
        let content = self.content();
        let streams = content
            .streams
            .iter()
            .filter(|(stream, _)| list.after.as_ref().is_none_or(|after| *stream > after))
            .filter(|(stream, _)| {
                list.category
                    .as_ref()
                    .is_none_or(|category| stream.category() == category)
            })
            .filter_map(|(stream, places)| content.info(stream, places))
            .take(list.limit)
            .collect();
        Ok(streams)
    }
}

impl Content {
    fn info(&self, stream: &StreamId, places: &[usize]) -> Option<StreamInfo> {
        let (first, last) = (self.event(*places.first()?), self.event(*places.last()?));
        Some(StreamInfo::new(
            stream.clone(),
            last.version,
            first.time,
            last.time,
        ))
    }
}

#[async_trait]
impl KeyValueStore for MemoryStore {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        let now = now();
        Ok(self
            .content()
            .entries
            .get(key)
            .filter(|entry| is_live(entry, now))
            .cloned())
    }

    async fn get_all(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, StoreError> {
        let now = now();
        let content = self.content();
        let live = |key| content.entries.get(key).filter(|entry| is_live(entry, now));
        Ok(keys.iter().map(|key| live(key).cloned()).collect())
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        let now = now();
        let content = self.content();
        let start = Key::new(range.bucket.clone(), range.prefix.clone());
        let entries = content
            .entries
            .range(start..)
            .map(|(_, entry)| entry)
            .take_while(|entry| {
                entry.key.bucket == range.bucket && entry.key.name.starts_with(&range.prefix)
            })
            .filter(|entry| {
                range
                    .after
                    .as_ref()
                    .is_none_or(|after| entry.key.name > *after)
            })
            .filter(|entry| is_live(entry, now))
            .take(range.limit)
            .cloned()
            .collect();
        Ok(entries)
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        self.content().write(batch)
    }
}
