//! Keys that Postgres cannot hold.

use ironflow_domain::store::{Key, KeyValueStore, StoreErrorKind, Write, WriteError};

use crate::given::new_store;

#[tokio::test]
async fn a_key_with_a_nul_is_nobodys_and_cannot_be_written() {
    let (store, _) = new_store().await;
    let good = Key::new("bucket", "name");
    let write = Write::put(good.clone(), "value");
    store.write(vec![write]).await.unwrap();
    let odd = [Key::new("bucket", "na\0me"), Key::new("buc\0ket", "name")];
    for key in &odd {
        assert_eq!(store.get(key).await.unwrap(), None);
        let refused = store.write(vec![Write::put(key.clone(), "")]).await;
        let Err(WriteError::Store(error)) = refused else {
            panic!("{refused:?}")
        };
        assert_eq!(error.kind(), StoreErrorKind::Unsupported);
    }
    let [first, last] = odd;
    let found = store.get_all(&[first, good.clone(), last]).await.unwrap();
    let found: Vec<Option<Key>> = found.into_iter().map(|entry| Some(entry?.key)).collect();
    assert_eq!(found, [None, Some(good), None]);
}
