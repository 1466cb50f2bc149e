//! Events as the columns of a statement.

use ironflow_domain::StreamVersion;
use ironflow_domain::store::Appended;

use super::unit::Unit;
use crate::epoch::Epoch;
use crate::row::position;
use crate::session::Parameter;
use crate::values::Id;

/// The streams that events go to, and the events.
#[derive(Default)]
pub(super) struct Columns<'u> {
    pub(super) streams: Vec<&'u str>,
    /// What is required of each stream.
    pub(super) required: Vec<i64>,
    /// Which of the streams an event goes to, counted from one, and as which of those that go there.
    runs: Vec<i32>,
    steps: Vec<i32>,
    left_in_commit: Vec<i32>,
    schema_versions: Vec<i32>,
    ids: Vec<Id>,
    names: Vec<&'u str>,
    sources: Vec<&'u str>,
    metadata: Vec<&'u str>,
    data: Vec<&'u str>,
}

impl<'u> Columns<'u> {
    /// Adds the events of a unit. `place_in` says of each in turn, given its stream, which stream
    /// that is, and as which event it goes there.
    pub(super) fn add(&mut self, unit: &'u Unit, mut place_in: impl FnMut(&str) -> (i32, i32)) {
        let mut left = unit.count();
        for (append, metadata) in unit.appends.iter().zip(&unit.metadata) {
            for (event, metadata) in append.events.iter().zip(metadata) {
                let (run, step) = place_in(append.stream.as_str());
                left -= 1;
                self.runs.push(run);
                self.steps.push(step);
                self.left_in_commit.push(number(left));
                let schema_version = event.schema_version.get().cast_signed();
                self.schema_versions.push(schema_version);
                self.ids.push(Id(event.id));
                self.names.push(&event.name);
                self.sources.push(&event.source);
                self.metadata.push(metadata);
                self.data.push(&event.data);
            }
        }
    }

    /// The parameters of the statement that appends a single run; none where there are several.
    pub(super) fn of_one_run<'p>(&'p self, start: &'p Start) -> Option<[Parameter<'p>; 12]> {
        let ([stream], [required]) = (&self.streams[..], &self.required[..]) else {
            return None;
        };
        Some([
            &start.lock,
            &start.epoch.number,
            &start.epoch.server_started_at,
            stream,
            required,
            &self.left_in_commit,
            &self.schema_versions,
            &self.ids,
            &self.names,
            &self.sources,
            &self.metadata,
            &self.data,
        ])
    }

    /// The parameters that the statements that append several runs begin with.
    pub(super) fn parameters<'p>(&'p self, start: &'p Start) -> [Parameter<'p>; 15] {
        [
            &start.lock,
            &start.epoch.number,
            &start.epoch.server_started_at,
            &self.streams,
            &self.required,
            &start.index,
            &self.runs,
            &self.steps,
            &self.left_in_commit,
            &self.schema_versions,
            &self.ids,
            &self.names,
            &self.sources,
            &self.metadata,
            &self.data,
        ]
    }
}

/// Where in the log something is appended.
pub(super) struct Start {
    lock: i64,
    epoch: Epoch,
    /// How many events the transaction has already.
    index: i64,
}

impl Start {
    pub(super) fn new(lock: i64, epoch: Epoch, index: usize) -> Self {
        Self {
            lock,
            epoch,
            index: i64::from(number(index)),
        }
    }

    /// Where the appends of a unit ended up, whose events come after the place `base`. `move_on`
    /// takes a stream so many events on, and says where it is then.
    pub(super) fn appended(
        &self,
        unit: &Unit,
        base: i64,
        mut move_on: impl FnMut(&str, i64) -> i64,
    ) -> Vec<Appended> {
        let end = base + i64::from(number(unit.count()));
        let mut place = base;
        let appends = unit.appends.iter().map(|append| {
            let events = i64::from(number(append.events.len()));
            place += events;
            let version = move_on(append.stream.as_str(), events).unsigned_abs();
            let last = if events == 0 { end } else { place };
            Appended {
                version: StreamVersion::new(version),
                position: position(self.epoch.number, last),
            }
        });
        appends.collect()
    }
}

/// A number of events, of which a unit never has more than this can say.
pub(super) fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
