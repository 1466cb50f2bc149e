//! How streams are read to be folded.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use ironflow_domain::store::{MemoryStore, ReadStream};
use ironflow_domain::{Aggregate, Decide, Decision, Fold, Ironflow, command, event};

use crate::watched::Watched;

#[event("counter")]
enum CounterEvent {
    Counted { at: u64 },
}

#[command(Counter)]
struct Count {
    #[id]
    counter: u32,
    times: u64,
}

#[derive(Aggregate, Default, Debug)]
#[aggregate(event = CounterEvent, error = std::fmt::Error)]
struct Counter {
    at: u64,
    /// For every event, how many pages had been asked for when it was folded.
    asked: Vec<usize>,
}

/// How many pages have been asked for.
static READS: OnceLock<Arc<AtomicUsize>> = OnceLock::new();

impl Fold for Counter {
    fn fold(&mut self, CounterEvent::Counted { at }: &CounterEvent) {
        self.at = *at;
        let reads = READS.get().map(|reads| reads.load(Ordering::SeqCst));
        self.asked.push(reads.unwrap_or_default());
    }
}

impl Decide<Count> for Counter {
    fn decide(&self, Count { times, .. }: Count) -> Decision<Self> {
        let next = |step| CounterEvent::Counted { at: self.at + step };
        Ok((1..=times).map(next).collect())
    }
}

#[tokio::test]
async fn while_a_page_is_folded_the_next_one_is_on_its_way() {
    let store = Watched::new(&MemoryStore::new());
    let counters = Ironflow::new(store.clone()).start().await.unwrap();
    let limit = ReadStream::LIMIT;
    let events = 2 * limit + 1;
    let (counter, times) = (1, events as u64);
    counters.execute(Count { counter, times }).await.unwrap();

    let before = store.reads.load(Ordering::SeqCst);
    READS.set(Arc::clone(&store.reads)).unwrap();
    let loaded = counters.of::<Counter>(1).load().await.unwrap();
    let asked = loaded.state.asked;
    assert_eq!((loaded.state.at, asked.len()), (times, events));
    let asked: Vec<_> = [0, limit, 2 * limit]
        .map(|event| asked[event] - before)
        .into();
    assert_eq!(asked, [2, 3, 3], "pages asked for when each page is begun");
}
