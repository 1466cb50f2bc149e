//! Batches in which several writes are to one key.

use std::time::Duration;

use ironflow_domain::store::{Key, KeyValueStore, MemoryStore, Write, WriteError};
use ironflow_sqlite::Sqlite;

/// A later write sees what an earlier one of its batch did, whatever time has passed, in every store.
#[tokio::test]
async fn what_was_written_in_the_same_batch_has_not_expired() {
    let key = || Key::new("bucket", "a");
    let lasting = Write::put(key(), "lasting");
    let fleeting = Write::put(key(), "fleeting").expiring_after(Duration::ZERO);
    let create = Write::create(key(), "created");
    let stores: [Box<dyn KeyValueStore>; 2] = [
        Box::new(MemoryStore::default()),
        Box::new(Sqlite::in_memory().await.unwrap()),
    ];
    for store in stores {
        let answer = store.write(vec![fleeting.clone(), create.clone()]).await;
        assert!(
            matches!(answer, Err(WriteError::Revision { .. })),
            "it was there when it was created: {answer:?}"
        );
        assert_eq!(store.get(&key()).await.unwrap(), None);

        // In another batch it has expired.
        store.write(vec![fleeting.clone()]).await.unwrap();
        store.write(vec![create.clone()]).await.unwrap();
        let deleted = vec![
            lasting.clone(),
            fleeting.clone(),
            Write::delete(key()),
            create.clone(),
        ];
        let revisions = store.write(deleted).await.unwrap();
        let entry = store.get(&key()).await.unwrap().unwrap();
        assert_eq!(
            (entry.value.as_slice(), Some(entry.revision)),
            (b"created".as_slice(), revisions[3])
        );
    }
}
