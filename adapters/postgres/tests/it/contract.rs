//! Every promise of a store.

use std::time::Duration;

use ironflow_postgres::Postgres;
use ironflow_testing::contract::Fixture;

use crate::given::new_schema;

async fn fixture() -> Fixture {
    let schema = new_schema();
    let again = schema.clone();
    Fixture::new(open_at(schema.clone()).await)
        .reopened_by(move || open_at(again.clone()))
        .shared_at(schema)
}

async fn open_at(schema: String) -> Postgres {
    Postgres::options()
        .schema(schema)
        .readers(2)
        // The tests of a whole machine may be running at the same time.
        .patience(Duration::from_secs(20))
        .connect(&ironflow_services::postgres_url())
        .await
        .expect("the server can be used")
}

ironflow_testing::store_contract!(open = fixture, reopens, shared = open_at);
