//! Rounds of chaos with projections, each in a schema of its own, whose connections are lost, or whose
//! server is killed.

use std::sync::{Arc, Mutex};

use ironflow_chaos::{Site, rounds};
use ironflow_domain::store::{Store, StoreError};
use ironflow_services::Postgres as Server;
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;

use crate::given::{new_schema, options, raw};

/// A schema at a server, and the name that all who use it have there.
#[derive(Clone)]
struct Schema {
    name: String,
    server: String,
}

impl Schema {
    fn new(server: String) -> Self {
        let name = new_schema();
        let schema = Self { name, server };
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let sql = format!("CREATE SCHEMA {}", schema.tables());
            raw(&schema.server).await.batch_execute(&sql).await.unwrap();
        });
        schema
    }

    /// Where the tables of projections are.
    fn tables(&self) -> String {
        format!("{}_tables", self.name)
    }

    async fn open(&self) -> Result<Arc<dyn Store>, StoreError> {
        let (name, server, tables) = (&self.name, &self.server, self.tables());
        let url = format!("{server}?application_name={name}&options=-csearch_path%3D{tables}");
        Ok(Arc::new(options(name).connect(&url).await?))
    }

    async fn numbers(&self, table: &str) -> Vec<u64> {
        let tables = self.tables();
        let sql = format!("SELECT number FROM {tables}.{table} ORDER BY place");
        let rows = raw(&self.server).await.query(&sql, &[]).await.unwrap();
        let numbers = rows.iter().map(|row| row.get::<_, i64>(0).unsigned_abs());
        numbers.collect()
    }
}

/// Its connections are lost.
#[derive(Clone)]
struct Disconnected(Schema);

impl Site for Disconnected {
    async fn open(&self) -> Result<Arc<dyn Store>, StoreError> {
        self.0.open().await
    }

    async fn numbers(&self, table: String) -> Vec<u64> {
        self.0.numbers(&table).await
    }

    async fn disturb(&self) {
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE application_name = $1 AND random() < 0.5";
        let client = raw(&self.0.server).await;
        client.query(sql, &[&self.0.name]).await.unwrap();
    }
}

/// Its server is killed, and started again.
#[derive(Clone)]
struct Killed {
    schema: Schema,
    server: Arc<Mutex<Server>>,
}

impl Site for Killed {
    async fn open(&self) -> Result<Arc<dyn Store>, StoreError> {
        self.schema.open().await
    }

    async fn numbers(&self, table: String) -> Vec<u64> {
        self.schema.numbers(&table).await
    }

    async fn disturb(&self) {
        let server = Arc::clone(&self.server);
        let restart = move || {
            let mut server = server.lock().unwrap();
            server.kill().unwrap();
            server.restart().unwrap();
        };
        spawn_blocking(restart).await.unwrap();
    }
}

/// `IRONFLOW_CHAOS_ROUNDS=500` is how many there are to be, `IRONFLOW_CHAOS_SEED=7` where their
/// numbers begin.
#[test]
fn every_view_is_what_the_log_says_whatever_happens_to_those_who_fill_them() {
    rounds(10, || {
        (
            (),
            Disconnected(Schema::new(ironflow_services::postgres_url())),
        )
    });
}

#[test]
fn and_so_it_is_where_the_server_is_killed() {
    let server = Arc::new(Mutex::new(Server::start().unwrap()));
    rounds(5, || {
        let url = server.lock().unwrap().url();
        let schema = Schema::new(url);
        let server = Arc::clone(&server);
        ((), Killed { schema, server })
    });
}
