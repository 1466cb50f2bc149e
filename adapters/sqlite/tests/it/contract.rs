//! Every promise of a store, in a file and in memory.

mod file {
    use std::sync::Arc;
    use std::time::Duration;

    use ironflow_sqlite::Sqlite;
    use ironflow_testing::contract::Fixture;

    async fn fixture() -> Fixture {
        let directory =
            Arc::new(tempfile::tempdir().expect("there is a place for temporary files"));
        let path = directory.path().join("store.db");
        let place = path
            .to_str()
            .expect("temporary files have names that are text")
            .to_owned();
        let again = place.clone();
        Fixture::new(open_at(place.clone()).await)
            .keeping(directory)
            .reopened_by(move || open_at(again.clone()))
            .shared_at(place)
    }

    async fn open_at(path: String) -> Sqlite {
        Sqlite::options()
            // Whoever waits for a file that others write to all the time may not be next.
            .busy_timeout(Duration::from_secs(20))
            .open(path)
            .await
            .expect("the file can be opened")
    }

    ironflow_testing::store_contract!(open = fixture, reopens, shared = open_at);
}

mod memory {
    use ironflow_sqlite::Sqlite;
    use ironflow_testing::contract::Fixture;

    ironflow_testing::store_contract!(
        open = || async { Fixture::new(Sqlite::open(":memory:").await.expect("there is memory")) }
    );
}
