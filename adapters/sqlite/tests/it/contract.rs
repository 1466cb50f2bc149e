//! Every promise of a store, in a file and in memory.

mod file {
    use std::sync::Arc;

    use ironflow_sqlite::Sqlite;
    use ironflow_testing::contract::Fixture;

    async fn fixture() -> Fixture {
        let directory =
            Arc::new(tempfile::tempdir().expect("there is a place for temporary files"));
        let path = directory.path().join("store.db");
        let store = Sqlite::open(&path).await.expect("a new file can be opened");
        Fixture::new(store).keeping(directory).reopened_by(move || {
            let path = path.clone();
            async move {
                Sqlite::open(path)
                    .await
                    .expect("the file can be opened again")
            }
        })
    }

    ironflow_testing::store_contract!(open = fixture, reopens);
}

mod memory {
    use ironflow_sqlite::Sqlite;
    use ironflow_testing::contract::Fixture;

    ironflow_testing::store_contract!(
        open = || async { Fixture::new(Sqlite::open(":memory:").await.expect("there is memory")) }
    );
}
