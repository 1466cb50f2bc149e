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
