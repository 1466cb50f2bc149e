//! What loading an aggregate costs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use super::keeper::key;
use super::report::{LoadingReport, SnapshotCost, StreamLoading};
use crate::runtime::ironflow::Ironflow;
use crate::runtime::load::{Folding, LoadError};
use crate::store::{ListStreams, ReadStream, Store, StoreError};
use crate::{Aggregate, JsonError, StreamId, StreamVersion};

impl<X> Ironflow<X> {
    /// Measures what it costs to load an aggregate, on its longest streams: whether it needs
    /// snapshots, and whether they help. Nothing is written.
    ///
    /// It reads so many streams from their first event to their last, and lists all of the category
    /// to find them: something for a quiet hour, or a copy of the store.
    ///
    /// ```
    /// # use ironflow_domain::{Aggregate, Decide, Decision, Fold, Ironflow, command, event, events, store::MemoryStore};
    /// # #[event("account")] pub enum AccountEvent { Deposited { cents: u64 } }
    /// # #[command(Account)] pub struct Deposit { cents: u64 }
    /// # #[derive(Aggregate, Default)] #[aggregate(event = AccountEvent, error = std::fmt::Error)] pub struct Account;
    /// # impl Fold for Account { fn fold(&mut self, _: &AccountEvent) {} }
    /// # impl Decide<Deposit> for Account {
    /// #     fn decide(&self, c: Deposit) -> Decision<Self> { Ok(events![AccountEvent::Deposited { cents: c.cents }]) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let ironflow = Ironflow::new(MemoryStore::new()).start().await?;
    /// # ironflow.of::<Account>(7).execute(Deposit { cents: 1 }).await?;
    /// let report = ironflow.measure_loading::<Account>(10).await?;
    /// println!("{report}");
    /// assert_eq!(report.longest[0].events, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// When the store fails, or when an event cannot be read.
    pub async fn measure_loading<A: Aggregate>(
        &self,
        streams: usize,
    ) -> Result<LoadingReport, LoadError> {
        let store = self.store();
        let (all, longest) = longest_streams::<A>(store, streams).await?;
        let mut report = LoadingReport {
            aggregate: A::NAME,
            category: A::CATEGORY,
            streams: all,
            longest: Vec::with_capacity(longest.len()),
        };
        for stream in longest {
            report.longest.push(measure::<A>(store, stream).await?);
        }
        Ok(report)
    }
}

/// How many streams there are of the category, and the longest of them, from the longest on.
async fn longest_streams<A: Aggregate>(
    store: &dyn Store,
    streams: usize,
) -> Result<(u64, Vec<StreamId>), StoreError> {
    let mut all = 0;
    let mut longest = BinaryHeap::new();
    let mut list = ListStreams {
        category: Some(A::CATEGORY.to_owned()),
        ..ListStreams::default()
    };
    loop {
        let page = store.list_streams(list.clone()).await?;
        let Some(end) = page.last() else { break };
        list.after = Some(end.stream.clone());
        for info in page {
            all += 1;
            longest.push(Reverse((info.version, Reverse(info.stream))));
            if longest.len() > streams {
                longest.pop();
            }
        }
    }
    let longest = longest.into_sorted_vec().into_iter();
    Ok((
        all,
        longest
            .map(|Reverse((_, Reverse(stream)))| stream)
            .collect(),
    ))
}

async fn measure<A: Aggregate>(
    store: &dyn Store,
    stream: StreamId,
) -> Result<StreamLoading, LoadError> {
    let mut folding = Folding::<A>::new();
    let (mut events, mut bytes) = (0, 0);
    let (mut read, mut fold) = (Duration::ZERO, Duration::ZERO);
    let mut next = Some(StreamVersion::EMPTY.next());
    while let Some(from) = next {
        let begun = Instant::now();
        let page = store
            .read_stream(&stream, ReadStream::forward(from))
            .await?;
        read += begun.elapsed();
        let begun = Instant::now();
        folding.fold(page.events.iter())?;
        fold += begun.elapsed();
        events += page.events.len() as u64;
        bytes += page.events.bytes() as u64;
        next = page.next;
    }
    let snapshot = snapshot_cost(store, &stream, &folding.state).await?;
    Ok(StreamLoading {
        stream,
        events,
        bytes,
        read,
        fold,
        snapshot,
    })
}

/// What it would cost to load the state from a snapshot; nothing where the aggregate has none, or
/// where the state does not go through JSON.
///
/// None is written for this: it is a look-up in the store, and the time to read the state from JSON
/// in memory.
async fn snapshot_cost<A: Aggregate>(
    store: &dyn Store,
    stream: &StreamId,
    state: &A,
) -> Result<Option<SnapshotCost>, StoreError> {
    let Some(snapshots) = A::snapshots() else {
        return Ok(None);
    };
    let begun = Instant::now();
    drop(store.get(&key::<A>(stream)).await?);
    let look_up = begun.elapsed();
    let cost = || -> Result<SnapshotCost, JsonError> {
        let text = snapshots.encode(state)?;
        let begun = Instant::now();
        drop(snapshots.decode(&text)?);
        Ok(SnapshotCost {
            bytes: text.len() as u64,
            read: look_up + begun.elapsed(),
        })
    };
    let aggregate = A::NAME;
    Ok(cost()
        .inspect_err(
            |error| tracing::warn!(aggregate, %error, "a state cannot be kept as a snapshot"),
        )
        .ok())
}
