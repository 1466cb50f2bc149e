//! What reads some kinds of events only.

use std::time::Duration;

use ironflow_domain::store::{
    Append, EventQuery, ExpectedVersion, MemoryStore, NewEvent, StreamStore,
};
use ironflow_domain::{
    Events, Ironflow, Metadata, Partition, Position, Project, Projection, ProjectionState, React,
    Reactor, Recorded, SchemaVersion, Unpartitioned, event,
};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::watched::Watched;

const SOON: Duration = Duration::from_secs(20);

/// What was once one event, and is two now.
#[derive(Clone, Serialize, Deserialize)]
struct Moved {
    from: String,
    to: String,
}

#[event("shop", split("shop.moved", Moved))]
enum ShopEvent {
    #[event(also_named("shop.founded"))]
    Opened {
        town: String,
    },
    Closed {
        town: String,
    },
    Sold {
        cents: u64,
    },
}

impl From<Moved> for Events<ShopEvent> {
    fn from(Moved { from, to }: Moved) -> Self {
        let closed = ShopEvent::Closed { town: from };
        [closed, ShopEvent::Opened { town: to }].into()
    }
}

#[event("guest")]
enum GuestEvent {
    Came,
}

/// The towns where a shop was opened.
#[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
#[projection("towns", of(ShopEvent), only(ShopEvent::Opened))]
struct Towns {
    names: Vec<String>,
}

impl Project<ShopEvent> for Towns {
    fn partition(_: &Recorded<ShopEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, event: &Recorded<ShopEvent>) {
        let ShopEvent::Opened { town } = &event.data else {
            panic!("{event:?} was not asked for");
        };
        self.names.push(town.clone());
    }
}

/// The same name, and another filter.
#[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
#[projection("towns", of(ShopEvent), only(ShopEvent::Opened, ShopEvent::Closed))]
struct OpenTowns {
    names: Vec<String>,
}

impl Project<ShopEvent> for OpenTowns {
    fn partition(_: &Recorded<ShopEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, event: &Recorded<ShopEvent>) {
        match &event.data {
            ShopEvent::Opened { town } => self.names.push(town.clone()),
            ShopEvent::Closed { town } => self.names.retain(|name| name != town),
            ShopEvent::Sold { .. } => panic!("{event:?} was not asked for"),
        }
    }
}

/// How much was sold.
#[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
#[projection("sales", of(ShopEvent), only(ShopEvent::Sold))]
struct Sales {
    count: u64,
}

impl Project<ShopEvent> for Sales {
    fn partition(_: &Recorded<ShopEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, event: &Recorded<ShopEvent>) {
        assert!(matches!(event.data, ShopEvent::Sold { .. }), "{event:?}");
        self.count += 1;
    }
}

/// Reads one set whole, and one in part.
#[derive(Projection, Default, Debug, PartialEq, Serialize, Deserialize)]
#[projection("day", of(ShopEvent, GuestEvent), only(ShopEvent::Sold))]
struct Day {
    cents: u64,
    guests: u64,
}

impl Project<ShopEvent> for Day {
    fn partition(_: &Recorded<ShopEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, event: &Recorded<ShopEvent>) {
        let ShopEvent::Sold { cents } = &event.data else {
            panic!("{event:?} was not asked for");
        };
        self.cents += cents;
    }
}

impl Project<GuestEvent> for Day {
    fn partition(_: &Recorded<GuestEvent>) -> Partition<Unpartitioned> {
        Partition::Key(Unpartitioned)
    }

    fn project(&mut self, _: &Recorded<GuestEvent>) {
        self.guests += 1;
    }
}

/// Tells of the towns where a shop was closed.
#[derive(Reactor)]
#[reactor("condolences", of(ShopEvent), only(ShopEvent::Closed), from_start)]
struct Condolences(mpsc::UnboundedSender<String>);

impl React<ShopEvent> for Condolences {
    type Error = String;

    async fn react(&self, event: &Recorded<ShopEvent>) -> Result<(), String> {
        let ShopEvent::Closed { town } = &event.data else {
            return Err(format!("{event:?} was not asked for"));
        };
        self.0.send(town.clone()).map_err(|error| error.to_string())
    }
}

async fn append(
    store: &impl StreamStore,
    stream: &str,
    events: &[(&'static str, &str)],
) -> Position {
    let new = |(name, data): &(&'static str, &str)| NewEvent {
        id: uuid::Uuid::now_v7().into(),
        name: (*name).into(),
        schema_version: SchemaVersion::new(1),
        source: "test".into(),
        data: (*data).to_owned(),
        metadata: Metadata::default(),
    };
    let append = Append {
        stream: stream.parse().unwrap(),
        expected: ExpectedVersion::Any,
        events: events.iter().map(new).collect(),
    };
    store.append(append).await.unwrap().position
}

/// Two shops, of which one is under its first name, one moves, and something was sold.
async fn shops() -> (MemoryStore, Position) {
    let store = MemoryStore::new();
    append(&store, "shop-1", &[("shop.founded", r#"{"town":"Jena"}"#)]).await;
    append(
        &store,
        "shop-2",
        &[
            ("shop.opened", r#"{"town":"Gera"}"#),
            ("shop.sold", r#"{"cents":70}"#),
        ],
    )
    .await;
    append(
        &store,
        "shop-1",
        &[("shop.moved", r#"{"from":"Jena","to":"Suhl"}"#)],
    )
    .await;
    append(&store, "guest-1", &[("guest.came", "{}")]).await;
    let end = append(&store, "shop-2", &[("shop.sold", r#"{"cents":30}"#)]).await;
    (store, end)
}

fn queries_of(watched: &Watched) -> Vec<EventQuery> {
    std::mem::take(&mut *watched.queries.lock().unwrap())
}

#[tokio::test]
async fn a_projection_gets_what_it_asks_for_and_the_store_reads_no_more() {
    let (store, end) = shops().await;
    let watched = Watched::new(&store);
    let ironflow = Ironflow::new(watched.clone()).projection::<Towns>();
    let ironflow = ironflow.start().await.unwrap();
    // Up to an event that it does not read, too.
    ironflow.wait_for::<Towns>(end, SOON).await.unwrap();
    let towns = ironflow.query::<Towns>(&Unpartitioned).await.unwrap();
    assert_eq!(towns.unwrap().names, ["Jena", "Gera", "Suhl"]);
    let queries = queries_of(&watched);
    assert!(!queries.is_empty());
    for query in queries {
        let EventQuery {
            categories,
            mut names,
            ..
        } = query;
        names.sort_unstable();
        assert_eq!(categories, ["shop"]);
        assert_eq!(names, ["shop.founded", "shop.moved", "shop.opened"]);
    }
    let lag = ironflow.projection_lag(Towns::NAME).await.unwrap();
    assert_eq!(lag.events, 0);
    let live = ironflow.live::<Towns>(&Unpartitioned).await.unwrap();
    assert_eq!(live.unwrap().state.names, ["Jena", "Gera", "Suhl"]);
}

#[tokio::test]
async fn what_is_not_asked_for_need_not_be_readable() {
    let (store, _) = shops().await;
    let unreadable = [("shop.sold", "?"), ("shop.invented", "{}")];
    let end = append(&store, "shop-2", &unreadable).await;
    let ironflow = Ironflow::new(store).projection::<Towns>();
    let ironflow = ironflow.start().await.unwrap();
    ironflow.wait_for::<Towns>(end, SOON).await.unwrap();
    let statuses = ironflow.projection_statuses();
    assert_eq!(statuses[0].state, ProjectionState::Active);
}

#[tokio::test]
async fn where_all_of_another_set_is_asked_for_nothing_is_left_out_of_that() {
    let (store, end) = shops().await;
    let watched = Watched::new(&store);
    let day = Ironflow::new(watched.clone()).projection::<Day>();
    let day = day.start().await.unwrap();
    day.wait_for::<Day>(end, SOON).await.unwrap();
    let seen = day.query::<Day>(&Unpartitioned).await.unwrap().unwrap();
    assert_eq!((seen.cents, seen.guests), (100, 1));
    let queries = queries_of(&watched);
    assert!(queries.iter().all(|query| query.names.is_empty()));
    // What no program knows yet must stop it.
    append(&store, "guest-1", &[("guest.left", "{}")]).await;
    let failed = |state: &ProjectionState| matches!(state, ProjectionState::Failed { .. });
    tokio::time::timeout(SOON, async {
        while !failed(&day.projection_statuses()[0].state) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn one_read_for_several_brings_each_what_it_asks_for() {
    let (store, end) = shops().await;
    let watched = Watched::new(&store);
    let ironflow = Ironflow::new(watched.clone())
        .projection::<Towns>()
        .projection::<Sales>();
    let ironflow = ironflow.start().await.unwrap();
    ironflow.wait_for::<Towns>(end, SOON).await.unwrap();
    ironflow.wait_for::<Sales>(end, SOON).await.unwrap();
    let towns = ironflow.query::<Towns>(&Unpartitioned).await.unwrap();
    assert_eq!(towns.unwrap().names, ["Jena", "Gera", "Suhl"]);
    let sales = ironflow.query::<Sales>(&Unpartitioned).await.unwrap();
    assert_eq!(sales.unwrap().count, 2);
    let queries = queries_of(&watched);
    let names = ["shop.founded", "shop.moved", "shop.opened", "shop.sold"];
    assert!(queries.iter().any(|query| query.names == names));
    assert!(queries.iter().all(|query| !query.names.is_empty()));
}

#[tokio::test]
async fn another_filter_fills_new_views() {
    let (store, end) = shops().await;
    let before = Ironflow::new(store.clone()).projection::<Towns>();
    let before = before.start().await.unwrap();
    before.wait_for::<Towns>(end, SOON).await.unwrap();
    before.stop().await;
    let after = Ironflow::new(store).projection::<OpenTowns>();
    let after = after.start().await.unwrap();
    after.wait_for::<OpenTowns>(end, SOON).await.unwrap();
    let open = after.query::<OpenTowns>(&Unpartitioned).await.unwrap();
    assert_eq!(open.unwrap().names, ["Gera", "Suhl"]);
}

#[tokio::test]
async fn a_reactor_gets_what_it_asks_for() {
    let (store, _) = shops().await;
    append(&store, "shop-1", &[("shop.invented", "{}")]).await;
    append(&store, "shop-2", &[("shop.closed", r#"{"town":"Gera"}"#)]).await;
    let watched = Watched::new(&store);
    let (send, mut closed) = mpsc::unbounded_channel();
    let ironflow = Ironflow::new(watched.clone()).reactor(Condolences(send));
    let ironflow = ironflow.start().await.unwrap();
    assert_eq!(closed.recv().await.unwrap(), "Jena");
    assert_eq!(closed.recv().await.unwrap(), "Gera");
    ironflow.stop().await;
    let queries = queries_of(&watched);
    let names = ["shop.closed", "shop.moved"];
    assert!(queries.iter().any(|query| query.names == names));
}
