//! A suite that passes everything proves nothing: every broken store here must fail the rule that
//! is about its fault.

#![allow(
    clippy::too_many_lines,
    clippy::needless_for_each,
    clippy::semicolon_if_nothing_returned,
    reason = "this is a test, and every fault is an arm of one of these matches"
)]

mod together;

use std::collections::BTreeSet;
use std::panic::catch_unwind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ironflow_domain::store::{
    Append, AppendError, Appended, Capabilities, Direction, Entry, EventPage, Expected,
    ExpectedVersion, Key, KeyRange, KeyValueStore, ListStreams, LogPage, MemoryStore, ReadLog,
    ReadStream, Revision, StoreError, StreamInfo, StreamPage, StreamStore, Write, WriteError,
    async_trait,
};
use ironflow_domain::{
    EventId, EventRef, Metadata, Position, RecordedEvent, StreamId, StreamVersion, Timestamp,
};
use ironflow_testing::contract::{Fixture, rules};

/// What a store does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    IgnoresTheExpectedVersion,
    TakesExactForAtLeast,
    TakesStreamExistsForAny,
    NamesTheExpectedVersionAsTheActualOne,
    ChecksThenWrites,
    AppendsOneByOne,
    ForgetsTheLastEventOfAnAppend,
    ReportsARepeatAsAConflict,
    AcceptsEmptyAppends,
    AllowsDuplicatesAcrossStreams,
    TellsThePositionBeforeTheLast,
    NormalisesPayloads,
    DropsMetadata,
    TrimsSources,
    LosesTheTime,
    TruncatesLargePayloads,
    IgnoresTheCaseOfStreams,
    StopsAtAThousandEvents,
    ReadsOneTooFar,
    NeverHasMorePages,
    AlwaysHasMorePages,
    ReadsNothingForALimitOfZero,
    ReadsBackwardFromTheEndOnly,
    FindsNoEvent,
    CountsStreamsWrong,
    ListsByCategoryPrefix,
    ListsTheStreamAfterAgain,
    SkipsAnEventInTheLog,
    SplitsAppendsInTheLog,
    IgnoresNames,
    IgnoresCategories,
    MatchesNamesByPrefix,
    StopsBeforeUnwantedEvents,
    IsNeverAtTheEnd,
    IsAlwaysAtTheEnd,
    IgnoresTheByteLimit,
    CutsAFilteredPageAtItsLastEvent,
    ReadsPastTheEndOfTheAppend,
    ShowsEventsLate,
    NeverWakes,
    WakesForNewEventsOnly,
    WakesOne,
    IgnoresExpectedRevisions,
    TakesAnyRevisionForTheRightOne,
    ReusesRevisions,
    WritesHalfABatch,
    DoesNotSeeItsOwnBatch,
    DeletesWhatWasChanged,
    KeepsWhatIsDeleted,
    LeavesAbsentKeysOut,
    LooksUpInTheOrderOfNames,
    LooksUpAThousandKeysAtMost,
    NeverExpires,
    ExpiresAtOnce,
    ListsTheExpired,
    KeepsTheOldExpiry,
    TakesThePrefixForAPattern,
    ListsOtherBuckets,
    CountsTheExpiredForALimit,
    ListsTheNameAfterAgain,
    ComparesAndSetsInTwoSteps,
    IgnoresStreams,
    MatchesStreamsByPrefix,
    AppendsOneAfterAnother,
    ChecksWhatWasThereBefore,
    ChecksAllThenWrites,
    ChecksVersionsBeforeIds,
    NamesTheFirstStreamInAConflict,
    TellsWhereTheStreamWasBefore,
    TakesItsOwnEventsForRepeats,
    TakesAnIdTwiceInOneCall,
    RemembersWhatItRefused,
    AnswersInReverse,
    AnswersWithTheEndForAll,
    AnswersGuardsWithTheStart,
    IgnoresGuards,
    GuardsMakeStreams,
    AcceptsGuardsAlone,
    RefusesNoAppends,
    RecordsAllButTheLast,
    TakesAHundredAtMost,
    ChecksOnlySeveral,
    CountsWhatIsLeftPerAppend,
    EndsAPageWithOneOfSeveral,
    DoesWhatItSaysItCannot,
    RefusesAfterTheFirstAppend,
    FailsForAnotherReason,
    IgnoresConditions,
    IgnoresConditionsItCannotCheck,
    TakesAfterForFrom,
    TakesEveryEventForNone,
    ConditionsIgnoreNames,
    ConditionsIgnoreCategories,
    ConditionsIgnoreStreams,
    ConditionsWantAnyOfIt,
    ConditionsAreAboutTheOwnStream,
    ConditionsLeaveTheOwnStreamOut,
    ConditionsWantToBeWithinTheLog,
    ConditionsNeverHold,
    ConditionsSeeWhatWasThereBefore,
    ConditionsSeeTheWholeCall,
    ChecksConditionsThenWrites,
    TellsAVersionForACondition,
    WritesThoughTheConditionFails,
    ForgetsVersionsBesideACondition,
}

/// A store in memory with one fault.
struct Broken {
    fault: Fault,
    inner: MemoryStore,
    /// Ids as given, for faults that store others.
    calls: AtomicU64,
    /// Until when which events are not to be seen.
    late: Mutex<Vec<(EventId, Instant)>>,
    seen: Mutex<BTreeSet<EventId>>,
    expired: Mutex<Vec<(Key, Entry)>>,
    /// Streams that only a guard has named.
    guarded: Mutex<BTreeSet<StreamId>>,
}

impl Broken {
    fn new(fault: Fault) -> Self {
        Self {
            fault,
            inner: MemoryStore::new(),
            calls: AtomicU64::new(0),
            late: Mutex::default(),
            seen: Mutex::default(),
            expired: Mutex::default(),
            guarded: Mutex::default(),
        }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    async fn version(&self, stream: &StreamId) -> Result<StreamVersion, StoreError> {
        Ok(self
            .inner
            .stream_info(stream)
            .await?
            .map_or(StreamVersion::EMPTY, |info| info.version))
    }
}

/// Long enough for a race to be lost for certain.
async fn others_come_between() {
    tokio::time::sleep(Duration::from_millis(2)).await;
}

/// The page made again, with some events changed or left out.
fn rebuilt(
    page: &EventPage,
    mut change: impl FnMut(usize, &mut EventRef<'_>) -> bool,
) -> EventPage {
    let mut rebuilt = EventPage::new();
    for (index, mut event) in page.iter().enumerate() {
        if change(index, &mut event) {
            rebuilt.push(&event);
        }
    }
    rebuilt
}

#[async_trait]
impl StreamStore for Broken {
    async fn append(&self, mut append: Append) -> Result<Appended, AppendError> {
        let stream = append.stream.clone();
        match self.fault {
            Fault::IgnoresTheExpectedVersion => append.expected = ExpectedVersion::Any,
            Fault::TakesExactForAtLeast => {
                if let ExpectedVersion::Exact(expected) = append.expected
                    && self.version(&stream).await? >= expected
                {
                    append.expected = ExpectedVersion::Any;
                }
            }
            Fault::TakesStreamExistsForAny if append.expected == ExpectedVersion::StreamExists => {
                append.expected = ExpectedVersion::Any
            }
            Fault::ChecksThenWrites => {
                let actual = self.version(&stream).await?;
                if append.expected.holds_at(actual) {
                    others_come_between().await;
                    append.expected = ExpectedVersion::Any;
                }
            }
            Fault::AppendsOneByOne => {
                let mut appended = None;
                for event in append.events.split_off(0) {
                    tokio::task::yield_now().await;
                    let one = Append {
                        stream: stream.clone(),
                        expected: append.expected,
                        events: vec![event],
                    };
                    append.expected = ExpectedVersion::Any;
                    appended = Some(self.inner.append(one).await?);
                }
                return appended.ok_or(AppendError::NoEvents(stream));
            }
            Fault::ForgetsTheLastEventOfAnAppend if append.events.len() > 1 => {
                drop(append.events.pop())
            }
            Fault::AcceptsEmptyAppends if append.events.is_empty() => {
                return Ok(Appended {
                    version: StreamVersion::EMPTY,
                    position: Position::START,
                });
            }
            Fault::AllowsDuplicatesAcrossStreams => {
                let mut seen = self.seen.lock().unwrap();
                for event in &mut append.events {
                    if !seen.insert(event.id) {
                        let mut bytes = *event.id.as_bytes();
                        bytes[0] =
                            u8::try_from(self.calls.fetch_add(1, Ordering::Relaxed) % 255).unwrap();
                        event.id = EventId::from_bytes(bytes);
                    }
                }
            }
            Fault::NormalisesPayloads => {
                for event in &mut append.events {
                    if let Ok(value) = serde_json::from_str::<serde_json::Value>(&event.data) {
                        event.data = value.to_string();
                    }
                }
            }
            Fault::DropsMetadata => append
                .events
                .iter_mut()
                .for_each(|event| event.metadata = Metadata::default()),
            Fault::TrimsSources => append
                .events
                .iter_mut()
                .for_each(|event| event.source = format!("{} ", event.source).into()),
            Fault::TruncatesLargePayloads => append
                .events
                .iter_mut()
                .for_each(|event| event.data.truncate(65_536)),
            Fault::IgnoresTheCaseOfStreams => {
                append.stream = stream.as_str().to_lowercase().parse().unwrap()
            }
            _ => {}
        }
        if self.is(Fault::ShowsEventsLate) {
            // As a database does whose positions are taken before the commit, and whose commits
            // take their time.
            let pause = Duration::from_millis(self.calls.fetch_add(1, Ordering::Relaxed) % 3);
            let until = Instant::now() + pause;
            self.late
                .lock()
                .unwrap()
                .extend(append.events.iter().map(|event| (event.id, until)));
            let appended = self.inner.append(append).await;
            tokio::time::sleep(pause).await;
            return appended;
        }
        let appended = self.append_together(vec![append]).await;
        match appended.map(|appended| appended[0]) {
            Err(AppendError::Conflict(mut conflict))
                if self.is(Fault::NamesTheExpectedVersionAsTheActualOne) =>
            {
                if let ExpectedVersion::Exact(expected) = conflict.expected {
                    conflict.actual = expected;
                }
                Err(conflict.into())
            }
            Err(AppendError::DuplicateEvent(_)) if self.is(Fault::ReportsARepeatAsAConflict) => {
                let actual = self.version(&stream).await?;
                Err(ironflow_domain::store::Conflict {
                    stream,
                    expected: ExpectedVersion::NoStream,
                    actual,
                }
                .into())
            }
            Ok(mut appended) if self.is(Fault::TellsThePositionBeforeTheLast) => {
                appended.position = Position::new(0, appended.position.minor() - 1);
                Ok(appended)
            }
            appended => appended,
        }
    }

    async fn append_all(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        self.append_together(appends).await
    }

    fn capabilities(&self) -> Capabilities {
        self.can()
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        mut read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        let stream = match self.fault {
            Fault::IgnoresTheCaseOfStreams => stream.as_str().to_lowercase().parse().unwrap(),
            _ => stream.clone(),
        };
        match self.fault {
            Fault::StopsAtAThousandEvents => read.limit = read.limit.min(1_000),
            Fault::ReadsOneTooFar => read.limit += 1,
            Fault::ReadsNothingForALimitOfZero if read.limit == 0 => {
                return Ok(StreamPage::default());
            }
            Fault::ReadsBackwardFromTheEndOnly if read.direction == Direction::Backward => {
                read.from = ReadStream::LAST
            }
            _ => {}
        }
        let mut page = self.inner.read_stream(&stream, read).await?;
        match self.fault {
            Fault::NeverHasMorePages | Fault::StopsAtAThousandEvents => page.next = None,
            Fault::AlwaysHasMorePages => {
                page.next = page
                    .next
                    .or(page.events.last().map(|event| event.version.next()))
            }
            Fault::LosesTheTime => {
                page.events = rebuilt(&page.events, |_, event| {
                    event.time = Timestamp::from_micros(0);
                    true
                });
            }
            _ => {}
        }
        Ok(page)
    }

    async fn read_log(&self, mut read: ReadLog) -> Result<LogPage, StoreError> {
        let asked = read.clone();
        match self.fault {
            Fault::IgnoresNames => read.query.names.clear(),
            Fault::IgnoresCategories => read.query.categories.clear(),
            Fault::MatchesNamesByPrefix if !read.query.names.is_empty() => {
                let all = self.inner.read_log(ReadLog::after(Position::START)).await?;
                let names = all.events.iter().map(|event| event.name.to_owned());
                read.query.names = names
                    .filter(|name| {
                        asked
                            .query
                            .names
                            .iter()
                            .any(|wanted| name.starts_with(wanted))
                    })
                    .collect();
                read.query.names.push("none".to_owned());
            }
            Fault::IgnoresStreams => read.query.streams.clear(),
            Fault::MatchesStreamsByPrefix if !read.query.streams.is_empty() => {
                let all = self.inner.list_streams(ListStreams::default()).await?;
                let is_wanted = |name: &str| {
                    let mut wanted = asked.query.streams.iter();
                    wanted.any(|wanted| name.starts_with(wanted.as_str()))
                };
                let all = all.into_iter().map(|info| info.stream);
                let found = all.filter(|stream| is_wanted(stream.as_str()));
                read.query.streams.extend(found);
            }
            Fault::IgnoresTheByteLimit => read.max_bytes = usize::MAX,
            _ => {}
        }
        let mut page = self.inner.read_log(read.clone()).await?;
        self.tamper_with_page(&read, &mut page);
        match self.fault {
            Fault::SkipsAnEventInTheLog => {
                page.events = rebuilt(&page.events, |_, event| {
                    event.position != Position::new(0, 3)
                })
            }
            Fault::SplitsAppendsInTheLog if page.events.len() > read.limit.max(1) => {
                page.events = rebuilt(&page.events, |index, _| index < read.limit.max(1));
                page.read_to = page
                    .events
                    .last()
                    .map_or(read.after, |event| event.position);
                page.at_end = false;
            }
            Fault::StopsBeforeUnwantedEvents => {
                page.read_to = page
                    .events
                    .last()
                    .map_or(read.after, |event| event.position)
            }
            Fault::IsNeverAtTheEnd => page.at_end = false,
            Fault::IsAlwaysAtTheEnd => page.at_end = true,
            Fault::CutsAFilteredPageAtItsLastEvent if !page.at_end => {
                page.read_to = page
                    .events
                    .last()
                    .map_or(read.after, |event| event.position);
            }
            Fault::ReadsPastTheEndOfTheAppend if !page.at_end => {
                page.read_to = Position::new(0, page.read_to.minor() + 1)
            }
            Fault::LosesTheTime => {
                page.events = rebuilt(&page.events, |_, event| {
                    event.time = Timestamp::from_micros(0);
                    true
                });
            }
            Fault::ShowsEventsLate => {
                let late = self.late.lock().unwrap();
                let now = Instant::now();
                page.events = rebuilt(&page.events, |_, event| {
                    !late
                        .iter()
                        .any(|(id, until)| *id == event.id && now < *until)
                });
            }
            _ => {}
        }
        Ok(page)
    }

    async fn log_grown(&self, position: Position) -> Result<(), StoreError> {
        match self.fault {
            Fault::NeverWakes => {
                if self
                    .inner
                    .read_log(ReadLog::after(position))
                    .await?
                    .events
                    .is_empty()
                {
                    std::future::pending::<()>().await;
                }
                Ok(())
            }
            Fault::WakesForNewEventsOnly => {
                let head = self
                    .inner
                    .read_log(ReadLog::after(Position::START).limit(usize::MAX))
                    .await?
                    .read_to;
                self.inner.log_grown(position.max(head)).await
            }
            Fault::WakesOne => {
                self.inner.log_grown(position).await?;
                if self.calls.fetch_add(1, Ordering::Relaxed) > 0 {
                    std::future::pending::<()>().await;
                }
                Ok(())
            }
            _ => self.inner.log_grown(position).await,
        }
    }

    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
        if self.is(Fault::FindsNoEvent) {
            return Ok(None);
        }
        self.inner.find_event(id).await
    }

    async fn stream_info(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StoreError> {
        let mut info = self.inner.stream_info(stream).await?;
        if self.is(Fault::CountsStreamsWrong)
            && let Some(info) = &mut info
        {
            info.version = info.version.next();
        }
        Ok(info.or_else(|| self.made_by_a_guard(stream)))
    }

    async fn list_streams(&self, list: ListStreams) -> Result<Vec<StreamInfo>, StoreError> {
        match (self.fault, &list.category, &list.after) {
            (Fault::ListsByCategoryPrefix, Some(category), _) => {
                let all = ListStreams {
                    category: None,
                    limit: usize::MAX,
                    ..list.clone()
                };
                let streams = self.inner.list_streams(all).await?;
                let of_category = streams
                    .into_iter()
                    .filter(|info| info.stream.as_str().starts_with(category.as_str()));
                Ok(of_category.take(list.limit).collect())
            }
            (Fault::ListsTheStreamAfterAgain, _, Some(after)) => {
                let mut streams: Vec<_> =
                    self.inner.stream_info(after).await?.into_iter().collect();
                streams.extend(self.inner.list_streams(list.clone()).await?);
                streams.truncate(list.limit);
                // Not for ever.
                if self.calls.fetch_add(1, Ordering::Relaxed) > 100 {
                    Ok(Vec::new())
                } else {
                    Ok(streams)
                }
            }
            _ => self.inner.list_streams(list).await,
        }
    }
}

#[async_trait]
impl KeyValueStore for Broken {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        let found = self.inner.get(key).await?;
        if self.is(Fault::NeverExpires) && found.is_none() {
            let expired = self.expired.lock().unwrap();
            return Ok(expired
                .iter()
                .rev()
                .find(|(expired, _)| expired == key)
                .map(|(_, entry)| entry.clone()));
        }
        Ok(found)
    }

    async fn get_all(&self, keys: &[Key]) -> Result<Vec<Option<Entry>>, StoreError> {
        let mut keys = keys.to_vec();
        if self.is(Fault::LooksUpInTheOrderOfNames) {
            keys.sort();
        }
        let mut found = self.inner.get_all(&keys).await?;
        if self.is(Fault::LeavesAbsentKeysOut) {
            found.retain(Option::is_some);
        }
        if self.is(Fault::LooksUpAThousandKeysAtMost) {
            found.iter_mut().skip(1_000).for_each(|entry| *entry = None);
        }
        Ok(found)
    }

    async fn list(&self, mut range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        let asked = range.clone();
        match self.fault {
            Fault::ListsOtherBuckets => {
                let mut entries = self.inner.list(range.clone()).await?;
                range.bucket.push('t');
                entries.extend(self.inner.list(range).await?);
                Ok(entries)
            }
            Fault::TakesThePrefixForAPattern if range.prefix.contains(['%', '_']) => {
                let before = range
                    .prefix
                    .split(['%', '_'])
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                range.prefix = before;
                self.inner.list(range).await
            }
            Fault::ListsTheNameAfterAgain if range.after.is_some() => {
                let again = self
                    .inner
                    .get(&Key::new(
                        range.bucket.clone(),
                        range.after.clone().unwrap(),
                    ))
                    .await?;
                let mut entries: Vec<_> = again.into_iter().collect();
                entries.extend(self.inner.list(range).await?);
                entries.truncate(asked.limit);
                if self.calls.fetch_add(1, Ordering::Relaxed) > 100 {
                    Ok(Vec::new())
                } else {
                    Ok(entries)
                }
            }
            Fault::ListsTheExpired => {
                let mut entries = self.inner.list(range).await?;
                entries.extend(
                    self.expired
                        .lock()
                        .unwrap()
                        .iter()
                        .map(|(_, entry)| entry.clone()),
                );
                entries.sort_by(|a, b| a.key.cmp(&b.key));
                entries.dedup_by(|a, b| a.key == b.key);
                Ok(entries)
            }
            Fault::CountsTheExpiredForALimit => {
                let expired = self.expired.lock().unwrap().len();
                range.limit = range.limit.saturating_sub(expired);
                self.inner.list(range).await
            }
            _ => self.inner.list(range).await,
        }
    }

    async fn write(&self, mut batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        match self.fault {
            Fault::IgnoresExpectedRevisions => {
                others_come_between().await;
                batch
                    .iter_mut()
                    .for_each(|write| write.expected = Expected::Any)
            }
            Fault::TakesAnyRevisionForTheRightOne => {
                others_come_between().await;
                for write in &mut batch {
                    if let (Expected::Revision(_), Some(entry)) =
                        (write.expected, self.inner.get(&write.key).await?)
                    {
                        write.expected = Expected::Revision(entry.revision);
                    }
                }
            }
            Fault::ComparesAndSetsInTwoSteps => {
                for write in &mut batch {
                    let actual = self
                        .inner
                        .get(&write.key)
                        .await?
                        .map(|entry| entry.revision);
                    if write.expected.holds_at(actual) {
                        write.expected = Expected::Any;
                    }
                }
                others_come_between().await;
            }
            Fault::WritesHalfABatch => {
                let mut revisions = Vec::new();
                for write in batch {
                    revisions.extend(self.inner.write(vec![write]).await?);
                }
                return Ok(revisions);
            }
            Fault::DoesNotSeeItsOwnBatch => {
                for write in &batch {
                    let actual = self
                        .inner
                        .get(&write.key)
                        .await?
                        .map(|entry| entry.revision);
                    if !write.expected.holds_at(actual) {
                        return Err(WriteError::revision(
                            write.key.clone(),
                            write.expected,
                            actual,
                        ));
                    }
                }
                batch
                    .iter_mut()
                    .for_each(|write| write.expected = Expected::Any);
            }
            Fault::DeletesWhatWasChanged => {
                batch
                    .iter_mut()
                    .filter(|write| write.value.is_none())
                    .for_each(|write| write.expected = Expected::Any);
            }
            Fault::KeepsWhatIsDeleted => {
                let revisions = batch
                    .iter()
                    .map(|write| write.value.as_ref().map(|_| Revision::new(1)))
                    .collect();
                batch.retain(|write| write.value.is_some());
                return if batch.is_empty() {
                    Ok(revisions)
                } else {
                    self.inner.write(batch).await
                };
            }
            Fault::NeverExpires | Fault::ListsTheExpired | Fault::CountsTheExpiredForALimit => {
                let written = self.inner.write(batch.clone()).await?;
                for write in batch.iter().filter(|write| {
                    write
                        .expires_after
                        .is_some_and(|time| time < Duration::from_secs(1))
                }) {
                    if let Some(entry) = self.inner.get(&write.key).await? {
                        self.expired
                            .lock()
                            .unwrap()
                            .push((write.key.clone(), entry));
                    }
                }
                return Ok(written);
            }
            Fault::ExpiresAtOnce => {
                for write in &mut batch {
                    write.expires_after = write.expires_after.map(|_| Duration::ZERO);
                }
            }
            Fault::KeepsTheOldExpiry => {
                for write in &mut batch {
                    if let Some(entry) = self.inner.get(&write.key).await?
                        && entry.expires_at.is_some()
                    {
                        write.expires_after = Some(Duration::from_millis(50));
                    }
                }
            }
            _ => {}
        }
        let written = self.inner.write(batch).await?;
        if self.is(Fault::ReusesRevisions) {
            // As a revision counted per key does.
            return Ok(written
                .into_iter()
                .map(|revision| revision.map(|_| Revision::new(1)))
                .collect());
        }
        Ok(written)
    }
}

/// Those of the rules that a store with this fault fails.
fn failed<'a>(fault: Fault, names: &[&'a str]) -> Vec<&'a str> {
    let rules = rules();
    let fails = |name: &str| {
        let rule = rules
            .iter()
            .find(|rule| rule.name == name)
            .unwrap_or_else(|| panic!("there is no rule {name}"));
        let open = || async { Fixture::new(Broken::new(fault)).patience(Duration::from_secs(1)) };
        catch_unwind(|| rule.check(open)).is_err()
    };
    names.iter().copied().filter(|name| fails(name)).collect()
}

macro_rules! every_fault_is_found {
    ($($fault:ident: $($rule:literal),+;)*) => {
        /// All that find a fault.
        const FINDING: &[&str] = &[$($($rule),+),*];

        $(#[test]
        #[allow(non_snake_case, reason = "the fault's own name finds it")]
        fn $fault() {
            let names = [$($rule),+];
            assert_eq!(failed(Fault::$fault, &names), names);
        })*

        #[test]
        fn a_store_without_a_fault_fails_none_of_these_rules() {
            assert_eq!(failed(Fault::None, FINDING), Vec::<&str>::new());
        }
    };
}

#[test]
fn every_rule_about_several_appends_and_conditions_finds_a_fault() {
    let rules = rules();
    let names = rules.iter().map(|rule| rule.name);
    let about = ["together::", "conditions::"];
    let names = names.filter(|name| about.iter().any(|group| name.starts_with(group)));
    let idle: Vec<_> = names.filter(|name| !FINDING.contains(name)).collect();
    assert_eq!(idle, Vec::<&str>::new());
}

every_fault_is_found! {
    IgnoresTheExpectedVersion:
        "append::no_stream_conflicts_with_an_existing_stream",
        "append::stream_exists_conflicts_with_a_new_stream",
        "append::an_exact_version_that_is_stale_conflicts",
        "append::an_exact_version_that_is_ahead_conflicts",
        "append::an_append_that_conflicts_writes_nothing",
        "concurrency::one_writer_wins_every_version",
        "concurrency::one_of_many_writers_makes_a_stream";
    TakesExactForAtLeast: "append::an_exact_version_that_is_stale_conflicts";
    TakesStreamExistsForAny: "append::stream_exists_conflicts_with_a_new_stream";
    NamesTheExpectedVersionAsTheActualOne: "append::a_conflict_says_where_the_stream_is";
    ChecksThenWrites: "concurrency::one_writer_wins_every_version";
    AppendsOneByOne:
        "append::several_events_follow_each_other",
        "append::an_event_id_of_an_earlier_append_is_refused",
        "concurrency::an_append_that_is_dropped_is_whole_or_not_there";
    ForgetsTheLastEventOfAnAppend: "append::several_events_follow_each_other", "append::ten_thousand_events_are_one_append";
    ReportsARepeatAsAConflict:
        "append::an_event_id_twice_in_one_append_is_refused",
        "append::an_event_id_of_an_earlier_append_is_refused",
        "append::a_repeat_is_told_from_a_conflict",
        "conditions::a_repeat_is_told_from_a_condition_that_fails";
    AcceptsEmptyAppends: "append::an_append_without_events_is_refused";
    AllowsDuplicatesAcrossStreams:
        "append::an_event_id_of_another_stream_is_refused",
        "concurrency::one_of_many_repeats_is_recorded";
    TellsThePositionBeforeTheLast: "append::several_events_follow_each_other";
    NormalisesPayloads: "append::a_payload_comes_back_byte_for_byte";
    DropsMetadata: "append::an_event_has_all_its_fields_back";
    TrimsSources: "append::an_event_has_all_its_fields_back", "append::texts_may_be_odd_or_empty";
    LosesTheTime: "append::an_event_has_the_time_at_which_it_was_recorded", "streams::what_is_known_about_a_stream_is_right";
    TruncatesLargePayloads: "append::a_payload_may_be_a_mebibyte";
    IgnoresTheCaseOfStreams: "append::streams_with_odd_names_are_kept_apart";
    StopsAtAThousandEvents: "append::ten_thousand_events_are_one_append";
    ReadsOneTooFar: "streams::a_page_says_where_to_go_on", "streams::pages_of_any_size_make_up_the_stream";
    NeverHasMorePages: "streams::a_page_says_where_to_go_on", "streams::pages_of_any_size_make_up_the_stream";
    AlwaysHasMorePages: "streams::a_page_says_where_to_go_on", "streams::a_stream_is_read_from_its_beginning";
    ReadsNothingForALimitOfZero: "streams::a_page_of_a_stream_has_at_least_one_event";
    ReadsBackwardFromTheEndOnly: "streams::a_stream_is_read_from_any_version", "streams::nothing_lies_beyond_the_ends_of_a_stream";
    FindsNoEvent: "streams::an_event_is_found_by_its_id";
    CountsStreamsWrong: "streams::what_is_known_about_a_stream_is_right", "streams::a_listed_stream_is_what_is_known_about_it";
    ListsByCategoryPrefix: "streams::only_streams_of_a_category_are_listed";
    ListsTheStreamAfterAgain: "streams::a_list_of_streams_goes_on_after_the_last_one";
    SkipsAnEventInTheLog:
        "log::the_log_has_every_append_in_order",
        "log::the_log_has_what_the_streams_have";
    SplitsAppendsInTheLog: "append::ten_thousand_events_are_one_append", "log::a_page_ends_with_a_whole_append";
    IgnoresNames: "log::only_events_with_wanted_names_are_read", "log::filtered_pages_make_up_the_filtered_log";
    IgnoresCategories:
        "log::only_events_of_wanted_categories_are_read",
        "log::an_event_is_wanted_by_its_category_and_its_name";
    MatchesNamesByPrefix: "log::a_name_is_wanted_to_the_letter";
    StopsBeforeUnwantedEvents: "log::a_read_gets_past_events_that_are_not_wanted";
    IsNeverAtTheEnd: "log::an_empty_log_is_at_its_end", "log::nothing_lies_beyond_the_end_of_the_log";
    IsAlwaysAtTheEnd: "log::pages_of_any_size_make_up_the_log", "log::a_page_ends_with_a_whole_append";
    IgnoresTheByteLimit: "log::a_page_ends_when_it_has_enough_bytes";
    CutsAFilteredPageAtItsLastEvent: "log::a_full_page_is_read_to_the_end_of_its_append", "together::a_page_ends_with_all_of_the_appends";
    ReadsPastTheEndOfTheAppend: "log::pages_of_any_size_make_up_the_log", "log::filtered_pages_make_up_the_filtered_log";
    ShowsEventsLate:
        "concurrency::a_reader_sees_every_event_once_and_in_order",
        "concurrency::a_reader_sees_every_event_once_through_several_handles";
    NeverWakes: "log::an_append_ends_a_wait_for_the_log", "together::several_appends_end_a_wait_for_the_log";
    WakesForNewEventsOnly: "log::a_wait_is_over_at_once_where_the_log_has_grown_already";
    WakesOne: "log::an_append_ends_every_wait_for_the_log";
    IgnoresExpectedRevisions:
        "concurrency::one_of_many_creates_a_key",
        "concurrency::counting_by_compare_and_set_loses_nothing",
        "concurrency::of_many_batches_with_a_key_in_common_one_is_written",
        "key_value::a_key_is_created_once",
        "key_value::a_value_is_replaced_at_its_revision_only",
        "key_value::a_key_is_deleted_at_its_revision_only",
        "key_value::a_batch_that_is_refused_writes_nothing";
    TakesAnyRevisionForTheRightOne:
        "concurrency::counting_by_compare_and_set_loses_nothing",
        "key_value::a_value_is_replaced_at_its_revision_only",
        "key_value::a_key_that_is_made_again_has_a_new_revision";
    ReusesRevisions:
        "key_value::every_change_has_a_later_revision",
        "key_value::a_key_that_is_made_again_has_a_new_revision";
    WritesHalfABatch:
        "concurrency::of_many_batches_with_a_key_in_common_one_is_written",
        "key_value::a_batch_that_is_refused_writes_nothing";
    DoesNotSeeItsOwnBatch: "key_value::a_batch_may_change_one_key_twice";
    DeletesWhatWasChanged: "key_value::a_key_is_deleted_at_its_revision_only";
    KeepsWhatIsDeleted: "key_value::a_deleted_key_is_absent";
    LeavesAbsentKeysOut:
        "key_value::several_keys_are_looked_up_as_each_of_them_is",
        "key_value::many_keys_are_looked_up_at_once";
    LooksUpInTheOrderOfNames:
        "key_value::several_keys_are_looked_up_as_each_of_them_is",
        "key_value::many_keys_are_looked_up_at_once";
    LooksUpAThousandKeysAtMost: "key_value::many_keys_are_looked_up_at_once";
    NeverExpires: "key_value::a_value_that_has_expired_is_absent";
    ExpiresAtOnce: "key_value::a_value_that_has_expired_is_absent", "key_value::a_key_that_has_expired_can_be_created";
    ListsTheExpired: "key_value::a_value_that_has_expired_is_absent";
    KeepsTheOldExpiry: "key_value::a_value_that_is_renewed_lives_on", "key_value::a_value_that_is_put_anew_does_not_expire";
    TakesThePrefixForAPattern: "key_value::only_names_with_a_prefix_are_listed";
    ListsOtherBuckets: "key_value::a_bucket_is_listed_in_the_order_of_its_names";
    CountsTheExpiredForALimit: "key_value::what_has_expired_does_not_count_for_a_limit";
    ListsTheNameAfterAgain: "key_value::a_list_of_keys_goes_on_after_the_last_one";
    ComparesAndSetsInTwoSteps:
        "concurrency::one_of_many_creates_a_key",
        "concurrency::counting_by_compare_and_set_loses_nothing";
    IgnoresStreams:
        "log::only_events_of_wanted_streams_are_read",
        "log::an_event_is_wanted_by_its_stream_its_category_and_its_name",
        "together::a_page_ends_with_all_of_the_appends";
    MatchesStreamsByPrefix: "log::only_events_of_wanted_streams_are_read";
    AppendsOneAfterAnother:
        "together::a_conflict_of_one_leaves_nothing_of_the_others",
        "together::an_event_id_that_is_taken_leaves_nothing_of_the_others",
        "together::a_guard_that_does_not_hold_leaves_nothing",
        "together::readers_get_all_appends_as_one",
        "together::a_page_ends_with_all_of_the_appends",
        "concurrency::several_appends_that_are_dropped_are_whole_or_not_there",
        "concurrency::no_transfer_of_many_is_lost";
    ChecksWhatWasThereBefore:
        "together::an_append_sees_the_ones_before_it",
        "together::a_conflict_says_where_the_ones_before_it_have_left_the_stream";
    ChecksAllThenWrites:
        "concurrency::no_transfer_of_many_is_lost",
        "concurrency::no_transfer_of_many_is_lost_through_several_handles";
    ChecksVersionsBeforeIds:
        "together::a_repeat_among_several_is_told_from_a_conflict",
        "together::an_event_id_twice_among_several_is_refused";
    NamesTheFirstStreamInAConflict:
        "together::a_conflict_of_one_leaves_nothing_of_the_others",
        "together::a_guard_that_does_not_hold_leaves_nothing";
    TellsWhereTheStreamWasBefore:
        "together::a_conflict_says_where_the_ones_before_it_have_left_the_stream";
    TakesItsOwnEventsForRepeats:
        "together::a_conflict_of_one_leaves_nothing_of_the_others",
        "together::what_was_refused_can_be_appended_later",
        "conditions::a_condition_sees_the_appends_before_it",
        "concurrency::no_transfer_of_many_is_lost";
    TakesAnIdTwiceInOneCall: "together::an_event_id_twice_among_several_is_refused";
    RemembersWhatItRefused: "together::what_was_refused_can_be_appended_later";
    AnswersInReverse: "together::the_answers_come_in_the_order_of_the_appends";
    AnswersWithTheEndForAll: "together::the_answers_come_in_the_order_of_the_appends";
    AnswersGuardsWithTheStart: "together::a_guard_is_answered_with_where_its_stream_is";
    IgnoresGuards:
        "together::a_guard_that_does_not_hold_leaves_nothing",
        "conditions::a_condition_and_a_version_have_to_hold_both";
    GuardsMakeStreams: "together::a_guard_makes_no_stream";
    AcceptsGuardsAlone: "together::guards_alone_are_refused";
    RefusesNoAppends: "together::no_appends_at_all_are_nothing_to_do";
    RecordsAllButTheLast: "together::every_append_is_recorded";
    TakesAHundredAtMost: "together::a_thousand_appends_are_one";
    ChecksOnlySeveral: "together::one_append_alone_is_an_append";
    CountsWhatIsLeftPerAppend: "together::readers_get_all_appends_as_one";
    EndsAPageWithOneOfSeveral:
        "together::a_page_ends_with_all_of_the_appends",
        "together::a_thousand_appends_are_one",
        "concurrency::no_transfer_of_many_is_lost";
    DoesWhatItSaysItCannot: "together::every_append_is_recorded";
    RefusesAfterTheFirstAppend:
        "together::every_append_is_recorded",
        "together::guards_alone_are_refused";
    FailsForAnotherReason: "together::every_append_is_recorded";
    IgnoresConditions:
        "conditions::a_condition_fails_for_an_event_of_its_category",
        "conditions::a_condition_fails_for_an_event_with_its_name",
        "conditions::a_condition_fails_for_an_event_in_its_stream",
        "conditions::a_condition_and_a_version_have_to_hold_both",
        "concurrency::one_writer_wins_every_condition";
    IgnoresConditionsItCannotCheck:
        "conditions::an_append_is_made_where_its_condition_holds",
        "concurrency::one_writer_wins_every_condition";
    TakesAfterForFrom:
        "conditions::an_event_at_the_position_is_not_after_it",
        "conditions::a_condition_that_means_every_event_fails_for_any";
    TakesEveryEventForNone: "conditions::a_condition_that_means_every_event_fails_for_any";
    ConditionsIgnoreNames:
        "conditions::a_condition_fails_for_an_event_with_its_name",
        "conditions::an_event_has_to_meet_all_that_a_condition_says";
    ConditionsIgnoreCategories:
        "conditions::a_condition_fails_for_an_event_of_its_category",
        "conditions::an_event_has_to_meet_all_that_a_condition_says";
    ConditionsIgnoreStreams:
        "conditions::a_condition_fails_for_an_event_in_its_stream",
        "conditions::an_event_has_to_meet_all_that_a_condition_says";
    ConditionsWantAnyOfIt: "conditions::an_event_has_to_meet_all_that_a_condition_says";
    ConditionsAreAboutTheOwnStream:
        "conditions::a_condition_fails_for_an_event_of_its_category",
        "conditions::a_condition_fails_for_an_event_with_its_name",
        "concurrency::one_writer_wins_every_condition";
    ConditionsLeaveTheOwnStreamOut: "conditions::a_condition_is_about_the_stream_itself_as_well";
    ConditionsWantToBeWithinTheLog: "conditions::a_condition_after_the_end_of_the_log_holds";
    ConditionsNeverHold: "conditions::an_append_is_made_where_its_condition_holds";
    ConditionsSeeWhatWasThereBefore: "conditions::a_condition_sees_the_appends_before_it";
    ConditionsSeeTheWholeCall: "conditions::a_condition_is_not_about_the_appends_after_it";
    ChecksConditionsThenWrites:
        "concurrency::one_writer_wins_every_condition",
        "concurrency::one_writer_wins_every_condition_through_several_handles";
    TellsAVersionForACondition: "conditions::a_conflict_says_which_condition_has_failed";
    WritesThoughTheConditionFails: "conditions::an_append_whose_condition_fails_writes_nothing";
    ForgetsVersionsBesideACondition: "conditions::a_condition_and_a_version_have_to_hold_both";
}
