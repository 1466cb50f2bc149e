//! Rounds of chaos with projections, each in a schema of its own, whose connections are lost.

use std::sync::Arc;

use ironflow_chaos::{Site, rounds};
use ironflow_domain::store::{Store, StoreError};

use crate::given::{new_schema, options, raw_shared};

/// A schema, and the name that all who use it have at the server.
#[derive(Clone)]
struct Schema(String);

impl Site for Schema {
    async fn open(&self) -> Result<Arc<dyn Store>, StoreError> {
        let Self(name) = self;
        let url = format!(
            "{}?application_name={name}",
            ironflow_services::postgres_url()
        );
        Ok(Arc::new(options(name).connect(&url).await?))
    }

    async fn disturb(&self) {
        let Self(name) = self;
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE application_name = $1 AND random() < 0.5";
        raw_shared().await.query(sql, &[name]).await.unwrap();
    }
}

/// `IRONFLOW_CHAOS_ROUNDS=500` is how many there are to be, `IRONFLOW_CHAOS_SEED=7` where their
/// numbers begin.
#[test]
fn every_view_is_what_the_log_says_whatever_happens_to_those_who_fill_them() {
    rounds(10, || ((), Schema(new_schema())));
}
