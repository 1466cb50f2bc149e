//! What was done outside the store, which no transaction undoes: lines in a file.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ironflow_domain::store::{Key, KeyRange, KeyValueStore, Write};
use ironflow_sqlite::Sqlite;
use serde_json::Value;

use super::orders::Order;
use super::work::{Answer, Outcome};

#[derive(Debug, Clone)]
pub(super) struct Effects(PathBuf);

impl Effects {
    /// Those of the processes at one store.
    pub(super) fn beside(store: &Path) -> Self {
        Self(store.with_file_name("effects"))
    }

    /// Does it, and says whether whoever did it knew that it might have been done before.
    pub(super) fn add(&self, id: &str, is_repeated: bool) {
        let options = OpenOptions::new().create(true).append(true).clone();
        let mut file: File = options.open(&self.0).unwrap();
        let line = serde_json::to_string(&(id, is_repeated)).unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
        file.sync_data().unwrap();
    }

    /// For each id, how often it was done, and each time whether that was known.
    pub(super) fn read(&self) -> BTreeMap<String, Vec<bool>> {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let lines = std::fs::read_to_string(&self.0).unwrap_or_default();
        for line in lines.lines() {
            let (id, is_repeated) = serde_json::from_str(line).unwrap();
            all.entry(id).or_default().push(is_repeated);
        }
        all
    }
}

/// The side effects of claimed orders, as they were when they were finalized.
#[derive(Debug, Default)]
pub(super) struct Charged(BTreeMap<String, Vec<bool>>);

impl Charged {
    /// Looks at the effects after a process has ended.
    pub(super) async fn check(
        &mut self,
        store: &Sqlite,
        effects: &Effects,
        orders: &[Order],
        answers: &[Answer],
    ) {
        let done = effects.read();
        for id in done.keys() {
            let is_claimed = |order: &Order| order.id == *id && order.is_claimed;
            assert!(orders.iter().any(is_claimed), "nobody wanted {id}");
        }
        for (place, order) in orders.iter().enumerate() {
            if !order.is_claimed {
                continue;
            }
            let id = &order.id;
            let done = done.get(id).cloned().unwrap_or_default();
            let again = done.iter().skip(1);
            assert!(
                again.clone().all(|is_known| *is_known),
                "{id} was repeated by someone who was not told that it was begun: {done:?}"
            );
            let result = result_of(store, id).await;
            let answers = answers.iter().filter(|answer| answer.order == place);
            for answer in answers {
                let Some(result) = &result else {
                    panic!("{id} was answered, and is not finalized");
                };
                assert!(
                    same(result, &answer.outcome),
                    "{id}: {result:?}, {answer:?}"
                );
            }
            if result.is_some() {
                assert!(!done.is_empty(), "{id} was finalized, and not done");
                let before = self.0.entry(id.clone()).or_insert_with(|| done.clone());
                assert_eq!(*before, done, "{id} was done again after it was finalized");
            }
        }
    }
}

fn same(one: &Outcome, other: &Outcome) -> bool {
    match (one, other) {
        (Outcome::Accepted(one), Outcome::Accepted(other)) => {
            (one.version, one.position, &one.events)
                == (other.version, other.position, &other.events)
        }
        (one, other) => one == other,
    }
}

/// What a claim was finalized with.
async fn result_of(store: &Sqlite, id: &str) -> Option<Outcome> {
    let entry = store.get(&Key::new("claims", id)).await.unwrap()?;
    let record: Value = serde_json::from_slice(&entry.value).unwrap();
    let result = record.get("finalized")?.get("result")?;
    Some(serde_json::from_value(result.clone()).unwrap())
}

/// Lets the claims lapse whose owner has died, as if their leases were over.
pub(super) async fn lapse(store: &Sqlite) {
    let claims = KeyRange::bucket("claims").limit(usize::MAX);
    for entry in store.list(claims).await.unwrap() {
        let record: Value = serde_json::from_slice(&entry.value).unwrap();
        if record.get("finalized").is_none() {
            let lapsed = Write::put(entry.key, entry.value).expiring_after(Duration::ZERO);
            store.write(vec![lapsed]).await.unwrap();
        }
    }
}
