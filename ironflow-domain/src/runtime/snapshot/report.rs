//! What loading costs, as a table and a verdict.

use std::fmt;
use std::time::Duration;

use crate::StreamId;

/// A load that takes less is no reason for snapshots.
const NOTICEABLE: Duration = Duration::from_millis(5);

/// What it costs to load an aggregate; [`Ironflow::measure_loading`](crate::Ironflow::measure_loading)
/// makes it. It prints itself as a table with a verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadingReport {
    /// What the aggregate is called in the program.
    pub aggregate: &'static str,
    /// The category of its streams.
    pub category: &'static str,
    /// How many streams of it there are.
    pub streams: u64,
    /// Those that were measured, from the longest on.
    pub longest: Vec<StreamLoading>,
}

/// What it costs to load one stream from its first event to its last.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamLoading {
    /// The stream.
    pub stream: StreamId,
    /// How many events it has.
    pub events: u64,
    /// How many bytes of text they are, with their names and metadata.
    pub bytes: u64,
    /// How long it took to read them.
    pub read: Duration,
    /// How long it took to decode and fold them.
    pub fold: Duration,
    /// What it would cost to load a snapshot in their place; nothing where the aggregate has none.
    pub snapshot: Option<SnapshotCost>,
}

/// What it costs to load a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotCost {
    /// How many bytes of JSON the state is.
    pub bytes: u64,
    /// How long it takes to look it up and to read the JSON.
    pub read: Duration,
}

impl StreamLoading {
    /// How long it took to load.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.read + self.fold
    }
}

impl LoadingReport {
    /// Whether snapshots are needed, in a sentence.
    #[must_use]
    pub fn verdict(&self) -> String {
        let Self {
            aggregate,
            category,
            ..
        } = self;
        let Some(slowest) = self.longest.iter().max_by_key(|loading| loading.total()) else {
            return format!("There is no stream of `{category}` to be measured.");
        };
        let total = time(slowest.total());
        match slowest.snapshot {
            _ if slowest.total() <= NOTICEABLE => {
                format!("No snapshots are needed: the slowest of these is loaded in {total}.")
            }
            None => format!(
                "Snapshots may help: the slowest of these takes {total}. Derive `Serialize` and \
                 `Deserialize` for `{aggregate}`, add `snapshot(after = \"5ms\")` to its \
                 `#[aggregate(…)]`, and measure again."
            ),
            Some(snapshot) if snapshot.read * 2 <= slowest.total() => format!(
                "Snapshots help: the slowest of these takes {total}, and {} from a snapshot.",
                time(snapshot.read)
            ),
            Some(snapshot) => format!(
                "Snapshots do not help: the slowest of these takes {total}, and {} from a snapshot. \
                 Keep less in the state, or end streams earlier.",
                time(snapshot.read)
            ),
        }
    }
}

impl fmt::Display for LoadingReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (aggregate, measured) = (self.aggregate, self.longest.len());
        writeln!(
            f,
            "Loading `{aggregate}`: the longest {measured} of {} streams",
            self.streams
        )?;
        if measured > 0 {
            writeln!(f)?;
        }
        let heading = [
            "stream", "events", "bytes", "read", "fold", "snapshot", "read",
        ];
        let mut rows = vec![heading.map(str::to_owned)];
        rows.extend(self.longest.iter().map(row));
        let width = |column: usize| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells.max().unwrap_or_default()
        };
        let widths: [usize; 7] = std::array::from_fn(width);
        for row in rows.iter().filter(|_| measured > 0) {
            let first = format!("{:<1$}", row[0], widths[0]);
            let others = row.iter().zip(widths).skip(1);
            let others = others.map(|(cell, width)| format!("{cell:>width$}"));
            let cells: Vec<_> = std::iter::once(first).chain(others).collect();
            writeln!(f, "{}", cells.join("  "))?;
        }
        write!(f, "\n{}", self.verdict())
    }
}

fn row(loading: &StreamLoading) -> [String; 7] {
    let snapshot = loading.snapshot;
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    [
        loading.stream.to_string(),
        loading.events.to_string(),
        size(loading.bytes),
        time(loading.read),
        time(loading.fold),
        or_none(snapshot.map(|snapshot| size(snapshot.bytes))),
        or_none(snapshot.map(|snapshot| time(snapshot.read))),
    ]
}

fn time(time: Duration) -> String {
    match time.as_micros() {
        micros if micros < 1_000 => format!("{micros} µs"),
        micros if micros < 1_000_000 => format!("{}.{} ms", micros / 1_000, micros / 100 % 10),
        micros => format!("{}.{} s", micros / 1_000_000, micros / 100_000 % 10),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{}.{} kB", bytes / 1_000, bytes / 100 % 10),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loading(id: u32, events: u64, millis: u64, snapshot: Option<u64>) -> StreamLoading {
        StreamLoading {
            stream: StreamId::new("account", id).unwrap(),
            events,
            bytes: events * 153,
            read: Duration::from_micros(millis * 700),
            fold: Duration::from_micros(millis * 300),
            snapshot: snapshot.map(|micros| SnapshotCost {
                bytes: 4_120,
                read: Duration::from_micros(micros),
            }),
        }
    }

    fn report(longest: Vec<StreamLoading>) -> LoadingReport {
        LoadingReport {
            aggregate: "Account",
            category: "account",
            streams: 1_204,
            longest,
        }
    }

    #[test]
    fn it_is_a_table_with_a_verdict() {
        let report = report(vec![
            loading(7, 12_000, 50, Some(210)),
            loading(12, 40, 1, None),
        ]);
        let expected = "\
Loading `Account`: the longest 2 of 1204 streams

stream      events   bytes     read     fold  snapshot    read
account-7    12000  1.8 MB  35.0 ms  15.0 ms    4.1 kB  210 µs
account-12      40  6.1 kB   700 µs   300 µs         –       –

Snapshots help: the slowest of these takes 50.0 ms, and 210 µs from a snapshot.";
        assert_eq!(report.to_string(), expected);
    }

    #[test]
    fn the_verdict_is_what_was_measured() {
        let verdict = |longest| report(longest).verdict();
        assert!(verdict(vec![]).starts_with("There is no stream"));
        assert!(verdict(vec![loading(1, 9, 4, None)]).starts_with("No snapshots are needed"));
        assert!(verdict(vec![loading(1, 9, 40, None)]).starts_with("Snapshots may help"));
        let dear = vec![loading(1, 9, 40, Some(30_000))];
        assert!(verdict(dear).starts_with("Snapshots do not help"));
    }
}
