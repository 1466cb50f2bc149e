//! A store that processes share by means of a file, with one fault: a store in memory for each of
//! them, which hears of the others from a journal of everything that was written.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use ironflow_domain::store::{
    Append, AppendError, Appended, Capabilities, Entry, EventPage, Expected, ExpectedVersion, Key,
    KeyRange, KeyValueStore, ListStreams, LogPage, MemoryStore, NewEvent, ReadLog, ReadStream,
    Revision, StoreError, StreamInfo, StreamPage, StreamStore, Write, WriteError, async_trait,
};
use ironflow_domain::{EventId, Metadata, Position, RecordedEvent, SchemaVersion, StreamId};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, MutexGuard};

/// What a store does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fault {
    None,
    KeepsEverythingToItself,
    ChecksThenWrites,
    AppendsOneByOne,
    KnowsOnlyItsOwnIds,
    ReadsWhatItHas,
    ShowsWhatOthersAppendLate,
    DoublesWhatOthersAppend,
    ComparesAndSetsInTwoSteps,
    CannotBeOpenedAgain,
    FailsOnceAndThenHangs,
}

/// What was written, as the others hear of it. The rules about processes write nothing fancier.
#[derive(Serialize, Deserialize)]
enum Line {
    /// What was appended together, with the time from which on it is to be seen.
    Appends(Vec<(StreamId, Vec<Event>)>, SystemTime),
    Write(String, String, Vec<u8>),
}

#[derive(Clone, Serialize, Deserialize)]
struct Event {
    id: EventId,
    name: String,
    data: String,
}

pub(crate) struct Journal {
    fault: Fault,
    path: PathBuf,
    inner: MemoryStore,
    heard: Mutex<Heard>,
}

/// What this process knows of the journal.
#[derive(Default)]
struct Heard {
    /// So many bytes have been read.
    bytes: u64,
    own: BTreeSet<EventId>,
    /// From when on the events of others are to be seen.
    late: Vec<(EventId, SystemTime)>,
}

impl Journal {
    pub(crate) fn open(path: &Path, fault: Fault) -> Self {
        Self {
            fault,
            path: path.to_owned(),
            inner: MemoryStore::new(),
            heard: Mutex::default(),
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    /// The journal, which is nobody else's until this is dropped, and read to its end.
    async fn lock(&self) -> (MutexGuard<'_, Heard>, File) {
        let mut heard = self.heard.lock().await;
        let mut options = File::options();
        let mut file = options.read(true).append(true).open(&self.path).unwrap();
        file.lock().unwrap();
        if !self.is(Fault::KeepsEverythingToItself) {
            self.hear(&mut heard, &mut file).await;
        }
        (heard, file)
    }

    async fn hear(&self, heard: &mut Heard, file: &mut File) {
        let mut text = String::new();
        file.seek(SeekFrom::Start(heard.bytes)).unwrap();
        file.read_to_string(&mut text).unwrap();
        heard.bytes += text.len() as u64;
        for line in text.lines() {
            match serde_json::from_str(line).unwrap() {
                Line::Appends(appends, seen_from) => {
                    if self.is(Fault::ShowsWhatOthersAppendLate) {
                        let events = appends.iter().flat_map(|(_, events)| events);
                        heard.late.extend(events.map(|event| (event.id, seen_from)));
                    }
                    if self.is(Fault::DoublesWhatOthersAppend) {
                        let again = appends.iter().cloned().map(|(stream, mut events)| {
                            for event in &mut events {
                                event.id = another(event.id);
                            }
                            any(format!("{stream}-again").parse().unwrap(), events)
                        });
                        self.inner.append_all(again.collect()).await.unwrap();
                    }
                    let appends = appends.into_iter();
                    let appends = appends
                        .map(|(stream, events)| any(stream, events))
                        .collect();
                    self.inner.append_all(appends).await.unwrap();
                }
                Line::Write(bucket, name, value) => {
                    let write = Write::put(Key::new(bucket, name), value);
                    self.inner.write(vec![write]).await.unwrap();
                }
            }
        }
    }

    /// Everything that was written before this was called can be read.
    async fn catch_up(&self) {
        if !self.is(Fault::ReadsWhatItHas) {
            drop(self.lock().await);
        }
    }

    async fn append_locked(
        &self,
        heard: &mut Heard,
        file: &mut File,
        mut appends: Vec<Append>,
    ) -> Result<Vec<Appended>, AppendError> {
        if self.is(Fault::KnowsOnlyItsOwnIds) {
            for event in appends.iter_mut().flat_map(|append| &mut append.events) {
                let known = self.inner.find_event(event.id).await?.is_some();
                if known && !heard.own.contains(&event.id) {
                    event.id = another(event.id);
                }
            }
        }
        let written: Vec<_> = appends.iter().map(written).collect();
        let appended = self.inner.append_all(appends).await?;
        let events = written.iter().flat_map(|(_, events)| events);
        heard.own.extend(events.map(|event| event.id));
        let pause = if self.is(Fault::ShowsWhatOthersAppendLate) {
            PAUSE
        } else {
            Duration::ZERO
        };
        let line = Line::Appends(written, SystemTime::now() + pause);
        write_down(heard, file, &line);
        Ok(appended)
    }
}

/// What was appended, as it is written down.
fn written(append: &Append) -> (StreamId, Vec<Event>) {
    let event = |event: &NewEvent| Event {
        id: event.id,
        name: event.name.to_string(),
        data: event.data.clone(),
    };
    let events = append.events.iter().map(event).collect();
    (append.stream.clone(), events)
}

/// As others will hear of it.
fn write_down(heard: &mut Heard, file: &mut File, line: &Line) {
    let line = serde_json::to_string(line).unwrap() + "\n";
    file.write_all(line.as_bytes()).unwrap();
    heard.bytes = file.stream_position().unwrap();
}

/// An id that no event has.
fn another(id: EventId) -> EventId {
    let mut bytes = *id.as_bytes();
    bytes[..4].copy_from_slice(&std::process::id().to_be_bytes());
    EventId::from_bytes(bytes)
}

fn any(stream: StreamId, events: Vec<Event>) -> Append {
    let event = |Event { id, name, data }| NewEvent {
        id,
        name: name.into(),
        schema_version: SchemaVersion::new(1),
        source: "contract".into(),
        data,
        metadata: Metadata::default(),
    };
    Append {
        stream,
        expected: ExpectedVersion::Any,
        events: events.into_iter().map(event).collect(),
    }
}

/// How long a commit takes where that is seen.
const PAUSE: Duration = Duration::from_millis(5);

/// Long enough for a race to be lost for certain.
async fn others_come_between() {
    tokio::time::sleep(Duration::from_millis(2)).await;
}

#[async_trait]
impl StreamStore for Journal {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let appended = self.append_all(vec![append]).await?;
        Ok(appended[0])
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::ALL
    }

    async fn append_all(&self, mut appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        let (mut heard, mut file) = self.lock().await;
        match self.fault {
            Fault::ChecksThenWrites => {
                file.unlock().unwrap();
                others_come_between().await;
                file.lock().unwrap();
            }
            Fault::AppendsOneByOne => {
                let last = appends.last_mut().and_then(|append| append.events.pop());
                for append in &mut appends {
                    for event in append.events.split_off(0) {
                        let mut one = append.clone();
                        one.events.push(event);
                        self.append_locked(&mut heard, &mut file, vec![one]).await?;
                        append.expected = ExpectedVersion::Any;
                    }
                }
                if let Some(append) = appends.last_mut() {
                    append.events.extend(last);
                }
            }
            Fault::FailsOnceAndThenHangs => {
                drop((heard, file));
                let once = File::create_new(self.path.with_extension("failed"));
                assert!(once.is_err(), "the journal is full");
                return std::future::pending().await;
            }
            _ => {}
        }
        let appended = self.append_locked(&mut heard, &mut file, appends).await;
        if self.is(Fault::ShowsWhatOthersAppendLate) {
            // As a database does whose positions are taken before the commit.
            drop((heard, file));
            tokio::time::sleep(PAUSE).await;
        }
        appended
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        self.catch_up().await;
        self.inner.read_stream(stream, read).await
    }

    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError> {
        self.catch_up().await;
        let mut page = self.inner.read_log(read).await?;
        let (late, now) = (&self.heard.lock().await.late, SystemTime::now());
        let mut seen = EventPage::new();
        for event in page.events.iter() {
            let is_late = |(id, until): &(EventId, SystemTime)| *id == event.id && now < *until;
            if !late.iter().any(is_late) {
                seen.push(&event);
            }
        }
        page.events = seen;
        Ok(page)
    }

    async fn log_grown(&self, _: Position) -> Result<(), StoreError> {
        // A hint may come early.
        others_come_between().await;
        Ok(())
    }

    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
        self.catch_up().await;
        self.inner.find_event(id).await
    }

    async fn stream_info(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StoreError> {
        self.catch_up().await;
        self.inner.stream_info(stream).await
    }

    async fn list_streams(&self, list: ListStreams) -> Result<Vec<StreamInfo>, StoreError> {
        self.catch_up().await;
        self.inner.list_streams(list).await
    }
}

#[async_trait]
impl KeyValueStore for Journal {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.catch_up().await;
        self.inner.get(key).await
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        self.catch_up().await;
        self.inner.list(range).await
    }

    async fn write(&self, mut batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        if self.is(Fault::ComparesAndSetsInTwoSteps) {
            for write in &mut batch {
                let entry = self.get(&write.key).await?;
                if write.expected.holds_at(entry.map(|entry| entry.revision)) {
                    write.expected = Expected::Any;
                }
            }
            others_come_between().await;
        }
        let (mut heard, mut file) = self.lock().await;
        let written = self.inner.write(batch.clone()).await?;
        for write in batch {
            let value = write.value.expect("these rules delete nothing");
            let line = Line::Write(write.key.bucket, write.key.name, value);
            write_down(&mut heard, &mut file, &line);
        }
        Ok(written)
    }
}
