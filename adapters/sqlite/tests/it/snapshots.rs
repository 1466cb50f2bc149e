//! Snapshots in a real file: through a restart, and after the file was replaced by a backup.

use std::time::Duration;

use ironflow_domain::store::{Entry, Key, KeyValueStore, Write};
use ironflow_domain::{Aggregate, Decide, Decision, Fold, Ironflow, Loaded, command, event};
use ironflow_sqlite::Sqlite;
use serde::{Deserialize, Serialize};

use crate::given::new_file;

#[event("meter")]
enum MeterEvent {
    Read { value: u64 },
}

#[derive(Aggregate, Default, Debug, PartialEq, Serialize, Deserialize)]
#[aggregate(event = MeterEvent, error = std::fmt::Error, snapshot(every = 10))]
struct Meter {
    total: u64,
}

impl Fold for Meter {
    fn fold(&mut self, MeterEvent::Read { value }: &MeterEvent) {
        self.total += value;
    }
}

#[command(Meter)]
struct Read(Vec<u64>);

impl Decide<Read> for Meter {
    fn decide(&self, Read(values): Read) -> Decision<Self> {
        let read = |value| MeterEvent::Read { value };
        Ok(values.into_iter().map(read).collect::<Vec<_>>().into())
    }
}

fn key() -> Key {
    Key::new("snapshots", "Meter/meter-1")
}

async fn read(store: &Sqlite, values: &[u64]) {
    let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
    let meter = ironflow.of::<Meter>(1);
    meter.execute(Read(values.to_vec())).await.unwrap();
}

async fn load(store: &Sqlite) -> Loaded<Meter> {
    let ironflow = Ironflow::new(store.clone()).start().await.unwrap();
    ironflow.of::<Meter>(1).load().await.unwrap()
}

/// The snapshot, once it is of that version.
async fn snapshot_at(store: &Sqlite, version: u64) -> Entry {
    let of = format!("\"of\":{version},");
    for _ in 0..5_000 {
        if let Some(entry) = store.get(&key()).await.unwrap()
            && String::from_utf8_lossy(&entry.value).contains(&of)
        {
            return entry;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("there is no snapshot of version {version}");
}

#[tokio::test]
async fn a_program_goes_on_from_the_snapshot_of_the_one_before() {
    let (_directory, path) = new_file();
    let store = Sqlite::open(&path).await.unwrap();
    read(&store, &[1; 12]).await;
    let entry = snapshot_at(&store, 12).await;
    // Wrong on purpose: who loads 112 has read it.
    let value = String::from_utf8(entry.value).unwrap();
    let value = value.replace("{\"total\":12}", "{\"total\":112}");
    store.write(vec![Write::put(key(), value)]).await.unwrap();
    store.close().await;
    drop(store);

    let store = Sqlite::open(&path).await.unwrap();
    let loaded = load(&store).await;
    assert_eq!((loaded.state.total, loaded.version.get()), (112, 12));
    read(&store, &[5]).await;
    assert_eq!(load(&store).await.state.total, 117);
}

#[tokio::test]
async fn a_snapshot_of_another_file_is_not_read() {
    let (_directory, path) = new_file();
    let store = Sqlite::open(&path).await.unwrap();
    read(&store, &[1; 12]).await;
    let entry = snapshot_at(&store, 12).await;

    let (_other_directory, path) = new_file();
    let other = Sqlite::open(&path).await.unwrap();
    read(&other, &[2; 9]).await;
    let foreign = Write::put(key(), entry.value);
    other.write(vec![foreign]).await.unwrap();
    // Shorter than the one that the snapshot is of, then longer.
    assert_eq!(load(&other).await.state.total, 18);
    read(&other, &[2; 9]).await;
    snapshot_at(&other, 18).await;
    assert_eq!(load(&other).await.state.total, 36);
}
