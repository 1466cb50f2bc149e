//! Ironflow on SQLite: the whole store in one file, nothing to install.
//!
//! [`Sqlite`] keeps both promises of `ironflow_domain::store`: it is a
//! [`StreamStore`](ironflow_domain::store::StreamStore) and a
//! [`KeyValueStore`](ironflow_domain::store::KeyValueStore). SQLite itself is compiled in.
//!
//! ```
//! use ironflow_domain::store::{Key, KeyValueStore, Write};
//! use ironflow_sqlite::Sqlite;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("orders.db");
//! let store = Sqlite::open(&path).await?;
//! store.write(vec![Write::put(Key::new("greeting", "en"), "hello")]).await?;
//! store.close().await;
//!
//! let store = Sqlite::open(&path).await?;
//! let entry = store.get(&Key::new("greeting", "en")).await?.ok_or("it is still there")?;
//! assert_eq!(entry.value, b"hello");
//! # Ok(())
//! # }
//! ```
//!
//! # Tables of your own
//!
//! A projection may fill tables in the same file. Any program may open it and read them.
//!
//! ```
//! use std::time::Duration;
//!
//! use ironflow_domain::{Aggregate, Decide, Decision, Fold, Ironflow, command, event, events};
//! use ironflow_domain::{ProjectSql, Recorded, SqlProjection, Statements};
//! use ironflow_sqlite::Sqlite;
//!
//! #[event("account")]
//! pub enum AccountEvent {
//!     Deposited { cents: i64 },
//! }
//!
//! #[derive(SqlProjection)]
//! #[projection("balances", of(AccountEvent))]
//! #[table("balances", columns = "account TEXT PRIMARY KEY, cents BIGINT NOT NULL")]
//! struct Balances;
//!
//! impl ProjectSql<AccountEvent> for Balances {
//!     fn project(event: &Recorded<AccountEvent>, sql: &mut Statements) {
//!         let AccountEvent::Deposited { cents } = &event.data;
//!         sql.execute(
//!             "INSERT INTO {balances} (account, cents) VALUES ($1, $2)
//!              ON CONFLICT (account) DO UPDATE SET cents = {balances}.cents + excluded.cents",
//!             (event.stream.id(), cents),
//!         );
//!     }
//! }
//! # #[derive(Aggregate, Default)]
//! # #[aggregate(event = AccountEvent, error = std::fmt::Error)]
//! # struct Account;
//! # impl Fold for Account { fn fold(&mut self, _: &AccountEvent) {} }
//! # #[command(Account)]
//! # struct Deposit { cents: i64 }
//! # impl Decide<Deposit> for Account {
//! #     fn decide(&self, Deposit { cents }: Deposit) -> Decision<Self> { Ok(events![AccountEvent::Deposited { cents }]) }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("bank.db");
//! let store = Sqlite::open(&path).await?;
//! let bank = Ironflow::new(store).projection::<Balances>().start().await?;
//! bank.of::<Account>("ann").execute(Deposit { cents: 40 }).await?;
//! let receipt = bank.of::<Account>("ann").execute(Deposit { cents: 2 }).await?;
//! bank.wait_for::<Balances>(&receipt, Duration::from_secs(5)).await?;
//!
//! let reader = rusqlite::Connection::open(&path)?;
//! let sql = "SELECT cents FROM balances WHERE account = 'ann'";
//! assert_eq!(reader.query_row(sql, [], |row| row.get::<_, i64>(0))?, 42);
//! # Ok(())
//! # }
//! ```
//!
//! # How it works
//!
//! - **One writer.** A thread of its own takes whatever waits to be written, writes it in one
//!   transaction and answers only when that has reached the disk. Each append and each batch lies
//!   in a savepoint, so one that conflicts fails alone. Full durability costs one flush for many
//!   appends.
//! - **Readers beside it.** Reads run on connections of their own, each on one snapshot. They wait
//!   for nobody and nobody waits for them.
//! - **Several processes may share a file**, as long as it lies on a local disk. Everything that
//!   guards a write is looked up inside the transaction that writes; nothing another process could
//!   change is kept in memory.
//! - **The write-ahead log stays short**, also where somebody reads at every moment; only one read
//!   that goes on and on holds it back.
//! - **Positions are commit order.** An event's position is given while no one else can write, so
//!   no smaller one can appear later.
//!
//! # Backups
//!
//! While a store is open, its newest events lie beside the file, in `-wal` and `-shm`. So before
//! you put a backup in the place of a file, stop every process that has it open, and remove the old
//! `-wal` and `-shm` together with it: SQLite would take the old log for the log of the backup, and
//! write it over it.
//!
//! Where a file is removed or replaced under a running store all the same, appends and batches are
//! refused as [`Damaged`](ironflow_domain::store::StoreErrorKind::Damaged), since nobody would find
//! them again (on Unix; elsewhere an open file cannot be removed). Reads go on in the file that was
//! opened. What is copied *into* an open file cannot be noticed.

mod append;
mod error;
mod file;
mod key_value;
mod log;
mod options;
mod read;
mod readers;
mod row;
mod schema;
mod sql;
mod store;
mod writer;

pub use options::{Durability, Options};
pub use store::Sqlite;
