//! Many projections, and one read of the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ironflow_domain::store::{
    Append, AppendError, Appended, Entry, Key, KeyRange, KeyValueStore, ListStreams, LogPage,
    MemoryStore, ReadLog, ReadStream, Revision, StoreError, StreamInfo, StreamPage, StreamStore,
    Write, WriteError, async_trait,
};
use ironflow_domain::{
    Aggregate, Builder, Decide, Decision, EventId, Fold, Ironflow, Partition, Position, Project,
    Projection, Recorded, RecordedEvent, StreamId, command, event,
};
use serde::{Deserialize, Serialize};

const SOON: Duration = Duration::from_secs(20);

#[event("left")]
enum LeftEvent {
    Said { number: u64 },
}

#[event("right")]
enum RightEvent {
    Said { number: u64 },
}

#[derive(Aggregate, Default)]
#[aggregate(event = LeftEvent, error = std::convert::Infallible)]
struct Left;

impl Fold for Left {
    fn fold(&mut self, _: &LeftEvent) {}
}

#[derive(Aggregate, Default)]
#[aggregate(event = RightEvent, error = std::convert::Infallible)]
struct Right;

impl Fold for Right {
    fn fold(&mut self, _: &RightEvent) {}
}

#[command(Left)]
struct SayLeft(u64);

#[command(Right)]
struct SayRight(u64);

impl Decide<SayLeft> for Left {
    fn decide(&self, SayLeft(number): SayLeft) -> Decision<Self> {
        Ok(vec![LeftEvent::Said { number }].into())
    }
}

impl Decide<SayRight> for Right {
    fn decide(&self, SayRight(number): SayRight) -> Decision<Self> {
        Ok(vec![RightEvent::Said { number }].into())
    }
}

/// Several projections of the same events.
macro_rules! projections {
    ($($name:ident $text:literal $event:ident;)+) => {
        $(
            #[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
            #[projection($text, partition = String, of($event))]
            struct $name {
                numbers: Vec<u64>,
            }

            impl Project<$event> for $name {
                fn partition(event: &Recorded<$event>) -> Partition<String> {
                    Partition::Key(event.stream.id().to_owned())
                }

                fn project(&mut self, event: &Recorded<$event>) {
                    let $event::Said { number } = event.data;
                    self.numbers.push(number);
                }
            }
        )+

        fn with_all(mut builder: Builder) -> Builder {
            $(builder = builder.projection::<$name>();)+
            builder
        }

        async fn all_show(ironflow: &Ironflow, position: Position) {
            $(ironflow.wait_for::<$name>(position, SOON).await.unwrap();)+
        }

        async fn all_have(ironflow: &Ironflow, up_to: u64) {
            let numbers: Vec<u64> = (0..up_to).collect();
            $(assert_eq!(shows::<$name>(ironflow).await.numbers, numbers, $text);)+
        }
    };
}

projections! {
    L1 "l1" LeftEvent; L2 "l2" LeftEvent; L3 "l3" LeftEvent; L4 "l4" LeftEvent; L5 "l5" LeftEvent;
    L6 "l6" LeftEvent; L7 "l7" LeftEvent; L8 "l8" LeftEvent; L9 "l9" LeftEvent; L10 "l10" LeftEvent;
    R1 "r1" RightEvent; R2 "r2" RightEvent; R3 "r3" RightEvent; R4 "r4" RightEvent; R5 "r5" RightEvent;
    R6 "r6" RightEvent; R7 "r7" RightEvent; R8 "r8" RightEvent; R9 "r9" RightEvent; R10 "r10" RightEvent;
}

/// Counts how often the log is read.
#[derive(Clone, Default)]
struct Counted {
    store: MemoryStore,
    reads: Arc<AtomicUsize>,
}

#[async_trait]
impl StreamStore for Counted {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.store.append(append).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        read: ReadStream,
    ) -> Result<StreamPage, StoreError> {
        self.store.read_stream(stream, read).await
    }

    async fn read_log(&self, read: ReadLog) -> Result<LogPage, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        // As one that takes its time.
        tokio::task::yield_now().await;
        self.store.read_log(read).await
    }

    async fn log_grown(&self, position: Position) -> Result<(), StoreError> {
        self.store.log_grown(position).await
    }

    async fn find_event(&self, id: EventId) -> Result<Option<RecordedEvent>, StoreError> {
        self.store.find_event(id).await
    }

    async fn stream_info(&self, stream: &StreamId) -> Result<Option<StreamInfo>, StoreError> {
        self.store.stream_info(stream).await
    }

    async fn list_streams(&self, list: ListStreams) -> Result<Vec<StreamInfo>, StoreError> {
        self.store.list_streams(list).await
    }
}

#[async_trait]
impl KeyValueStore for Counted {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, StoreError> {
        self.store.get(key).await
    }

    async fn list(&self, range: KeyRange) -> Result<Vec<Entry>, StoreError> {
        self.store.list(range).await
    }

    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Option<Revision>>, WriteError> {
        self.store.write(batch).await
    }
}

async fn follow(store: &Counted) -> Ironflow {
    with_all(Ironflow::new(store.clone()))
        .poll_interval(Duration::from_mins(10))
        .start()
        .await
        .unwrap()
}

async fn say(ironflow: &Ironflow, numbers: std::ops::Range<u64>) -> Position {
    let mut last = None;
    for number in numbers {
        let left = ironflow.of::<Left>("x").execute(SayLeft(number)).await;
        left.unwrap();
        let right = ironflow.of::<Right>("x").execute(SayRight(number)).await;
        last = right.unwrap().position;
    }
    last.unwrap()
}

async fn shows<P: Projection<Key = String>>(ironflow: &Ironflow) -> P {
    let view = ironflow.query::<P>(&"x".to_owned()).await.unwrap();
    view.unwrap()
}

#[tokio::test]
async fn twenty_projections_read_the_log_once() {
    let store = Counted::default();
    let nobody = Ironflow::new(store.clone()).start().await.unwrap();
    let last = say(&nobody, 0..6_000).await;
    assert_eq!(store.reads.load(Ordering::SeqCst), 0);

    // 12 000 events in pages of 4 000, and a look whether there are more.
    let follows = follow(&store).await;
    all_show(&follows, last).await;
    let caught_up = store.reads.load(Ordering::SeqCst);
    assert!((3..=6).contains(&caught_up), "{caught_up}");

    // Then one read for each growth that is seen, and not one for each projection.
    for number in 6_000..6_050 {
        let last = say(&follows, number..number + 1).await;
        all_show(&follows, last).await;
    }
    let reads = store.reads.load(Ordering::SeqCst) - caught_up;
    assert!(reads <= 250, "{reads}");

    all_have(&follows, 6_050).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn those_that_start_elsewhere_find_each_other() {
    let store = Counted::default();
    let nobody = Ironflow::new(store.clone()).start().await.unwrap();
    say(&nobody, 0..3_000).await;
    // One of them has been there before.
    let one = Ironflow::new(store.clone())
        .projection::<L2>()
        .start()
        .await;
    let one = one.unwrap();
    let last = say(&nobody, 3_000..3_001).await;
    one.wait_for::<L2>(last, SOON).await.unwrap();
    one.stop().await;
    let follows = follow(&store).await;
    let last = say(&nobody, 3_001..9_000).await;
    all_show(&follows, last).await;
    all_have(&follows, 9_000).await;
}
