//! What is appended together, and what it takes.

use ironflow_domain::store::{
    Append, AppendError, Appended, Conflict, ExpectedVersion, StoreError, StoreErrorKind,
};
use ironflow_domain::{StreamId, StreamVersion};

use crate::row::MOST_EVENTS;

/// What became of it: where the appends ended up, or why nothing was written.
pub(super) type Outcome = Result<Vec<Appended>, AppendError>;

/// Appends that are made together or not at all, with what can be done without the database already
/// done.
pub(crate) struct Unit {
    pub(super) appends: Vec<Append>,
    /// The metadata of each event as JSON.
    pub(super) metadata: Vec<Vec<String>>,
    /// The one stream that they move, and where that has to be; none where they are about more than
    /// that.
    pub(super) run: Option<Required>,
}

/// Where a stream has to be before the first of several appends, so that each finds it as it
/// expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Required {
    Anywhere,
    NotEmpty,
    At(i64),
    /// No place will do.
    Nowhere,
}

impl Required {
    /// As the statements have it.
    pub(super) fn number(self) -> i64 {
        match self {
            Self::At(version) => version,
            Self::Anywhere => -1,
            Self::NotEmpty => -2,
            Self::Nowhere => -3,
        }
    }

    /// Where the stream has to be for what is expected after `events` more.
    fn before(expected: &ExpectedVersion, events: i64) -> Self {
        match expected {
            ExpectedVersion::StreamExists if events == 0 => Self::NotEmpty,
            ExpectedVersion::NoStream if events == 0 => Self::At(0),
            ExpectedVersion::NoStream => Self::Nowhere,
            ExpectedVersion::Exact(version) => match i64::try_from(version.get()) {
                Ok(version) if version >= events => Self::At(version - events),
                _ => Self::Nowhere,
            },
            // What is left are conditions on other things than the stream's version.
            _ => Self::Anywhere,
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Anywhere, required) | (required, Self::Anywhere) => required,
            (Self::At(0), Self::NotEmpty) | (Self::NotEmpty, Self::At(0)) => Self::Nowhere,
            (Self::At(version), Self::NotEmpty) | (Self::NotEmpty, Self::At(version)) => {
                Self::At(version)
            }
            (one, other) if one == other => one,
            _ => Self::Nowhere,
        }
    }

    /// What is required of the stream before `events`, where this is required after them.
    pub(super) fn before_events(self, events: i64) -> Self {
        match self {
            Self::NotEmpty if events > 0 => Self::Anywhere,
            Self::At(version) if version >= events => Self::At(version - events),
            Self::At(_) => Self::Nowhere,
            same => same,
        }
    }

    /// What is required of a stream on which these appends are made one after the other.
    pub(super) fn of<'a>(appends: impl Iterator<Item = &'a Append>) -> Self {
        let mut required = Self::Anywhere;
        let mut events = 0;
        for append in appends {
            required = required.and(Self::before(&append.expected, events));
            events += i64::try_from(append.events.len()).unwrap_or(i64::MAX);
        }
        required
    }
}

impl Unit {
    pub(crate) fn new(appends: Vec<Append>) -> Result<Self, AppendError> {
        Append::check_all(&appends)?;
        let events: usize = appends.iter().map(|append| append.events.len()).sum();
        if events > MOST_EVENTS {
            let message = format!(
                "failed to {}: {events} events are more than the {MOST_EVENTS} that one transaction may have",
                doing(&appends)
            );
            return Err(StoreError::new(StoreErrorKind::Other, message).into());
        }
        refuse_nul(&appends)?;
        let texts = |append: &Append| {
            let texts = append
                .events
                .iter()
                .map(|event| serde_json::to_string(&event.metadata));
            texts.collect::<Result<_, _>>().map_err(|error| {
                let doing = format!("failed to write the metadata of: {}", doing(&appends));
                StoreError::new(StoreErrorKind::Other, doing).because(error)
            })
        };
        let metadata = appends.iter().map(texts).collect::<Result<_, _>>()?;
        let run = run_of(&appends);
        Ok(Self {
            appends,
            metadata,
            run,
        })
    }

    /// What it is, such as `append to stream order-1`.
    pub(super) fn doing(&self) -> String {
        doing(&self.appends)
    }

    /// The stream of a unit that is a single run.
    pub(super) fn stream(&self) -> &StreamId {
        // A unit without appends is never made.
        &self.appends[0].stream
    }

    pub(super) fn count(&self) -> usize {
        self.appends.iter().map(|append| append.events.len()).sum()
    }

    pub(super) fn bytes(&self) -> usize {
        let data = self.appends.iter().flat_map(|append| &append.events);
        data.map(|event| event.data.len()).sum()
    }

    /// The first of the appends that finds something else than it expects, with the streams where
    /// `head` says they are. `unmet` are the indexes of those that expect nothing to have happened
    /// since, and were told otherwise.
    pub(super) fn conflict(
        &self,
        head: impl Fn(&StreamId) -> i64,
        unmet: &[usize],
    ) -> Option<Conflict> {
        for (index, append) in self.appends.iter().enumerate() {
            let before = &self.appends[..index];
            let same_stream = before.iter().filter(|one| one.stream == append.stream);
            let moved: usize = same_stream.map(|one| one.events.len()).sum();
            let head = head(&append.stream).unsigned_abs();
            let actual = StreamVersion::new(head).plus(moved as u64);
            let is_unmet = unmet.contains(&index) || self.is_overtaken(index);
            if is_unmet || !append.expected.holds_at(actual) {
                return Some(Conflict {
                    stream: append.stream.clone(),
                    expected: append.expected.clone(),
                    actual,
                });
            }
        }
        None
    }

    /// Whether one of the appends is what a later one expects not to have happened.
    pub(super) fn overtakes_itself(&self) -> bool {
        (0..self.appends.len()).any(|index| self.is_overtaken(index))
    }

    /// Whether an append before this one is what it expects not to have happened.
    fn is_overtaken(&self, index: usize) -> bool {
        let ExpectedVersion::NothingSince { query, .. } = &self.appends[index].expected else {
            return false;
        };
        self.appends[..index].iter().any(|append| {
            let mut names = append.events.iter().map(|event| &event.name);
            names.any(|name| query.matches(append.stream.as_str(), name))
        })
    }
}

/// What is required of the stream, where there is one, events go to it each time, and nothing else
/// has to hold.
fn run_of(appends: &[Append]) -> Option<Required> {
    let (first, others) = appends.split_first()?;
    let is_simple = |append: &Append| {
        !append.events.is_empty()
            && !matches!(append.expected, ExpectedVersion::NothingSince { .. })
    };
    let is_one = others.iter().all(|other| other.stream == first.stream);
    (is_one && appends.iter().all(is_simple)).then(|| Required::of(appends.iter()))
}

fn doing(appends: &[Append]) -> String {
    match appends {
        [] => "append nothing".to_owned(),
        [append] => format!("append to stream {}", append.stream),
        [append, others @ ..] => {
            format!(
                "append to stream {} and {} others",
                append.stream,
                others.len()
            )
        }
    }
}

/// Postgres has no texts with a NUL in them.
fn refuse_nul(appends: &[Append]) -> Result<(), StoreError> {
    for append in appends {
        if let ExpectedVersion::NothingSince { query, .. } = &append.expected
            && let Some(text) =
                (query.names.iter().chain(&query.categories)).find(|text| text.contains('\0'))
        {
            let message = format!(
                "failed to append to stream {}: it is asked for {text:?}, which has a NUL character, which \
                 Postgres cannot store",
                append.stream
            );
            return Err(StoreError::new(StoreErrorKind::Unsupported, message));
        }
        for event in &append.events {
            for (what, text) in [
                ("name", event.name.as_ref()),
                ("source", event.source.as_ref()),
                ("payload", event.data.as_str()),
            ] {
                if text.contains('\0') {
                    let message = format!(
                        "failed to append to stream {}: the {what} of event {} has a NUL character, which \
                         Postgres cannot store",
                        append.stream, event.id
                    );
                    return Err(StoreError::new(StoreErrorKind::Unsupported, message));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(expected: ExpectedVersion, events: usize) -> Append {
        let event = |index: usize| ironflow_domain::store::NewEvent {
            id: ironflow_domain::EventId::from_bytes([u8::try_from(index).unwrap(); 16]),
            name: "thing.happened".into(),
            schema_version: ironflow_domain::SchemaVersion::new(1),
            source: "test".into(),
            data: "{}".to_owned(),
            metadata: ironflow_domain::Metadata::default(),
        };
        Append {
            stream: "thing-1".parse().unwrap(),
            expected,
            events: (0..events).map(event).collect(),
        }
    }

    #[test]
    fn what_several_appends_require_of_a_stream_is_what_makes_all_of_them_hold() {
        use ExpectedVersion::{Any, NoStream, StreamExists};
        let exact = |version| ExpectedVersion::Exact(StreamVersion::new(version));
        let expectations = [
            Any,
            NoStream,
            StreamExists,
            exact(0),
            exact(1),
            exact(2),
            exact(4),
        ];
        for first in &expectations {
            for second in &expectations {
                for events in 0..3 {
                    let appends = [append(first.clone(), events), append(second.clone(), 1)];
                    let required = Required::of(appends.iter());
                    for head in 0..5 {
                        let version = StreamVersion::new(head);
                        let holds =
                            first.holds_at(version) && second.holds_at(version.plus(events as u64));
                        let head = i64::try_from(head).unwrap();
                        let allowed = match required {
                            Required::Anywhere => true,
                            Required::NotEmpty => head > 0,
                            Required::At(version) => head == version,
                            Required::Nowhere => false,
                        };
                        assert_eq!(
                            allowed, holds,
                            "{first}, {events} events, {second}, at {head}"
                        );
                    }
                }
            }
        }
    }
}
