//! What can be wrong with several appends, and with those that depend on other events.

use std::collections::{BTreeSet, HashMap};

use ironflow_domain::store::{
    Append, AppendError, Appended, Capabilities, Conflict, EventPage, EventQuery, ExpectedVersion,
    LogPage, ReadLog, StoreError, StoreErrorKind, StreamInfo, StreamStore,
};
use ironflow_domain::{EventId, Position, StreamId, StreamVersion, Timestamp};

use super::{Broken, Fault, others_come_between, rebuilt};

impl Broken {
    pub(super) fn can(&self) -> Capabilities {
        let mut can = Capabilities::ALL;
        can.several_streams = !matches!(
            self.fault,
            Fault::DoesWhatItSaysItCannot
                | Fault::RefusesAfterTheFirstAppend
                | Fault::FailsForAnotherReason
        );
        can.conditions = self.fault != Fault::IgnoresConditionsItCannotCheck;
        can
    }

    pub(super) async fn append_together(
        &self,
        mut appends: Vec<Append>,
    ) -> Result<Vec<Appended>, AppendError> {
        let asked = appends.clone();
        match self.fault {
            Fault::AppendsOneAfterAnother => return self.one_after_another(appends).await,
            Fault::ChecksWhatWasThereBefore => {
                for append in &mut appends {
                    let actual = self.version(&append.stream).await?;
                    check(append, append.expected.holds_at(actual), actual)?;
                    forget_the_version(append);
                }
            }
            Fault::ChecksAllThenWrites => {
                self.check_versions(&appends).await?;
                others_come_between().await;
                appends.iter_mut().for_each(forget_the_version);
            }
            Fault::ChecksVersionsBeforeIds => self.check_versions(&appends).await?,
            Fault::TakesAnIdTwiceInOneCall => {
                let mut seen = BTreeSet::new();
                for event in appends.iter_mut().flat_map(|append| &mut append.events) {
                    if !seen.insert(event.id) {
                        let mut bytes = *event.id.as_bytes();
                        bytes[0] = 0xee;
                        event.id = EventId::from_bytes(bytes);
                    }
                }
            }
            Fault::RemembersWhatItRefused => {
                let mut seen = self.seen.lock().unwrap();
                for event in appends.iter().flat_map(|append| &append.events) {
                    if !seen.insert(event.id) {
                        return Err(AppendError::DuplicateEvent(event.id));
                    }
                }
            }
            Fault::IgnoresGuards => {
                for guard in appends.iter_mut().filter(|append| append.events.is_empty()) {
                    guard.expected = ExpectedVersion::Any;
                }
            }
            Fault::AcceptsGuardsAlone if appends.iter().all(|append| append.events.is_empty()) => {
                let nowhere = |_| Appended {
                    version: StreamVersion::EMPTY,
                    position: Position::START,
                };
                return Ok(appends.iter().map(nowhere).collect());
            }
            Fault::RefusesNoAppends if appends.is_empty() => {
                return Err(AppendError::NoEvents("nothing-1".parse().unwrap()));
            }
            Fault::RecordsAllButTheLast if appends.len() > 1 => {
                let last = appends.pop();
                let mut appended = self.inner.append_all(appends).await?;
                appended.extend(last.and(appended.last().copied()));
                return Ok(appended);
            }
            Fault::TakesAHundredAtMost if appends.len() > 100 => {
                return Err(StoreError::new(StoreErrorKind::Other, "failed: too many").into());
            }
            Fault::ChecksOnlySeveral => {
                if let [append] = &mut appends[..] {
                    append.expected = ExpectedVersion::Any;
                }
            }
            Fault::RefusesAfterTheFirstAppend if appends.len() > 1 => {
                self.inner.append(appends.swap_remove(0)).await?;
                return Err(Capabilities::unsupported("append to several streams").into());
            }
            Fault::FailsForAnotherReason if appends.len() > 1 => {
                return Err(StoreError::new(StoreErrorKind::Other, "failed: too many").into());
            }
            _ => {}
        }
        self.tamper_with_conditions(&mut appends).await?;

        let changed = appends.clone();
        let result = self.inner.append_all(appends).await;
        match result {
            Ok(appended) => Ok(self.tamper_with_answers(&asked, appended)),
            Err(AppendError::Conflict(mut conflict)) => {
                let mut pairs = asked.iter().zip(&changed);
                let is_it = |append: &Append| {
                    append.stream == conflict.stream && append.expected == conflict.expected
                };
                if let Some((asked, _)) = pairs.find(|(_, changed)| is_it(changed)) {
                    conflict.expected = asked.expected.clone();
                }
                self.tamper_with_conflict(&asked, conflict).await
            }
            Err(error) => Err(error),
        }
    }

    /// What a default of `append_all` would do that knows nothing but `append`.
    async fn one_after_another(&self, appends: Vec<Append>) -> Result<Vec<Appended>, AppendError> {
        let mut answers = Vec::new();
        for append in appends {
            tokio::task::yield_now().await;
            if append.events.is_empty() {
                let version = self.version(&append.stream).await?;
                check(&append, append.expected.holds_at(version), version)?;
                let position = answers.last().map_or(Position::START, last_position);
                answers.push(Appended { version, position });
            } else {
                answers.push(self.inner.append(append).await?);
            }
        }
        Ok(answers)
    }

    /// Checks the expected versions as they have to be.
    async fn check_versions(&self, appends: &[Append]) -> Result<(), AppendError> {
        let mut versions = HashMap::new();
        for append in appends {
            let before = self.version(&append.stream).await?;
            let actual = versions.entry(&append.stream).or_insert(before);
            check(append, append.expected.holds_at(*actual), *actual)?;
            *actual = actual.plus(append.events.len() as u64);
        }
        Ok(())
    }

    async fn tamper_with_conditions(&self, appends: &mut [Append]) -> Result<(), AppendError> {
        let before = self.head().await?;
        let coming: Vec<_> = appends.to_vec();
        let has_condition = coming.iter().any(has_condition);
        for append in appends {
            let actual = self.version(&append.stream).await?;
            let refused = check(append, false, actual);
            let ExpectedVersion::NothingSince { query, after } = &mut append.expected else {
                if self.is(Fault::ForgetsVersionsBesideACondition) && has_condition {
                    append.expected = ExpectedVersion::Any;
                }
                continue;
            };
            match self.fault {
                Fault::TakesAfterForFrom => {
                    *after = Position::new(0, after.minor().saturating_sub(1));
                    continue;
                }
                Fault::ConditionsIgnoreNames => {
                    query.names.clear();
                    continue;
                }
                Fault::ConditionsIgnoreCategories => {
                    query.categories.clear();
                    continue;
                }
                Fault::ConditionsIgnoreStreams => {
                    query.streams.clear();
                    continue;
                }
                Fault::ConditionsAreAboutTheOwnStream => {
                    query.streams = vec![append.stream.clone()];
                    continue;
                }
                Fault::IgnoresConditions | Fault::IgnoresConditionsItCannotCheck => {}
                Fault::TakesEveryEventForNone if query.is_all() => {}
                Fault::ConditionsNeverHold => return refused,
                Fault::ConditionsWantToBeWithinTheLog if *after > before => return refused,
                Fault::ConditionsWantAnyOfIt => {
                    let all = EventQuery::all;
                    let parts = [
                        all().names(query.names.clone()),
                        all().categories(query.categories.clone()),
                        all().streams(query.streams.clone()),
                    ];
                    for part in parts.into_iter().filter(|part| !part.is_all()) {
                        if !self.since(&part, *after).await?.is_empty() {
                            return refused;
                        }
                    }
                }
                Fault::ConditionsLeaveTheOwnStreamOut => {
                    let since = self.since(query, *after).await?;
                    if since
                        .iter()
                        .any(|event| *event.stream != *append.stream.as_str())
                    {
                        return refused;
                    }
                }
                Fault::ConditionsSeeWhatWasThereBefore => {
                    if !self.since(query, *after).await?.is_empty() {
                        return refused;
                    }
                }
                Fault::ConditionsSeeTheWholeCall => {
                    let is_meant = |append: &Append| {
                        let mut events = append.events.iter();
                        events.any(|event| query.matches(append.stream.as_str(), &event.name))
                    };
                    if coming.iter().any(is_meant) {
                        return refused;
                    }
                    continue;
                }
                Fault::ChecksConditionsThenWrites => {
                    if !self.since(query, *after).await?.is_empty() {
                        return refused;
                    }
                    others_come_between().await;
                }
                _ => continue,
            }
            append.expected = ExpectedVersion::Any;
        }
        Ok(())
    }

    async fn tamper_with_conflict(
        &self,
        asked: &[Append],
        mut conflict: Conflict,
    ) -> Result<Vec<Appended>, AppendError> {
        let before = self.version(&conflict.stream).await?;
        match self.fault {
            Fault::NamesTheFirstStreamInAConflict => conflict.stream = asked[0].stream.clone(),
            Fault::TellsWhereTheStreamWasBefore => conflict.actual = before,
            Fault::TakesItsOwnEventsForRepeats => {
                let refused = |append: &&Append| {
                    append.stream != conflict.stream || append.expected != conflict.expected
                };
                let mut written = asked.iter().take_while(refused);
                if let Some(event) = written.find_map(|append| append.events.first()) {
                    return Err(AppendError::DuplicateEvent(event.id));
                }
            }
            Fault::TellsAVersionForACondition => {
                conflict.expected = ExpectedVersion::Exact(conflict.actual);
            }
            Fault::WritesThoughTheConditionFails if asked.iter().any(has_condition) => {
                let mut again = asked.to_vec();
                for append in &mut again {
                    append.expected = ExpectedVersion::Any;
                }
                self.inner.append_all(again).await?;
            }
            _ => {}
        }
        Err(conflict.into())
    }

    fn tamper_with_answers(&self, asked: &[Append], mut appended: Vec<Appended>) -> Vec<Appended> {
        let guards = || asked.iter().map(|append| append.events.is_empty());
        match self.fault {
            Fault::AnswersInReverse => appended.reverse(),
            Fault::AnswersWithTheEndForAll => {
                let end = appended.last().map_or(Position::START, last_position);
                appended.iter_mut().for_each(|one| one.position = end);
            }
            Fault::AnswersGuardsWithTheStart => {
                for (one, is_guard) in appended.iter_mut().zip(guards()) {
                    if is_guard {
                        one.position = Position::START;
                    }
                }
            }
            Fault::GuardsMakeStreams => {
                let guarded = asked.iter().zip(guards()).filter(|(_, is_guard)| *is_guard);
                let guarded = guarded.map(|(append, _)| append.stream.clone());
                self.guarded.lock().unwrap().extend(guarded);
            }
            _ => {}
        }
        appended
    }

    /// What there is of a stream that only a guard has made.
    pub(super) fn made_by_a_guard(&self, stream: &StreamId) -> Option<StreamInfo> {
        let is_there = self.guarded.lock().unwrap().contains(stream);
        let never = Timestamp::from_micros(0);
        is_there.then(|| StreamInfo::new(stream.clone(), StreamVersion::EMPTY, never, never))
    }

    /// The page as one has it who takes an append for all that is committed together.
    pub(super) fn tamper_with_page(&self, read: &ReadLog, page: &mut LogPage) {
        match self.fault {
            Fault::CountsWhatIsLeftPerAppend => {
                let mut left = vec![0; page.events.len()];
                let events: Vec<_> = page.events.iter().collect();
                for index in (1..events.len()).rev() {
                    if same_append(&page.events, index) {
                        left[index - 1] = left[index] + 1;
                    }
                }
                page.events = rebuilt(&page.events, |index, event| {
                    event.left_in_commit = left[index];
                    true
                });
            }
            Fault::EndsAPageWithOneOfSeveral => {
                let mut end = read.limit.max(1);
                while end < page.events.len() && same_append(&page.events, end) {
                    end += 1;
                }
                if end < page.events.len() {
                    page.events = rebuilt(&page.events, |index, _| index < end);
                    page.at_end = false;
                    page.read_to = page.events.last().map_or(read.after, |last| last.position);
                }
            }
            _ => {}
        }
    }

    async fn head(&self) -> Result<Position, StoreError> {
        let all = ReadLog::after(Position::START).limit(usize::MAX);
        Ok(self.inner.read_log(all).await?.read_to)
    }

    async fn since(&self, query: &EventQuery, after: Position) -> Result<EventPage, StoreError> {
        let read = ReadLog {
            query: query.clone(),
            ..ReadLog::after(after).limit(usize::MAX)
        };
        Ok(self.inner.read_log(read).await?.events)
    }
}

/// Whether the event with that index was appended with the one before it. Good enough for appends
/// to different streams.
fn same_append(page: &EventPage, index: usize) -> bool {
    let (before, event) = (page.get(index - 1), page.get(index));
    before.zip(event).is_some_and(|(before, event)| {
        before.left_in_commit == event.left_in_commit + 1 && before.stream == event.stream
    })
}

fn has_condition(append: &Append) -> bool {
    matches!(append.expected, ExpectedVersion::NothingSince { .. })
}

fn forget_the_version(append: &mut Append) {
    if !has_condition(append) {
        append.expected = ExpectedVersion::Any;
    }
}

fn last_position(appended: &Appended) -> Position {
    appended.position
}

fn check(append: &Append, holds: bool, actual: StreamVersion) -> Result<(), AppendError> {
    if holds {
        return Ok(());
    }
    let conflict = Conflict {
        stream: append.stream.clone(),
        expected: append.expected.clone(),
        actual,
    };
    Err(conflict.into())
}
