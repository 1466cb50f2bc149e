//! What must hold at the end: every view is what a fold of the log says.

use std::collections::BTreeMap;

use ironflow_domain::store::{Key, KeyRange, ReadLog, Store};
use ironflow_domain::{Position, Unpartitioned};
use serde_json::Value;

use crate::Site;
use crate::domain::OF_THE_SECOND;
use crate::watch::Complaints;

type Views = BTreeMap<String, Vec<u64>>;

/// The rows of `rows`.
const TABLE: &str = "numbers_of_events";

/// An event, as this module reads it.
struct Event {
    position: Position,
    number: u64,
    /// The views of `paths` that it goes to.
    keys: Vec<String>,
    stream: String,
    is_parcel: bool,
    is_sent_parcel: bool,
    is_noise: bool,
}

/// The log, with all that events lead to worked out by hand.
pub(crate) struct Log(Vec<Event>);

impl Log {
    pub(crate) async fn read(store: &dyn Store) -> Self {
        let mut log = Vec::new();
        let mut routes = BTreeMap::<String, Vec<String>>::new();
        let mut read = ReadLog::after(Position::START);
        loop {
            let page = store.read_log(read.clone()).await.unwrap();
            for event in page.events.iter() {
                let data: Value = serde_json::from_str(event.data).unwrap();
                let route = routes.entry(event.stream.to_owned()).or_default();
                let keys = match event.name {
                    "track.went" => {
                        *route = serde_json::from_value(data["to"].clone()).unwrap();
                        route.clone()
                    }
                    "parcel.sent" => {
                        *route = vec![data["to"].as_str().unwrap().to_owned()];
                        route.clone()
                    }
                    "track.stayed" | "parcel.held" => route.clone(),
                    "track.lost" | "noise.made" => Vec::new(),
                    name => panic!("{name} is an event of this test"),
                };
                log.push(Event {
                    position: event.position,
                    number: data["number"].as_u64().unwrap(),
                    keys,
                    stream: event.stream.to_owned(),
                    is_parcel: event.name.starts_with("parcel."),
                    is_sent_parcel: event.name == "parcel.sent",
                    is_noise: event.name == "noise.made",
                });
            }
            read.after = page.read_to;
            if page.at_end {
                return Self(log);
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn end(&self) -> Position {
        self.0
            .last()
            .map_or(Position::START, |event| event.position)
    }

    /// The views of a projection as they are with all that the log has up to there.
    /// Whether what was delivered is what was recorded: each event at least once, and those of a stream
    /// in their order, whatever was done again.
    pub(crate) fn is_delivered(&self, done: &[(String, u64)], complaints: &Complaints) {
        let mut delivered = BTreeMap::<&str, Vec<u64>>::new();
        for (stream, number) in done {
            let before = delivered.entry(stream).or_default();
            if !before.contains(number) {
                before.push(*number);
            }
        }
        let mut recorded = BTreeMap::<&str, Vec<u64>>::new();
        for event in self.0.iter().filter(|event| event.is_parcel) {
            recorded
                .entry(&event.stream)
                .or_default()
                .push(event.number);
        }
        for all in [&mut delivered, &mut recorded] {
            for (stream, numbers) in all {
                numbers.retain(|number| !complaints.is_skipped("deliveries", stream, *number));
            }
        }
        delivered.retain(|_, numbers| !numbers.is_empty());
        recorded.retain(|_, numbers| !numbers.is_empty());
        assert_eq!(delivered, recorded);
    }

    fn fold(&self, projection: &str, plus: u64, to: Position) -> Views {
        let mut views = Views::new();
        for event in self.0.iter().filter(|event| event.position <= to) {
            let global = [Unpartitioned.to_string()];
            let keys = match projection {
                "paths" => &event.keys[..],
                "rows" if !event.is_noise => &global,
                "rows" => &[],
                _ if event.is_sent_parcel => &global,
                _ => &[],
            };
            for key in keys {
                let view = views.entry(key.clone()).or_default();
                view.push(event.number + plus);
            }
        }
        views
    }
}

/// What is stored of a projection.
pub(crate) struct Stored<'s, S> {
    pub(crate) site: &'s S,
    pub(crate) store: &'s dyn Store,
    pub(crate) projection: &'s str,
    pub(crate) complaints: &'s Complaints,
}

impl<S: Site> Stored<'_, S> {
    async fn json(&self, bucket: &str, name: &str) -> Value {
        let entry = self.store.get(&Key::new(bucket, name)).await.unwrap();
        serde_json::from_slice(&entry.unwrap().value).unwrap()
    }

    async fn list(&self, kind: &str, generation: u64) -> BTreeMap<String, Value> {
        let bucket = format!("{kind}/{}/{generation}", self.projection);
        let entries = self.store.list(KeyRange::bucket(bucket)).await.unwrap();
        let values = entries.into_iter().map(|entry| {
            let json = serde_json::from_slice(&entry.value).unwrap();
            (entry.key.name, json)
        });
        values.collect()
    }

    /// The views of a generation; where it has rows, these are one.
    async fn views(&self, generation: u64) -> Views {
        if self.projection == "rows" {
            let rows = self.site.numbers(format!("{TABLE}_{generation}")).await;
            let rows = Some(rows).filter(|rows| !rows.is_empty());
            let key = Unpartitioned.to_string();
            return rows.map(|rows| (key, rows)).into_iter().collect();
        }
        let views = self.list("projection", generation).await.into_iter();
        let numbers = views.map(|(key, view)| {
            let numbers = view["state"]["numbers"].clone();
            (key, serde_json::from_value(numbers).unwrap())
        });
        numbers.collect()
    }

    /// Leaves out what may be there or not.
    fn leave_out_skipped(&self, views: &mut Views, plus: u64) {
        views.retain(|key, numbers| {
            numbers.retain(|number| {
                let number = number - plus;
                !self.complaints.is_skipped(self.projection, key, number)
            });
            !numbers.is_empty()
        });
    }

    /// Every generation is what the log says up to where its checkpoint is, and those that are
    /// followed are at the end. Says how many there are.
    pub(crate) async fn is_what_the_log_says(&self, log: &Log, followed: &[u32]) -> usize {
        let head = self.json("projections", self.projection).await;
        let generations = head["generations"].as_array().unwrap();
        for number in followed {
            let is_it = |it: &&Value| it["number"] == *number;
            let generation = generations.iter().find(is_it);
            let generation = generation.unwrap_or_else(|| panic!("{number} is there: {head}"));
            assert_eq!(generation["is_building"], false, "{head}");
        }
        for generation in generations {
            let number = generation["number"].as_u64().unwrap();
            let plus = match generation["definition"]["version"].as_u64() {
                Some(1) => 0,
                Some(2) => OF_THE_SECOND,
                _ => panic!("{generation}"),
            };
            let name = format!("{}/{number}", self.projection);
            let checkpoint = self.json("projection-checkpoints", &name).await;
            let position = serde_json::from_value(checkpoint["position"].clone()).unwrap();
            let is_followed = followed.iter().any(|it| u64::from(*it) == number);
            let to = if is_followed { log.end() } else { position };
            let mut expected = log.fold(self.projection, plus, to);
            let mut views = self.views(number).await;
            for views in [&mut expected, &mut views] {
                self.leave_out_skipped(views, plus);
            }
            for (key, parked) in self.list("projection-parked", number).await {
                assert!(!is_followed, "{parked} of {generation}, {checkpoint}");
                // It has missed the end, and nothing else.
                let all = expected.remove(&key).unwrap_or_default();
                let some = views.remove(&key).unwrap_or_default();
                assert!(all.starts_with(&some), "{key}: {some:?} of {all:?}");
            }
            assert_eq!(views, expected, "{generation}, {checkpoint}");
        }
        if self.projection == "rows" {
            let serving = head["serving"].as_u64().unwrap();
            let shown = self.site.numbers(TABLE.to_owned()).await;
            let serves = self.site.numbers(format!("{TABLE}_{serving}")).await;
            assert_eq!(shown, serves, "{head}");
        }
        generations.len()
    }
}
