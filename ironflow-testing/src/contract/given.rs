//! What the rules have in common.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use ironflow_domain::store::{
    Append, AppendError, Appended, Conflict, Entry, EventPage, EventQuery, ExpectedVersion, Key,
    ListStreams, NewEvent, ReadLog, ReadStream, Revision, Store, StoreErrorKind, StreamInfo, Write,
    WriteError,
};
use ironflow_domain::{
    EventId, Metadata, Position, RecordedEvent, SchemaVersion, StreamId, StreamVersion,
};

/// The stream with that name.
pub(super) fn stream(name: &str) -> StreamId {
    name.parse().expect("the rules name their streams well")
}

/// Which of the processes of a rule this is; the one that holds the rule has none.
static PROCESS: AtomicU8 = AtomicU8::new(0);

/// Says which of several processes this is, so that their ids differ.
pub(super) fn be_process(number: u8) {
    PROCESS.store(number, Ordering::Relaxed);
}

/// An id that no other event has.
pub(super) fn id() -> EventId {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let number = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    let mut bytes = [0x1f; 16];
    bytes[7] = PROCESS.load(Ordering::Relaxed);
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    EventId::from_bytes(bytes)
}

/// An event with that name.
pub(super) fn event(name: &'static str) -> NewEvent {
    NewEvent {
        id: id(),
        name: name.into(),
        schema_version: SchemaVersion::new(1),
        source: "contract".into(),
        data: "{}".to_owned(),
        metadata: Metadata::default(),
    }
}

/// So many events, all of one name.
pub(super) fn events(count: usize) -> Vec<NewEvent> {
    (0..count).map(|_| event("thing.happened")).collect()
}

pub(super) fn ids(events: &[NewEvent]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

pub(super) fn recorded_ids(events: &[RecordedEvent]) -> Vec<EventId> {
    events.iter().map(|event| event.id).collect()
}

pub(super) fn page_ids(page: &EventPage) -> Vec<EventId> {
    page.iter().map(|event| event.id).collect()
}

pub(super) fn versions(page: &EventPage) -> Vec<u64> {
    page.iter().map(|event| event.version.get()).collect()
}

pub(super) fn version(version: u64) -> StreamVersion {
    StreamVersion::new(version)
}

/// Expects exactly so many events.
pub(super) fn exactly(events: u64) -> ExpectedVersion {
    ExpectedVersion::Exact(StreamVersion::new(events))
}

/// Expects that nothing the query means was recorded after that position.
pub(super) fn nothing_since(query: EventQuery, after: Position) -> ExpectedVersion {
    ExpectedVersion::nothing_since(query, after)
}

/// What is to be appended to the stream with that name.
pub(super) fn to_append(name: &str, expected: ExpectedVersion, events: Vec<NewEvent>) -> Append {
    Append {
        stream: stream(name),
        expected,
        events,
    }
}

/// An append without events.
pub(super) fn guard(name: &str, expected: ExpectedVersion) -> Append {
    to_append(name, expected, Vec::new())
}

pub(super) async fn try_append(
    store: &dyn Store,
    stream: &StreamId,
    expected: ExpectedVersion,
    events: Vec<NewEvent>,
) -> Result<Appended, AppendError> {
    store
        .append(Append {
            stream: stream.clone(),
            expected,
            events,
        })
        .await
}

/// Appends what must succeed.
pub(super) async fn append(
    store: &dyn Store,
    stream: &StreamId,
    expected: ExpectedVersion,
    events: Vec<NewEvent>,
) -> Appended {
    match try_append(store, stream, expected.clone(), events).await {
        Ok(appended) => appended,
        Err(error) => {
            panic!("an append to {stream} that expects {expected} should have succeeded: {error}")
        }
    }
}

/// Appends so many events to wherever the stream is.
pub(super) async fn append_any(store: &dyn Store, stream: &StreamId, count: usize) -> Appended {
    append(store, stream, ExpectedVersion::Any, events(count)).await
}

/// Appends what must conflict.
pub(super) async fn conflict(
    store: &dyn Store,
    stream: &StreamId,
    expected: ExpectedVersion,
    events: Vec<NewEvent>,
) -> Conflict {
    match try_append(store, stream, expected.clone(), events).await {
        Err(AppendError::Conflict(conflict)) => conflict,
        other => panic!(
            "an append to {stream} that expects {expected} should have been a conflict: {other:?}"
        ),
    }
}

/// Appends what must be refused because of an id.
pub(super) async fn duplicate(
    store: &dyn Store,
    stream: &StreamId,
    expected: ExpectedVersion,
    events: Vec<NewEvent>,
) -> EventId {
    match try_append(store, stream, expected, events).await {
        Err(AppendError::DuplicateEvent(id)) => id,
        other => panic!(
            "an append to {stream} with an id that is taken should have been refused: {other:?}"
        ),
    }
}

/// Makes appends together that must succeed.
pub(super) async fn append_all(store: &dyn Store, appends: Vec<Append>) -> Vec<Appended> {
    let count = appends.len();
    match store.append_all(appends).await {
        Ok(appended) => {
            assert_eq!(appended.len(), count, "every append has an answer");
            appended
        }
        Err(error) => panic!("{count} appends should have succeeded together: {error}"),
    }
}

/// Makes appends together that must conflict, and leave nothing.
pub(super) async fn conflict_of_all(store: &dyn Store, appends: Vec<Append>) -> Conflict {
    match refusal_of_all(store, appends).await {
        AppendError::Conflict(conflict) => conflict,
        other => panic!("the appends should have been a conflict: {other:?}"),
    }
}

/// Makes appends together that must be refused because of an id, and leave nothing.
pub(super) async fn duplicate_of_all(store: &dyn Store, appends: Vec<Append>) -> EventId {
    match refusal_of_all(store, appends).await {
        AppendError::DuplicateEvent(id) => id,
        other => {
            panic!("appends with an id that is taken should have been refused: {other:?}")
        }
    }
}

/// Makes appends together that must be refused, and leave nothing.
pub(super) async fn refusal_of_all(store: &dyn Store, appends: Vec<Append>) -> AppendError {
    let before = everything(store).await;
    let refused: Vec<_> = appends.iter().flat_map(|append| &append.events).collect();
    let refused: Vec<_> = refused.iter().map(|event| event.id).collect();
    let error = match store.append_all(appends).await {
        Ok(appended) => panic!("the appends should have been refused: {appended:?}"),
        Err(error) => error,
    };
    assert_eq!(
        everything(store).await,
        before,
        "appends that were refused have left something: {error}"
    );
    for id in refused {
        let found = store.find_event(id).await.expect("an event can be found");
        let was_there = before.0.iter().any(|event| event.id == id);
        assert_eq!(found.is_some(), was_there, "an event that was refused");
    }
    error
}

/// All events and all streams.
async fn everything(store: &dyn Store) -> (Vec<RecordedEvent>, Vec<StreamInfo>) {
    let streams = store.list_streams(ListStreams::default()).await;
    let streams = streams.expect("streams can be listed");
    (whole_log(store).await, streams)
}

/// Whether the store takes several appends at once. One that does not has to say so when it is
/// asked to, and to write nothing.
pub(super) async fn takes_several(store: &dyn Store) -> bool {
    let takes = store.capabilities().several_streams;
    if !takes {
        let one = |name| to_append(name, ExpectedVersion::Any, events(1));
        refuses(store, vec![one("refused-1"), one("refused-2")]).await;
        refuses(store, vec![one("refused-1"), one("refused-1")]).await;
        let guard = guard("refused-2", ExpectedVersion::NoStream);
        refuses(store, vec![one("refused-1"), guard]).await;
    }
    takes
}

/// Whether the store knows conditions. One that does not has to say so when there is one, and to
/// write nothing: to ignore it would be to append what must not be.
pub(super) async fn knows_conditions(store: &dyn Store) -> bool {
    let capabilities = store.capabilities();
    if !capabilities.conditions {
        let condition = || nothing_since(EventQuery::all().names(["none"]), Position::START);
        let conditional = || to_append("refused-1", condition(), events(1));
        let before = everything(store).await;
        let refused = store.append(conditional()).await;
        let refused = refused.expect_err("a store without conditions refuses one");
        assert_unsupported(&refused);
        assert_eq!(everything(store).await, before, "{refused}, and yet it was");
        refuses(store, vec![conditional()]).await;
        if capabilities.several_streams {
            let other = || to_append("refused-2", ExpectedVersion::Any, events(1));
            refuses(store, vec![conditional(), other()]).await;
            refuses(store, vec![other(), conditional()]).await;
            refuses(store, vec![other(), guard("refused-1", condition())]).await;
        }
    }
    capabilities.conditions
}

/// Makes appends together that the store cannot make.
async fn refuses(store: &dyn Store, appends: Vec<Append>) {
    assert_unsupported(&refusal_of_all(store, appends).await);
}

fn assert_unsupported(error: &AppendError) {
    assert!(
        matches!(error, AppendError::Store(error) if error.kind() == StoreErrorKind::Unsupported),
        "what a store cannot do is unsupported, and nothing else: {error:?}"
    );
}

/// All events of a stream, read in pages of so many.
pub(super) async fn read_in_pages(
    store: &dyn Store,
    stream: &StreamId,
    from: ReadStream,
) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    let mut read = from;
    loop {
        let page = store
            .read_stream(stream, read)
            .await
            .expect("a stream can be read");
        assert!(
            page.events.len() <= read.limit.max(1),
            "a page of stream {stream} has more than {} events",
            read.limit
        );
        events.extend(
            page.events
                .iter()
                .map(|event| event.untyped().expect("an event can be read")),
        );
        let Some(next) = page.next else { return events };
        assert!(
            !page.events.is_empty(),
            "a page of stream {stream} is empty, and yet there are more"
        );
        read.from = next;
    }
}

/// All events of a stream.
pub(super) async fn read_stream(store: &dyn Store, stream: &StreamId) -> Vec<RecordedEvent> {
    read_in_pages(store, stream, ReadStream::forward(StreamVersion::EMPTY)).await
}

/// All events of the log that `read` wants. Holds every page to what pages promise.
pub(super) async fn read_log(store: &dyn Store, mut read: ReadLog) -> Vec<RecordedEvent> {
    let mut events = Vec::new();
    loop {
        let page = store
            .read_log(read.clone())
            .await
            .expect("the log can be read");
        if read.query.is_all() {
            assert_appends_are_whole(&page.events);
        }
        let mut last = read.after;
        for event in page.events.iter() {
            assert!(
                event.position > last,
                "position {} comes after {last}",
                event.position
            );
            last = event.position;
            events.push(event.untyped().expect("an event can be read"));
        }
        assert!(
            page.read_to >= last,
            "the log was read to {}, and yet there is an event at {last}",
            page.read_to
        );
        if page.at_end {
            return events;
        }
        assert!(
            page.read_to > read.after,
            "a page that is not the last one gets no further than {}",
            read.after
        );
        read.after = page.read_to;
    }
}

/// The whole log.
pub(super) async fn whole_log(store: &dyn Store) -> Vec<RecordedEvent> {
    read_log(store, ReadLog::after(Position::START)).await
}

/// Every append in an unfiltered page is there to its end.
pub(super) fn assert_appends_are_whole(page: &EventPage) {
    let mut left = 0;
    for event in page.iter() {
        assert!(
            left == 0 || event.left_in_commit == left - 1,
            "the event at {} leaves {} of its append, and the one before left {left}",
            event.position,
            event.left_in_commit
        );
        left = event.left_in_commit;
    }
    assert_eq!(left, 0, "the page ends inside an append");
}

/// A key of the bucket that most rules use.
pub(super) fn key(name: &str) -> Key {
    Key::new("bucket", name)
}

/// Writes one thing that must succeed, and which revision it gave.
pub(super) async fn write(store: &dyn Store, write: Write) -> Option<Revision> {
    let described = format!("{write:?}");
    match store.write(vec![write]).await {
        Ok(revisions) => {
            assert_eq!(revisions.len(), 1, "one write has one revision");
            revisions[0]
        }
        Err(error) => panic!("{described} should have succeeded: {error}"),
    }
}

/// Writes a value that must be accepted.
pub(super) async fn put(store: &dyn Store, key: &Key, value: &str) -> Revision {
    write(store, Write::put(key.clone(), value))
        .await
        .expect("a value has a revision")
}

/// Writes a batch that must be refused: the key that was not as expected, and the revision it had.
pub(super) async fn refused(store: &dyn Store, batch: Vec<Write>) -> (Key, Option<Revision>) {
    match store.write(batch).await {
        Err(WriteError::Revision { key, actual, .. }) => (key, actual),
        other => panic!("the batch should have been refused because of a revision: {other:?}"),
    }
}

pub(super) async fn get(store: &dyn Store, key: &Key) -> Option<Entry> {
    store.get(key).await.expect("a key can be looked up")
}

/// The value of a key that is there.
pub(super) async fn value(store: &dyn Store, key: &Key) -> String {
    let entry = get(store, key)
        .await
        .unwrap_or_else(|| panic!("key {key} should be there"));
    String::from_utf8(entry.value).expect("the rules write text")
}
